/**
 * The form of rows of the instruction table. Field names are those of the RISC-V Unprivileged ISA, "Base Instruction
 * Formats".
 */
import type { Action } from '../expr.ts';
import { type FormatName, fields } from '../formats.ts';

/** The extension that an instruction belongs to. */
export type Extension =
  | 'I'
  | 'M'
  | 'A'
  | 'F'
  | 'D'
  | 'Zba'
  | 'Zbb'
  | 'Zbs'
  | 'Zicsr'
  | 'Zifencei'
  | 'Privileged';

/** A row of the instruction table. */
export interface Instruction {
  mnemonic: string;
  extension: Extension;
  format: FormatName;
  /** An instruction word is this row when `(word & mask) === match`. */
  match: number;
  mask: number;
  meaning: readonly Action[];
}

/** The fixed bits of an instruction, by the manual's names. */
export interface Encoding {
  opcode: number;
  funct3?: number;
  funct5?: number;
  funct6?: number;
  funct7?: number;
  /** The format of floating-point numbers. */
  fmt?: number;
  /** A register field that is part of the encoding. */
  rs2?: number;
  /** Bits 20 and up, where the whole upper part is fixed. */
  funct12?: number;
  /** The register fields that must be zero. */
  zero?: readonly ('rd' | 'rs1' | 'rs2')[];
}

/** Makes a row from its fixed bits and its actions. */
export function row(
  extension: Extension,
  mnemonic: string,
  format: FormatName,
  encoding: Encoding,
  ...meaning: Action[]
): Instruction {
  let match = 0;
  let mask = 0;
  const fix = (value: number | undefined, at: number, width: number) => {
    if (value === undefined) return;
    match |= value << at;
    mask |= (2 ** width - 1) << at;
  };
  fix(encoding.opcode, 0, 7);
  fix(encoding.funct3, 12, 3);
  fix(encoding.funct5, 27, 5);
  fix(encoding.funct6, 26, 6);
  fix(encoding.funct7, 25, 7);
  fix(encoding.fmt, 25, 2);
  fix(encoding.rs2, 20, 5);
  fix(encoding.funct12, 20, 12);
  for (const name of encoding.zero ?? []) fix(0, fields[name].pieces[0]!.at, 5);
  return { mnemonic, extension, format, match: match >>> 0, mask: mask >>> 0, meaning };
}

/** Major opcode (RISC-V Unprivileged ISA, "RV32/64G Instruction Set Listings"): loads of integers. */
export const LOAD = 0x03;
/** Major opcode: loads of floating-point numbers. */
export const LOAD_FP = 0x07;
/** Major opcode: FENCE and FENCE.I. */
export const MISC_MEM = 0x0f;
/** Major opcode: integer operations with an immediate. */
export const OP_IMM = 0x13;
/** Major opcode: AUIPC. */
export const AUIPC = 0x17;
/** Major opcode: operations on words with an immediate. */
export const OP_IMM_32 = 0x1b;
/** Major opcode: stores of integers. */
export const STORE = 0x23;
/** Major opcode: stores of floating-point numbers. */
export const STORE_FP = 0x27;
/** Major opcode: LR, SC and atomic operations. */
export const AMO = 0x2f;
/** Major opcode: integer operations on two registers. */
export const OP = 0x33;
/** Major opcode: LUI. */
export const LUI = 0x37;
/** Major opcode: operations on words in two registers. */
export const OP_32 = 0x3b;
/** Major opcode: FMADD. */
export const MADD = 0x43;
/** Major opcode: FMSUB. */
export const MSUB = 0x47;
/** Major opcode: FNMSUB. */
export const NMSUB = 0x4b;
/** Major opcode: FNMADD. */
export const NMADD = 0x4f;
/** Major opcode: floating-point operations. */
export const OP_FP = 0x53;
/** Major opcode: conditional branches. */
export const BRANCH = 0x63;
/** Major opcode: JALR. */
export const JALR = 0x67;
/** Major opcode: JAL. */
export const JAL = 0x6f;
/** Major opcode: CSR accesses and privileged instructions. */
export const SYSTEM = 0x73;

/** Makes rows with a common extension and format. */
export const group =
  (extension: Extension, format: FormatName) =>
  (mnemonic: string, encoding: Encoding, ...meaning: Action[]): Instruction =>
    row(extension, mnemonic, format, encoding, ...meaning);
