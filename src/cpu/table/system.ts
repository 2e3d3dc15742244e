/** Zicsr, and the instructions of the Privileged Architecture. */
import { helper, imm, rs1 } from '../expr.ts';
import { group, type Instruction, row, SYSTEM } from './rows.ts';

/** The rows of Zicsr (RISC-V Unprivileged ISA, chapter "Zicsr"). */
export const csr: Instruction[] = (
  [
    ['csrrw', 'write', 1],
    ['csrrs', 'set', 2],
    ['csrrc', 'clear', 3],
  ] as const
).flatMap(([name, operation, funct3]) => [
  row('Zicsr', name, 'Csr', { opcode: SYSTEM, funct3 }, { do: 'csr', operation, operand: rs1 }),
  row(
    'Zicsr',
    `${name}i`,
    'CsrI',
    { opcode: SYSTEM, funct3: funct3 + 4 },
    { do: 'csr', operation, operand: imm },
  ),
]);

const system = group('Privileged', 'None');
const fixed = ['rd', 'rs1'] as const;
/** ECALL and EBREAK (RISC-V Unprivileged ISA), MRET, SRET, WFI and SFENCE.VMA (Privileged Architecture). */
export const privileged: Instruction[] = [
  system('ecall', { opcode: SYSTEM, funct3: 0, funct12: 0x000, zero: fixed }, helper('ecall')),
  system('ebreak', { opcode: SYSTEM, funct3: 0, funct12: 0x001, zero: fixed }, helper('ebreak')),
  system('mret', { opcode: SYSTEM, funct3: 0, funct12: 0x302, zero: fixed }, helper('mret')),
  system('sret', { opcode: SYSTEM, funct3: 0, funct12: 0x102, zero: fixed }, helper('sret')),
  system('wfi', { opcode: SYSTEM, funct3: 0, funct12: 0x105, zero: fixed }, helper('wfi')),
  row(
    'Privileged',
    'sfence.vma',
    'Sfence',
    { opcode: SYSTEM, funct3: 0, funct7: 0x09, zero: ['rd'] },
    helper('sfence.vma'),
  ),
];
