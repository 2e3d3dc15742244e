/** The state of an assembly: sections, symbols and the errors found so far. */
import { AssemblyError, Consequence, type Diagnostic, ERROR_LIMIT, StatementError } from './diagnostics.ts';
import { type Expression, evaluate, parseExpression } from './expression.ts';
import { Layout, SECTION_LIMIT_BYTES, type Section, type VariablePiece } from './layout.ts';
import { sectionKind } from './sections.ts';
import type { SourceLine, Statement } from './source.ts';
import { Symbols } from './symbols.ts';
import { Cursor, tokenize } from './tokens.ts';
import type { Position, Scope, Value } from './values.ts';

/** The state of an assembly: sections, symbols, options and errors. */
export class Assembly {
  readonly symbols = new Symbols();
  readonly layout: Layout;
  /** The current section. */
  section: Section;
  /** The section before the current one, for `.previous` and `.popsection`. */
  previous: Section;
  /** Whether instructions are compressed where they can be (`.option rvc`). */
  compresses = false;
  /** The stack of `.option push`. */
  readonly optionStack: boolean[] = [];
  readonly sectionStack: { section: Section; previous: Section }[] = [];
  /** The line of the statement that is being assembled. */
  line: SourceLine;
  /** The column of its mnemonic or directive. */
  column = 1;
  private readonly found = new Map<string, Diagnostic>();

  constructor(file: string, origin: number) {
    this.line = { file, line: 1, text: '' };
    this.layout = new Layout(origin, (line, error) => this.report(line, error));
    this.section = this.layout.section('.text', sectionKind('.text'));
    this.previous = this.section;
    for (const name of ['.data', '.bss']) this.layout.section(name, sectionKind(name));
  }

  /** Records an error. An equal one from a later stage is ignored. @throws {AssemblyError} when there are too many */
  report(line: SourceLine, error: StatementError): void {
    if (error instanceof Consequence) return;
    const { message, column } = error;
    const text = line.usedAt ? `${message} (in a macro used at ${line.usedAt})` : message;
    const key = `${line.file}:${line.line}:${column}:${text}`;
    if (!this.found.has(key))
      this.found.set(key, { file: line.file, line: line.line, column, message: text, text: line.text });
    if (this.found.size === ERROR_LIMIT) throw new AssemblyError(this.diagnostics);
  }

  /** The errors: by line within a file, files in the order of their first error. */
  get diagnostics(): Diagnostic[] {
    const all = [...this.found.values()];
    const files = [...new Set(all.map(({ file }) => file))];
    return all.sort(
      (a, b) => files.indexOf(a.file) - files.indexOf(b.file) || a.line - b.line || a.column - b.column,
    );
  }

  /** Does some of the work on a statement and records its error, if any. */
  attempt(line: SourceLine, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof StatementError)) throw error;
      this.report(line, error);
    }
  }

  enter(section: Section): void {
    this.previous = this.section;
    this.section = section;
  }

  here(): Position {
    return this.section.end;
  }

  /** A cursor over part of a statement: `text`, which begins `from` characters into the statement. */
  cursor(statement: Statement, text = statement.text, from = 0): Cursor {
    const start = statement.start + from;
    return new Cursor(tokenize(text, start), start + text.trimEnd().length + 1);
  }

  /** Parses an expression at the current place. */
  expression(cursor: Cursor): Expression {
    return parseExpression(
      cursor,
      this.symbols.binder(() => this.here()),
    );
  }

  /** Parses an expression whose value, a number, must be known already. */
  known(cursor: Cursor): bigint {
    const { column } = cursor;
    return this.knownValue(this.expression(cursor), column);
  }

  knownValue(expression: Expression, column: number): bigint {
    const { value, base } = evaluate(expression, this.symbols.early);
    if (base) throw new StatementError('this must be a number that is known here; it is an address', column);
    return value;
  }

  /** The value of an expression if it is known already. */
  tryKnown(expression: Expression): Value | undefined {
    try {
      return evaluate(expression, this.symbols.early);
    } catch (error) {
      if (error instanceof StatementError) return undefined;
      throw error;
    }
  }

  /** Appends a piece of fixed size to the section. */
  append(sizeBytes: number, write: (out: DataView, at: number, scope: Scope) => void): void {
    this.reserve(sizeBytes);
    this.section.append(sizeBytes, { line: this.line, column: this.column, write });
  }

  appendVariable(piece: Omit<VariablePiece, 'line' | 'column'>): void {
    this.section.appendVariable({ ...piece, line: this.line, column: this.column });
  }

  /**
   * Pads to a multiple of `bytes`, unless that takes more than `most` bytes. In code the default padding is NOPs. (GNU
   * as ignores an alignment to 4 in code, even when data has left it unaligned; here it is respected.)
   */
  align(bytes: number, filling?: bigint, most = 0n): void {
    const { section } = this;
    section.alignment = Math.max(section.alignment, bytes);
    const pad = (offset: number) => {
      const gap = (bytes - (offset % bytes)) % bytes;
      return most > 0n && gap > most ? 0 : gap;
    };
    const write = (out: DataView, at: number, _: Scope, sizeBytes: number) => {
      if (filling === undefined && section.kind.code) fillWithNops(out, at, sizeBytes);
      else for (let i = 0; i < sizeBytes; i++) out.setUint8(at + i, Number((filling ?? 0n) & 255n));
    };
    if (bytes > 1) this.appendVariable({ sizeBytes: 0, pad, write });
  }

  /** Pads code to the alignment of its section, as GNU as does. */
  finish(): void {
    for (const section of this.layout.sections) {
      this.section = section;
      if (section.kind.code) this.align(section.alignment);
    }
  }

  private reserve(sizeBytes: number): void {
    if (this.here().offset + sizeBytes > SECTION_LIMIT_BYTES)
      throw new StatementError(`${this.section.name} would exceed 1 GiB`, this.column);
  }
}

/** As GNU as: a zero byte to an even address, a `c.nop` to a multiple of 4, then `nop`. */
function fillWithNops(out: DataView, at: number, sizeBytes: number): void {
  let done = 0;
  if (sizeBytes % 2 === 1) out.setUint8(at + done++, 0);
  if ((sizeBytes - done) % 4 === 2) {
    out.setUint16(at + done, 0x0001, true);
    done += 2;
  }
  for (; done < sizeBytes; done += 4) out.setUint32(at + done, 0x00000013, true);
}
