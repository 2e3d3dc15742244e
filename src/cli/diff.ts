/** `vmft diff`: two saved machines, side by side. */
import { OperatingError } from '../base/errors.ts';
import { compareSnapshots, decodeSnapshot } from '../vmm/snapshot.ts';
import { differenceTable } from './difference.ts';
import { readBytes } from './files.ts';
import { colourFor } from './terminal/abilities.ts';

export interface DiffOptions {
  quiet?: boolean;
}

/** Prints the table; 1 when the machines differ, as `diff` does. */
export function diff(a: string, b: string, { quiet }: DiffOptions): number {
  const [left, right] = [decodeSnapshot(readBytes(a), a), decodeSnapshot(readBytes(b), b)];
  if (left.description.memorySizeBytes !== right.description.memorySizeBytes)
    throw new OperatingError(`${a} and ${b}: machines with different memory sizes; save both from one run`);
  const difference = compareSnapshots(left, right);
  const lines = quiet ? [] : differenceTable(difference, [a, b], colourFor(process.stdout));
  for (const line of lines) process.stdout.write(`${line}\n`);
  return difference.equal ? 0 : 1;
}
