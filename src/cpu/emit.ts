/** Compiles the instruction table's expressions to WebAssembly. */
import { assert, unreachable } from '../base/assert.ts';
import type { AccessSize, Action, CompareOp, Expr, OperandName } from './expr.ts';
import type { FloatFunctions } from './float/native.ts';
import { type FormatName, formats, signBit } from './float/number.ts';
import { fromNumber, isQuick, quickly, toNumber, typeOf } from './float/quick.ts';
import { operations } from './float/soft.ts';
import type { Body } from './wasm/module.ts';
import type { Access, Opcode } from './wasm/opcodes.ts';
import { emitWideProduct } from './wide-product.ts';
import { constantOf, isWord, type KnownOperands, wordOp } from './words.ts';

/** An operand in a floating-point register. */
export type FloatOperand = 'fs1' | 'fs2' | 'fs3';

/**
 * How an expression reads its operands and writes its effects: in the interpreter through the fields of the fetched
 * instruction word; in a translation through constants and locals. Each method emits code.
 */
export interface Surface extends KnownOperands {
  readonly body: Body;
  /** Pushes the operand's value. */
  operand(name: OperandName): void;
  /** Writes what `value` pushes to `rd`, unless that is x0. `isWord`: as of an operand. */
  writeRd(value: () => void, isWord: boolean): void;
  /** Writes a value to `fd`, and makes the floating-point state dirty. */
  writeFd(value: Expr): void;
  /**
   * Traps when the floating-point state is off; with `rounds`, looks up the rounding mode, and traps when it is
   * reserved.
   */
  needsFloat(rounds: boolean): void;
  /** Pushes the rounding mode that was looked up (i32). */
  roundingMode(): void;
  /** Pushes whether NX is set and the mode that was looked up is to nearest (i32). */
  isQuick(): void;
  /** To be called after a call that may have raised flags. */
  raised(): void;
  /** Pushes the number of double precision in a floating-point register. */
  number(name: FloatOperand): void;
  /** Pushes the value at the address that is on the stack, or traps. */
  load(sizeBytes: AccessSize, signed: boolean): void;
  /** As `load`, of a number of double precision. */
  loadNumber(): void;
  /** Stores a value at the address that is on the stack, or traps. */
  store(sizeBytes: AccessSize, value: Expr): void;
  /** Continues at the address on the stack after this instruction, or traps. */
  jump(): void;
  /** Continues at the next instruction. */
  fallThrough(): void;
  amo(action: Action & { do: 'amo' }): void;
  reserve(action: Action & { do: 'lr' | 'sc' }): void;
  csr(action: Action & { do: 'csr' }): void;
  helper(action: Action & { do: 'helper' }): void;
  readonly floats: FloatFunctions;
  /** Whether multiply-adds may be inlined: the code is for this host, and it rounds them once. */
  readonly fuses: boolean;
  /** Locals for temporary values within an expression. */
  readonly scratch: Readonly<Record<'f32' | 'f64', number>>;
}

const compareOps: Record<CompareOp, Opcode> = {
  eq: 'i64.eq',
  ne: 'i64.ne',
  lt_s: 'i64.lt_s',
  lt_u: 'i64.lt_u',
  ge_s: 'i64.ge_s',
  ge_u: 'i64.ge_u',
};

/** Sign extensions are in the order of their words, also as unsigned numbers. */
const wordCompareOps: Record<CompareOp, Opcode> = {
  eq: 'i32.eq',
  ne: 'i32.ne',
  lt_s: 'i32.lt_s',
  lt_u: 'i32.lt_u',
  ge_s: 'i32.ge_s',
  ge_u: 'i32.ge_u',
};

/** The WebAssembly load that reads and extends a value of this size to 64 bits. */
export const loadOp = (sizeBytes: AccessSize, signed: boolean): Access =>
  sizeBytes === 8 ? 'i64.load' : (`i64.load${(sizeBytes * 8) as 8 | 16 | 32}_${signed ? 's' : 'u'}` as const);

/** The WebAssembly store of this size. */
export const storeOp = (sizeBytes: AccessSize): Access =>
  sizeBytes === 8 ? 'i64.store' : (`i64.store${(sizeBytes * 8) as 8 | 16 | 32}` as const);

/** Extends the low bits of the value on the stack to 64. */
export function extend(body: Body, bits: 8 | 16 | 32, signed: boolean): void {
  if (signed) body.op(`i64.extend${bits}_s`);
  else body.i64(2n ** BigInt(bits) - 1n).op('i64.and');
}

type Binary = Expr & { is: 'binary' };

function emitBinary(on: Surface, expr: Binary): void {
  const { op, a, b } = expr;
  if (isWord(on, expr) && wordOp(on, expr)) return emitExtended(on, expr);
  emitExpr(on, a);
  emitExpr(on, b);
  assert(op !== 'rotl_w' && op !== 'rotr_w', 'words are rotated as words');
  if (op === 'mulh' || op === 'mulhu' || op === 'mulhsu') emitWideProduct(on.body, op);
  else on.body.op(`i64.${op}`);
}

/** Pushes the sign extension of the low 32 bits of `expr`. */
function emitExtended(on: Surface, expr: Expr): void {
  emitWord(on, expr);
  on.body.op('i64.extend_i32_s');
}

/** Pushes the low 32 bits of `expr` (i32). */
function emitWord(on: Surface, expr: Expr): void {
  const { body } = on;
  const value = constantOf(on, expr);
  if (value !== undefined) body.i32(Number(BigInt.asIntN(32, value)));
  else if (expr.is === 'extend' && expr.bits === 32) emitWord(on, expr.a);
  else if (expr.is === 'widen') emitExpr(on, expr.a);
  else {
    const op = expr.is === 'binary' && wordOp(on, expr);
    if (op) {
      emitWord(on, expr.a);
      emitWord(on, expr.b);
      body.op(op);
    } else {
      emitExpr(on, expr);
      body.op('i32.wrap_i64');
    }
  }
}

function emitCompare(on: Surface, { op, a, b }: Expr & { is: 'compare' }): void {
  const areWords = isWord(on, a) && isWord(on, b);
  const emit = areWords ? emitWord : emitExpr;
  emit(on, a);
  emit(on, b);
  on.body.op((areWords ? wordCompareOps : compareOps)[op]);
}

type Float = Expr & { is: 'float' };

/** Pushes the encoding of an operation's result. */
function emitFloat(on: Surface, { op, format, operands }: Float): void {
  for (const operand of operands) emitExpr(on, operand);
  if (operations[op].rounds) on.roundingMode();
  on.body.call(on.floats[format][op]);
  on.raised();
}

/** Pushes the number that `expr` is the encoding of. */
export function emitNumber(on: Surface, expr: Expr, format: FormatName): void {
  const { body } = on;
  if (expr.is === 'float' && expr.format === format && isQuick(expr.op, on.fuses)) {
    quickly(body, expr.op, format, {
      operands: expr.operands.map((operand) => () => emitNumber(on, operand, format)),
      isQuick: () => on.isQuick(),
      call: () => emitFloat(on, expr),
      result: on.scratch[typeOf(format)],
    });
  } else if (isNegation(expr, format)) {
    emitNumber(on, expr.a, format);
    body.op(`${typeOf(format)}.neg`);
  } else if (format === 'D' && expr.is === 'operand' && isFloatOperand(expr.name)) on.number(expr.name);
  else if (format === 'D' && expr.is === 'load' && expr.sizeBytes === 8) {
    emitExpr(on, expr.address);
    on.loadNumber();
  } else {
    emitExpr(on, expr);
    toNumber(body, format);
  }
}

const isFloatOperand = (name: string): name is FloatOperand => name.startsWith('fs');

/** Whether an expression flips the sign of another. */
const isNegation = (expr: Expr, format: FormatName): expr is Binary =>
  expr.is === 'binary' &&
  expr.op === 'xor' &&
  expr.b.is === 'const' &&
  expr.b.value === signBit(formats[format]);

/** Pushes the value of `expr`: an i64, or an i32 for a condition. Long: a case for each kind of expression. */
export function emitExpr(on: Surface, expr: Expr): void {
  const { body } = on;
  switch (expr.is) {
    case 'const':
      body.i64(expr.value);
      return;
    case 'operand':
      on.operand(expr.name);
      return;
    case 'unary':
      emitExpr(on, expr.a);
      body.op(`i64.${expr.op}`);
      return;
    case 'binary':
      emitBinary(on, expr);
      return;
    case 'compare':
      emitCompare(on, expr);
      return;
    case 'extend':
      if (expr.signed && expr.bits === 32) return emitExtended(on, expr.a);
      emitExpr(on, expr.a);
      extend(body, expr.bits, expr.signed);
      return;
    case 'widen':
      emitExpr(on, expr.a);
      body.op('i64.extend_i32_u');
      return;
    case 'and':
      emitExpr(on, expr.a);
      emitExpr(on, expr.b);
      body.op('i32.and');
      return;
    case 'if':
      // Without a branch, which V8 keeps, where both values are at hand.
      if (expr.then.is === 'operand' && expr.else.is === 'operand') {
        for (const one of [expr.then, expr.else, expr.cond]) emitExpr(on, one);
        body.op('select');
        return;
      }
      emitExpr(on, expr.cond);
      body.if(
        () => emitExpr(on, expr.then),
        () => emitExpr(on, expr.else),
        'i64',
      );
      return;
    case 'float':
      if (!isQuick(expr.op, on.fuses)) return emitFloat(on, expr);
      emitNumber(on, expr, expr.format);
      fromNumber(body, expr.format);
      return;
    case 'load':
      emitExpr(on, expr.address);
      on.load(expr.sizeBytes, expr.signed);
      return;
    default:
      unreachable(expr);
  }
}

/** Emits one action of a row. Long: a case for each kind of action. */
export function emitAction(on: Surface, action: Action): void {
  switch (action.do) {
    case 'rd':
      on.writeRd(() => emitExpr(on, action.value), isWord(on, action.value));
      return;
    case 'fd':
      on.writeFd(action.value);
      return;
    case 'needsFloat':
      on.needsFloat(action.rounds);
      return;
    case 'store':
      emitExpr(on, action.address);
      on.store(action.sizeBytes, action.value);
      return;
    case 'jump': {
      const take = () => {
        emitExpr(on, action.target);
        on.jump();
      };
      if (!action.when) return take();
      emitExpr(on, action.when);
      on.body.if(take, () => on.fallThrough());
      return;
    }
    case 'amo':
      on.amo(action);
      return;
    case 'lr':
    case 'sc':
      on.reserve(action);
      return;
    case 'csr':
      on.csr(action);
      return;
    case 'helper':
      on.helper(action);
      return;
    default:
      unreachable(action);
  }
}
