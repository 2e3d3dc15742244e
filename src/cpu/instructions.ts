/**
 * The instruction table: one row for each instruction, the only place that defines it. Decoder, assembler, disassembler
 * and interpreter derive from it. The rows are in `table/`. Source: RISC-V Unprivileged ISA (RV32I, RV64I, Zifencei,
 * Zicsr, M, A, F, D, Zba, Zbb, Zbs) and Privileged Architecture.
 */

import { type Format, fields, formats } from './formats.ts';
import { atomic } from './table/atomic.ts';
import { bits } from './table/bits.ts';
import { floatingPoint } from './table/float.ts';
import { baseInteger } from './table/integer.ts';
import { multiply } from './table/multiply.ts';
import type { Instruction } from './table/rows.ts';
import { csr, privileged } from './table/system.ts';

export type { Extension, Instruction } from './table/rows.ts';

/** Every instruction of the machine, one row each. */
export const instructions: readonly Instruction[] = [
  ...baseInteger,
  ...multiply,
  ...atomic,
  ...bits,
  ...csr,
  ...privileged,
  ...floatingPoint,
];

const byOpcode = new Map<number, Instruction[]>();
for (const instruction of instructions) {
  const opcode = instruction.match & 0x7f;
  byOpcode.set(opcode, [...(byOpcode.get(opcode) ?? []), instruction]);
}

/** The row of an instruction word; undefined when this machine does not have the instruction. */
export function decode(instruction: number): Instruction | undefined {
  return byOpcode.get(instruction & 0x7f)?.find(({ mask, match }) => (instruction & mask) >>> 0 === match);
}

/** The field that `imm` refers to in this row, if any. */
export const immediateOf = ({ format }: Pick<Instruction, 'format'>) => {
  const of: Format = formats[format];
  return of.imm && fields[of.imm];
};
