/** RV32I and RV64I, Zifencei. */
import {
  add,
  and,
  branch,
  constant,
  eq,
  geS,
  geU,
  imm,
  jump,
  loadS,
  loadU,
  ltS,
  ltU,
  ne,
  next,
  or,
  pc,
  rd,
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
} from '../expr.ts';
import {
  AUIPC,
  BRANCH,
  group,
  type Instruction,
  JAL,
  JALR,
  LOAD,
  LUI,
  MISC_MEM,
  OP,
  OP_32,
  OP_IMM,
  OP_IMM_32,
  row,
  STORE,
} from './rows.ts';

const address = add(rs1, imm);
const target = add(pc, imm);

const iU = group('I', 'U');
const iB = group('I', 'B');
const iL = group('I', 'L');
const iS = group('I', 'S');
const iI = group('I', 'I');
const iR = group('I', 'R');
const iShift6 = group('I', 'Shift6');
const iShift5 = group('I', 'Shift5');

const sext1 = word(rs1);
const zext1 = wordU(rs1);
const shift5 = and(rs2, constant(31));

/** The rows of RV32I, RV64I and Zifencei (RISC-V Unprivileged ISA, chapters of these names). */
export const baseInteger: Instruction[] = [
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
