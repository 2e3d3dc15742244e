/** Operator commands to a protected VM: they take effect at the same instruction on both replicas, without loss. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareLast, judge } from '../../src/check/verdict.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { examples } from '../thorough.ts';
import {
  faults,
  generations,
  happened,
  kindsAt,
  lost,
  ms,
  type Run,
  result,
  simulate,
  sound,
} from './support.ts';

const open = 'the bank is open\n';
const count = (text: string, part: string): number => text.split(part).length - 1;

/** No host was suspected. */
function expectNoSuspicion(run: Run): void {
  expect(happened(run, 'suspected')).toEqual([]);
  expect(happened(run, 'evicted')).toEqual([]);
}

describe('reset', () => {
  it('restarts the guest, on both replicas at the same instruction', () => {
    const run = simulate('bank', { faults: faults('command:reset@20ms') });
    expect(result(run)).toEqual(sound);
    expect(count(run.output, open)).toBe(2);
    const resets = ['primary', 'backup'].map((host) =>
      [...run.simulation.history(host)].filter(
        (entry) => entry.kind === 'control' && entry.action === 'reset',
      ),
    );
    expect(resets[0]).toHaveLength(1);
    expect(resets[1]).toEqual(resets[0]);
    expect(compareLast(evidenceOf(run.simulation))?.difference.equal).toBe(true);
  });

  it('happens once, whenever the primary dies', () => {
    for (let index = 0; index < 30; index++) {
      const crash = `crash:primary@${ms(19.7) + index * 20_000}ns`;
      const run = simulate('bank', { faults: faults('command:reset@20ms', crash) });
      expect(result(run)).toEqual(sound);
      // A command that is lost with the primary before its entry was sent has no effect.
      expect([1, 2]).toContain(count(run.output, open));
    }
  });

  it('restarts a guest with a disk, which keeps its content', () => {
    const run = simulate('journal', { faults: faults('command:reset@5ms', 'crash:primary@12ms') });
    expect(result(run)).toEqual(sound);
    expect(run.output).toContain('all sound');
  });
});

describe('speed', () => {
  it('gives both replicas a smaller share of the processor', () => {
    const fast = simulate('primes');
    const slow = simulate('primes', { faults: faults('command:speed=0.25@0.1ms') });
    expect([result(fast), result(slow)]).toEqual([sound, sound]);
    expect(slow.output).toBe(fast.output);
    expect(slow.simulation.nowNs).toBeGreaterThan(fast.simulation.nowNs * 3);
    expect(happened(slow, 'slowed')).toEqual([]);
  });

  it('persists after a failover', () => {
    const run = simulate('primes', { faults: faults('command:speed=0.25@0.1ms', 'crash:primary@1ms') });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.nowNs).toBeGreaterThan(ms(20));
  });

  it('can be restored', () => {
    const run = simulate('primes', { faults: faults('command:speed=0.1@0.1ms', 'command:speed=1@2ms') });
    expect(result(run)).toEqual(sound);
    expect(run.simulation.nowNs).toBeLessThan(ms(9));
  });
});

describe('switch-over', () => {
  it('makes the backup live and the primary its backup; no output is lost or repeated', () => {
    const run = simulate('bank', { faults: faults('command:switch-over@20ms') });
    expect(result(run)).toEqual(sound);
    expectNoSuspicion(run);
    expect(generations(run)).toEqual(['2: backup + primary']);
    expect(happened(run, 'following', 'primary')).toMatchObject([{ primary: 'backup' }]);
    expect(happened(run, 'installed')).toEqual([]);
    expect(run.simulation.console.duplicatesDropped).toBe(0);
    expect(happened(run, 'live')).toMatchObject([{ at: 'backup', pending: 0 }]);
  });

  it('waits until every released output is delivered', () => {
    for (let index = 0; index < 30; index++) {
      const run = simulate('bank', { faults: faults(`command:switch-over@${40 + index}ms`) });
      expect(result(run)).toEqual(sound);
      expect(run.simulation.console.duplicatesDropped).toBe(0);
      expect(happened(run, 'live')).toMatchObject([{ at: 'backup', pending: 0 }]);
    }
    const busy = simulate('kv', { faults: faults('command:switch-over@12.3ms') });
    expect(busy.simulation.network.duplicatesDropped).toBe(0);
  });

  it('has a short down time, which it reports', () => {
    const run = simulate('bank', { faults: faults('command:switch-over@20ms') });
    const [{ from, to, downMs, detectMs }] = run.simulation.failovers as [
      (typeof run.simulation.failovers)[0],
    ];
    expect({ from, to, detectMs }).toEqual({ from: 'primary', to: 'backup', detectMs: 0 });
    expect(downMs).toBeLessThan(2);
  });

  it('works in both directions', () => {
    const run = simulate('kv', { faults: faults('command:switch-over@10ms', 'command:switch-over@25ms') });
    expect(result(run)).toEqual(sound);
    expectNoSuspicion(run);
    expect(generations(run)).toEqual(['2: backup + primary', '3: primary + backup']);
  });

  it('lets clients find the new primary, even if its stream to the switch breaks at its announcement', () => {
    for (let us = 200; us <= 400; us += 10) {
      const broken = `reset:backup-switch@live:switching:${us}us`;
      const run = simulate('kv', {
        seed: '1/61932',
        clients: 3,
        faults: faults('command:switch-over@36ms', broken),
      });
      expect({ us, ...result(run) }).toEqual({ us, ...sound });
      expect(generations(run)).toEqual(['2: backup + primary']);
    }
  });

  it('moves to the named backup, and the others follow', () => {
    const run = simulate('bank', { backups: 2, faults: faults('command:switch-over=backup2@20ms') });
    expect(result(run)).toEqual(sound);
    expectNoSuspicion(run);
    expect(run.simulation.storage.generations.latest.primary).toBe('backup2');
    expect([...run.simulation.storage.generations.latest.backups].sort()).toEqual(['backup', 'primary']);
  });

  it('waits for disk operations in flight', () => {
    for (const disk of ['shared', 'shared-backup-reads', 'private'] as const)
      for (let index = 0; index < 10; index++) {
        const run = simulate('sectors', { disk, faults: faults(`command:switch-over@${3 + index * 1.7}ms`) });
        expect({ disk, index, ...result(run) }).toEqual({ disk, index, ...sound });
        expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
      }
  });

  it('does nothing without a backup', () => {
    const run = simulate('bank', { faults: faults('crash:backup@5ms', 'command:switch-over@30ms') });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'switching')).toEqual([]);
  });

  it('lets the old primary, now the backup, take over when the new one dies', () => {
    const run = simulate('bank', { faults: faults('command:switch-over@20ms', 'crash:backup@40ms') });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup', 'primary']);
  });

  it('tolerates a crash of either host at any time', () => {
    for (const who of ['primary', 'backup'])
      for (let index = 0; index < 40; index++) {
        const crash = `crash:${who}@${ms(19.9) + index * 25_000}ns`;
        const run = simulate('kv', { faults: faults('command:switch-over@20ms', crash) });
        expect({ crash, ...result(run) }).toEqual({ crash, ...sound });
      }
  });
});

describe('move-backup', () => {
  it('replaces the backup, and the VM is protected all the time', () => {
    const run = simulate('bank', {
      spares: 1,
      faults: faults('command:move-backup=backup@10ms', 'crash:primary@40ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(generations(run).slice(0, 2)).toEqual(['2: primary + spare', '3: spare']);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['spare']);
  });

  it('keeps the old backup until the new one is in sync', () => {
    const run = simulate('bank', {
      spares: 1,
      tuning: { copyPages: 1, copyWindow: 1, stopPages: 0 },
      faults: faults('command:move-backup=backup@10ms', 'crash:primary@10.6ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
  });

  it('keeps the old backup without another host', () => {
    const run = simulate('bank', { faults: faults('command:move-backup=backup@10ms', 'crash:primary@40ms') });
    expect(result(run)).toEqual(sound);
    expect(happened(run, 'live').map(({ at }) => at)).toEqual(['backup']);
  });
});

describe('protection', () => {
  it('ends on demand: then no host goes live when the primary dies', () => {
    const run = simulate('bank', {
      spares: 1,
      faults: faults('command:unprotect@20ms', 'crash:primary@40ms'),
    });
    expect(result(run)).toEqual(lost);
    expect(generations(run)).toEqual(['2: primary']);
    expect([...kindsAt(run, 'backup'), ...kindsAt(run, 'spare')]).not.toContain('live');
  });

  it('ends while the guest runs on, and outputs no longer wait', () => {
    const run = simulate('bank', { faults: faults('command:unprotect@20ms') });
    expect(result(run)).toEqual(sound);
    const [won] = happened(run, 'won');
    expect(happened(run, 'held').filter(({ atNs }) => atNs > won!.atNs)).toEqual([]);
    expect(happened(run, 'released').at(-1)!.atNs).toBeGreaterThan(ms(60));
  });

  it('ends by a claim: whenever the primary dies, either the backup goes live or the VM was unprotected', () => {
    for (let index = 0; index < 30; index++) {
      const crash = `crash:primary@${ms(19.9) + index * 30_000}ns`;
      const run = simulate('bank', { faults: faults('command:unprotect@20ms', crash) });
      expect(judge(evidenceOf(run.simulation))).toEqual([]);
      const live = happened(run, 'live').length;
      expect(run.simulation.outcome).toBe(live > 0 ? 'completed' : 'lost');
    }
  });

  it('resumes on demand, with the same backup', () => {
    const run = simulate('bank', {
      faults: faults('command:unprotect@10ms', 'command:protect@30ms', 'crash:primary@60ms'),
    });
    expect(result(run)).toEqual(sound);
    expect(generations(run)).toEqual(['2: primary', '3: primary + backup', '4: backup']);
  });

  it('resumes on demand, with a spare', () => {
    const run = simulate('bank', {
      spares: 1,
      faults: faults(
        'command:unprotect@10ms',
        'crash:backup@20ms',
        'command:protect@30ms',
        'crash:primary@60ms',
      ),
    });
    expect(result(run)).toEqual(sound);
    expect(generations(run).slice(0, 3)).toEqual(['2: primary', '3: primary + spare', '4: spare']);
  });
});

it('commands and crashes in any order violate nothing', () => {
  const command = fc.constantFrom(
    'switch-over',
    'switch-over=backup',
    'move-backup=backup',
    'move-backup=spare',
    'speed=0.5',
    'speed=1',
    'unprotect',
    'protect',
  );
  const at = fc.nat(60_000);
  const act = fc.oneof(
    fc.tuple(command, at).map(([name, us]) => `command:${name}@${us}us`),
    at.map((us) => `crash:live@${us}us`),
    fc.tuple(at, fc.nat(20_000)).map(([us, length]) => `crash:backup@${us}us+${length}us`),
  );
  fc.assert(
    fc.property(
      fc.constantFrom('bank', 'kv', 'sectors'),
      fc.array(act, { minLength: 2, maxLength: 5 }),
      (guest, texts) => {
        const run = simulate(guest, { spares: 1, faults: faults(...texts) });
        expect(judge(evidenceOf(run.simulation))).toEqual([]);
        expect(['completed', 'lost']).toContain(run.simulation.outcome);
      },
    ),
    { numRuns: examples(40), seed: 8 },
  );
});
