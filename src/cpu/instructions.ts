/**
 * The instruction table: one row for each instruction, and nothing about an instruction anywhere else. Decoder, assembler,
 * disassembler and interpreter derive from it. Source: RISC-V Unprivileged ISA (RV32I, RV64I, Zifencei, Zicsr,
 * M, A) and Privileged Architecture (ECALL, EBREAK, MRET, WFI).
 */
import { assert } from '../base/assert.ts';
import {
  type Action,
  add,
  amo,
  and,
  both,
  branch,
  choose,
  constant,
  divS,
  divU,
  type Expr,
  eq,
  geS,
  geU,
  helper,
  imm,
  jump,
  loadS,
  loadU,
  ltS,
  ltU,
  mul,
  mulh,
  mulhsu,
  mulhu,
  ne,
  next,
  old,
  or,
  pc,
  rd,
  remS,
  remU,
  rs1,
  rs2,
  shl,
  shrS,
  shrU,
  store,
  sub,
  widen,
  word,
  wordU,
  xor,
} from './expr.ts';
import { type Format, type FormatName, fields, formats } from './formats.ts';

export type Extension = 'I' | 'M' | 'A' | 'Zicsr' | 'Zifencei' | 'Privileged';

export interface Instruction {
  mnemonic: string;
  extension: Extension;
  format: FormatName;
  /** An instruction word is this row when `(word & mask) === match`. */
  match: number;
  mask: number;
  meaning: readonly Action[];
}

/** The bits that tell an instruction from others, by the names the manual uses. */
interface Encoding {
  opcode: number;
  funct3?: number;
  funct5?: number;
  funct6?: number;
  funct7?: number;
  /** Bits 20 and up, where the whole upper part is fixed. */
  funct12?: number;
  /** The register fields that must be zero. */
  zero?: readonly ('rd' | 'rs1' | 'rs2')[];
}

function row(
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
  fix(encoding.funct12, 20, 12);
  for (const name of encoding.zero ?? []) fix(0, fields[name].pieces[0]!.at, 5);
  return { mnemonic, extension, format, match: match >>> 0, mask: mask >>> 0, meaning };
}

const LOAD = 0x03;
const MISC_MEM = 0x0f;
const OP_IMM = 0x13;
const AUIPC = 0x17;
const OP_IMM_32 = 0x1b;
const STORE = 0x23;
const AMO = 0x2f;
const OP = 0x33;
const LUI = 0x37;
const OP_32 = 0x3b;
const BRANCH = 0x63;
const JALR = 0x67;
const JAL = 0x6f;
const SYSTEM = 0x73;

const address = add(rs1, imm);
const target = add(pc, imm);
const zero = constant(0);
const minusOne = constant(-1);

/** The row's extension and format, said once for a group of rows. */
const group =
  (extension: Extension, format: FormatName) =>
  (mnemonic: string, encoding: Encoding, ...meaning: Action[]): Instruction =>
    row(extension, mnemonic, format, encoding, ...meaning);

const iU = group('I', 'U');
const iB = group('I', 'B');
const iL = group('I', 'L');
const iS = group('I', 'S');
const iI = group('I', 'I');
const iR = group('I', 'R');
const iShift6 = group('I', 'Shift6');
const iShift5 = group('I', 'Shift5');
const m = group('M', 'R');
const system = group('Privileged', 'None');

/** RISC-V division never traps: by zero it gives all ones, and the one overflow gives the dividend (section M). */
const guarded = (divisor: Expr, byZero: Expr, result: Expr) => choose(eq(divisor, zero), byZero, result);
const overflows = (dividend: Expr, divisor: Expr) =>
  both(eq(divisor, minusOne), eq(dividend, constant(-(2n ** 63n))));

const sext1 = word(rs1);
const sext2 = word(rs2);
const zext1 = wordU(rs1);
const zext2 = wordU(rs2);
const shift5 = and(rs2, constant(31));

const baseInteger: Instruction[] = [
  iU('lui', { opcode: LUI }, rd(imm)),
  iU('auipc', { opcode: AUIPC }, rd(target)),
  row('I', 'jal', 'J', { opcode: JAL }, jump(target), rd(next)),
  iL('jalr', { opcode: JALR, funct3: 0 }, jump(and(address, constant(-2))), rd(next)),

  iB('beq', { opcode: BRANCH, funct3: 0 }, branch(eq(rs1, rs2), target)),
  iB('bne', { opcode: BRANCH, funct3: 1 }, branch(ne(rs1, rs2), target)),
  iB('blt', { opcode: BRANCH, funct3: 4 }, branch(ltS(rs1, rs2), target)),
  iB('bge', { opcode: BRANCH, funct3: 5 }, branch(geS(rs1, rs2), target)),
  iB('bltu', { opcode: BRANCH, funct3: 6 }, branch(ltU(rs1, rs2), target)),
  iB('bgeu', { opcode: BRANCH, funct3: 7 }, branch(geU(rs1, rs2), target)),

  iL('lb', { opcode: LOAD, funct3: 0 }, rd(loadS(1, address))),
  iL('lh', { opcode: LOAD, funct3: 1 }, rd(loadS(2, address))),
  iL('lw', { opcode: LOAD, funct3: 2 }, rd(loadS(4, address))),
  iL('ld', { opcode: LOAD, funct3: 3 }, rd(loadS(8, address))),
  iL('lbu', { opcode: LOAD, funct3: 4 }, rd(loadU(1, address))),
  iL('lhu', { opcode: LOAD, funct3: 5 }, rd(loadU(2, address))),
  iL('lwu', { opcode: LOAD, funct3: 6 }, rd(loadU(4, address))),

  iS('sb', { opcode: STORE, funct3: 0 }, store(1, address, rs2)),
  iS('sh', { opcode: STORE, funct3: 1 }, store(2, address, rs2)),
  iS('sw', { opcode: STORE, funct3: 2 }, store(4, address, rs2)),
  iS('sd', { opcode: STORE, funct3: 3 }, store(8, address, rs2)),

  iI('addi', { opcode: OP_IMM, funct3: 0 }, rd(add(rs1, imm))),
  iI('slti', { opcode: OP_IMM, funct3: 2 }, rd(widen(ltS(rs1, imm)))),
  iI('sltiu', { opcode: OP_IMM, funct3: 3 }, rd(widen(ltU(rs1, imm)))),
  iI('xori', { opcode: OP_IMM, funct3: 4 }, rd(xor(rs1, imm))),
  iI('ori', { opcode: OP_IMM, funct3: 6 }, rd(or(rs1, imm))),
  iI('andi', { opcode: OP_IMM, funct3: 7 }, rd(and(rs1, imm))),
  iShift6('slli', { opcode: OP_IMM, funct3: 1, funct6: 0x00 }, rd(shl(rs1, imm))),
  iShift6('srli', { opcode: OP_IMM, funct3: 5, funct6: 0x00 }, rd(shrU(rs1, imm))),
  iShift6('srai', { opcode: OP_IMM, funct3: 5, funct6: 0x10 }, rd(shrS(rs1, imm))),

  iR('add', { opcode: OP, funct3: 0, funct7: 0x00 }, rd(add(rs1, rs2))),
  iR('sub', { opcode: OP, funct3: 0, funct7: 0x20 }, rd(sub(rs1, rs2))),
  iR('sll', { opcode: OP, funct3: 1, funct7: 0x00 }, rd(shl(rs1, rs2))),
  iR('slt', { opcode: OP, funct3: 2, funct7: 0x00 }, rd(widen(ltS(rs1, rs2)))),
  iR('sltu', { opcode: OP, funct3: 3, funct7: 0x00 }, rd(widen(ltU(rs1, rs2)))),
  iR('xor', { opcode: OP, funct3: 4, funct7: 0x00 }, rd(xor(rs1, rs2))),
  iR('srl', { opcode: OP, funct3: 5, funct7: 0x00 }, rd(shrU(rs1, rs2))),
  iR('sra', { opcode: OP, funct3: 5, funct7: 0x20 }, rd(shrS(rs1, rs2))),
  iR('or', { opcode: OP, funct3: 6, funct7: 0x00 }, rd(or(rs1, rs2))),
  iR('and', { opcode: OP, funct3: 7, funct7: 0x00 }, rd(and(rs1, rs2))),

  iI('addiw', { opcode: OP_IMM_32, funct3: 0 }, rd(word(add(rs1, imm)))),
  iShift5('slliw', { opcode: OP_IMM_32, funct3: 1, funct7: 0x00 }, rd(word(shl(rs1, imm)))),
  iShift5('srliw', { opcode: OP_IMM_32, funct3: 5, funct7: 0x00 }, rd(word(shrU(zext1, imm)))),
  iShift5('sraiw', { opcode: OP_IMM_32, funct3: 5, funct7: 0x20 }, rd(shrS(sext1, imm))),
  iR('addw', { opcode: OP_32, funct3: 0, funct7: 0x00 }, rd(word(add(rs1, rs2)))),
  iR('subw', { opcode: OP_32, funct3: 0, funct7: 0x20 }, rd(word(sub(rs1, rs2)))),
  iR('sllw', { opcode: OP_32, funct3: 1, funct7: 0x00 }, rd(word(shl(rs1, shift5)))),
  iR('srlw', { opcode: OP_32, funct3: 5, funct7: 0x00 }, rd(word(shrU(zext1, shift5)))),
  iR('sraw', { opcode: OP_32, funct3: 5, funct7: 0x20 }, rd(shrS(sext1, shift5))),

  // One hart whose devices act between instructions: every access is already in order.
  row('I', 'fence', 'Fence', { opcode: MISC_MEM, funct3: 0 }),
  // Instructions are decoded from memory each time, so a store is seen by the next fetch.
  row('Zifencei', 'fence.i', 'None', { opcode: MISC_MEM, funct3: 1 }),
];

const multiply: Instruction[] = [
  m('mul', { opcode: OP, funct3: 0, funct7: 1 }, rd(mul(rs1, rs2))),
  m('mulh', { opcode: OP, funct3: 1, funct7: 1 }, rd(mulh(rs1, rs2))),
  m('mulhsu', { opcode: OP, funct3: 2, funct7: 1 }, rd(mulhsu(rs1, rs2))),
  m('mulhu', { opcode: OP, funct3: 3, funct7: 1 }, rd(mulhu(rs1, rs2))),
  m(
    'div',
    { opcode: OP, funct3: 4, funct7: 1 },
    rd(guarded(rs2, minusOne, choose(overflows(rs1, rs2), rs1, divS(rs1, rs2)))),
  ),
  m('divu', { opcode: OP, funct3: 5, funct7: 1 }, rd(guarded(rs2, minusOne, divU(rs1, rs2)))),
  // WebAssembly's rem_s gives 0 for the overflow, as RISC-V's does.
  m('rem', { opcode: OP, funct3: 6, funct7: 1 }, rd(guarded(rs2, rs1, remS(rs1, rs2)))),
  m('remu', { opcode: OP, funct3: 7, funct7: 1 }, rd(guarded(rs2, rs1, remU(rs1, rs2)))),
  m('mulw', { opcode: OP_32, funct3: 0, funct7: 1 }, rd(word(mul(rs1, rs2)))),
  m('divw', { opcode: OP_32, funct3: 4, funct7: 1 }, rd(guarded(sext2, minusOne, word(divS(sext1, sext2))))),
  m('divuw', { opcode: OP_32, funct3: 5, funct7: 1 }, rd(guarded(zext2, minusOne, word(divU(zext1, zext2))))),
  m('remw', { opcode: OP_32, funct3: 6, funct7: 1 }, rd(guarded(sext2, sext1, word(remS(sext1, sext2))))),
  m('remuw', { opcode: OP_32, funct3: 7, funct7: 1 }, rd(guarded(zext2, sext1, word(remU(zext1, zext2))))),
];

/** Each atomic operation stands in two widths: `.w` compares and computes on sign-extended words. */
const atomic: Instruction[] = ([4, 8] as const).flatMap((sizeBytes) => {
  const [suffix, funct3] = sizeBytes === 4 ? ['.w', 2] : ['.d', 3];
  const [signed, unsigned] = sizeBytes === 4 ? [word, wordU] : [(e: Expr) => e, (e: Expr) => e];
  const operation = (name: string, funct5: number, value: Expr) =>
    row('A', name + suffix, 'Amo', { opcode: AMO, funct3, funct5 }, amo(sizeBytes, value));
  const pick = (condition: Expr) => choose(condition, rs2, old);
  return [
    row(
      'A',
      `lr${suffix}`,
      'Lr',
      { opcode: AMO, funct3, funct5: 0x02, zero: ['rs2'] },
      { do: 'lr', sizeBytes },
    ),
    row('A', `sc${suffix}`, 'Amo', { opcode: AMO, funct3, funct5: 0x03 }, { do: 'sc', sizeBytes }),
    operation('amoswap', 0x01, rs2),
    operation('amoadd', 0x00, add(old, rs2)),
    operation('amoxor', 0x04, xor(old, rs2)),
    operation('amoand', 0x0c, and(old, rs2)),
    operation('amoor', 0x08, or(old, rs2)),
    operation('amomin', 0x10, pick(ltS(signed(rs2), signed(old)))),
    operation('amomax', 0x14, pick(ltS(signed(old), signed(rs2)))),
    operation('amominu', 0x18, pick(ltU(unsigned(rs2), unsigned(old)))),
    operation('amomaxu', 0x1c, pick(ltU(unsigned(old), unsigned(rs2)))),
  ];
});

const csr: Instruction[] = (
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

const fixed = ['rd', 'rs1'] as const;
const privileged: Instruction[] = [
  system('ecall', { opcode: SYSTEM, funct3: 0, funct12: 0x000, zero: fixed }, helper('ecall')),
  system('ebreak', { opcode: SYSTEM, funct3: 0, funct12: 0x001, zero: fixed }, helper('ebreak')),
  system('mret', { opcode: SYSTEM, funct3: 0, funct12: 0x302, zero: fixed }, helper('mret')),
  system('wfi', { opcode: SYSTEM, funct3: 0, funct12: 0x105, zero: fixed }, helper('wfi')),
];

/** Every instruction of the machine, one row each. */
export const instructions: readonly Instruction[] = [
  ...baseInteger,
  ...multiply,
  ...atomic,
  ...csr,
  ...privileged,
];

const byOpcode = new Map<number, Instruction[]>();
for (const instruction of instructions) {
  const opcode = instruction.match & 0x7f;
  byOpcode.set(opcode, [...(byOpcode.get(opcode) ?? []), instruction]);
}
for (const a of instructions)
  for (const b of instructions)
    assert(
      a === b || ((a.match ^ b.match) & a.mask & b.mask) !== 0,
      `${a.mnemonic} and ${b.mnemonic} share an encoding`,
    );

/** The row of an instruction word, or undefined when it is not an instruction of this machine. */
export function decode(instruction: number): Instruction | undefined {
  return byOpcode.get(instruction & 0x7f)?.find(({ mask, match }) => (instruction & mask) >>> 0 === match);
}

/** The field that `imm` means in this row, if any. */
export const immediateOf = ({ format }: Instruction) => {
  const of: Format = formats[format];
  return of.imm && fields[of.imm];
};
