/** A run in the simulator under a debugger: what it shows is what happened, across failovers. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { SimulatedRun } from '../../src/cli/debugging/live-run.ts';
import { DebugSession, type Operation, type Stop } from '../../src/debug/session.ts';
import { inMemory } from '../../src/replay/spool.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { Simulation } from '../../src/sim/cluster/cluster.ts';
import { validated } from '../../src/sim/spec/spec.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const input = new TextEncoder().encode('a few words, then the end: q');

const done = (operation: Operation): Stop => {
  for (;;) {
    const { done: isDone, value } = operation.next();
    if (isDone) return value;
  }
};

const simulate = (crashIcount: number) =>
  new Simulation({
    spec: validated({
      seed: 'live',
      spares: 1,
      faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount: crashIcount } }],
    }),
    description,
    input,
    evidence: inMemory(),
    print: () => {},
    onEvent: () => {},
  });

test('positions have the states of the history in the end, and the run ends as without a debugger', () => {
  const alone = simulate(1000).run();
  const end = alone.machine.icount;
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: end }),
      fc.array(fc.oneof(fc.nat(end), fc.constantFrom('step', 'back')), { maxLength: 12 }),
      (crashIcount, acts) => {
        const whole = simulate(crashIcount).run();
        const direct = new Timeline(description, whole.observer.history, { end: whole.machine.icount });
        const simulation = simulate(crashIcount);
        let survivedAt: number | undefined;
        const run = new SimulatedRun(simulation, { snapshotBytes: 1 << 26 }, (icount) => {
          survivedAt = icount;
        });
        const session = new DebugSession(run.timeline, run);
        for (const act of acts) {
          const before = survivedAt;
          done(
            act === 'step' ? session.step() : act === 'back' ? session.stepBack() : session.goTo(Number(act)),
          );
          // Until the failover the history may be that of the machine that crashes.
          if (survivedAt === undefined || before !== survivedAt) continue;
          direct.seek(session.icount, 'after');
          if (session.icount < simulation.machine.icount)
            expect(session.machine.hash(true)).toBe(direct.machine.hash(true));
        }
        while (run.advance() !== 'over');
        done(session.goToEnd());
        expect(session.icount).toBe(whole.machine.icount);
        expect(session.machine.hash(true)).toBe(whole.machine.hash(true));
      },
    ),
    { numRuns: examples(80) },
  );
});
