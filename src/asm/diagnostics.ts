/** What the assembler says when a source is wrong. */
import { OperatingError } from '../base/errors.ts';

/** One mistake in a source. `line` and `column` count from 1; `text` is the source line as it was written. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  message: string;
  text: string;
}

/** After so many mistakes it is no use to look for more: the file is no source, or a first mistake has caused the others. */
export const MISTAKES_LIMIT = 100;

/** All the mistakes of a source at once. Its message is the report: each mistake with its line and a caret. */
export class AssemblyError extends OperatingError {
  override name = 'AssemblyError';
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    const end =
      diagnostics.length < MISTAKES_LIMIT ? [] : [`after ${MISTAKES_LIMIT} mistakes no more are looked for`];
    super([...diagnostics.map(format), ...end].join('\n'));
  }
}

/** Of a long line so many characters are shown, the mistake in their middle. */
const SHOWN_CHARACTERS = 160;

function format({ file, line, column, message, text }: Diagnostic): string {
  const from = text.length <= SHOWN_CHARACTERS ? 0 : Math.max(0, column - 1 - SHOWN_CHARACTERS / 2);
  const shown = text.slice(from, from + SHOWN_CHARACTERS);
  // The caret's line repeats the tabs of the source line, so that both are displayed equally wide.
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const report = `${file}:${line}:${column}: ${message}\n${shown}\n${indent.padEnd(column - 1 - from)}^`;
  return report.replace(CONTROL, '\ufffd');
}

/** What a file that is no text would do to a terminal. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** A mistake within one statement: thrown where it is found, made a {@link Diagnostic} where the statement is known. */
export class StatementError extends Error {
  constructor(
    message: string,
    /** Counts from 1. */
    readonly column: number,
  ) {
    super(message);
  }
}

/** A statement cannot be finished because another one is wrong, which is reported there. */
export class Consequence extends StatementError {}

/** ` Did you mean 'x'?` for the candidate nearest to a misspelt name, or nothing when none is near. */
export function suggestion(name: string, candidates: Iterable<string>): string {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(name.length / 3)) + 1;
  for (const candidate of candidates) {
    if (Math.abs(candidate.length - name.length) >= bestDistance) continue;
    const distance = editDistance(name, candidate);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best === undefined ? '' : ` Did you mean '${best}'?`;
}

/** How many characters to insert, delete, replace or swap with their neighbour to get from `a` to `b`. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swapped = a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1] ? before[j - 2]! + 1 : Infinity;
      next.push(Math.min(row[j]! + 1, next[j - 1]! + 1, replaced, swapped));
    }
    [before, row] = [row, next];
  }
  return row[b.length]!;
}
