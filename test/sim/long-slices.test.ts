/** Slices of guests that only compute: they are longer, and end for what comes. */
import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { describeMachine } from '../../src/cli/program.ts';
import type { Step } from '../../src/sim/cluster/cluster.ts';
import { faults, happened, ms, path, result, type Setup, simulate, sound } from './support.ts';

/** The greatest slice while the guest makes outputs or takes input, and at all. */
const USUAL_STEPS = 80_000;
const LONG_STEPS = 200_000;

/** Finds primes below a number, and prints three lines at the end. */
const primes = (limit: number) =>
  describeMachine(path('programs/primes.s'), { memory: 2 << 20, defsym: [['LIMIT', BigInt(limit)]] });

/** Runs a guest; also returns its slices. */
function sliced(name: Parameters<typeof simulate>[0], setup: Setup) {
  const slices: { host: string; atNs: number; steps: number; taken: number }[] = [];
  const onStep = ({ host, atNs, input, effects: [ran] }: Step) => {
    if (input.kind === 'cpu' && ran?.do === 'ran')
      slices.push({ host, atNs, steps: input.steps, taken: ran.steps });
  };
  return { run: simulate(name, { ...setup, onStep }), slices };
}

describe('a guest that only computes', () => {
  const { run, slices } = sliced('primes', { description: primes(1_000_000) });
  const { icount } = run.simulation.machine;

  test.each(['primary', 'backup'])('runs in long slices on the %s', (host) => {
    const of = slices.filter((slice) => slice.host === host);
    expect(result(run)).toEqual(sound);
    expect(Math.max(...of.map(({ taken }) => taken))).toBe(LONG_STEPS);
    expect(of.length).toBeLessThan((2 * icount) / LONG_STEPS);
  });

  it('does not wait with its first output', () => {
    const last = happened(run, 'off')[0]!;
    const { atNs } = happened(run, 'held')[0]!;
    expect(last.atNs - atNs).toBeLessThanOrEqual(50_000);
    // The acknowledgement may wait for a slice of the backup.
    expect(happened(run, 'released')[0]!.atNs - atNs).toBeLessThanOrEqual(LONG_STEPS * 10 + 200_000);
  });

  it('survives a crash at any time', () => {
    const when = fc.record({
      who: fc.constantFrom('primary', 'backup'),
      atUs: fc.integer({ min: 1, max: 60_000 }),
    });
    fc.assert(
      fc.property(when, ({ who, atUs }) => {
        const crashed = simulate('primes', {
          description: primes(300_000),
          faults: faults(`crash:${who}@${atUs}us`),
        });
        expect(result(crashed)).toEqual(sound);
      }),
      { numRuns: 10 },
    );
  });

  it('is not suspected while nothing fails', () => {
    for (const tuning of [{}, { heartbeatNs: ms(0.5), suspectNs: ms(2.5) }]) {
      const sound = simulate('primes', { description: primes(300_000), tuning });
      // A backup that has not heard of the end yet may suspect a primary that has ended.
      const [off] = happened(sound, 'off');
      expect(happened(sound, 'suspected').filter(({ atNs }) => atNs < off!.atNs)).toEqual([]);
    }
  });
});

describe('slices are short', () => {
  it.each(['bank', 'kv'] as const)('of %s, which makes outputs', (name) => {
    const { run, slices } = sliced(name, {});
    expect(result(run)).toEqual(sound);
    expect(Math.max(...slices.map(({ steps }) => steps))).toBeLessThanOrEqual(USUAL_STEPS);
  });

  it('while the guest is slowed', () => {
    const { run, slices } = sliced('primes', {
      description: primes(1_000_000),
      faults: faults('slow:backup@5ms+500ms=0.3'),
    });
    const changes = happened(run, 'slowed');
    const end = changes.find(({ perMille }) => perMille === 1000)?.atNs ?? Number.POSITIVE_INFINITY;
    const slowed = slices.filter(
      ({ host, atNs }) => host === 'primary' && atNs > changes[0]!.atNs && atNs < end,
    );
    expect(slowed.length).toBeGreaterThan(10);
    expect(Math.max(...slowed.map(({ steps }) => steps))).toBeLessThanOrEqual(USUAL_STEPS);
  });

  it('while another host joins', () => {
    const { run, slices } = sliced('primes', {
      description: primes(1_000_000),
      spares: 1,
      faults: faults('crash:backup@20ms'),
    });
    const [begin] = happened(run, 'joining');
    const end = happened(run, 'members').findLast(({ record }) => record.backups.includes('spare'));
    const during = slices.filter(({ atNs }) => atNs > begin!.atNs && atNs < end!.atNs);
    expect(during.length).toBeGreaterThan(2);
    expect(Math.max(...during.map(({ steps }) => steps))).toBeLessThanOrEqual(USUAL_STEPS);
  });
});
