import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Simulation } from '../../src/sim/cluster/cluster.ts';
import { answerFaults, type Fault, type HostId } from '../../src/sim/faults/faults.ts';
import { examples } from '../thorough.ts';
import {
  benchGuest,
  faults,
  generations,
  guest,
  happened,
  kindsAt,
  lost,
  ms,
  result,
  simulate,
  sound,
  specOf,
} from './support.ts';

describe('faults', () => {
  it('the backup dies: the primary claims the next generation and runs on alone', () => {
    const run = simulate('bank', { faults: faults('crash:backup@20ms') });
    expect(result(run)).toEqual(sound);
    expect(kindsAt(run, 'primary')).toEqual(expect.arrayContaining(['suspected', 'won', 'members', 'off']));
    expect(generations(run)).toEqual(['2: primary']);
    expect(run.simulation.failovers).toEqual([]);
  });

  it('both die: the run is lost, and its output is a prefix of the output without faults', () => {
    const run = simulate('bank', { faults: faults('crash:primary@20ms', 'crash:backup@60ms') });
    expect(result(run)).toEqual(lost);
    expect(run.output.length).toBeGreaterThan(0);
    expect(run.output.startsWith('the bank is open\n#1 ')).toBe(true);
  });

  it('both lose power at once, in a common failure domain', () => {
    const run = simulate('bank', {
      domains: { primary: 'rack', backup: 'rack' },
      faults: faults('domain:rack@20ms'),
    });
    expect(result(run)).toEqual(lost);
    expect(happened(run, 'suspected')).toEqual([]);
  });

  it('a partition: both suspect, one claim wins, the loser is evicted and rejoins', () => {
    const run = simulate('bank', { faults: faults('partition:primary-backup@20ms+30ms') });
    expect(result(run)).toEqual(sound);
    const [first, second, ...more] = happened(run, 'won');
    expect(happened(run, 'claimed').filter(({ generation }) => generation === 2)).toHaveLength(2);
    expect(happened(run, 'evicted')).toMatchObject([{ generation: 2, primary: first!.at }]);
    expect([first!.record.backups, second!.record.backups.length, more]).toEqual([[], 1, []]);
    expect(second!.at).toBe(first!.at);
    expect(second!.atNs).toBeGreaterThan(ms(50));
  });

  it('overlapping partitions: the link works again when the last one has healed', () => {
    // If it healed at 24 ms, both hosts would hear each other in time.
    const run = simulate('bank', {
      faults: faults('partition:primary-backup@20ms+4ms', 'partition:primary-backup@22ms+20ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'evicted')).toHaveLength(1);
  });

  it('a storage fault is active from its start to its end, however faults overlap', () => {
    const fault = fc.record({
      kind: fc.constantFrom('full', 'io-error', 'answers'),
      how: fc.constantFrom(...answerFaults),
      atNs: fc.integer({ min: 1, max: 20 }).map(ms),
      forNs: fc.integer({ min: 1, max: 20 }).map(ms),
    });
    fc.assert(
      fc.property(fc.array(fault, { minLength: 4, maxLength: 8 }), (schedule) => {
        simulate('bank', { faults: schedule }, ({ nowNs, storage }) => {
          // At the very start or end of a fault either state is right.
          if (schedule.some(({ atNs, forNs }) => nowNs === atNs || nowNs === atNs + forNs)) return;
          const underWay = schedule.filter(({ atNs, forNs }) => atNs < nowNs && nowNs < atNs + forNs);
          const count = (kind: Fault['kind']) => underWay.filter((one) => one.kind === kind).length;
          expect([storage.disk.fullFaults, storage.disk.errorFaults, storage.answerFaults.length]).toEqual([
            count('full'),
            count('io-error'),
            count('answers'),
          ]);
        });
      }),
      { numRuns: examples(20) },
    );
  });

  it('a partition in one direction: the host that hears nothing claims', () => {
    for (const [direction, from] of [
      ['primary>backup', 'backup'],
      ['backup>primary', 'primary'],
    ] as const) {
      const run = simulate('bank', { faults: faults(`partition:${direction}@20ms+30ms`) });
      expect(result(run)).toEqual(sound);
      expect(happened(run, 'suspected')[0]!.at).toBe(from);
      expect(generations(run)[0]).toBe(`2: ${from}`);
    }
  });

  it('a primary that was paused finds that it has been replaced, and follows', () => {
    const run = simulate('kv', { faults: faults('pause:primary@12ms+25ms') });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.failovers).toHaveLength(1);
    expect(happened(run, 'evicted', 'primary')).toHaveLength(1);
    expect(happened(run, 'following', 'primary')).toMatchObject([{ primary: 'backup' }]);
  });

  it('a short pause or a slow link is no failure', () => {
    const run = simulate('bank', {
      faults: faults('pause:backup@10ms+4ms', 'delay:primary-backup@30ms+10ms=3ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(kindsAt(run, 'backup')).not.toContain('suspected');
    expect(generations(run)).toEqual([]);
  });

  it('lost and duplicated heartbeats are no failure while some arrive', () => {
    const run = simulate('bank', {
      faults: faults('lose:primary-backup@5ms+60ms=0.3', 'duplicate:primary-backup@5ms+60ms=0.9'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'suspected')).toEqual([]);
  });

  it('a broken stream: the backup reports its position, and the stream resumes there', () => {
    const run = simulate('bank', {
      faults: faults('reset:primary-backup@12.01ms', 'reset:primary-backup@40ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'following', 'backup')).toHaveLength(2);
    expect([...generations(run), ...happened(run, 'installed')]).toEqual([]);
  });

  it('the stream to the switch breaks: outputs in flight are released again, in order', () => {
    const run = simulate('bank', {
      faults: faults('reset:primary-switch@12.1ms', 'reset:primary-switch@30ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(generations(run)).toEqual([]);
  });

  it('the guest clock never runs backwards when a host clock is set', () => {
    const run = simulate('clock', {
      faults: faults('clock:primary@3ms=-500ms', 'clock:backup@5ms=90ms', 'crash:primary@8ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live')).toHaveLength(1);
  });

  it('a bit that flips on one replica is found, and no other checker reports a violation', () => {
    const run = simulate('bank', {
      tuning: { checkSteps: 20_000, checkStepsPerPage: 0 },
      faults: faults('flip:backup@icount=50000=4096.3'),
    });
    expect(run.simulation.outcome).toBe('diverged');
    expect(happened(run, 'diverged', 'backup')).toHaveLength(1);
  });

  it('a guest that sleeps for long is not reported as waiting for service', () => {
    const description = benchGuest('idle', 1 << 16, { SECONDS: 3n });
    const run = simulate('hello', { description, faults: faults('crash:primary@1s') });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.nowNs).toBeGreaterThan(ms(3000));
  });

  it('the primary waits for a host that is slow for a while', () => {
    const run = simulate('primes', {
      tuning: { lagBoundNs: ms(1) },
      faults: faults('slow:backup@0.5ms+6ms=0.1'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'slowed', 'primary').length).toBeGreaterThan(0);
    expect(generations(run)).toEqual([]);
  });

  it('an output that was made and not released appears once, from the backup', () => {
    for (const number of [1, 100, 500, 1000]) {
      const run = simulate('bank', { faults: faults(`crash:primary@output=${number}`) });
      expect(result(run), `crash after output ${number} was made`).toEqual(sound);
      expect(run.simulation.failovers).toHaveLength(1);
    }
  });

  it('outputs that may have left are released again, and the edge drops duplicates', () => {
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

  it('each failover counts the outputs that were released again after it', () => {
    const counts = Array.from({ length: 20 }, (_, index) => {
      const first = `crash:primary@${5_000 + index * 250}us`;
      const run = simulate('bank', { spares: 1, faults: faults(first, 'crash:live@40ms') });
      expect(result(run)).toEqual(sound);
      const each = run.simulation.failovers.map(({ outputsReleasedAgain }) => outputsReleasedAgain);
      expect(each.reduce((sum, count) => sum + count, 0)).toBe(run.simulation.world.duplicatesDropped);
      return each;
    });
    expect(Math.max(...counts.map(([one]) => one!))).toBeGreaterThan(0);
  });

  it('a run that the user ends counts the outputs released again, too', () => {
    const crashes = Array.from({ length: 20 }, (_, index) => `crash:primary@${5_000 + index * 250}us`);
    const again = crashes.map((crash) => {
      const simulation = new Simulation({
        ...guest('bank'),
        spec: specOf({ faults: faults(crash) }),
        print: () => {},
        onEvent: () => {},
      });
      while (simulation.nowNs < ms(30)) simulation.advance(1);
      simulation.quit();
      return simulation.failovers[0]!.outputsReleasedAgain;
    });
    expect(Math.max(...again)).toBeGreaterThan(0);
  });

  it('full buffers block the guest, but not forever', () => {
    const run = simulate('primes', { tuning: { sendBufferBytes: 2, receiveBufferBytes: 8 } });
    expect(result(run)).toEqual(sound);
    expect(kindsAt(run, 'primary')).toContain('full');
  });

  it('the same seed gives the same events and output to the byte', () => {
    const options = { spares: 1, faults: faults('crash:primary@11ms', 'crash:live@40ms') };
    const story = () => {
      const { events, output } = simulate('kv', { seed: 'again', ...options });
      return JSON.stringify([output, events], (_, value) => (typeof value === 'bigint' ? `${value}` : value));
    };
    expect(story()).toBe(story());
    const times = (seed: string) => simulate('kv', { seed, ...options }).events.map(({ atNs }) => atNs);
    expect(times('another')).not.toEqual(times('again'));
  });
});

const hosts: HostId[] = ['primary', 'backup', 'spare', 'live'];
const host = fc.constantFrom(...hosts);
const node = fc.constantFrom('primary', 'backup', 'spare', 'storage', 'switch');
const link = fc.tuple(node, node).filter(([from, to]) => from !== to);
const time = fc.integer({ min: 0, max: ms(80) });
const length = fc.integer({ min: ms(0.1), max: ms(30) });
const when = fc.oneof(
  time.map((ns) => ({ at: 'time', ns }) as const),
  fc.integer({ min: 1, max: 400_000 }).map((icount) => ({ at: 'icount', icount }) as const),
  fc.integer({ min: 1, max: 2000 }).map((number) => ({ at: 'output', number }) as const),
);
const linkFault = fc.record({ ends: link, atNs: time, forNs: length });
const fault: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ kind: fc.constant('crash' as const), who: host, when }),
  fc.record({ kind: fc.constant('crash' as const), who: host, when, forNs: length }),
  fc.record({ kind: fc.constant('pause' as const), who: host, when, forNs: length }),
  fc.tuple(linkFault, fc.boolean()).map(
    ([
      {
        ends: [from, to],
        ...times
      },
      both,
    ]) => ({ kind: 'partition' as const, from, to, both, ...times }),
  ),
  fc.tuple(linkFault, fc.integer({ min: 0, max: ms(20) })).map(
    ([
      {
        ends: [from, to],
        ...times
      },
      extraNs,
    ]) => ({ kind: 'delay' as const, from, to, extraNs, ...times }),
  ),
  fc.tuple(link, time).map(([[from, to], atNs]) => ({ kind: 'reset' as const, from, to, atNs })),
);

describe('random faults', () => {
  it.each(['bank', 'kv', 'journal'] as const)('%s: violate nothing', (guest) => {
    fc.assert(
      fc.property(fc.array(fault, { minLength: 1, maxLength: 4 }), fc.integer(), (drawn, seed) => {
        const { outcome, violations } = result(
          simulate(guest, {
            faults: drawn,
            spares: 1,
            seed: `${seed}`,
            tuning: { checkSteps: 50_000, checkStepsPerPage: 0 },
          }),
        );
        expect(violations).toEqual([]);
        expect(['completed', 'lost']).toContain(outcome);
      }),
      { numRuns: examples(40), seed: 20101201 },
    );
  });
});
