/** A run under a debugger: forwards and backwards it is at the same positions, in the same states. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DebugSession, type Operation, type Stop } from '../../src/debug/session.ts';
import type { Watchpoint } from '../../src/debug/stop-points.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const recording = recordRun(description, 'debug', 'a few words, then the end: q', 0.02);
const { entries, icount: end } = recording;

const timelineWith = (snapshotBytes: number) => new Timeline(description, entries, { snapshotBytes });
const done = (operation: Operation): Stop => {
  for (;;) {
    const { done: isDone, value } = operation.next();
    if (isDone) return value;
  }
};

/** What each step of the recording does: the instruction that it executes, and the addresses that it accesses. */
interface Step {
  pc: bigint;
  accesses: { address: bigint; sizeBytes: number; access: 'load' | 'store' }[];
}
const steps: Step[] = [];
{
  const timeline = timelineWith(1 << 30);
  const all = { address: 0n, sizeBytes: 4096 * 4096 };
  timeline.machine.observe({
    ranges: [
      { ...all, access: 'load' },
      { ...all, access: 'store' },
      { ...all, access: 'fetch' },
    ],
    stopsAt: (address, sizeBytes, access) => {
      const step = steps[timeline.icount]!;
      if (access === 'fetch') step.pc = address;
      else step.accesses.push({ address, sizeBytes, access });
      return false;
    },
  });
  while (timeline.icount < end) {
    const { icount } = timeline;
    steps[icount] = { pc: 0n, accesses: [] };
    timeline.run(1);
  }
}
const pcs = [...new Set(steps.map(({ pc }) => pc))];
const touched = [...new Set(steps.flatMap(({ accesses }) => accesses.map(({ address }) => address)))];

const watchpoint: fc.Arbitrary<Watchpoint> = fc.record({
  address: fc
    .constantFrom(...touched)
    .chain((address) => fc.bigInt({ min: address - 8n, max: address + 8n })),
  sizeBytes: fc.constantFrom(1, 2, 4, 8, 5000),
  kind: fc.constantFrom('read', 'write', 'access'),
});
const isHit = (
  { pc, accesses }: Step,
  breakpoints: readonly bigint[],
  watchpoints: readonly Watchpoint[],
) => ({
  before: breakpoints.includes(pc),
  after: accesses.some(({ address, sizeBytes, access }) =>
    watchpoints.some(
      (one) =>
        one.address < address + BigInt(sizeBytes) &&
        address < one.address + BigInt(one.sizeBytes) &&
        (one.kind === 'access' || (one.kind === 'read') === (access === 'load')),
    ),
  ),
});

const states = new Map<number, bigint>();
const stateAt = (icount: number): bigint => {
  const known =
    states.get(icount) ?? new Timeline(description, entries).seek(icount, 'after').machine.hash(true);
  states.set(icount, known);
  return known;
};

const act = fc.oneof(
  fc.record({ kind: fc.constant('go' as const), icount: fc.nat(end) }),
  fc.record({ kind: fc.constantFrom('go here', 'step', 'step back', 'continue', 'reverse') }),
);

describe('a debugged run', () => {
  test('stops where a model that looks at every step does, in the recorded state', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(0, 300_000, 1 << 30),
        fc.uniqueArray(fc.constantFrom(...pcs), { maxLength: 3 }),
        fc.array(watchpoint, { maxLength: 2 }),
        fc.array(act, { minLength: 1, maxLength: 30 }),
        (snapshotBytes, breakpoints, watchpoints, acts) => {
          const session = new DebugSession(timelineWith(snapshotBytes));
          for (const address of breakpoints) session.points.addBreakpoint(address);
          for (const one of watchpoints) session.points.addWatchpoint(one);
          let icount = 0;
          const hits = steps.map((step) => isHit(step, breakpoints, watchpoints));
          for (const one of acts) {
            let expected: { at: number; why: Stop['why'] };
            let stop: Stop;
            if (one.kind === 'go') {
              stop = done(session.goTo(one.icount));
              expected = { at: one.icount, why: 'moved' };
            } else if (one.kind === 'go here') {
              stop = done(session.goTo(icount));
              expected = { at: icount, why: 'moved' };
            } else if (one.kind === 'step') {
              stop = done(session.step());
              expected = icount < end ? { at: icount + 1, why: 'moved' } : { at: end, why: 'end' };
            } else if (one.kind === 'step back') {
              stop = done(session.stepBack());
              expected = icount > 0 ? { at: icount - 1, why: 'moved' } : { at: 0, why: 'start' };
            } else if (one.kind === 'continue') {
              const from = session.machine.hart.get('pc');
              const isBefore = (at: number) => hits[at]!.before && (at > icount || steps[at]!.pc !== from);
              let at = icount;
              while (at < end && !isBefore(at) && !hits[at]!.after) at++;
              stop = done(session.continue());
              const after = at < end && !isBefore(at);
              expected = at === end ? { at, why: 'end' } : { at: after ? at + 1 : at, why: 'hit' };
            } else {
              stop = done(session.reverseContinue());
              let at = icount - 1;
              while (at >= 0 && !hits[at]!.before && !hits[at]!.after) at--;
              expected = at < 0 ? { at: 0, why: 'start' } : { at, why: 'hit' };
            }
            expect({ at: session.icount, why: stop.why }).toEqual(expected);
            icount = expected.at;
            if (stop.why === 'hit' && stop.reached === 'breakpoint') {
              expect(session.machine.hart.get('pc')).toBe(steps[icount]!.pc);
              // Perhaps after an interrupt: the next step leads to the same state as from before it.
              const copy = session.timeline.clone();
              copy.run(1);
              expect(copy.machine.hash(true)).toBe(stateAt(icount + 1));
            } else expect(session.machine.hash(true)).toBe(stateAt(icount));
          }
        },
      ),
      { numRuns: examples(200) },
    );
  });
});
