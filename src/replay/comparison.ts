/** Comparison of machines by the histories of their doors. */
import { sameBytes } from '../base/bytes.ts';
import type { Execution } from '../cpu/engine.ts';
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import { compareSnapshots, type Difference, type Snapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { Timeline } from './timeline.ts';

/** The entries of two histories in pairs, below a position; ends after the shorter one. */
function* pairs(
  a: Iterable<Entry>,
  b: Iterable<Entry>,
  icount: number,
): Generator<[Entry | undefined, Entry | undefined]> {
  const [left, right] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  const below = ({ value, done }: IteratorResult<Entry>) =>
    !done && value.icount < icount ? value : undefined;
  for (;;) {
    const pair: [Entry | undefined, Entry | undefined] = [below(left.next()), below(right.next())];
    if (!pair[0] && !pair[1]) return;
    yield pair;
    if (!pair[0] || !pair[1]) return;
  }
}

/** The first pair of entries below a position in which two histories differ; undefined if there is none. */
export function firstDifference(
  a: Iterable<Entry>,
  b: Iterable<Entry>,
  icount = Number.POSITIVE_INFINITY,
): { index: number; a: Entry; b: Entry } | undefined {
  let index = 0;
  for (const [one, other] of pairs(a, b, icount)) {
    if (one && other && !sameEntry(one, other)) return { index, a: one, b: other };
    index++;
  }
  return undefined;
}

/**
 * Whether two histories are equal below a position; the machines are equal there then, since execution is
 * deterministic.
 */
export function sameHistory(a: Iterable<Entry>, b: Iterable<Entry>, icount: number): boolean {
  for (const [one, other] of pairs(a, b, icount)) if (!one || !other || !sameEntry(one, other)) return false;
  return true;
}

/** Two machines at one position, and the first entry in which their histories differ. */
export interface Comparison {
  a: Snapshot;
  b: Snapshot;
  difference: Difference;
  firstDifference: { index: number; a: Entry; b: Entry } | undefined;
}

/**
 * A machine's history; with `machine`, the machine itself is compared, and not one that is replayed from the history.
 */
export interface Witness {
  history: Iterable<Entry>;
  machine?: Machine | undefined;
}

/**
 * Compares two machines at `icount`, before the inputs that were applied there.
 * @param execution how replayed machines execute instructions.
 * @throws {Divergence} if a machine cannot have its history.
 */
export function compareHistories(
  description: MachineDescription,
  one: Witness,
  other: Witness,
  icount: number,
  execution?: Execution,
): Comparison {
  const at = ({ history, machine }: Witness) =>
    takeSnapshot(
      machine ??
        new Timeline(description, history, { end: icount, execution }).seek(icount, 'before').machine,
    );
  const [a, b] = [at(one), at(other)];
  return {
    a,
    b,
    difference: compareSnapshots(a, b),
    firstDifference: firstDifference(one.history, other.history, icount),
  };
}

/** Whether two entries are equal, member by member. Checkpoints, whose members are nested, are in no history. */
export function sameEntry(a: Entry, b: Entry): boolean {
  const [x, y]: Record<string, unknown>[] = [a, b];
  return Object.keys({ ...a, ...b }).every((name) => sameValue(x![name], y![name]));
}

const sameValue = (a: unknown, b: unknown): boolean =>
  a === b || (a instanceof Uint8Array && b instanceof Uint8Array && sameBytes(a, b));
