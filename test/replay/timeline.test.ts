/** A timeline over a recording: the machine has the recorded state at every position, however it was reached. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { firstDifference } from '../../src/replay/comparison.ts';
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

  test('follows a history that grows', () => {
    const growth = fc.array(fc.record({ more: fc.nat(30), at: fc.double({ min: 0, max: 1, noNaN: true }) }), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(memory, growth, (snapshotBytes, turns) => {
        let known = 0;
        const knownEnd = () => entries[Math.min(known, entries.length - 1)]!.icount;
        const source = {
          [Symbol.iterator]: () => entries.slice(0, known)[Symbol.iterator](),
          from: (start: number) => entries.slice(start, known),
        };
        const limits = snapshotBytes !== undefined && { snapshotBytes };
        const timeline = new Timeline(description, source, { ...limits, end: knownEnd });
        for (const { more, at } of turns) {
          known = Math.min(entries.length, known + more);
          timeline.resume();
          const target = Math.floor(knownEnd() * at);
          timeline.seek(target, 'after');
          expect(timeline.icount).toBe(target);
          if (target < knownEnd()) expect(timeline.machine.hash(true)).toBe(stateAt(target, 'after'));
          if (more % 3 === 0) timeline.keep();
        }
        known = entries.length;
        timeline.resume();
        timeline.seek(end, 'after');
        expect(timeline.machine.hash(true)).toBe(recording.hash);
      }),
      { numRuns: examples(60) },
    );
  });

  test('goes back when its history becomes another one', () => {
    const other = recordRun(description, 'timeline', 'a few words, and others: q', 0.02);
    const { index } = firstDifference(entries, other.entries)!;
    const common = {
      consumed: index,
      icount: Math.min(entries[index]!.icount, other.entries[index]!.icount),
    };
    fc.assert(
      fc.property(
        memory,
        fc.array(position, { maxLength: 5 }),
        fc.array(position),
        (snapshotBytes, before, after) => {
          let history = entries;
          const source = {
            [Symbol.iterator]: () => history[Symbol.iterator](),
            from: (start: number) => history.slice(start),
          };
          const timeline = new Timeline(
            description,
            source,
            snapshotBytes === undefined ? {} : { snapshotBytes },
          );
          for (const icount of before) {
            timeline.seek(icount, 'after');
            timeline.keep();
          }
          history = other.entries;
          timeline.truncated(common);
          expect(timeline.icount).toBeLessThanOrEqual(common.icount);
          for (const icount of after.map((one) => Math.min(one, other.icount))) {
            timeline.seek(icount, 'after');
            const direct = new Timeline(description, other.entries).seek(icount, 'after');
            expect(timeline.machine.hash(true)).toBe(direct.machine.hash(true));
          }
        },
      ),
      { numRuns: examples(40) },
    );
  });
});
