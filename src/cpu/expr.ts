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

/** The name of an operand. */
export type OperandName = (Expr & { is: 'operand' })['name'];

/** The size of a memory access in bytes. */
export type AccessSize = 1 | 2 | 4 | 8;

/** Count leading zeros, count trailing zeros, count ones. For 0 the first two give 64. */
export type UnaryOp = 'clz' | 'ctz' | 'popcnt';

/**
 * Operations on two integers, named as in WebAssembly; `rotl_w`, `rotr_w`: of the low 32 bits, sign-extended; `mulh`,
 * `mulhu`, `mulhsu`: the upper half of the product.
 */
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
  | 'rotl_w'
  | 'rotr_w'
  | 'mul'
  | 'mulh'
  | 'mulhu'
  | 'mulhsu'
  | 'div_s'
  | 'div_u'
  | 'rem_s'
  | 'rem_u';

/** Comparisons of two integers, signed (`_s`) or unsigned (`_u`). */
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

/** A constant. */
export const constant = (value: bigint | number): Expr => ({ is: 'const', value: BigInt(value) });
const operand = (name: (Expr & { is: 'operand' })['name']): Expr => ({ is: 'operand', name });

/** The value of the integer register `rs1`. */
export const rs1 = operand('rs1');
/** The value of the integer register `rs2`. */
export const rs2 = operand('rs2');
/** All 64 bits of the floating-point register `fs1` (`rs1` in the manual). */
export const fs1 = operand('fs1');
/** All 64 bits of the floating-point register `fs2`. */
export const fs2 = operand('fs2');
/** All 64 bits of the floating-point register `fs3`. */
export const fs3 = operand('fs3');
/** The immediate of the instruction's format, extended as its field says. */
export const imm = operand('imm');
/** The address of the instruction. */
export const pc = operand('pc');
/** The address of the instruction that follows it in memory. */
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

/** The number of leading zeros; 64 for 0. */
export const clz = unary('clz');
/** The number of trailing zeros; 64 for 0. */
export const ctz = unary('ctz');
/** The number of ones. */
export const popcnt = unary('popcnt');

/** The sum. */
export const add = binary('add');
/** The difference. */
export const sub = binary('sub');
/** Bitwise AND. */
export const and = binary('and');
/** Bitwise OR. */
export const or = binary('or');
/** Bitwise exclusive OR. */
export const xor = binary('xor');
/** Shift left. */
export const shl = binary('shl');
/** Arithmetic shift right. */
export const shrS = binary('shr_s');
/** Logical shift right. */
export const shrU = binary('shr_u');
/** Rotation to the left. */
export const rotl = binary('rotl');
/** Rotation to the right. */
export const rotr = binary('rotr');
/** Rotation of the low 32 bits to the left, sign-extended; by the amount modulo 32. */
export const rotlW = binary('rotl_w');
/** Rotation of the low 32 bits to the right, sign-extended; by the amount modulo 32. */
export const rotrW = binary('rotr_w');
/** The lower 64 bits of the product. */
export const mul = binary('mul');
/** The upper 64 bits of the 128-bit product of two signed numbers. */
export const mulh = binary('mulh');
/** The upper 64 bits of the product of two unsigned numbers. */
export const mulhu = binary('mulhu');
/** The upper 64 bits of the product of a signed and an unsigned number. */
export const mulhsu = binary('mulhsu');
/** The signed quotient, rounded towards zero. The row guards against zero and overflow. */
export const divS = binary('div_s');
/** The unsigned quotient. The row guards against zero. */
export const divU = binary('div_u');
/** The signed remainder, with the sign of the dividend. The row guards against zero. */
export const remS = binary('rem_s');
/** The unsigned remainder. The row guards against zero. */
export const remU = binary('rem_u');

/** Equal. */
export const eq = compare('eq');
/** Not equal. */
export const ne = compare('ne');
/** Less, as signed numbers. */
export const ltS = compare('lt_s');
/** Less, as unsigned numbers. */
export const ltU = compare('lt_u');
/** Greater or equal, as signed numbers. */
export const geS = compare('ge_s');
/** Greater or equal, as unsigned numbers. */
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

/** The low bits, sign-extended. */
export const signExtend = (bits: 8 | 16 | 32, a: Expr): Expr => ({ is: 'extend', signed: true, bits, a });
/** The low bits, zero-extended. */
export const zeroExtend = (bits: 8 | 16 | 32, a: Expr): Expr => ({ is: 'extend', signed: false, bits, a });
/** The low 32 bits, sign-extended. */
export const word = (a: Expr): Expr => signExtend(32, a);
/** The low 32 bits, zero-extended. */
export const wordU = (a: Expr): Expr => zeroExtend(32, a);

/** A value from memory, sign-extended. Traps with a load fault. */
export const loadS = (sizeBytes: AccessSize, address: Expr): Expr => ({
  is: 'load',
  sizeBytes,
  signed: true,
  address,
});
/** A value from memory, zero-extended. Traps with a load fault. */
export const loadU = (sizeBytes: AccessSize, address: Expr): Expr => ({
  is: 'load',
  sizeBytes,
  signed: false,
  address,
});

/** A floating-point operation: see {@link Expr}. */
export const float = (op: FloatOp, format: FormatName, ...operands: Expr[]): Expr => ({
  is: 'float',
  op,
  format,
  operands,
});

/** Writes the integer register `rd`. */
export const rd = (value: Expr): Action => ({ do: 'rd', value });
/** Writes all 64 bits of the floating-point register `fd`, and makes the floating-point state dirty. */
export const fd = (value: Expr): Action => ({ do: 'fd', value });
/** Stores the low bytes of a value. Traps with a store fault. */
export const store = (sizeBytes: AccessSize, address: Expr, value: Expr): Action => ({
  do: 'store',
  sizeBytes,
  address,
  value,
});
/** Continues at an address. */
export const jump = (target: Expr): Action => ({ do: 'jump', target });
/** Continues at an address if a condition holds. */
export const branch = (when: Expr, target: Expr): Action => ({ do: 'jump', target, when });
/** An atomic read-modify-write of memory at `rs1`: see {@link Action}. */
export const amo = (sizeBytes: 4 | 8, value: Expr): Action => ({ do: 'amo', sizeBytes, value });
/** What no expression can define: see {@link HelperName}. */
export const helper = (name: HelperName): Action => ({ do: 'helper', name });
