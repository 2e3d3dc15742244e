/** The arguments of a directive, and helpers to parse them. */
import type { Assembly } from './assembly.ts';
import type { Statement } from './source.ts';
import type { Cursor } from './tokens.ts';

/** The arguments of a directive. */
export interface Arguments {
  statement: Statement;
  text: string;
  /** Where `text` starts in the statement. */
  from: number;
  /** The directive's own column. */
  column: number;
}

/** The handler of a directive. */
export type Directive = (assembly: Assembly, args: Arguments) => void;

/** A directive that parses its arguments as tokens and must consume all of them. */
export const reading =
  (read: (assembly: Assembly, cursor: Cursor) => void): Directive =>
  (assembly, { statement, text, from }) => {
    const cursor = assembly.cursor(statement, text, from);
    read(assembly, cursor);
    cursor.finish();
  };

/** Calls `read` for each item of a list that is separated by commas. */
export function each(cursor: Cursor, read: () => void): void {
  if (cursor.done) return;
  do read();
  while (cursor.accept(','));
}
