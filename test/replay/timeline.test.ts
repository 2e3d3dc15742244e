/** A timeline over a recording: the machine has the recorded state at every position, however it was reached. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Timeline } from '../../src/replay/timeline.ts';
import { Divergence, ReplayDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { restoreSnapshot, takeSnapshot } from '../../src/vmm/snapshot.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const recording = recordRun(description, 'timeline', 'a few words, then the end: q', 0.02);
const { entries, icount: end } = recording;

/** The state at a position, of a machine that ran directly to it. */
const known = new Map<string, bigint>();
function stateAt(icount: number, inputsThere: 'before' | 'after'): bigint {
  const name = `${icount} ${inputsThere}`;
  const hash =
    known.get(name) ?? new Timeline(description, entries).seek(icount, inputsThere).machine.hash(true);
  known.set(name, hash);
  return hash;
}

const position = fc.oneof(
  fc.integer({ min: 0, max: end }),
  fc.constantFrom(...entries.map(({ icount }) => icount)),
);
const act = fc.oneof(
  fc.record({
    kind: fc.constant('seek' as const),
    icount: position,
    inputsThere: fc.constantFrom('before' as const, 'after' as const),
  }),
  fc.record({ kind: fc.constant('run' as const), steps: fc.nat(3000) }),
  fc.record({ kind: fc.constantFrom('clone' as const, 'restore' as const, 'keep' as const) }),
);
/** Memory for snapshots: none, only for the first and the latest, for a few, for all. */
const memory = fc.constantFrom(undefined, 0, 100_000, 1 << 30);

describe('a timeline', () => {
  test('has the recorded state at any position, whatever it did before', () => {
    fc.assert(
      fc.property(memory, fc.array(act, { minLength: 1, maxLength: 24 }), (snapshotBytes, acts) => {
        let timeline = new Timeline(description, entries, {
          ...(snapshotBytes !== undefined && { snapshotBytes }),
        });
        for (const one of acts) {
          if (one.kind === 'keep') {
            timeline.keep();
            continue;
          }
          if (one.kind === 'seek') {
            timeline.seek(one.icount, one.inputsThere);
            expect(timeline.icount).toBe(one.icount);
            expect(timeline.machine.hash(true)).toBe(stateAt(one.icount, one.inputsThere));
          } else if (one.kind === 'run') {
            const target = Math.min(end, timeline.icount + one.steps);
            timeline.run(one.steps);
            expect(timeline.icount).toBe(target);
            expect(timeline.machine.hash(true)).toBe(stateAt(target, 'after'));
          } else if (one.kind === 'clone') {
            const before = timeline;
            const [at, hash] = [before.icount, before.machine.hash(true)];
            timeline = before.clone();
            expect([timeline.icount, timeline.machine.hash(true)]).toEqual([at, hash]);
            before.seek(end, 'after');
            expect([timeline.icount, timeline.machine.hash(true)]).toEqual([at, hash]);
          } else {
            const machine = new Machine(description, new ReplayDoors());
            restoreSnapshot(machine, takeSnapshot(timeline.machine));
            timeline.continueOn(machine);
          }
        }
        timeline.seek(end, 'after');
        expect([timeline.icount, timeline.machine.hash(true)]).toEqual([end, recording.hash]);
      }),
      { numRuns: examples(40) },
    );
  });

  test('seeks to before or after an input', () => {
    const input = entries.find(({ kind }) => kind === 'console')!;
    const timeline = new Timeline(description, entries);
    const received = (inputsThere: 'before' | 'after') =>
      timeline.seek(input.icount, inputsThere).machine.consoleReceived;
    const [before, after] = [received('before'), received('after')];
    expect(after).toBeGreaterThan(before);
    expect(received('before')).toBe(before);
  });

  test('makes the recorded outputs, in slices of any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5000 }), (steps) => {
        let console = '';
        const timeline = new Timeline(description, entries, {
          made: (output) => {
            if (output.kind === 'console') console += new TextDecoder().decode(output.data);
          },
        });
        for (const _ of timeline.slices(Number.POSITIVE_INFINITY, steps));
        expect([console, timeline.icount]).toEqual([recording.console, end]);
      }),
      { numRuns: examples(20) },
    );
  });

  test('ends with the recording, or at a given later position without inputs', () => {
    const some = entries.slice(0, 40);
    const { icount } = some.at(-1)!;
    expect(new Timeline(description, some).seek(end, 'after').icount).toBe(icount);
    const next = entries[40]!.icount;
    expect(new Timeline(description, some, { end: next }).seek(next, 'after').icount).toBe(next);
  });

  test('stops with a divergence where the machine differs from the recording', () => {
    const wrong = entries.map((entry) =>
      entry.kind === 'check' ? { ...entry, hash: entry.hash ^ 1n } : entry,
    );
    const first = wrong.find(({ kind }) => kind === 'check')!;
    const timeline = new Timeline(description, wrong);
    expect(() => timeline.seek(end, 'after')).toThrow(Divergence);
    expect(timeline.icount).toBe(first.icount);
  });
});
