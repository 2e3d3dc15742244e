/** The symbols of a program: labels, numeric local labels and assigned values. */
import { Consequence, StatementError, suggestion } from './diagnostics.ts';
import { type Binder, type Expression, evaluate } from './expression.ts';
import { addressOf } from './layout.ts';
import type { SourceLine } from './source.ts';
import type { Position, Scope, Value } from './values.ts';

interface Definition {
  expression: Expression;
  /** Absent for a predefined symbol. */
  line?: SourceLine;
  /** A label, or a value that must not change. */
  final: boolean;
}

const where = ({ line }: Definition) => (line ? `${line.file}:${line.line}` : 'outside the sources');

/** The symbol table. */
export class Symbols {
  private readonly definitions = new Map<string, Definition>();
  private readonly weak = new Set<string>();
  /** The number of definitions of each numeric label so far. */
  private readonly locals = new Map<number, number>();
  private readonly pcrelHis: { position: Position; target: Expression }[] = [];
  private pcrelTargets: Map<bigint, Expression> | undefined;

  /** Resolves names at a position: a symbol with a known number keeps it if the symbol is reassigned later. */
  binder(here: () => Position): Binder {
    return {
      here,
      symbol: (name, column) => {
        const definition = this.definitions.get(name);
        return definition && (definition.final || isKnown(definition.expression))
          ? definition.expression
          : { is: 'symbol', name, column };
      },
      local: (label, forward, column) => {
        const defined = this.locals.get(label) ?? 0;
        if (!forward && defined === 0)
          throw new StatementError(`no label '${label}:' before this ${label}b`, column);
        return { is: 'symbol', name: localName(label, forward ? defined + 1 : defined), column };
      },
      pcrelHi: (position, target) => this.pcrelHis.push({ position, target }),
    };
  }

  has(name: string): boolean {
    return this.definitions.has(name);
  }

  label(name: string, position: Position, line: SourceLine, column: number): void {
    if (/^\d/.test(name)) {
      const number = Number(name);
      const count = (this.locals.get(number) ?? 0) + 1;
      this.locals.set(number, count);
      this.definitions.set(localName(number, count), labelAt(position, line));
      return;
    }
    const earlier = this.definitions.get(name);
    if (earlier) throw new StatementError(`'${name}' is already defined at ${where(earlier)}`, column);
    this.definitions.set(name, labelAt(position, line));
  }

  /** Assigns a value to a symbol; with `once` the symbol must be new and is final. */
  assign(name: string, expression: Expression, once: boolean, column: number, line?: SourceLine): void {
    const earlier = this.definitions.get(name);
    if (earlier && (once || earlier.final))
      throw new StatementError(`'${name}' is already defined at ${where(earlier)}`, column);
    this.definitions.set(name, { expression, final: once, ...(line && { line }) });
  }

  /** Declares a weak symbol, which is 0 when it is not defined. */
  weaken(name: string): void {
    this.weak.add(name);
  }

  /** Values while the sources are read: only numbers, and distances within a zone. */
  readonly early: Scope = {
    placed: false,
    position: ({ zone, offset }) => ({ value: BigInt(offset), base: zone }),
    symbol: (name, column) => {
      const definition = this.definitions.get(name);
      if (!definition)
        throw new StatementError(`'${display(name)}' has no value yet; this must be known here`, column);
      return this.valueOf(name, definition, this.early, column);
    },
    pcrelTarget: (_, column) => {
      throw new StatementError('addresses are not known here yet', column);
    },
  };

  /** Values in the current layout. */
  readonly placed: Scope = {
    placed: true,
    position: addressOf,
    symbol: (name, column) => {
      const definition = this.definitions.get(name);
      if (definition) return this.valueOf(name, definition, this.placed, column);
      if (this.weak.has(name)) return { value: 0n };
      throw new StatementError(this.unknown(name), column);
    },
    pcrelTarget: (address, column) => this.pcrelTarget(address, column),
  };

  private readonly evaluating = new Set<string>();

  private valueOf(name: string, { expression }: Definition, scope: Scope, column: number): Value {
    if (this.evaluating.has(name)) throw new Cycle(name, column);
    if (this.evaluating.size >= CHAIN_LIMIT) throw new LongChain(column);
    this.evaluating.add(name);
    try {
      return evaluate(expression, scope);
    } catch (error) {
      if (error instanceof Cycle) throw new Cycle(error.symbol, column);
      if (error instanceof LongChain) throw new LongChain(column);
      // Once everything is placed, `check` reports an error in a definition.
      if (error instanceof StatementError && scope.placed) throw new Consequence(error.message, column);
      if (error instanceof StatementError) throw new StatementError(error.message, column);
      throw error;
    } finally {
      this.evaluating.delete(name);
    }
  }

  private unknown(name: string): string {
    const local = /^(\d+)#/.exec(name);
    if (local) return `no label '${local[1]}:' after this ${local[1]}f`;
    const known = [...this.definitions.keys()].filter((key) => !key.includes('#'));
    return `unknown symbol '${name}'.${suggestion(name, known)}`;
  }

  private pcrelTarget(address: bigint, column: number): Value {
    this.pcrelTargets ??= new Map(
      this.pcrelHis.map(({ position, target }) => [addressOf(position).value, target]),
    );
    const target = this.pcrelTargets.get(address);
    if (!target)
      throw new StatementError(
        '%pcrel_lo names the label of an auipc with %pcrel_hi; this label is none',
        column,
      );
    return evaluate(target, this.placed);
  }

  /** The names and values of a placed program, without numeric and `.L` labels. */
  values(): Map<string, bigint> {
    const values = new Map<string, bigint>();
    for (const [name, definition] of this.definitions) {
      if (name.includes('#') || name.startsWith('.L')) continue;
      values.set(name, BigInt.asUintN(64, this.valueOf(name, definition, this.placed, 1).value));
    }
    return values;
  }

  /** Evaluates every assigned symbol, so that an error in its definition is reported once, even if it is unused. */
  check(report: (line: SourceLine, error: StatementError) => void): void {
    for (const [name, { expression, line }] of this.definitions) {
      this.evaluating.add(name);
      try {
        evaluate(expression, this.placed);
      } catch (error) {
        if (!(error instanceof StatementError) || !line) throw error;
        report(line, error);
      } finally {
        this.evaluating.delete(name);
      }
    }
  }
}

/** The maximum length of a chain of symbols that refer to each other: evaluation is recursive. */
const CHAIN_LIMIT = 100;

/** A symbol whose value depends on itself. */
class Cycle extends StatementError {
  constructor(
    readonly symbol: string,
    column: number,
  ) {
    super(`the value of '${symbol}' depends on itself`, column);
  }
}

class LongChain extends StatementError {
  constructor(column: number) {
    super(`this value depends on more than ${CHAIN_LIMIT} symbols, one through the other`, column);
  }
}

/** The n-th definition of a numeric label. A name in a source cannot contain `#`. */
const localName = (label: number, count: number) => `${label}#${count}`;
const display = (name: string) => name.replace(/#.*/, 'f');

const labelAt = (position: Position, line: SourceLine): Definition => ({
  expression: { is: 'position', position },
  final: true,
  line,
});

const isKnown = ({ is }: Expression) => is === 'constant' || is === 'position';
