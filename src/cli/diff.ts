/** `vmft diff`: compares two saved machines. */
import { OperatingError } from '../base/errors.ts';
import { grouped } from '../base/text.ts';
import { differenceTable } from '../report/difference.ts';
import { type Line, line } from '../report/styled-text.ts';
import { compareSnapshots, decodeSnapshot, type Snapshot } from '../vmm/snapshot.ts';
import type { SymbolOptions } from './debugging/options.ts';
import { readNaming } from './debugging/symbols.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { readBytes } from './files.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft diff`. */
export interface DiffOptions extends SymbolOptions {
  /** Print nothing; only the exit code tells. */
  quiet?: boolean;
}

/**
 * Prints the table; returns the exit code, 1 when the machines differ, as `diff` does.
 * @throws {OperatingError} for a file that is no saved machine, or no symbols, or two machines of different sizes
 */
export function diff(a: string, b: string, { quiet, symbols }: DiffOptions): number {
  const naming = readNaming(symbols);
  const [left, right] = [decodeSnapshot(readBytes(a), a), decodeSnapshot(readBytes(b), b)];
  if (left.description.memorySizeBytes !== right.description.memorySizeBytes)
    throw new OperatingError(`${a} and ${b}: machines with different memory sizes; save both from one run`);
  const difference = compareSnapshots(left, right);
  const paint = painterFor(process.stdout);
  const table = differenceTable(difference, [a, b], undefined, naming);
  const lines = quiet ? [] : [...positionLines([a, left], [b, right]), ...table];
  for (const line of lines) process.stdout.write(`${paint(line)}\n`);
  return difference.equal ? 0 : EXIT_CODE.failed;
}

/** Machines at different positions differ in what the guest did in between, which is no fault. */
function positionLines(...machines: [string, Snapshot][]): Line[] {
  const [one, other] = machines
    .map(([name, { state }]) => ({ name, icount: Number(state.hart.icount) }))
    .sort((x, y) => x.icount - y.icount);
  if (one!.icount === other!.icount) return [];
  const steps = other!.icount - one!.icount;
  return [
    line(
      'warning',
      `${one!.name} is at icount ${one!.icount}, and ${other!.name} ${grouped(steps)} steps later, at ${other!.icount}: the guest went on in between, so a`,
    ),
    line(
      'warning',
      'difference is no fault yet. `vmft bisect LOG --state FILE` compares each with the replay at its own step.',
    ),
  ];
}
