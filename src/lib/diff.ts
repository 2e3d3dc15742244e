/** Compares machines. */
import { OperatingError } from '../base/errors.ts';
import { compareSnapshots, decodeSnapshot, type Snapshot } from '../vmm/snapshot.ts';
import { readFile } from './files.ts';
import { FinishedRun } from './finished-run.ts';
import { MachineView } from './machine-view.ts';
import { RecordedRun } from './recorded-run.ts';
import type { Comparable, Difference } from './types.ts';

/**
 * Compares two machines bit for bit: registers, devices, and each page of RAM.
 * @throws {OperatingError} if one is no snapshot or is damaged, or if the memory sizes differ
 */
export function diff(a: Comparable, b: Comparable): Difference {
  const [left, right] = [snapshotOf(a), snapshotOf(b)];
  if (left.description.memorySizeBytes !== right.description.memorySizeBytes)
    throw new OperatingError('machines with different memory sizes; take both from one guest');
  const { icount: _, ...difference } = compareSnapshots(left, right);
  return difference;
}

function snapshotOf(from: Comparable): Snapshot {
  if (typeof from === 'string') return decodeSnapshot(readFile(from), from);
  if (from instanceof Uint8Array) return decodeSnapshot(from, 'the saved machine');
  const machine = from instanceof FinishedRun || from instanceof RecordedRun ? from.machine : from;
  if (machine instanceof MachineView) return machine.snapshot();
  throw new OperatingError('diff takes machines, runs, replays, and what Machine.save returned');
}
