/** The assembler's errors and their report. */
import { OperatingError } from '../base/errors.ts';

/** One error in a source. `line` and `column` count from 1; `text` is the source line. */
export interface Diagnostic {
  file: string;
  line: number;
  column: number;
  message: string;
  text: string;
}

/** The assembly stops after this many errors: the file is no source, or the first error has caused the others. */
export const ERROR_LIMIT = 100;

/** All errors of an assembly. The message is the report: each error with its line and a caret. */
export class AssemblyError extends OperatingError {
  override name = 'AssemblyError';
  constructor(readonly diagnostics: readonly Diagnostic[]) {
    const end = diagnostics.length < ERROR_LIMIT ? [] : [`stopped after ${ERROR_LIMIT} errors`];
    super([...diagnostics.map(format), ...end].join('\n'));
  }
}

/** A long line is cut to this many characters around the error. */
const SHOWN_CHARACTERS = 160;

function format({ file, line, column, message, text }: Diagnostic): string {
  const from = text.length <= SHOWN_CHARACTERS ? 0 : Math.max(0, column - 1 - SHOWN_CHARACTERS / 2);
  const shown = text.slice(from, from + SHOWN_CHARACTERS);
  // The caret's line repeats the tabs of the source line, so that both are displayed equally wide.
  const indent = shown.slice(0, column - 1 - from).replace(/[^\t]/g, ' ');
  const report = `${file}:${line}:${column}: ${message}\n${shown}\n${indent.padEnd(column - 1 - from)}^`;
  return report.replace(CONTROL, '\ufffd');
}

/** Control characters, which would garble a terminal. */
const CONTROL = /[^\P{Cc}\t\n]/gu;

/** An error within one statement, converted to a {@link Diagnostic} where the statement is known. */
export class StatementError extends Error {
  constructor(
    message: string,
    /** Counts from 1. */
    readonly column: number,
  ) {
    super(message);
  }
}

/** A consequential error: the cause is in another statement and is reported there. */
export class Consequence extends StatementError {}

/** ` Did you mean 'x'?` for the candidate nearest to a misspelt name; empty when none is near. */
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

/** The Damerau-Levenshtein distance of `a` and `b` (optimal string alignment). */
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
