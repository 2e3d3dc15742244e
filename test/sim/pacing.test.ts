/** Comparisons and progress markers that are paced by time, as on a host whose speed is unknown. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeMachine } from '../../src/cli/program.ts';
import { machineOf } from '../ft/guest.ts';
import { faults, happened, ms, path, result, simulate, sound } from './support.ts';

/** The least time between two events. */
const gapOf = (times: readonly number[]): number =>
  Math.min(...times.slice(1).map((atNs, index) => atNs - times[index]!));

describe('paced by time', () => {
  it('comparisons keep the requested distance, up to a slice', () => {
    const bySteps = simulate('primes', { tuning: { checkSteps: 1000, checkStepsPerPage: 0 } });
    const byTime = simulate('primes', {
      tuning: { checkSteps: 1000, checkStepsPerPage: 0, checkNs: ms(0.2) },
    });
    const times = happened(byTime, 'checked', 'primary').map(({ atNs }) => atNs);
    expect([result(bySteps), result(byTime)]).toEqual([sound, sound]);
    expect(times.length).toBeGreaterThan(5);
    // A comparison is decided at the beginning of a slice, and noted at its end.
    expect(gapOf(times)).toBeGreaterThanOrEqual(ms(0.15));
    expect(happened(bySteps, 'checked', 'primary').length).toBeGreaterThan(2 * times.length);
  });

  it('progress markers keep the requested distance while the guest computes', () => {
    const run = simulate('primes', { tuning: { progressNs: ms(0.4) } });
    const markers = happened(run, 'sent').flatMap(({ atNs, entries }) =>
      entries.some(({ kind }) => kind === 'progress') ? [atNs] : [],
    );
    expect(result(run)).toEqual(sound);
    expect(markers.length).toBeGreaterThan(3);
    expect(gapOf(markers.slice(1, -1))).toBeGreaterThanOrEqual(ms(0.4));
  });

  it('progress markers keep that distance while a backup lags, too', () => {
    const tuning = { progressNs: ms(2), lagBoundNs: ms(1) };
    const description = describeMachine(path('programs/primes.s'), {
      memory: 1 << 20,
      defsym: [['LIMIT', 200_000n]],
    });
    const run = simulate('primes', { tuning, description, faults: faults('slow:backup@1ms+500ms=0.3') });
    const markers = happened(run, 'sent').flatMap(({ atNs, entries }) =>
      entries.some(({ kind }) => kind === 'progress') ? [atNs] : [],
    );
    expect(happened(run, 'slowed').length).toBeGreaterThan(0);
    expect(markers.length).toBeGreaterThan(3);
    expect(gapOf(markers.slice(1, -1))).toBeGreaterThanOrEqual(ms(2));
  });

  it('a crash at any time loses nothing', () => {
    const tuning = { checkSteps: 1000, checkStepsPerPage: 0, checkNs: ms(1), progressNs: ms(0.4) };
    for (let atMs = 5; atMs < 60; atMs += 7) {
      const run = simulate('bank', { tuning, faults: faults(`crash:primary@${atMs}ms`) });
      expect({ atMs, ...result(run) }).toEqual({ atMs, ...sound });
    }
  });
});

describe('slices on a host without others', () => {
  /** Computes for some steps, prints a character, and so on; then switches off. */
  const prints = (steps: readonly number[]): string => `
    li      s0, 0x10000000
${steps
  .map(
    (count) => `
    li      t0, ${Math.floor(count / 2)}
1:  addi    t0, t0, -1
    bnez    t0, 1b
    li      t1, 'x'
    sb      t1, 0(s0)
`,
  )
  .join('')}
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
`;

  it('an output leaves soon after its step, however long the guest has computed before', () => {
    const steps = fc.integer({ min: 2, max: 12_000_000 });
    fc.assert(
      fc.property(fc.array(steps, { minLength: 1, maxLength: 4 }), (counts) => {
        const run = simulate('hello', {
          ...{ backups: 0, spares: 0 },
          description: machineOf(prints(counts)),
        });
        expect(result(run)).toEqual(sound);
        const arrived = happened(run, 'delivered').flatMap(({ atNs, first, last }) =>
          Array.from({ length: last - first + 1 }, () => atNs),
        );
        const made = counts.map((_, index) =>
          counts.slice(0, index + 1).reduce((sum, count) => sum + count * 10, 0),
        );
        const late = made.map((ns, index) => arrived[index]! - ns);
        expect(Math.max(...late)).toBeLessThan(ms(1));
      }),
      { numRuns: 8 },
    );
  });
});
