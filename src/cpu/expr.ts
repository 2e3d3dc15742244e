/**
 * The language in which the instruction table defines the semantics of instructions. It is small and typed; `emit.ts`
 * compiles it to WebAssembly.
 *
 * Every expression is a 64-bit integer (`i64`) or a condition (`i32`, 0 or 1). Integer operations wrap; shifts and
 * rotations take the amount modulo 64; a division must be guarded by its row, because WebAssembly traps where RISC-V
 * does not. Floating-point numbers are their encodings; those of single precision are zero-extended.
 */
import type { FormatName } from './float/number.ts';
import type { FloatOp } from './float/soft.ts';

/** An expression. */
export type Expr =
  | { is: 'const'; value: bigint }
  | { is: 'operand'; name: 'rs1' | 'rs2' | 'fs1' | 'fs2' | 'fs3' | 'imm' | 'pc' | 'next' | 'old' }
  | { is: 'unary'; op: UnaryOp; a: Expr }
  | { is: 'binary'; op: BinaryOp; a: Expr; b: Expr }
  | { is: 'compare'; op: CompareOp; a: Expr; b: Expr }
  | { is: 'extend'; signed: boolean; bits: 8 | 16 | 32; a: Expr }
  | { is: 'widen'; a: Expr }
  | { is: 'if'; cond: Expr; then: Expr; else: Expr }
  | { is: 'and'; a: Expr; b: Expr }
  /** An operation in a floating-point format; raises flags, and rounds by the mode that the row has looked up. */
  | { is: 'float'; op: FloatOp; format: FormatName; operands: readonly Expr[] }
  | { is: 'load'; sizeBytes: AccessSize; signed: boolean; address: Expr };

/** The size of a memory access in bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/** Count leading zeros, count trailing zeros, count ones. For 0 the first two give 64. */
export type UnaryOp = 'clz' | 'ctz' | 'popcnt';

export type BinaryOp =
  | 'add'
  | 'sub'
  | 'and'
  | 'or'
  | 'xor'
  | 'shl'
  | 'shr_s'
  | 'shr_u'
  | 'rotl'
  | 'rotr'
  | 'mul'
  | 'mulh'
  | 'mulhu'
  | 'mulhsu'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u';

export type CompareOp = 'eq' | 'ne' | 'lt_s' | 'lt_u' | 'ge_s' | 'ge_u';

/** One of an instruction's actions, in order. A trap in any of them ends the instruction. */
export type Action =
  | { do: 'rd'; value: Expr }
  /** Writes all 64 bits of the floating-point register `fd`; the floating-point state is dirty then (`mstatus.FS`). */
  | { do: 'fd'; value: Expr }
  /** Traps when the floating-point state is off; with `rounds`, also when the rounding mode is reserved. */
  | { do: 'needsFloat'; rounds: boolean }
  | { do: 'store'; sizeBytes: AccessSize; address: Expr; value: Expr }
  /** Sets where execution goes on; traps when the target is misaligned. `when` makes it a branch. */
  | { do: 'jump'; target: Expr; when?: Expr }
  /**
   * Atomic read-modify-write at `rs1`: `rd` gets the old value, memory gets `value`, in which `old` is the old value.
   */
  | { do: 'amo'; sizeBytes: 4 | 8; value: Expr }
  | { do: 'lr'; sizeBytes: 4 | 8 }
  | { do: 'sc'; sizeBytes: 4 | 8 }
  /**
   * Reads the CSR into `rd`, then writes it: `operand` itself, or the old value with the bits of `operand` set or
   * cleared.
   */
  | { do: 'csr'; operation: 'write' | 'set' | 'clear'; operand: Expr }
  | { do: 'helper'; name: HelperName };

/** The instructions that no expression can define. The list is closed: a new one needs a reason. */
export type HelperName = 'ecall' | 'ebreak' | 'mret' | 'sret' | 'wfi' | 'sfence.vma';

export const constant = (value: bigint | number): Expr => ({ is: 'const', value: BigInt(value) });
const operand = (name: (Expr & { is: 'operand' })['name']): Expr => ({ is: 'operand', name });

/** The values of the source registers. */
export const rs1 = operand('rs1');
export const rs2 = operand('rs2');
/** All 64 bits of the floating-point source registers. */
export const fs1 = operand('fs1');
export const fs2 = operand('fs2');
export const fs3 = operand('fs3');
/** The immediate of the instruction's format, extended as its field says. */
export const imm = operand('imm');
/** The address of the instruction, and of the one that follows it in memory. */
export const pc = operand('pc');
export const next = operand('next');
/** Within an `amo`: the value that was in memory. */
export const old = operand('old');

const unary =
  (op: UnaryOp) =>
  (a: Expr): Expr => ({ is: 'unary', op, a });
const binary =
  (op: BinaryOp) =>
  (a: Expr, b: Expr): Expr => ({ is: 'binary', op, a, b });
const compare =
  (op: CompareOp) =>
  (a: Expr, b: Expr): Expr => ({ is: 'compare', op, a, b });

export const clz = unary('clz');
export const ctz = unary('ctz');
export const popcnt = unary('popcnt');

export const add = binary('add');
export const sub = binary('sub');
export const and = binary('and');
export const or = binary('or');
export const xor = binary('xor');
export const shl = binary('shl');
export const shrS = binary('shr_s');
export const shrU = binary('shr_u');
export const rotl = binary('rotl');
export const rotr = binary('rotr');
export const mul = binary('mul');
/** The upper 64 bits of the 128-bit product: both signed, both unsigned, signed by unsigned. */
export const mulh = binary('mulh');
export const mulhu = binary('mulhu');
export const mulhsu = binary('mulhsu');
export const divS = binary('div_s');
export const divU = binary('div_u');
export const remS = binary('rem_s');
export const remU = binary('rem_u');

export const eq = compare('eq');
export const ne = compare('ne');
export const ltS = compare('lt_s');
export const ltU = compare('lt_u');
export const geS = compare('ge_s');
export const geU = compare('ge_u');

/** Both conditions hold. */
export const both = (a: Expr, b: Expr): Expr => ({ is: 'and', a, b });
/** A condition as the integer 0 or 1. */
export const widen = (a: Expr): Expr => ({ is: 'widen', a });
/** Only the chosen branch is evaluated. */
export const choose = (cond: Expr, then: Expr, otherwise: Expr): Expr => ({
  is: 'if',
  cond,
  then,
  else: otherwise,
});

/** The low bits, sign- or zero-extended. */
export const signExtend = (bits: 8 | 16 | 32, a: Expr): Expr => ({ is: 'extend', signed: true, bits, a });
export const zeroExtend = (bits: 8 | 16 | 32, a: Expr): Expr => ({ is: 'extend', signed: false, bits, a });
/** The low 32 bits, sign- or zero-extended. */
export const word = (a: Expr): Expr => signExtend(32, a);
export const wordU = (a: Expr): Expr => zeroExtend(32, a);

/** A value from memory, sign- or zero-extended. Traps with a load fault. */
export const loadS = (sizeBytes: AccessSize, address: Expr): Expr => ({
  is: 'load',
  sizeBytes,
  signed: true,
  address,
});
export const loadU = (sizeBytes: AccessSize, address: Expr): Expr => ({
  is: 'load',
  sizeBytes,
  signed: false,
  address,
});

export const float = (op: FloatOp, format: FormatName, ...operands: Expr[]): Expr => ({
  is: 'float',
  op,
  format,
  operands,
});

export const rd = (value: Expr): Action => ({ do: 'rd', value });
export const fd = (value: Expr): Action => ({ do: 'fd', value });
export const store = (sizeBytes: AccessSize, address: Expr, value: Expr): Action => ({
  do: 'store',
  sizeBytes,
  address,
  value,
});
export const jump = (target: Expr): Action => ({ do: 'jump', target });
export const branch = (when: Expr, target: Expr): Action => ({ do: 'jump', target, when });
export const amo = (sizeBytes: 4 | 8, value: Expr): Action => ({ do: 'amo', sizeBytes, value });
export const helper = (name: HelperName): Action => ({ do: 'helper', name });
