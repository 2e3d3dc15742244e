/** A statement's text to tokens, and a cursor over them. */
import { StatementError } from './diagnostics.ts';
import { skip } from './source.ts';
import type { Position } from './values.ts';

interface Written {
  text: string;
  /** The column in the source line; counts from 1. */
  column: number;
}

/** A token with its text and column. */
export type Token = Written &
  (
    | { kind: 'name' }
    | { kind: 'number'; value: bigint }
    | { kind: 'string'; bytes: Uint8Array }
    /** `1b` or `1f`. */
    | { kind: 'local'; label: number; forward: boolean }
    | { kind: 'punctuation' }
    /** A place in the program; it has no written form, pseudo-instructions put it in. */
    | { kind: 'position'; position: Position }
  );

const blank = /[ \t\f\v\r]+/y;
const name = /[A-Za-z_.$][\w.$]*/y;
const localLabel = /(\d+)([bf])(?![\w.$])/y;
const digits = /\d[\w.]*/y;
const operator = /<<|>>|==|!=|<>|<=|>=|&&|\|\||[-+*/%&|^~!<>()=,:@\\{}[\]]/y;

/** The tokens of `text`, which starts `start` characters into its line. */
export function tokenize(text: string, start: number): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text);
  };
  while (at < text.length) {
    const space = match(blank);
    if (space) {
      at += space[0].length;
      continue;
    }
    const token = nextToken(text, at, start + at + 1, match);
    tokens.push(token);
    at += token.text.length;
  }
  return tokens;
}

function nextToken(
  text: string,
  at: number,
  column: number,
  match: (pattern: RegExp) => RegExpExecArray | null,
): Token {
  const written = (found: string) => ({ text: found, column });
  const quote = text[at];
  if (quote === '"' || quote === "'") {
    const literal = text.slice(at, skip(text, at));
    return quote === '"'
      ? { kind: 'string', bytes: stringBytes(literal, column), ...written(literal) }
      : { kind: 'number', value: characterValue(literal, column), ...written(literal) };
  }
  const named = match(name);
  if (named) return { kind: 'name', ...written(named[0]) };
  const local = match(localLabel);
  if (local)
    return { kind: 'local', label: Number(local[1]), forward: local[2] === 'f', ...written(local[0]) };
  const number = match(digits);
  if (number) return { kind: 'number', value: numberValue(number[0], column), ...written(number[0]) };
  const punctuation = match(operator);
  if (punctuation) return { kind: 'punctuation', ...written(punctuation[0]) };
  throw new StatementError(`unexpected character '${String.fromCodePoint(text.codePointAt(at)!)}'`, column);
}

/** Hexadecimal, binary, octal (a leading 0) or decimal, up to 64 bits. */
function numberValue(text: string, column: number): bigint {
  const octal = /^0[0-7]+$/.test(text);
  if (!octal && !/^(0[xX][\da-fA-F]+|0[bB][01]+|0|[1-9]\d*)$/.test(text))
    throw new StatementError(`'${text}' is not a number`, column);
  const value = BigInt(octal ? `0o${text.slice(1)}` : text);
  if (value >= 2n ** 64n) throw new StatementError(`${text} does not fit in 64 bits`, column);
  return value;
}

function characterValue(literal: string, column: number): bigint {
  const body = literal.slice(1).replace(/^(\\?.)'$/su, '$1');
  const [value, ...more] = body === '' ? [] : bytesOf(body, column);
  if (value === undefined) throw new StatementError("a character is missing after the '", column);
  if (more.length > 0)
    throw new StatementError('a character literal holds one ASCII character; use a string', column);
  return BigInt(value);
}

function stringBytes(literal: string, column: number): Uint8Array {
  if (literal.length < 2 || !literal.endsWith('"'))
    throw new StatementError('this string has no closing "', column);
  return bytesOf(literal.slice(1, -1), column + 1);
}

const escapes: Record<string, number> = { b: 8, f: 12, n: 10, r: 13, t: 9, '\\': 92, '"': 34, "'": 39 };

/** The bytes of a string's inside: UTF-8, with the escapes of GNU as. */
function bytesOf(body: string, column: number): Uint8Array {
  const bytes: number[] = [];
  const pattern = /\\([0-7]{1,3}|[xX][\da-fA-F]+|.|$)|[^\\]+/gsu;
  for (const { 0: part, 1: escaped, index } of body.matchAll(pattern)) {
    if (escaped === undefined) for (const byte of new TextEncoder().encode(part)) bytes.push(byte);
    else if (/^[0-7]/.test(escaped)) bytes.push(Number.parseInt(escaped, 8) & 255);
    else if (/^[xX]./.test(escaped)) bytes.push(Number.parseInt(escaped.slice(-2).replace(/^[xX]/, ''), 16));
    else if (escapes[escaped] !== undefined) bytes.push(escapes[escaped]);
    else throw new StatementError(`unknown escape \\${escaped} in a string`, column + index);
  }
  return Uint8Array.from(bytes);
}

/** The maximum nesting of parentheses, operators and relocations: the parser is recursive. */
const NESTING_LIMIT = 200;

/** Walks over tokens. */
export class Cursor {
  private index = 0;
  private depth = 0;
  constructor(
    private readonly tokens: readonly Token[],
    /** The column after the last token, where something missing is reported. */
    private readonly end: number,
  ) {}

  get peek(): Token | undefined {
    return this.tokens[this.index];
  }
  get done(): boolean {
    return this.index >= this.tokens.length;
  }
  get column(): number {
    return this.peek?.column ?? this.end;
  }
  next(expected: string): Token {
    const token = this.peek;
    if (!token) throw new StatementError(`${expected} expected`, this.end);
    this.index++;
    return token;
  }
  /** Steps over the token with this text, if it comes next. */
  accept(text: string): boolean {
    if (this.peek?.text !== text || this.peek.kind === 'string') return false;
    this.index++;
    return true;
  }
  expect(text: string): void {
    if (!this.accept(text)) throw new StatementError(`'${text}' expected`, this.column);
  }
  name(expected: string): Token {
    if (this.peek?.kind !== 'name') throw new StatementError(`${expected} expected`, this.column);
    return this.next(expected);
  }
  string(expected: string): Token & { kind: 'string' } {
    const token = this.next(expected);
    if (token.kind !== 'string') throw new StatementError(`${expected} expected`, token.column);
    return token;
  }
  /** Parses a nested construct. @throws {StatementError} when the nesting is too deep */
  nested<T>(read: () => T): T {
    if (this.depth >= NESTING_LIMIT)
      throw new StatementError(`expressions are nested more than ${NESTING_LIMIT} deep`, this.column);
    this.depth++;
    const result = read();
    this.depth--;
    return result;
  }
  /** @throws {StatementError} when tokens are left over */
  finish(): void {
    const token = this.peek;
    if (token) throw new StatementError(`unexpected '${token.text}'`, token.column);
  }
}
