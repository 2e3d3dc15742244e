import { describe, expect, it } from 'vitest';
import { type GuestName, simulate, spread } from './support.ts';

const POSITIONS = 200;

/**
 * Crashes the primary at many positions of a guest's run. Whatever the position: the guest completes, what the console printed is
 * what a fresh machine prints from the log, complete and in order, both machines were one, and no client is contradicted.
 */
export function crashEverywhere(name: GuestName): void {
  describe(name, () => {
    const undisturbed = simulate(name);
    it('completes without a crash, and both machines stay one', () => {
      expect(undisturbed.simulation.outcome).toBe('completed');
      expect(undisturbed.simulation.violations()).toEqual([]);
      expect(undisturbed.simulation.comparison()?.difference.equal).toBe(true);
    });

    it(`survives a crash of the primary at ${POSITIONS} positions`, () => {
      let failovers = 0;
      for (const icount of spread(POSITIONS, undisturbed.simulation.machine.icount)) {
        const { simulation, output } = simulate(name, {
          seed: `crash-${icount}`,
          faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount } }],
        });
        const seen = { icount, outcome: simulation.outcome, violations: simulation.violations() };
        expect(seen).toEqual({ icount, outcome: 'completed', violations: [] });
        expect(output.endsWith('\n'), `crash at ${icount}: the last line is whole`).toBe(true);
        failovers += simulation.failovers.length;
      }
      // At the very last steps the guest has ended before the crash can matter.
      expect(failovers).toBeGreaterThan(POSITIONS * 0.9);
    });
  });
}
