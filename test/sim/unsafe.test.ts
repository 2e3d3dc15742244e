import { describe, expect, it } from 'vitest';
import type { UnsafeRule } from '../../src/ft/rules.ts';
import type { Violation } from '../../src/sim/checkers.ts';
import type { SimulationOptions } from '../../src/sim/cluster.ts';
import { type GuestName, simulate } from './support.ts';

interface Case {
  guest: GuestName;
  scenario: Partial<SimulationOptions>;
  /** What the checkers must find with the rule off. */
  finds: Violation['invariant'] | 'divergence';
}

const crashAt = (icount: number): Partial<SimulationOptions> => ({
  faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount } }],
});

const cases: Record<UnsafeRule, Case> = {
  'output-rule': { guest: 'dice', scenario: crashAt(2000), finds: 'output-rule' },
  'log-clock': { guest: 'bank', scenario: crashAt(100_000), finds: 'same-machine' },
  'log-entropy': { guest: 'dice', scenario: {}, finds: 'divergence' },
  // The backup must have something to drain: it runs on a slow host.
  drain: {
    guest: 'bank',
    scenario: { ...crashAt(100_000), speeds: { backup: 0.02 } },
    finds: 'outputs-explained',
  },
  'test-and-set': {
    guest: 'bank',
    scenario: { faults: [{ kind: 'partition', atNs: 20_000_000, forNs: 40_000_000 }] },
    finds: 'one-live',
  },
};

describe.each(Object.entries(cases) as [UnsafeRule, Case][])(
  'the rule %s',
  (rule, { guest, scenario, finds }) => {
    const found = (unsafe: UnsafeRule[]) => {
      const { simulation } = simulate(guest, { ...scenario, unsafe: new Set(unsafe) });
      const violations = simulation.violations().map(({ invariant }) => invariant);
      return simulation.outcome === 'diverged' ? [...violations, 'divergence'] : violations;
    };

    it(`switched off, a checker finds it: ${finds}`, () => {
      expect(found([rule])).toContain(finds);
    });

    it('switched on again, it holds', () => {
      expect(found([])).toEqual([]);
    });
  },
);
