/**
 * Parsing and formatting of operands: one codec for each kind, used by assembler and disassembler. The syntax of an
 * instruction's format determines its operands.
 */
import { csrNames, csrNumbers } from '../cpu/csrs.ts';
import { RM } from '../cpu/float/number.ts';
import { type Field, type FieldName, fields, type OperandKind, range } from '../cpu/formats.ts';
import { abiNames, floatAbiNames, floatRegisterNumbers, registerNumbers } from '../cpu/registers.ts';
import type { Assembly } from './assembly.ts';
import { StatementError, suggestion } from './diagnostics.ts';
import { type Expression, evaluate } from './expression.ts';
import { Cursor, type Token } from './tokens.ts';
import type { Scope } from './values.ts';

/** One operand in a syntax: a value, or a value and a base register in parentheses, either of which may be absent. */
export interface OperandSyntax {
  text: string;
  value?: string;
  base?: string;
}

/** The operands of a syntax such as `rd, immI(rs1)`. */
export function parseSyntax(syntax: string): OperandSyntax[] {
  if (syntax === '') return [];
  return syntax.split(/,\s*/).map((text) => {
    const [, value, base] = /^(\w*)(?:\((\w+)\))?$/.exec(text)!;
    return { text, ...(value && { value }), ...(base && { base }) };
  });
}

/** An operand as it is written. */
export interface Operand {
  tokens: Token[];
  /** The column where it begins, or should. */
  column: number;
}

/** A parsed operand. The value is that of its field: for a target the distance to it. */
export interface Parsed {
  column: number;
  value(scope: Scope): bigint;
  expression?: Expression;
}

/** What the text of a value depends on besides the value. */
export interface Place {
  /** The address of the instruction. */
  address: number | bigint;
  /** A name for an address. */
  nameOf?: ((address: bigint) => string | undefined) | undefined;
}

interface OperandCodec {
  /** What is expected, for messages. */
  noun: string;
  /** Whether an operand can be of this kind, judged by its syntax alone. */
  fits(tokens: readonly Token[]): boolean;
  parse(cursor: Cursor, assembly: Assembly): Parsed;
  format(value: number, place: Place): string;
}

const isRegister = (token: Token | undefined): boolean =>
  token?.kind === 'name' && registerNumbers.has(token.text);

/** Whether the operand ends with a register in parentheses. */
const hasBase = (tokens: readonly Token[]): boolean =>
  tokens.at(-1)?.text === ')' && isRegister(tokens.at(-2)) && tokens.at(-3)?.text === '(';

const isExpression = (tokens: readonly Token[]): boolean =>
  tokens.length > 0 && !hasBase(tokens) && !(tokens.length === 1 && isRegister(tokens[0]));

const always = (column: number, value: number): Parsed => ({ column, value: () => BigInt(value) });

/** An operand that is written as the value of its field. */
const number: OperandCodec = {
  noun: 'a value',
  fits: isExpression,
  parse(cursor, assembly) {
    const { column } = cursor;
    const expression = assembly.expression(cursor);
    return { column, expression, value: (scope) => evaluate(expression, scope).value };
  },
  format: String,
};

/** Registers by number: those that `names` lists, counted from `first`. */
const registerOf = (
  noun: string,
  numbers: ReadonlyMap<string, number>,
  names: readonly string[],
  first = 0,
): OperandCodec => ({
  noun,
  fits: ([token, ...more]) => token?.kind === 'name' && numbers.has(token.text) && more.length === 0,
  parse(cursor) {
    const { text, column } = cursor.next(noun);
    const value = numbers.get(text);
    if (value === undefined || !names[value - first]) {
      const hint = value === undefined ? `.${suggestion(text, numbers.keys())}` : '';
      throw new StatementError(`${noun} expected instead of '${text}'${hint}`, column);
    }
    return always(column, value - first);
  },
  format: (value) => names[value]!,
});

const register = registerOf('a register', registerNumbers, abiNames);
const floatRegister = registerOf('a floating-point register', floatRegisterNumbers, floatAbiNames);

const upper: OperandCodec = {
  ...number,
  parse(cursor, assembly) {
    const parsed = number.parse(cursor, assembly);
    const value = (scope: Scope) => {
      const written = parsed.value(scope);
      if (written < 0n || written > 0xfffffn)
        throw new StatementError(`${written} is out of range: 0 to 0xfffff`, parsed.column);
      return BigInt.asIntN(32, written << 12n);
    };
    return { ...parsed, value };
  },
  format: (value) => `0x${(value >>> 12).toString(16)}`,
};

const target: OperandCodec = {
  ...number,
  noun: 'a label',
  parse(cursor, assembly) {
    const parsed = number.parse(cursor, assembly);
    const here = assembly.here();
    const value = (scope: Scope) => BigInt.asIntN(64, parsed.value(scope) - scope.position(here).value);
    return { ...parsed, value };
  },
  format(value, { address, nameOf }) {
    const to = BigInt.asUintN(64, BigInt(address) + BigInt(value));
    const name = nameOf?.(to);
    return `0x${to.toString(16)}${name === undefined ? '' : ` <${name}>`}`;
  },
};

const csr: OperandCodec = {
  ...number,
  noun: 'a CSR',
  parse(cursor, assembly) {
    const token = cursor.peek;
    if (token?.kind !== 'name' || (assembly.symbols.has(token.text) && !csrNumbers.has(token.text)))
      return number.parse(cursor, assembly);
    const value = csrNumbers.get(token.text);
    if (value === undefined) {
      const hint = suggestion(token.text, csrNumbers.keys());
      throw new StatementError(`this machine has no CSR '${token.text}'.${hint}`, token.column);
    }
    cursor.next('a CSR');
    return always(token.column, value);
  },
  format: (value) => csrNames.get(value) ?? `0x${value.toString(16)}`,
};

/** The letters of an ordering, from the highest bit of its field. */
const orderingLetters = [...'iorw'];

const ordering: OperandCodec = {
  noun: 'an ordering (some of iorw, or 0)',
  fits: ([token, ...more]) => /^([iorw]+|0)$/.test(token?.text ?? '') && more.length === 0,
  parse(cursor) {
    const { text, column } = cursor.next(ordering.noun);
    const bits = orderingLetters.map((letter) => (text.includes(letter) ? 1 : 0));
    return always(
      column,
      bits.reduce<number>((value, bit) => value * 2 + bit, 0),
    );
  },
  format: (value) => orderingLetters.filter((_, index) => value & (8 >> index)).join('') || '0',
};

/** The rounding modes by their number; two numbers are reserved. */
const roundingModes = new Map<string, number>(
  Object.entries(RM).map(([name, mode]) => [name.toLowerCase(), mode]),
);
const roundingNames = new Map([...roundingModes].map(([name, mode]) => [mode, name]));

/** Whether a field's value is reserved, so that no instruction has it. */
export const isReserved = (field: Field, value: number): boolean =>
  field.kind === 'rounding' && !roundingNames.has(value);

const rounding: OperandCodec = {
  noun: `a rounding mode (${[...roundingModes.keys()].join(', ')})`,
  fits: ([token, ...more]) => roundingModes.has(token?.text ?? '') && more.length === 0,
  parse(cursor) {
    const { text, column } = cursor.next(rounding.noun);
    return always(column, roundingModes.get(text)!);
  },
  format: (value) => roundingNames.get(value)!,
};

/** The codecs of all kinds of operands. */
const codecs: Record<Exclude<OperandKind, 'suffix'>, OperandCodec> = {
  x: register,
  x8: registerOf('one of s0, s1 and a0 to a5', registerNumbers, abiNames.slice(8, 16), 8),
  sp: registerOf('sp', registerNumbers, ['sp'], 2),
  f: floatRegister,
  f8: registerOf('one of fs0, fs1 and fa0 to fa5', floatRegisterNumbers, floatAbiNames.slice(8, 16), 8),
  rounding,
  signed: number,
  unsigned: number,
  upper,
  target,
  csr,
  ordering,
};

/** The suffixes of a mnemonic, by the value of their field. */
export const suffixes: Partial<Record<FieldName, readonly string[]>> = { aqrl: ['', '.rl', '.aq', '.aqrl'] };

/** Names of operands of pseudo-instructions, besides those of fields. */
const pseudoKinds: Record<string, keyof typeof codecs> = {
  rs: 'x',
  rt: 'x',
  fs: 'f',
  ft: 'f',
  imm: 'signed',
  target: 'target',
  address: 'signed',
};

/** A symbol's address, not just a number: `lw a0, 8` is an error and `lw a0, table+8` is not. */
const symbol: OperandCodec = {
  ...number,
  noun: 'a symbol',
  fits: (tokens) => isExpression(tokens) && tokens.some(({ kind }) => kind === 'name' || kind === 'local'),
};

/** The codec for an operand by its name in a syntax. */
export function codecOf(name: string): OperandCodec {
  if (name === 'symbol') return symbol;
  const kind = name in fields ? fields[name as FieldName].kind : pseudoKinds[name]!;
  return codecs[kind as keyof typeof codecs];
}

/**
 * The syntax without its optional last operand, and the field and value that are implied; undefined when all operands
 * are required.
 */
export function abridged(syntax: string): { syntax: string; field: FieldName; usual: number } | undefined {
  const [, rest, last] = /^(.*), (\w+)$/.exec(syntax) ?? [];
  const field: Field | undefined =
    last !== undefined && last in fields ? fields[last as FieldName] : undefined;
  if (field?.usual === undefined) return undefined;
  return { syntax: rest!, field: last as FieldName, usual: field.usual };
}

/** Splits the rest of an instruction into its operands. */
export function splitOperands(tokens: readonly Token[], end: number): Operand[] {
  if (tokens.length === 0) return [];
  const operands: Operand[] = [];
  let current: Token[] = [];
  let depth = 0;
  const close = (column: number) => operands.push({ tokens: current, column: current[0]?.column ?? column });
  for (const token of tokens) {
    if (token.kind === 'punctuation' && token.text === '(') depth++;
    if (token.kind === 'punctuation' && token.text === ')') depth--;
    if (token.kind === 'punctuation' && token.text === ',' && depth <= 0) {
      close(token.column);
      current = [];
    } else current.push(token);
  }
  close(end);
  return operands;
}

/** The tokens of an operand before the parentheses, and in them. */
export function halves(syntax: OperandSyntax, { tokens }: Operand): { value: Token[]; base: Token[] } {
  return syntax.base
    ? { value: tokens.slice(0, -3), base: tokens.slice(-2, -1) }
    : { value: tokens, base: [] };
}

/** Whether an operand has the form that a syntax requires at its place. */
export function fits(syntax: OperandSyntax, { tokens }: Operand): boolean {
  return syntax.base ? hasBase(tokens) : codecOf(syntax.value!).fits(tokens);
}

/** Parses an operand: its values by field name. @throws {StatementError} when it is invalid */
export function parseOperand(
  syntax: OperandSyntax,
  operand: Operand,
  assembly: Assembly,
): [name: string, parsed: Parsed][] {
  const { value, base } = halves(syntax, operand);
  const end = (value.at(-1)?.column ?? operand.column) + (value.at(-1)?.text.length ?? 0);
  const parse = (name: string, tokens: Token[]): [string, Parsed] => {
    const cursor = new Cursor(tokens, end);
    const parsed = codecOf(name).parse(cursor, assembly);
    cursor.finish();
    return [name, parsed];
  };
  const parsed: [string, Parsed][] = [];
  if (syntax.base) parsed.push(parse(syntax.base, base));
  // A missing offset is 0; if the syntax has none, it must be 0.
  if (syntax.value)
    parsed.push(value.length > 0 ? parse(syntax.value, value) : [syntax.value, always(end, 0)]);
  else if (value.length > 0 && !(value.length === 1 && value[0]!.text === '0'))
    throw new StatementError('this instruction takes no offset', operand.column);
  return parsed;
}

/** The value of a field as a number. @throws {StatementError} when it does not fit */
export function inField(field: Field, value: bigint, column: number, mnemonic: string): number {
  const { min, max, step } = range(field);
  const distance = field.kind === 'target';
  const what = distance ? `the target is ${value} bytes away, which` : `${value}`;
  if (value < min || value > max) {
    const reach = distance ? `${mnemonic} reaches ${min} to ${max}` : `${min} to ${max}`;
    const hint = distance && mnemonic === 'jal' ? '; use call or tail' : '';
    throw new StatementError(`${what} is out of range: ${reach}${hint}`, column);
  }
  if (value % BigInt(step) !== 0n) throw new StatementError(`${what} is not a multiple of ${step}`, column);
  return Number(value);
}
