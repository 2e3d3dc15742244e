import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SimEvent } from '../../src/sim/cluster.ts';
import type { Fault, HostId } from '../../src/sim/faults.ts';
import { simulate } from './support.ts';

const ms = (count: number): number => count * 1_000_000;
const kinds = (events: readonly SimEvent[], host: HostId) =>
  events.filter((event) => event.host === host).map(({ event }) => event.kind);
const sound = { outcome: 'completed', violations: [] };
const result = ({ simulation }: ReturnType<typeof simulate>) => ({
  outcome: simulation.outcome,
  violations: simulation.violations(),
});

describe('faults', () => {
  it('the backup dies: the primary claims the next generation and goes on alone', () => {
    const run = simulate('bank', {
      faults: [{ kind: 'crash', who: 'backup', when: { at: 'time', ns: ms(20) } }],
    });
    expect(result(run)).toEqual(sound);
    expect(kinds(run.events, 'primary')).toEqual(
      expect.arrayContaining(['suspected', 'won', 'alone', 'off']),
    );
    expect(run.simulation.failovers).toEqual([]);
  });

  it('both die: the run is lost, and what was printed is a beginning of what would have been', () => {
    const run = simulate('bank', {
      faults: [
        { kind: 'crash', who: 'primary', when: { at: 'time', ns: ms(20) } },
        { kind: 'crash', who: 'backup', when: { at: 'time', ns: ms(60) } },
      ],
    });
    expect(result(run)).toEqual({ outcome: 'lost', violations: [] });
    expect(run.output.length).toBeGreaterThan(0);
  });

  it('a partition: both suspect, one claim wins, the loser halts', () => {
    const run = simulate('bank', { faults: [{ kind: 'partition', atNs: ms(20), forNs: ms(30) }] });
    expect(result(run)).toEqual(sound);
    const both = [...kinds(run.events, 'primary'), ...kinds(run.events, 'backup')];
    expect(both.filter((kind) => kind === 'won')).toHaveLength(1);
    expect(both.filter((kind) => kind === 'halted')).toHaveLength(1);
  });

  it('overlapping partitions: the link carries again when the last one has healed', () => {
    const cut = (atNs: number, forNs: number): Fault => ({ kind: 'partition', atNs, forNs });
    // Healed at 24 ms both sides would hear each other in time.
    const { simulation, events } = simulate('bank', { faults: [cut(ms(20), ms(4)), cut(ms(22), ms(20))] });
    expect({ outcome: simulation.outcome, violations: simulation.violations() }).toEqual(sound);
    expect([...kinds(events, 'primary'), ...kinds(events, 'backup')]).toContain('halted');
  });

  it('a primary that stands still and comes back finds that it has been replaced', () => {
    const run = simulate('kv', {
      faults: [{ kind: 'pause', who: 'primary', when: { at: 'time', ns: ms(12) }, forNs: ms(25) }],
    });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.failovers).toHaveLength(1);
    expect(kinds(run.events, 'primary')).toContain('halted');
  });

  it('a short pause or a slow link is no failure', () => {
    const run = simulate('bank', {
      faults: [
        { kind: 'pause', who: 'backup', when: { at: 'time', ns: ms(10) }, forNs: ms(4) },
        { kind: 'delay', atNs: ms(30), forNs: ms(10), extraNs: ms(3) },
      ],
    });
    expect(result(run)).toEqual(sound);
    expect(kinds(run.events, 'backup')).not.toContain('suspected');
  });

  it('an output that was made and not released appears once, from the other side', () => {
    for (const number of [1, 100, 500, 1000]) {
      const run = simulate('bank', {
        faults: [{ kind: 'crash', who: 'primary', when: { at: 'output', number } }],
      });
      expect(result(run), `crash after output ${number} was made`).toEqual(sound);
      expect(run.simulation.failovers).toHaveLength(1);
    }
  });

  it('outputs whose release is not known are released again, and the world drops them', () => {
    const again = Array.from({ length: 40 }, (_, index) => {
      const crash: Fault = {
        kind: 'crash',
        who: 'primary',
        when: { at: 'time', ns: ms(5) + index * 250_000 },
      };
      const run = simulate('bank', { faults: [crash] });
      expect(result(run)).toEqual(sound);
      return run.simulation.failovers[0]!.outputsReleasedAgain;
    });
    expect(Math.max(...again)).toBeGreaterThan(0);
  });

  it('full buffers stop the guest, never the run', () => {
    const run = simulate('primes', { tuning: { sendBufferBytes: 2, receiveBufferBytes: 8 } });
    expect(result(run)).toEqual(sound);
    expect(kinds(run.events, 'primary')).toContain('full');
  });

  it('one seed, one run: events and output are equal to the byte', () => {
    const faults: Fault[] = [{ kind: 'crash', who: 'primary', when: { at: 'time', ns: ms(11) } }];
    const story = () => {
      const { events, output } = simulate('kv', { seed: 'again', faults });
      return JSON.stringify([output, events], (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    };
    expect(story()).toBe(story());
    const other = simulate('kv', { seed: 'another', faults });
    expect(JSON.stringify(other.events.map(({ atNs }) => atNs))).not.toBe(
      JSON.stringify(simulate('kv', { seed: 'again', faults }).events.map(({ atNs }) => atNs)),
    );
  });
});

const host = fc.constantFrom<HostId>('primary', 'backup');
const time = fc.integer({ min: 0, max: 80_000_000 });
const length = fc.integer({ min: 100_000, max: 30_000_000 });
const when = fc.oneof(
  time.map((ns) => ({ at: 'time', ns }) as const),
  fc.integer({ min: 1, max: 400_000 }).map((icount) => ({ at: 'icount', icount }) as const),
  fc.integer({ min: 1, max: 2000 }).map((number) => ({ at: 'output', number }) as const),
);
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('crash' as const), who: host, when }),
  fc.record({ kind: fc.constant('pause' as const), who: host, when, forNs: length }),
  fc.record({ kind: fc.constant('partition' as const), atNs: time, forNs: length }),
  fc.record({
    kind: fc.constant('delay' as const),
    atNs: time,
    forNs: length,
    extraNs: fc.integer({ min: 0, max: 20_000_000 }),
  }),
);

describe('faults drawn by chance', () => {
  it.each(['bank', 'kv'] as const)('%s: nothing is contradicted, whatever happens', (guest) => {
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 4 }), fc.integer(), (faults, seed) => {
        const { simulation } = simulate(guest, { faults, seed: `${seed}`, tuning: { checkSteps: 50_000 } });
        expect(simulation.violations()).toEqual([]);
        expect(['completed', 'lost']).toContain(simulation.outcome);
      }),
      { numRuns: 60, seed: 20101201 },
    );
  });
});
