/**
 * Expressions: parsed with their statement, evaluated as soon as their symbols are known. Operators, precedence and
 * results are those of GNU as (manual of gas, "Integer Expressions"): values have 64 bits, `>>` shifts in zeros, a true
 * comparison is -1.
 */
import { StatementError } from './diagnostics.ts';
import type { Cursor } from './tokens.ts';
import type { Position, Scope, Value } from './values.ts';

/** The relocation functions of the RISC-V assembly manual that need no global offset table. */
export type Relocation = 'hi' | 'lo' | 'pcrel_hi' | 'pcrel_lo';

/** The syntax tree of an expression. */
export type Expression =
  | { is: 'constant'; value: bigint }
  | { is: 'position'; position: Position }
  | { is: 'symbol'; name: string; column: number }
  | { is: 'unary'; operator: string; of: Expression; column: number }
  | { is: 'binary'; operator: string; left: Expression; right: Expression; column: number }
  | { is: 'relocation'; relocation: Relocation; of: Expression; at: Position; column: number };

/** Resolves the names in an expression where it is parsed. */
export interface Binder {
  symbol(name: string, column: number): Expression;
  local(label: number, forward: boolean, column: number): Expression;
  here(): Position;
  /** Records that the instruction at `position` holds the upper part of the distance to `target`. */
  pcrelHi(position: Position, target: Expression): void;
}

/** The precedence of binary operators; higher binds tighter. */
const ranks: Record<string, number> = Object.fromEntries(
  [
    ['||'],
    ['&&'],
    ['==', '!=', '<>', '<', '>', '<=', '>='],
    ['+', '-'],
    ['|', '^', '&', '!'],
    ['*', '/', '%', '<<', '>>'],
  ].flatMap((operators, rank) => operators.map((operator) => [operator, rank + 1])),
);

/** Parses one expression and leaves the cursor after it. */
export function parseExpression(cursor: Cursor, binder: Binder, rank = 1): Expression {
  let left = parseUnary(cursor, binder);
  for (;;) {
    const token = cursor.peek;
    const own = token?.kind === 'punctuation' ? ranks[token.text] : undefined;
    if (own === undefined || own < rank) return left;
    const { text: operator, column } = cursor.next('operator');
    const right = cursor.nested(() => parseExpression(cursor, binder, own + 1));
    left = { is: 'binary', operator, left, right, column };
  }
}

function parseUnary(cursor: Cursor, binder: Binder): Expression {
  const token = cursor.next('a value');
  const { text, column } = token;
  switch (token.kind) {
    case 'number':
      return { is: 'constant', value: BigInt.asIntN(64, token.value) };
    case 'position':
      return { is: 'position', position: token.position };
    case 'local':
      return binder.local(token.label, token.forward, column);
    case 'name':
      return text === '.' ? { is: 'position', position: binder.here() } : binder.symbol(text, column);
    case 'string':
      throw new StatementError('a string where a value is expected', column);
    case 'punctuation':
      break;
  }
  if (text === '(') {
    const inner = cursor.nested(() => parseExpression(cursor, binder));
    cursor.expect(')');
    return inner;
  }
  if (text === '%') return parseRelocation(cursor, binder, column);
  if (text === '+') return cursor.nested(() => parseUnary(cursor, binder));
  if (['-', '~', '!'].includes(text))
    return { is: 'unary', operator: text, of: cursor.nested(() => parseUnary(cursor, binder)), column };
  throw new StatementError(`a value expected before '${text}'`, column);
}

function parseRelocation(cursor: Cursor, binder: Binder, column: number): Expression {
  const { text } = cursor.name('hi, lo, pcrel_hi or pcrel_lo after %');
  if (text !== 'hi' && text !== 'lo' && text !== 'pcrel_hi' && text !== 'pcrel_lo')
    throw new StatementError(`%${text} is not supported; %hi, %lo, %pcrel_hi and %pcrel_lo are`, column);
  cursor.expect('(');
  const of = cursor.nested(() => parseExpression(cursor, binder));
  cursor.expect(')');
  const at = binder.here();
  if (text === 'pcrel_hi') binder.pcrelHi(at, of);
  return { is: 'relocation', relocation: text, of, at, column };
}

/** The value of an expression. @throws {StatementError} when it is not known in this scope */
export function evaluate(expression: Expression, scope: Scope): Value {
  switch (expression.is) {
    case 'constant':
      return { value: expression.value };
    case 'position':
      return scope.position(expression.position);
    case 'symbol':
      return scope.symbol(expression.name, expression.column);
    case 'unary':
      return unary(expression.operator, evaluate(expression.of, scope), scope, expression.column);
    case 'binary':
      return chain(expression, scope);
    case 'relocation':
      return { value: relocate(expression, scope) };
  }
}

/** Evaluates a left-deep chain, `a + b + c + …`, iteratively: its depth is its length. */
function chain(expression: Expression & { is: 'binary' }, scope: Scope): Value {
  const links: (Expression & { is: 'binary' })[] = [];
  let first: Expression = expression;
  for (; first.is === 'binary'; first = first.left) links.push(first);
  let value = evaluate(first, scope);
  for (const { operator, right, column } of links.reverse())
    value = binary(operator, value, evaluate(right, scope), scope, column);
  return value;
}

const wrap = (value: bigint): bigint => BigInt.asIntN(64, value);
const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
const truth = (condition: boolean, yes = -1n): bigint => (condition ? yes : 0n);

function unary(operator: string, { value, base }: Value, scope: Scope, column: number): Value {
  if (base && !scope.placed)
    throw new StatementError(`'${operator}' needs a value that is known here; an address is not`, column);
  if (operator === '-') return { value: wrap(-value) };
  if (operator === '~') return { value: ~value };
  return { value: truth(value === 0n, 1n) };
}

function binary(operator: string, left: Value, right: Value, scope: Scope, column: number): Value {
  const value = compute(operator, left.value, right.value, column);
  if (!left.base && !right.base) return { value };
  if (operator === '+' && !(left.base && right.base)) return { value, base: (left.base ?? right.base)! };
  if (operator === '-' && left.base && !right.base) return { value, base: left.base };
  const ordered = operator === '-' || ranks[operator] === ranks['=='];
  if (scope.placed || (ordered && left.base === right.base)) return { value };
  throw new StatementError(`'${operator}' needs values that are known here; an address is not`, column);
}

/** Long: a case for each operator. */
function compute(operator: string, a: bigint, b: bigint, column: number): bigint {
  switch (operator) {
    case '+':
      return wrap(a + b);
    case '-':
      return wrap(a - b);
    case '*':
      return wrap(a * b);
    case '/':
    case '%':
      if (b === 0n) throw new StatementError('division by zero', column);
      return wrap(operator === '/' ? a / b : a % b);
    case '<<':
    case '>>':
      if (b < 0n || b > 63n) throw new StatementError(`shift by ${b}; 0 to 63 is possible`, column);
      return wrap(operator === '<<' ? a << b : unsigned(a) >> b);
    case '&':
      return a & b;
    case '|':
      return a | b;
    case '^':
      return a ^ b;
    case '!':
      return a | ~b;
    case '==':
      return truth(a === b);
    case '!=':
    case '<>':
      return truth(a !== b);
    case '<':
      return truth(a < b);
    case '>':
      return truth(a > b);
    case '<=':
      return truth(a <= b);
    case '>=':
      return truth(a >= b);
    case '&&':
      return truth(a !== 0n && b !== 0n, 1n);
    default:
      return truth(a !== 0n || b !== 0n, 1n);
  }
}

/** The upper 20 bits, rounded so that adding the sign-extended lower 12 gives the value. */
const upper = (value: bigint): bigint => BigInt.asUintN(20, (value + 0x800n) >> 12n);
const lower = (value: bigint): bigint => BigInt.asIntN(12, value);
const reachable = (value: bigint): boolean => BigInt.asIntN(32, value + 0x800n) === value + 0x800n;

function relocate(expression: Expression & { is: 'relocation' }, scope: Scope): bigint {
  const { relocation, of, at, column } = expression;
  const target = evaluate(of, scope);
  if (!scope.placed) throw new StatementError(`%${relocation} is not known here yet`, column);
  if (relocation === 'lo') return lower(target.value);
  if (relocation === 'hi') return absoluteUpper(target, column);
  if (relocation === 'pcrel_hi') {
    const distance = wrap(target.value - scope.position(at).value);
    if (!reachable(distance))
      throw new StatementError('the target is more than 2 GiB away; load its address with li', column);
    return upper(distance);
  }
  const high = target.value;
  return lower(scope.pcrelTarget(high, column).value - high);
}

function absoluteUpper({ value, base }: Value, column: number): bigint {
  // lui sign-extends: for an address from 2^31 on, lui and addi build another address. A number may use all 32 bits.
  if (!reachable(value) && (base || value < 0n || value >= 2n ** 32n)) {
    const address = `0x${unsigned(value).toString(16)}`;
    throw new StatementError(`%hi cannot build ${address}; use la, or %pcrel_hi with auipc`, column);
  }
  return upper(value);
}
