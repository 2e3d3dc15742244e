/** Each rule has a scenario that breaks without it: this is how the checkers themselves are tested. */

import { describe, expect, it } from 'vitest';
import type { Violation } from '../../src/check/checkers.ts';
import { compareLast, judge } from '../../src/check/verdict.ts';
import { describeMachine } from '../../src/cli/program.ts';
import type { UnsafeRule } from '../../src/ft/rules.ts';
import { pageOf } from '../../src/report/page/page.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { UNNAMED } from '../../src/symbols/naming.ts';
import { livesOf, placeOf } from '../../src/web/report/model/outputs.ts';
import { runOf } from '../../src/web/report/model/run.ts';
import { type GuestName, path, type Setup, simulate } from './support.ts';

interface Case {
  guest: GuestName;
  scenario: Setup;
  /** What the checkers must find with the rule off. */
  finds: Violation['invariant'] | 'divergence';
}

const faults = (...texts: string[]): Setup => ({ faults: texts.map(parseFault) });

/** Computes for about 0.9 s of virtual time. */
const longPrimes = describeMachine(path('programs/primes.s'), {
  memory: 16 << 20,
  diskSize: 0,
  defsym: [['LIMIT', 5_000_000n]],
});

const cases: Record<UnsafeRule, Case> = {
  'output-rule': { guest: 'dice', scenario: faults('crash:primary@icount=2000'), finds: 'output-rule' },
  'output-entry': { guest: 'clock', scenario: {}, finds: 'output-rule' },
  'log-clock': { guest: 'bank', scenario: faults('crash:primary@icount=100000'), finds: 'same-machine' },
  // The guest does not read its clock between two timer interrupts: the time since the last read is lost.
  'carry-clock': { guest: 'clock', scenario: faults('command:switch-over@5ms'), finds: 'guest-clock' },
  'log-entropy': { guest: 'dice', scenario: {}, finds: 'divergence' },
  // The backup must have something to drain: it runs on a slow host.
  drain: {
    guest: 'bank',
    scenario: { ...faults('crash:primary@icount=100000'), speeds: { backup: 0.02 } },
    finds: 'outputs-covered',
  },
  'test-and-set': {
    guest: 'bank',
    scenario: faults('partition:primary-backup@20ms+40ms'),
    finds: 'one-live',
  },
  // Replaced while it was paused, the old primary resumes with a frame to send: the switch learns the wrong port.
  fencing: { guest: 'kv', scenario: faults('pause:primary@entry=103+11040us'), finds: 'service' },
  dedup: {
    guest: 'kv',
    scenario: { ...faults('crash:live@entry=89'), backups: 2 },
    finds: 'outputs-covered',
  },
  // The guest reads the buffer while the disk reads.
  'bounce-buffers': { guest: 'race', scenario: {}, finds: 'divergence' },
  'disk-order': { guest: 'sectors', scenario: {}, finds: 'disk-covered' },
  'keep-frames': { guest: 'kv', scenario: faults('crash:primary@entry=103'), finds: 'input-once' },
  'reissue-io': { guest: 'sectors', scenario: faults('crash:live@output=127'), finds: 'service' },
  'lag-control': {
    guest: 'primes',
    scenario: { description: longPrimes, speeds: { backup: 0.25 }, maxSteps: 200_000_000 },
    finds: 'lag-bound',
  },
  'resync-atomicity': {
    guest: 'bank',
    scenario: {
      ...faults('crash:primary@20ms', 'crash:backup@31800us'),
      spares: 1,
      tuning: { copyPages: 1, copyWindow: 1, stopPages: 0 },
    },
    finds: 'outputs-covered',
  },
};

describe.each(Object.entries(cases) as [UnsafeRule, Case][])(
  'the rule %s',
  (rule, { guest, scenario, finds }) => {
    const run = (unsafe: UnsafeRule[], traced = false) => {
      const { simulation, trace } = simulate(guest, { ...scenario, unsafe, traced });
      return { simulation, trace, violations: judge(evidenceOf(simulation)) };
    };
    const found = ({ simulation, violations }: ReturnType<typeof run>) => [
      ...violations.map(({ invariant }) => invariant),
      ...(simulation.outcome === 'diverged' ? ['divergence'] : []),
    ];

    it(`switched off, a checker reports ${finds}, and the report's page shows it and the first difference`, () => {
      const ran = run([rule], true);
      expect(found(ran)).toContain(finds);

      const comparison = compareLast(evidenceOf(ran.simulation));
      const facts = { ...ran, comparison, naming: UNNAMED, asked: { ft: true, verify: true } };
      const page = pageOf(facts, ran.trace!, { version: '0', title: rule, command: 'vmft run' });
      const { findings, machines } = page;
      expect(page.verdict.tone).toBe('bad');
      expect(findings.map(({ title }) => title.replace(/^.* diverged$/, 'divergence'))).toEqual(
        expect.arrayContaining([finds]),
      );
      const shown = runOf(page);
      for (const { output } of findings) {
        if (output !== undefined) expect(placeOf(shown, livesOf(shown), output)).toBeDefined();
      }
      if (finds === 'divergence' || finds === 'same-machine')
        expect(machines?.firstDifference ?? machines?.pages[0]).toBeDefined();
    });

    it('switched on, no checker reports a violation', () => {
      expect(found(run([]))).toEqual([]);
    });
  },
);

it('machines that diverged are compared in their actual states, not as replayed from their histories', () => {
  const { simulation } = simulate('race', { unsafe: ['bounce-buffers'] });
  expect(compareLast(evidenceOf(simulation))?.difference.equal).toBe(false);
});
