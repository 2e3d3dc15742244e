/**
 * The encoding of operands in the 32 bits of an instruction, or the 16 of a compressed one, and their syntax in
 * assembly. Decoder, encoder, assembler and disassembler all use these two tables. Source: RISC-V Unprivileged ISA,
 * section 2.3 "Immediate Encoding Variants"; Zicsr; A; F; C.
 */
import { RM } from './float/number.ts';

/** `width` bits at bit `at` of the instruction are the bits from `to` on of the value. */
export interface Piece {
  at: number;
  width: number;
  to: number;
}

/** The meaning of an operand's value, which determines its syntax in assembly. */
export type OperandKind =
  | 'x' // an integer register
  | 'x8' // one of x8 to x15, counted from x8
  | 'sp' // the stack pointer, which takes no bits
  | 'f' // a floating-point register
  | 'f8' // one of f8 to f15, counted from f8
  | 'signed' // a signed integer
  | 'unsigned' // an unsigned integer
  | 'upper' // the upper 20 bits of a 32-bit value, written as a 20-bit number
  | 'target' // a pc-relative address
  | 'csr' // a CSR's name or number
  | 'rounding' // a rounding mode
  | 'ordering' // a subset of `iorw`
  | 'suffix'; // `.aq`, `.rl`: part of the mnemonic

/** A field of an instruction: its kind, its pieces and its range. */
export interface Field {
  kind: OperandKind;
  pieces: readonly Piece[];
  /** The value is sign-extended from its highest piece. */
  signed: boolean;
  /** The operand comes last, and need not be written when it has this value. */
  usual?: number;
}

const field = (
  kind: OperandKind,
  signed: boolean,
  ...pieces: [at: number, width: number, to: number][]
): Field => ({
  kind,
  signed,
  pieces: pieces.map(([at, width, to]) => ({ at, width, to })),
});

/** The bits of a compressed jump, from the highest of the instruction down. */
const jumpPieces: [at: number, width: number, to: number][] = [
  [12, 1, 11],
  [11, 1, 4],
  [9, 2, 8],
  [8, 1, 10],
  [7, 1, 6],
  [6, 1, 7],
  [3, 3, 1],
  [2, 1, 5],
];

/** The fields of instructions, by name. */
export const fields = {
  rd: field('x', false, [7, 5, 0]),
  rs1: field('x', false, [15, 5, 0]),
  rs2: field('x', false, [20, 5, 0]),
  immI: field('signed', true, [20, 12, 0]),
  immS: field('signed', true, [25, 7, 5], [7, 5, 0]),
  immB: field('target', true, [31, 1, 12], [7, 1, 11], [25, 6, 5], [8, 4, 1]),
  immU: field('upper', true, [12, 20, 12]),
  immJ: field('target', true, [31, 1, 20], [12, 8, 12], [20, 1, 11], [21, 10, 1]),
  shamt6: field('unsigned', false, [20, 6, 0]),
  shamt5: field('unsigned', false, [20, 5, 0]),
  csr: field('csr', false, [20, 12, 0]),
  zimm: field('unsigned', false, [15, 5, 0]),
  pred: field('ordering', false, [24, 4, 0]),
  succ: field('ordering', false, [20, 4, 0]),
  aqrl: field('suffix', false, [25, 2, 0]),
  fd: field('f', false, [7, 5, 0]),
  fs1: field('f', false, [15, 5, 0]),
  fs2: field('f', false, [20, 5, 0]),
  fs3: field('f', false, [27, 5, 0]),
  rm: { ...field('rounding', false, [12, 3, 0]), usual: RM.DYN },
  /** For operations whose result is exact in every mode. */
  rmExact: { ...field('rounding', false, [12, 3, 0]), usual: RM.RNE },
  // Compressed (chapter "C", section "Compressed Instruction Formats"). A `P` is the prime of the manual: a register of
  // x8 to x15.
  rdRs1: field('x', false, [7, 5, 0]),
  cRs2: field('x', false, [2, 5, 0]),
  rdRs1P: field('x8', false, [7, 3, 0]),
  rdP: field('x8', false, [2, 3, 0]),
  rs1P: field('x8', false, [7, 3, 0]),
  rs2P: field('x8', false, [2, 3, 0]),
  cFs2: field('f', false, [2, 5, 0]),
  fdP: field('f8', false, [2, 3, 0]),
  fs2P: field('f8', false, [2, 3, 0]),
  sp: field('sp', false, [0, 0, 0]),
  immCI: field('signed', true, [12, 1, 5], [2, 5, 0]),
  shamtCI: field('unsigned', false, [12, 1, 5], [2, 5, 0]),
  immLui: field('upper', true, [12, 1, 17], [2, 5, 12]),
  immAddi16sp: field('signed', true, [12, 1, 9], [6, 1, 4], [5, 1, 6], [3, 2, 7], [2, 1, 5]),
  immAddi4spn: field('unsigned', false, [11, 2, 4], [7, 4, 6], [6, 1, 2], [5, 1, 3]),
  immLwsp: field('unsigned', false, [12, 1, 5], [4, 3, 2], [2, 2, 6]),
  immLdsp: field('unsigned', false, [12, 1, 5], [5, 2, 3], [2, 3, 6]),
  immSwsp: field('unsigned', false, [9, 4, 2], [7, 2, 6]),
  immSdsp: field('unsigned', false, [10, 3, 3], [7, 3, 6]),
  immCLw: field('unsigned', false, [10, 3, 3], [6, 1, 2], [5, 1, 6]),
  immCLd: field('unsigned', false, [10, 3, 3], [5, 2, 6]),
  immCB: field('target', true, [12, 1, 8], [10, 2, 3], [5, 2, 6], [3, 2, 1], [2, 1, 5]),
  immCJ: field('target', true, ...jumpPieces),
} as const satisfies Record<string, Field>;

/** The name of a field. */
export type FieldName = keyof typeof fields;

/**
 * A format: the operands in assembly order with the punctuation between them, and the field that `imm` refers to in an
 * expression.
 */
export interface Format {
  /** For example `rd, immI(rs1)`: names of fields, and literal characters. */
  syntax: string;
  imm?: FieldName;
  /** A field that is written as part of the mnemonic. */
  suffix?: FieldName;
}

/** The formats of instructions, by name. */
export const formats = {
  R: { syntax: 'rd, rs1, rs2' },
  /** One source, as in `clz`. */
  Unary: { syntax: 'rd, rs1' },
  I: { syntax: 'rd, rs1, immI', imm: 'immI' },
  /** Loads and `jalr`: the immediate is an offset from a base register. */
  L: { syntax: 'rd, immI(rs1)', imm: 'immI' },
  Shift6: { syntax: 'rd, rs1, shamt6', imm: 'shamt6' },
  Shift5: { syntax: 'rd, rs1, shamt5', imm: 'shamt5' },
  S: { syntax: 'rs2, immS(rs1)', imm: 'immS' },
  B: { syntax: 'rs1, rs2, immB', imm: 'immB' },
  U: { syntax: 'rd, immU', imm: 'immU' },
  J: { syntax: 'rd, immJ', imm: 'immJ' },
  Amo: { syntax: 'rd, rs2, (rs1)', suffix: 'aqrl' },
  Lr: { syntax: 'rd, (rs1)', suffix: 'aqrl' },
  Csr: { syntax: 'rd, csr, rs1' },
  CsrI: { syntax: 'rd, csr, zimm', imm: 'zimm' },
  Fence: { syntax: 'pred, succ' },
  Sfence: { syntax: 'rs1, rs2' },
  FLoad: { syntax: 'fd, immI(rs1)', imm: 'immI' },
  FStore: { syntax: 'fs2, immS(rs1)', imm: 'immS' },
  R4: { syntax: 'fd, fs1, fs2, fs3, rm' },
  F: { syntax: 'fd, fs1, fs2' },
  FRound: { syntax: 'fd, fs1, fs2, rm' },
  FRound1: { syntax: 'fd, fs1, rm' },
  FExact1: { syntax: 'fd, fs1, rmExact' },
  FCompare: { syntax: 'rd, fs1, fs2' },
  FToX: { syntax: 'rd, fs1' },
  FToXRound: { syntax: 'rd, fs1, rm' },
  FFromX: { syntax: 'fd, rs1' },
  FFromXRound: { syntax: 'fd, rs1, rm' },
  FFromXExact: { syntax: 'fd, rs1, rmExact' },
  None: { syntax: '' },
} as const satisfies Record<string, Format>;

/** The name of a format. */
export type FormatName = keyof typeof formats;

/** The size of an instruction in bytes, from its two lowest bits (section "Expanded Instruction-Length Encoding"). */
export const sizeOf = (instruction: number): 2 | 4 => ((instruction & 3) === 3 ? 4 : 2);

/** The value of a field in an instruction, as a signed number where the field is signed. */
export function extract(of: Field, instruction: number): number {
  let value = 0;
  let top = 0;
  for (const { at, width, to } of of.pieces) {
    value |= ((instruction >>> at) & (2 ** width - 1)) << to;
    top = Math.max(top, to + width);
  }
  return of.signed && top < 32 ? (value << (32 - top)) >> (32 - top) : of.signed ? value | 0 : value >>> 0;
}

/** The instruction's bits that hold `value`. The caller has checked that it fits. */
export function insert(of: Field, value: number): number {
  let instruction = 0;
  for (const { at, width, to } of of.pieces) instruction |= ((value >> to) & (2 ** width - 1)) << at;
  return instruction >>> 0;
}

/** Range and granularity of the values a field can hold: `min <= value <= max` and `value % step === 0`. */
export function range(of: Field): { min: number; max: number; step: number } {
  const top = Math.max(...of.pieces.map(({ to, width }) => to + width));
  const step = 2 ** Math.min(...of.pieces.map(({ to }) => to));
  return of.signed
    ? { min: -(2 ** (top - 1)), max: 2 ** (top - 1) - step, step }
    : { min: 0, max: 2 ** top - step, step };
}
