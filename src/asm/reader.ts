/**
 * Reads the statements of the sources in their effective order: expands includes, macros and repetitions, and evaluates
 * conditions.
 */
import type { Arguments } from './arguments.ts';
import type { Assembly } from './assembly.ts';
import { AssemblyError, StatementError, suggestion } from './diagnostics.ts';
import { assign, directives } from './directives.ts';
import { assembleStatement, mnemonics } from './encode.ts';
import { bindArguments, type Macro, parseMacro, splitArguments, substitute } from './macros.ts';
import { type Statement, splitAtCommas, statementsOf } from './source.ts';
import { tokenize } from './tokens.ts';

/** Statements being read: a file, an expansion of a macro, or a repetition. */
interface Frame {
  statements: readonly Statement[];
  next: number;
  /** Absent for a file. */
  isExpansion?: true;
  /** The number of open conditions when it began. */
  conditions: number;
}

interface Condition {
  opened: Statement;
  column: number;
  /** Whether the following statements are read. */
  active: boolean;
  /** Whether no further branch can be taken. */
  decided: boolean;
  /** Whether `.else` has been seen. */
  last?: true;
}

/** An included file: its name, for messages and for files that it includes, and its content. */
export interface SourceFile {
  name: string;
  text: string;
}

/** Finds the file that `fromFile` includes as `path`; undefined when there is none. */
export type FindFile = (path: string, fromFile: string) => SourceFile | undefined;

const DEPTH_LIMIT = 200;
/** The limit for all files, macros and repetitions. A statement takes a kilobyte until the program is written. */
const STATEMENT_LIMIT = 250_000;
/** The limit of expanded arguments, whose size can double with each nested macro. */
const ARGUMENTS_LIMIT_CHARACTERS = 1 << 22;

const labelPattern = /^\s*(\d+|[A-Za-z_.$][\w.$]*)\s*:/;
const assignmentPattern = /^\s*([A-Za-z_.$][\w.$]*)\s*(==?)(?!=)/;
const wordPattern = /^\s*([A-Za-z_.$][\w.$]*)(?=\s|$|["'(%,-])/;

const repetitions = ['.rept', '.irp', '.irpc'];

/** Reads the sources into an {@link Assembly}. */
export class Reader {
  private readonly frames: Frame[] = [];
  private conditions: Condition[] = [];
  private readonly macros = new Map<string, Macro>();
  private expansions = 0;
  private statements = 0;
  private readonly room = { characters: ARGUMENTS_LIMIT_CHARACTERS };

  constructor(
    private readonly assembly: Assembly,
    private readonly readFile?: FindFile,
  ) {}

  /** Reads a source and everything it includes. */
  read(file: string, source: string): void {
    this.pushFile(file, source);
    for (let statement = this.next(); statement; statement = this.next()) this.readOne(statement);
    for (const { opened, column } of this.conditions)
      this.assembly.report(opened.line, new StatementError('this condition has no .endif', column));
  }

  private readOne(statement: Statement): void {
    const { assembly } = this;
    assembly.line = statement.line;
    assembly.attempt(statement.line, () => this.statement(statement));
  }

  private pushFile(file: string, source: string): void {
    const statements = statementsOf(file, source, (line, error) => this.assembly.report(line, error));
    this.count(statements.length, this.assembly.column);
    this.frames.push({ statements, next: 0, conditions: this.conditions.length });
  }

  private push(statements: readonly Statement[]): void {
    this.frames.push({ statements, next: 0, conditions: this.conditions.length, isExpansion: true });
  }

  private next(): Statement | undefined {
    for (let frame = this.frames.at(-1); frame; frame = this.frames.at(-1)) {
      const statement = frame.statements[frame.next++];
      if (statement) return statement;
      this.frames.pop();
    }
    return undefined;
  }

  private get active(): boolean {
    return this.conditions.every(({ active }) => active);
  }

  private statement(statement: Statement): void {
    const from = this.active ? this.labels(statement) : 0;
    const rest = statement.text.slice(from);
    const column = statement.start + from + rest.search(/\S|$/) + 1;
    this.assembly.column = column;
    const word = wordPattern.exec(rest);
    if (word && this.condition(word[1]!.toLowerCase(), statement, from + word[0].length, column)) return;
    if (!this.active || rest.trim() === '') return;
    const assignment = assignmentPattern.exec(rest);
    if (assignment) {
      const [all, name, operator] = assignment;
      const start = from + all.length;
      const cursor = this.assembly.cursor(statement, statement.text.slice(start), start);
      if (name === '.') throw new StatementError("'.' cannot be set; use .org", column);
      assign(this.assembly, cursor, name!, column, operator === '==');
      return;
    }
    if (!word) throw new StatementError(`a label, directive or instruction expected`, column);
    this.command(word[1]!, statement, from + word[0].length, column);
  }

  /** Defines the labels at the start of a statement and returns where they end. */
  private labels(statement: Statement): number {
    let from = 0;
    for (;;) {
      const label = labelPattern.exec(statement.text.slice(from));
      if (!label) return from;
      const column = statement.start + from + label[0].search(/\S/) + 1;
      const { assembly } = this;
      assembly.attempt(statement.line, () =>
        assembly.symbols.label(label[1]!, assembly.here(), statement.line, column),
      );
      from += label[0].length;
    }
  }

  private command(word: string, statement: Statement, from: number, column: number): void {
    const args: Arguments = { statement, text: statement.text.slice(from), from, column };
    const macro = this.macros.get(word);
    if (macro) {
      this.expandMacro(macro, args);
      return;
    }
    if (!word.startsWith('.')) {
      this.instruction(word, args);
      return;
    }
    const name = word.toLowerCase();
    const own = this.own.get(name);
    if (own) {
      own(args);
      return;
    }
    const directive = directives.get(name);
    if (!directive) {
      const hint = suggestion(name, [...directives.keys(), ...this.own.keys()]);
      throw new StatementError(`unknown directive '${word}'.${hint}`, column);
    }
    directive(this.assembly, args);
  }

  private instruction(word: string, { statement, text, from, column }: Arguments): void {
    if (!mnemonics.has(word.toLowerCase())) {
      const hint = suggestion(word.toLowerCase(), [...mnemonics, ...this.macros.keys()]);
      throw new StatementError(`unknown instruction '${word}'.${hint}`, column);
    }
    const start = statement.start + from;
    const end = start + text.trimEnd().length + 1;
    assembleStatement(this.assembly, word, column, tokenize(text, start), end);
  }

  /** Directives that control what is read next. */
  private readonly own: ReadonlyMap<string, (args: Arguments) => void> = new Map(
    Object.entries({
      '.include': (args: Arguments) => this.include(args),
      '.macro': (args: Arguments) => this.defineMacro(args),
      '.rept': (args: Arguments) => this.repeat(args),
      '.irp': (args: Arguments) => this.iterate(args, (list) => splitArguments(list).map(({ text }) => text)),
      '.irpc': (args: Arguments) => this.iterate(args, (text) => [...text.trim()]),
      '.purgem': ({ text, column }: Arguments) => {
        if (!this.macros.delete(text.trim()))
          throw new StatementError(`there is no macro '${text.trim()}'`, column);
      },
      '.exitm': ({ column }: Arguments) => this.leaveMacro(column),
      '.end': () => {
        this.frames.length = 0;
      },
      '.endm': ({ column }: Arguments) => {
        throw new StatementError('.endm without .macro', column);
      },
      '.endr': ({ column }: Arguments) => {
        throw new StatementError('.endr without .rept', column);
      },
    }),
  );

  private include({ statement, text, from, column }: Arguments): void {
    const cursor = this.assembly.cursor(statement, text, from);
    const path = new TextDecoder().decode(cursor.string('a file name in quotes').bytes);
    cursor.finish();
    const source = this.readFile?.(path, statement.line.file);
    if (source === undefined) throw new StatementError(`there is no file '${path}' to include`, column);
    this.checkDepth(column);
    this.pushFile(source.name, source.text);
  }

  private checkDepth(column: number): void {
    if (this.frames.length < DEPTH_LIMIT) return;
    this.leaveAll();
    throw new StatementError(`includes and macros are nested more than ${DEPTH_LIMIT} deep`, column);
  }

  /** Leaves all expansions, so that an unterminated block is reported once. */
  private leaveAll(): void {
    const expansion = this.frames.findIndex(({ isExpansion }) => isExpansion);
    const index = expansion < 0 ? 1 : expansion;
    this.conditions.length = this.frames[index]!.conditions;
    this.frames.length = index;
  }

  /** Takes the statements up to the one that closes a block, past blocks inside it. */
  private block(openers: readonly string[], closer: string, column: number): Statement[] {
    const body: Statement[] = [];
    let depth = 1;
    for (let statement = this.next(); statement; statement = this.next()) {
      const word = wordPattern.exec(statement.text.replace(labelPattern, ''))?.[1]?.toLowerCase() ?? '';
      if (openers.includes(word)) depth++;
      if (word === closer && --depth === 0) return body;
      body.push(statement);
    }
    throw new StatementError(`this has no ${closer}`, column);
  }

  private defineMacro({ text, column }: Arguments): void {
    const body = this.block(['.macro'], '.endm', column);
    const macro = { ...parseMacro(text, column), body };
    if (this.macros.has(macro.name))
      throw new StatementError(`macro '${macro.name}' is already defined; .purgem removes it`, column);
    this.macros.set(macro.name, macro);
  }

  private expandMacro(macro: Macro, { statement, text, column }: Arguments): void {
    const bound = bindArguments(macro, text, column);
    this.checkDepth(column);
    this.count(macro.body.length, column);
    this.push(substitute(macro.body, bound, this.expansions++, this.room, statement.line));
  }

  /** Counts statements. @throws {AssemblyError} when there are too many, which ends the assembly */
  private count(statements: number, column: number): void {
    this.statements += statements;
    if (this.statements <= STATEMENT_LIMIT) return;
    const { assembly } = this;
    const message = `files, macros and repetitions make more than ${STATEMENT_LIMIT} statements`;
    assembly.report(assembly.line, new StatementError(message, column));
    throw new AssemblyError(assembly.diagnostics);
  }

  private repeat({ statement, text, from, column }: Arguments): void {
    const body = this.block(repetitions, '.endr', column);
    const cursor = this.assembly.cursor(statement, text, from);
    const count = this.assembly.known(cursor);
    cursor.finish();
    if (count < 0n) throw new StatementError(`cannot repeat ${count} times`, column);
    this.count(Number(count) * Math.max(1, body.length), column);
    this.push(Array.from({ length: Number(count) }, () => body).flat());
  }

  private iterate({ text, column }: Arguments, list: (text: string) => string[]): void {
    const body = this.block(repetitions, '.endr', column);
    const [, name, rest] = /^\s*([A-Za-z_.$][\w.$]*)\s*,?(.*)$/s.exec(text) ?? [];
    if (!name) throw new StatementError('a parameter expected', column);
    const items = list(rest!);
    const values = items.length > 0 ? items : [''];
    this.count(values.length * body.length, column);
    this.push(
      values.flatMap((value) => substitute(body, new Map([[name, value]]), this.expansions, this.room)),
    );
  }

  /** Leaves the innermost macro or repetition. */
  private leaveMacro(column: number): void {
    const index = this.frames.findLastIndex(({ isExpansion }) => isExpansion);
    if (index < 0) throw new StatementError('.exitm outside a macro', column);
    this.conditions.length = this.frames[index]!.conditions;
    this.frames.length = index;
  }

  /** Handles a conditional directive, even in skipped statements; returns whether it was one. */
  private condition(word: string, statement: Statement, from: number, column: number): boolean {
    const args: Arguments = { statement, text: statement.text.slice(from), from, column };
    const test = this.tests.get(word);
    if (test) {
      const outer = this.active;
      const condition: Condition = { opened: statement, column, active: false, decided: true };
      this.conditions.push(condition);
      // A condition with an error counts as false, and its .endif still closes it.
      if (outer) condition.active = condition.decided = test(args);
      return true;
    }
    if (word !== '.else' && word !== '.elseif' && word !== '.endif') return false;
    const condition = this.conditions.at(-1);
    if (!condition) throw new StatementError(`${word} without .if`, column);
    if (word === '.endif') this.conditions.pop();
    else this.otherwise(condition, word === '.else', args);
    return true;
  }

  private otherwise(condition: Condition, last: boolean, args: Arguments): void {
    if (condition.last) throw new StatementError('.else was the last branch of this condition', args.column);
    condition.active = false;
    if (last) condition.last = true;
    if (condition.decided) return;
    condition.active = condition.decided = last || this.holds((value) => value !== 0n)(args);
  }

  private readonly holds =
    (test: (value: bigint) => boolean) =>
    ({ statement, text, from }: Arguments): boolean => {
      const cursor = this.assembly.cursor(statement, text, from);
      const value = this.assembly.known(cursor);
      cursor.finish();
      return test(value);
    };

  private readonly isDefined = ({ statement, text, from }: Arguments): boolean => {
    const cursor = this.assembly.cursor(statement, text, from);
    const { text: name } = cursor.name('a symbol');
    cursor.finish();
    return this.assembly.symbols.has(name);
  };

  private readonly areEqual = ({ text, column }: Arguments): boolean => {
    const [a, b, ...more] = splitAtCommas(text).map((part) => part.text.trim());
    if (a === undefined || b === undefined || more.length > 0)
      throw new StatementError('two texts to compare expected', column);
    return a === b;
  };

  private readonly tests: ReadonlyMap<string, (args: Arguments) => boolean> = new Map(
    Object.entries({
      '.if': this.holds((value) => value !== 0n),
      '.ifne': this.holds((value) => value !== 0n),
      '.ifeq': this.holds((value) => value === 0n),
      '.ifgt': this.holds((value) => value > 0n),
      '.ifge': this.holds((value) => value >= 0n),
      '.iflt': this.holds((value) => value < 0n),
      '.ifle': this.holds((value) => value <= 0n),
      '.ifdef': this.isDefined,
      '.ifndef': (args: Arguments) => !this.isDefined(args),
      '.ifnotdef': (args: Arguments) => !this.isDefined(args),
      '.ifb': ({ text }: Arguments) => text.trim() === '',
      '.ifnb': ({ text }: Arguments) => text.trim() !== '',
      '.ifc': this.areEqual,
      '.ifnc': (args: Arguments) => !this.areEqual(args),
    }),
  );
}
