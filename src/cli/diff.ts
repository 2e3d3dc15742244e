/** `vmft diff`: compares two saved machines. */
import { OperatingError } from '../base/errors.ts';
import { differenceTable } from '../report/difference.ts';
import { compareSnapshots, decodeSnapshot } from '../vmm/snapshot.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { readBytes } from './files.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft diff`. */
export interface DiffOptions {
  /** Print nothing; only the exit code tells. */
  quiet?: boolean;
}

/** Prints the table; returns the exit code, 1 when the machines differ, as `diff` does. */
export function diff(a: string, b: string, { quiet }: DiffOptions): number {
  const [left, right] = [decodeSnapshot(readBytes(a), a), decodeSnapshot(readBytes(b), b)];
  if (left.description.memorySizeBytes !== right.description.memorySizeBytes)
    throw new OperatingError(`${a} and ${b}: machines with different memory sizes; save both from one run`);
  const difference = compareSnapshots(left, right);
  const paint = painterFor(process.stdout);
  const lines = quiet ? [] : differenceTable(difference, [a, b]);
  for (const line of lines) process.stdout.write(`${paint(line)}\n`);
  return difference.equal ? 0 : EXIT_CODE.failed;
}
