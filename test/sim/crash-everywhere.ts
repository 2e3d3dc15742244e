import { describe, expect, it } from 'vitest';
import { compareLast } from '../../src/check/verdict.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { thorough } from '../thorough.ts';
import { type GuestName, result, type Setup, simulate, sound, spread } from './support.ts';

const POSITIONS = thorough(25, 200);

/**
 * Crashes the primary at many positions of a guest's run. After each crash the guest completes, the console has printed
 * what a fresh machine prints from the log, completely and in order, both machines were in the same state, and the
 * clients' calls are linearizable. With a spare the VM is re-protected.
 */
export function crashEverywhere(name: GuestName, options: Pick<Setup, 'spares' | 'disk'> = {}): void {
  describe(name, () => {
    const undisturbed = simulate(name, options);
    it('completes without a crash, and both machines stay in the same state', () => {
      expect(result(undisturbed)).toEqual(sound);
      expect(compareLast(evidenceOf(undisturbed.simulation))?.difference.equal).toBe(true);
    });

    it(`survives a crash of the primary at ${POSITIONS} positions`, () => {
      let failovers = 0;
      let joins = 0;
      for (const icount of spread(POSITIONS, undisturbed.simulation.machine.icount)) {
        const run = simulate(name, {
          ...options,
          seed: `crash-${icount}`,
          faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount } }],
        });
        expect({ icount, ...result(run) }).toEqual({ icount, ...sound });
        expect(run.output.endsWith('\n'), `crash at ${icount}: the last line is whole`).toBe(true);
        failovers += run.simulation.failovers.length;
        joins += run.simulation.observer.joins;
      }
      // In its last steps the guest may end before the crash is noticed.
      expect(failovers).toBeGreaterThan(POSITIONS * 0.9);
      // Near its end a guest may end before the copy is complete.
      if (options.spares) expect(joins).toBeGreaterThan(POSITIONS * 0.5);
    });
  });
}
