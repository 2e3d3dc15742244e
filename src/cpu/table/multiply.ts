/** M: multiplication and division. */
import {
  both,
  choose,
  constant,
  divS,
  divU,
  type Expr,
  eq,
  mul,
  mulh,
  mulhsu,
  mulhu,
  rd,
  remS,
  remU,
  rs1,
  rs2,
  word,
  wordU,
} from '../expr.ts';
import { group, type Instruction, OP, OP_32 } from './rows.ts';

const m = group('M', 'R');
const zero = constant(0);
const minusOne = constant(-1);

/** RISC-V division never traps: by zero it gives all ones, and the one overflow gives the dividend (section M). */
const guarded = (divisor: Expr, byZero: Expr, result: Expr) => choose(eq(divisor, zero), byZero, result);
const overflows = (dividend: Expr, divisor: Expr) =>
  both(eq(divisor, minusOne), eq(dividend, constant(-(2n ** 63n))));

const sext1 = word(rs1);
const sext2 = word(rs2);
const zext1 = wordU(rs1);
const zext2 = wordU(rs2);

/** The rows of M (RISC-V Unprivileged ISA, chapter "M"). */
export const multiply: Instruction[] = [
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
