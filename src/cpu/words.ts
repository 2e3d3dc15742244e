/**
 * What is known of the 32-bit words in an expression: the instructions of RV64 on words (`addw`, `sllw`, …) give the sign
 * extension of a result that depends on the low 32 bits of their operands alone, and so do other instructions when their
 * operands are such values. Translations compute them with WebAssembly's instructions on 32 bits.
 */
import type { BinaryOp, Expr, OperandName } from './expr.ts';
import type { Opcode } from './wasm/opcodes.ts';

/** What is known of operands where an instruction is emitted. */
export interface KnownOperands {
  /** The operand's value, if it is a constant. */
  constantOf(name: OperandName): bigint | undefined;
  /** Whether the operand is known to be the sign extension of its low 32 bits. */
  isWord(name: OperandName): boolean;
}

type Binary = Expr & { is: 'binary' };

/** The operations whose low 32 bits depend on those of the operands alone. */
const ring: Partial<Record<BinaryOp, Opcode>> = {
  add: 'i32.add',
  sub: 'i32.sub',
  mul: 'i32.mul',
  and: 'i32.and',
  or: 'i32.or',
  xor: 'i32.xor',
};

/** Rotations of words. WebAssembly takes their amount modulo 32, too. */
const rotations: Partial<Record<BinaryOp, Opcode>> = { rotl_w: 'i32.rotl', rotr_w: 'i32.rotr' };

/** The operations of which two sign extensions give a sign extension. */
const isBitwise = (op: BinaryOp): boolean => op === 'and' || op === 'or' || op === 'xor';

const isExtension = (expr: Expr, signed: boolean): boolean =>
  expr.is === 'extend' && expr.bits === 32 && expr.signed === signed;

/** The value of an expression, if it is a constant here. */
export const constantOf = (on: KnownOperands, expr: Expr): bigint | undefined => {
  if (expr.is === 'const') return expr.value;
  return expr.is === 'operand' ? on.constantOf(expr.name) : undefined;
};

/** Whether an expression is known to be from 0 to 31. */
function isShort(on: KnownOperands, expr: Expr): boolean {
  // The rows' masks are on the right.
  const bound = constantOf(on, expr.is === 'binary' && expr.op === 'and' ? expr.b : expr);
  return bound !== undefined && bound >= 0n && bound < 32n;
}

/** Whether a value is known to be the sign extension of its low 32 bits. */
export function isWord(on: KnownOperands, expr: Expr): boolean {
  const value = constantOf(on, expr);
  if (value !== undefined) return BigInt.asIntN(32, value) === value;
  switch (expr.is) {
    case 'operand':
      return on.isWord(expr.name);
    case 'extend':
      return expr.signed || expr.bits < 32;
    case 'widen':
      return true;
    case 'load':
      return expr.sizeBytes < 4 || (expr.sizeBytes === 4 && expr.signed);
    case 'if':
      return isWord(on, expr.then) && isWord(on, expr.else);
    case 'binary':
      return isWordOf(on, expr);
    default:
      return false;
  }
}

function isWordOf(on: KnownOperands, { op, a, b }: Binary): boolean {
  if (op in rotations) return true;
  if (isBitwise(op)) return isWord(on, a) && isWord(on, b);
  if (op === 'shr_s') return isWord(on, a);
  // Moves from a register or of a constant are additions of zero.
  const isMove = constantOf(on, a) === 0n || constantOf(on, b) === 0n;
  return op === 'add' && isMove && isWord(on, a) && isWord(on, b);
}

/** The instruction that computes the low 32 bits of an operation from those of its operands, if there is one. */
export function wordOp(on: KnownOperands, { op, a, b }: Binary): Opcode | undefined {
  const known = ring[op] ?? rotations[op];
  if (known) return known;
  switch (op) {
    case 'shl':
      return isShort(on, b) ? 'i32.shl' : undefined;
    case 'shr_s':
      return isShort(on, b) && isWord(on, a) ? 'i32.shr_s' : undefined;
    case 'shr_u':
      return isShort(on, b) && isExtension(a, false) ? 'i32.shr_u' : undefined;
    case 'div_u':
    case 'rem_u':
      return isExtension(a, false) && isExtension(b, false) ? `i32.${op}` : undefined;
    // `i32.div_s` traps where the quotient is no word.
    case 'rem_s':
      return isWord(on, a) && isWord(on, b) ? 'i32.rem_s' : undefined;
    default:
      return undefined;
  }
}
