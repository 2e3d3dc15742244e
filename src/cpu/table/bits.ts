/** Zba, Zbb and Zbs: addresses of elements, bit manipulation, single bits. */
import {
  add,
  and,
  choose,
  clz,
  constant,
  ctz,
  type Expr,
  imm,
  ltS,
  ltU,
  or,
  popcnt,
  rd,
  rotl,
  rotlW,
  rotr,
  rotrW,
  rs1,
  rs2,
  shl,
  shrU,
  signExtend,
  sub,
  wordU,
  xor,
  zeroExtend,
} from '../expr.ts';
import { group, type Instruction, OP, OP_32, OP_IMM, OP_IMM_32, row } from './rows.ts';

const not = (a: Expr) => xor(a, constant(-1));
/** A 64-bit constant that repeats a pattern of `bits` bits. */
const repeated = (pattern: bigint, bits: number) =>
  constant((pattern * (2n ** 64n - 1n)) / (2n ** BigInt(bits) - 1n));

const zbaR = group('Zba', 'R');
const addresses: Instruction[] = [
  zbaR('add.uw', { opcode: OP_32, funct3: 0, funct7: 0x04 }, rd(add(wordU(rs1), rs2))),
  ...[1, 2, 3].flatMap((shift) => {
    const encoding = { funct3: 2 * shift, funct7: 0x10 };
    const scaled = (index: Expr) => rd(add(shl(index, constant(shift)), rs2));
    return [
      zbaR(`sh${shift}add`, { opcode: OP, ...encoding }, scaled(rs1)),
      zbaR(`sh${shift}add.uw`, { opcode: OP_32, ...encoding }, scaled(wordU(rs1))),
    ];
  }),
  row('Zba', 'slli.uw', 'Shift6', { opcode: OP_IMM_32, funct3: 1, funct6: 0x02 }, rd(shl(wordU(rs1), imm))),
];

const zbbR = group('Zbb', 'R');
const unary = group('Zbb', 'Unary');
const minMax = (name: string, funct3: number, condition: Expr) =>
  zbbR(name, { opcode: OP, funct3, funct7: 0x05 }, rd(choose(condition, rs1, rs2)));

/** For `orc.b`: a carry into bit 7 of a byte indicates that one of the bits below is set. */
const low7 = repeated(0x7fn, 8);
const occupied = and(or(add(and(rs1, low7), low7), rs1), repeated(0x80n, 8));
const orCombined = sub(shl(occupied, constant(1)), shrU(occupied, constant(7)));

/** For `rev8`: swaps the bytes of each 16-bit lane, then reverses the four lanes. */
const evenBytes = repeated(0x00ffn, 16);
const swapped = or(shl(and(rs1, evenBytes), constant(8)), and(shrU(rs1, constant(8)), evenBytes));
const evenLanes = repeated(0x0000_ffffn, 32);
const reversed = or(
  and(rotl(swapped, constant(16)), evenLanes),
  and(rotr(swapped, constant(16)), not(evenLanes)),
);

const basic: Instruction[] = [
  zbbR('andn', { opcode: OP, funct3: 7, funct7: 0x20 }, rd(and(rs1, not(rs2)))),
  zbbR('orn', { opcode: OP, funct3: 6, funct7: 0x20 }, rd(or(rs1, not(rs2)))),
  zbbR('xnor', { opcode: OP, funct3: 4, funct7: 0x20 }, rd(not(xor(rs1, rs2)))),

  unary('clz', { opcode: OP_IMM, funct3: 1, funct12: 0x600 }, rd(clz(rs1))),
  unary('ctz', { opcode: OP_IMM, funct3: 1, funct12: 0x601 }, rd(ctz(rs1))),
  unary('cpop', { opcode: OP_IMM, funct3: 1, funct12: 0x602 }, rd(popcnt(rs1))),
  unary('clzw', { opcode: OP_IMM_32, funct3: 1, funct12: 0x600 }, rd(sub(clz(wordU(rs1)), constant(32)))),
  unary('ctzw', { opcode: OP_IMM_32, funct3: 1, funct12: 0x601 }, rd(ctz(or(rs1, constant(2n ** 32n))))),
  unary('cpopw', { opcode: OP_IMM_32, funct3: 1, funct12: 0x602 }, rd(popcnt(wordU(rs1)))),

  minMax('min', 4, ltS(rs1, rs2)),
  minMax('minu', 5, ltU(rs1, rs2)),
  minMax('max', 6, ltS(rs2, rs1)),
  minMax('maxu', 7, ltU(rs2, rs1)),

  unary('sext.b', { opcode: OP_IMM, funct3: 1, funct12: 0x604 }, rd(signExtend(8, rs1))),
  unary('sext.h', { opcode: OP_IMM, funct3: 1, funct12: 0x605 }, rd(signExtend(16, rs1))),
  unary('zext.h', { opcode: OP_32, funct3: 4, funct12: 0x080 }, rd(zeroExtend(16, rs1))),

  zbbR('rol', { opcode: OP, funct3: 1, funct7: 0x30 }, rd(rotl(rs1, rs2))),
  zbbR('ror', { opcode: OP, funct3: 5, funct7: 0x30 }, rd(rotr(rs1, rs2))),
  row('Zbb', 'rori', 'Shift6', { opcode: OP_IMM, funct3: 5, funct6: 0x18 }, rd(rotr(rs1, imm))),
  zbbR('rolw', { opcode: OP_32, funct3: 1, funct7: 0x30 }, rd(rotlW(rs1, rs2))),
  zbbR('rorw', { opcode: OP_32, funct3: 5, funct7: 0x30 }, rd(rotrW(rs1, rs2))),
  row('Zbb', 'roriw', 'Shift5', { opcode: OP_IMM_32, funct3: 5, funct7: 0x30 }, rd(rotrW(rs1, imm))),

  unary('orc.b', { opcode: OP_IMM, funct3: 5, funct12: 0x287 }, rd(orCombined)),
  unary('rev8', { opcode: OP_IMM, funct3: 5, funct12: 0x6b8 }, rd(reversed)),
];

/** Each single-bit operation has two forms: the bit's number is in rs2, or immediate. */
const single: Instruction[] = (
  [
    ['bclr', 1, 0x12, (bit) => and(rs1, not(shl(constant(1), bit)))],
    ['bext', 5, 0x12, (bit) => and(shrU(rs1, bit), constant(1))],
    ['binv', 1, 0x1a, (bit) => xor(rs1, shl(constant(1), bit))],
    ['bset', 1, 0x0a, (bit) => or(rs1, shl(constant(1), bit))],
  ] as [name: string, funct3: number, funct6: number, result: (bit: Expr) => Expr][]
).flatMap(([name, funct3, funct6, result]) => [
  row('Zbs', name, 'R', { opcode: OP, funct3, funct7: 2 * funct6 }, rd(result(rs2))),
  row('Zbs', `${name}i`, 'Shift6', { opcode: OP_IMM, funct3, funct6 }, rd(result(imm))),
]);

/** The rows of Zba, Zbb and Zbs (RISC-V Unprivileged ISA, chapter "B"). */
export const bits: Instruction[] = [...addresses, ...basic, ...single];
