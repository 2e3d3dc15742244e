/** Splits source text into statements at `;` and line ends, without comments. Columns are those of the source. */
import { StatementError } from './diagnostics.ts';

/** A line of a source file, or of a macro's expansion. */
export interface SourceLine {
  file: string;
  /** Counts from 1. */
  line: number;
  text: string;
  /** For a line of a macro: where the macro was used. */
  usedAt?: string;
}

/** One statement. `text` is its part of the line, without comments; it starts `start` characters into the line. */
export interface Statement {
  line: SourceLine;
  text: string;
  start: number;
}

/** The statements of a file that are not empty. */
export function statementsOf(
  file: string,
  source: string,
  report: (line: SourceLine, error: StatementError) => void,
): Statement[] {
  const lines = source.split(/\r?\n/);
  const sourceLine = (index: number): SourceLine => ({ file, line: index + 1, text: lines[index]! });
  const { code, unclosed } = withoutComments(lines);
  if (unclosed)
    report(
      sourceLine(unclosed.line),
      new StatementError('this comment is never closed', unclosed.column + 1),
    );
  return code.flatMap((text, index) => split(sourceLine(index), text));
}

/** The lines with blanks where the comments were. */
function withoutComments(lines: readonly string[]): {
  code: string[];
  unclosed?: { line: number; column: number };
} {
  const code: string[] = [];
  let opened: { line: number; column: number } | undefined;
  lines.forEach((text, line) => {
    let kept = '';
    for (let i = 0; i < text.length; ) {
      if (opened) {
        const end = text.indexOf('*/', i);
        const after = end < 0 ? text.length : end + 2;
        kept += ' '.repeat(after - i);
        i = after;
        if (end >= 0) opened = undefined;
      } else if (text.startsWith('/*', i)) {
        opened = { line, column: i };
        kept += '  ';
        i += 2;
      } else if (text[i] === '#' || text.startsWith('//', i)) break;
      else {
        const after = skip(text, i);
        kept += text.slice(i, after);
        i = after;
      }
    }
    code.push(kept);
  });
  return opened ? { code, unclosed: opened } : { code };
}

function split(line: SourceLine, text: string): Statement[] {
  const statements: Statement[] = [];
  let start = 0;
  for (let i = 0; i <= text.length; i = i < text.length ? skip(text, i) : i + 1) {
    if (i < text.length && text[i] !== ';') continue;
    const part = text.slice(start, i);
    if (part.trim() !== '') statements.push({ line, text: part, start });
    start = i + 1;
  }
  return statements;
}

/** The index after the character at `i`, or after the string or character literal that starts there. */
export function skip(text: string, i: number): number {
  if (text[i] === '"') {
    for (let j = i + 1; j < text.length; j++) {
      if (text[j] === '\\') j++;
      else if (text[j] === '"') return j + 1;
    }
    return text.length;
  }
  if (text[i] === "'") {
    const after = i + (text[i + 1] === '\\' ? 3 : 2);
    return Math.min(text.length, text[after] === "'" ? after + 1 : after);
  }
  return i + 1;
}

/** Splits text at the commas outside strings and parentheses. */
export function splitAtCommas(text: string): { text: string; start: number }[] {
  const parts: { text: string; start: number }[] = [];
  let start = 0;
  let depth = 0;
  for (let i = 0; i < text.length; i = skip(text, i)) {
    if (text[i] === '(') depth++;
    if (text[i] === ')') depth--;
    if (text[i] !== ',' || depth > 0) continue;
    parts.push({ text: text.slice(start, i), start });
    start = i + 1;
  }
  parts.push({ text: text.slice(start), start });
  return parts;
}
