import { sameBytes } from '../../base/bytes.ts';
import { encode } from '../../base/codec.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { ReplayDoors } from '../../vmm/doors.ts';
import { type Entry, entryAfter, NOTHING_BEFORE } from '../../vmm/entries.ts';
import type { Output } from '../../vmm/outputs.ts';
import { compareSnapshots, type Difference, type Snapshot, takeSnapshot } from '../../vmm/snapshot.ts';
import { Vmm, verifyMarker } from '../../vmm/vmm.ts';

/** How much a rebuilt machine runs at once. */
const SLICE_STEPS = 10_000_000;

/**
 * A fresh machine that has gone through the same entries, standing at `icount`: before the inputs that were applied there, or
 * after them. With it come the outputs that it made on the way.
 * @throws {Divergence} when the entries are not those of such a machine.
 */
export function rebuild(
  description: MachineDescription,
  entries: readonly Entry[],
  icount: number,
  inputsThere: 'before' | 'after',
): { vmm: Vmm; outputs: Output[] } {
  const doors = new ReplayDoors(verifyMarker);
  const last = inputsThere === 'after' ? icount : icount - 1;
  for (const entry of entries) if (entry.icount <= last) doors.append(entry);
  doors.append({ kind: 'horizon', icount });
  const vmm = new Vmm(description, doors);
  const outputs: Output[] = [];
  for (
    let pause = vmm.run(SLICE_STEPS);
    pause === 'budget' && vmm.icount < icount;
    pause = vmm.run(SLICE_STEPS)
  )
    outputs.push(...vmm.machine.takeOutputs());
  outputs.push(...vmm.machine.takeOutputs());
  return { vmm, outputs };
}

/** The first entry in which two machines' histories differ, if they do. */
export function firstDifference(
  a: readonly Entry[],
  b: readonly Entry[],
): { index: number; a: Entry; b: Entry } | undefined {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++)
    if (!sameEntry(a[index]!, b[index]!)) return { index, a: a[index]!, b: b[index]! };
  return undefined;
}

/** Whether two machines were given the same up to a position; then, by the law of determinism, they were the same there. */
export function sameHistory(a: readonly Entry[], b: readonly Entry[], icount: number): boolean {
  const before = (entry: Entry | undefined) => (entry && entry.icount < icount ? entry : undefined);
  for (let index = 0; ; index++) {
    const [one, other] = [before(a[index]), before(b[index])];
    if (!one || !other) return one === other;
    if (one !== other && !sameEntry(one, other)) return false;
  }
}

/** Two machines at one position, and the first entry in which their histories differ. */
export interface Comparison {
  a: Snapshot;
  b: Snapshot;
  difference: Difference;
  firstDifference: { index: number; a: Entry; b: Entry } | undefined;
}

/** Builds both machines again and compares them at `icount`, before the inputs that were applied there. */
export function compareHistories(
  description: MachineDescription,
  historyA: readonly Entry[],
  historyB: readonly Entry[],
  icount: number,
): Comparison {
  const at = (history: readonly Entry[]) =>
    takeSnapshot(rebuild(description, history, icount, 'before').vmm.machine);
  const [a, b] = [at(historyA), at(historyB)];
  const until = (history: readonly Entry[]) => history.filter((entry) => entry.icount < icount);
  return {
    a,
    b,
    difference: compareSnapshots(a, b),
    firstDifference: firstDifference(until(historyA), until(historyB)),
  };
}

const sameEntry = (a: Entry, b: Entry): boolean => {
  if (a.kind !== b.kind || a.icount !== b.icount) return false;
  const [x, y] = [a, b].map((entry) => encode(entryAfter(NOTHING_BEFORE), entry)) as [Uint8Array, Uint8Array];
  return sameBytes(x, y);
};

/** Console bytes of a run of outputs, side by side. */
export function consoleBytes(outputs: readonly Output[]): Uint8Array {
  const parts = outputs.flatMap((output) => (output.kind === 'console' ? [output.data] : []));
  const joined = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}
