/** F and D: floating point in single and in double precision. Rows that both widths have are written once. */
import {
  type Action,
  add,
  and,
  choose,
  constant,
  type Expr,
  fd,
  float,
  fs1,
  fs2,
  fs3,
  geU,
  imm,
  loadU,
  or,
  rd,
  rs1,
  store,
  word,
  wordU,
  xor,
} from '../expr.ts';
import { formats as numberFormats, signBit } from '../float/number.ts';
import type { FloatOp } from '../float/soft.ts';
import { type FormatName, formats } from '../formats.ts';
import {
  type Encoding,
  type Extension,
  type Instruction,
  LOAD_FP,
  MADD,
  MSUB,
  NMADD,
  NMSUB,
  OP_FP,
  row,
  STORE_FP,
} from './rows.ts';

/**
 * A single is NaN-boxed: the upper half is all ones, else the register reads as the canonical NaN (D, "NaN Boxing of
 * Narrower Values").
 */
const BOX = 0xffff_ffff_0000_0000n;
const box = (value: Expr): Expr => or(value, constant(BOX));
const unbox = (register: Expr): Expr =>
  choose(geU(register, constant(BOX)), wordU(register), constant(numberFormats.S.canonicalNaN));

const same = (value: Expr): Expr => value;

const widths = [
  {
    extension: 'F',
    precision: 'S',
    /** The suffix of mnemonics, and the one of moves to and from integer registers. */
    letter: 's',
    integerLetter: 'w',
    sizeBytes: 4,
    /** `funct3` of loads and stores, and `fmt` of everything else. */
    width: 2,
    fmt: 0,
    unbox,
    box,
    /** The low half of a register as an integer, without the check of NaN boxing. */
    asInteger: word,
  },
  {
    extension: 'D',
    precision: 'D',
    letter: 'd',
    integerLetter: 'd',
    sizeBytes: 8,
    width: 3,
    fmt: 1,
    unbox: same,
    box: same,
    asInteger: same,
  },
] as const;
type Width = (typeof widths)[number];

/** A row that is illegal when the floating-point state is off. */
const floating = (
  extension: Extension,
  mnemonic: string,
  format: FormatName,
  encoding: Encoding,
  action: Action,
): Instruction => {
  const rounds = /\brm/.test(formats[format].syntax);
  return row(extension, mnemonic, format, encoding, { do: 'needsFloat', rounds }, action);
};

/** A row of a width among those that have `fmt`. */
const inWidth =
  ({ extension, fmt }: Width) =>
  (mnemonic: string, format: FormatName, encoding: Partial<Encoding>, action: Action): Instruction =>
    floating(extension, mnemonic, format, { opcode: OP_FP, fmt, ...encoding }, action);

const address = add(rs1, imm);

function memory({ extension, integerLetter, sizeBytes, width, box: boxed }: Width): Instruction[] {
  const load = fd(boxed(loadU(sizeBytes, address)));
  const save = store(sizeBytes, address, fs2);
  return [
    floating(extension, `fl${integerLetter}`, 'FLoad', { opcode: LOAD_FP, funct3: width }, load),
    floating(extension, `fs${integerLetter}`, 'FStore', { opcode: STORE_FP, funct3: width }, save),
  ];
}

function arithmetic(width: Width): Instruction[] {
  const { letter: s, precision } = width;
  const r = inWidth(width);
  const [a, b, c] = [width.unbox(fs1), width.unbox(fs2), width.unbox(fs3)];
  const sign = constant(signBit(numberFormats[precision]));
  const negated = (value: Expr) => xor(value, sign);
  const signed = (by: Expr) => fd(width.box(or(and(a, xor(sign, constant(-1))), and(by, sign))));
  const put = (op: FloatOp, ...operands: Expr[]) => fd(width.box(float(op, precision, ...operands)));
  const give = (op: FloatOp, ...operands: Expr[]) => rd(float(op, precision, ...operands));
  return [
    r(`fmadd.${s}`, 'R4', { opcode: MADD }, put('madd', a, b, c)),
    r(`fmsub.${s}`, 'R4', { opcode: MSUB }, put('madd', a, b, negated(c))),
    r(`fnmsub.${s}`, 'R4', { opcode: NMSUB }, put('madd', negated(a), b, c)),
    r(`fnmadd.${s}`, 'R4', { opcode: NMADD }, put('madd', negated(a), b, negated(c))),
    r(`fadd.${s}`, 'FRound', { funct5: 0x00 }, put('add', a, b)),
    r(`fsub.${s}`, 'FRound', { funct5: 0x01 }, put('add', a, negated(b))),
    r(`fmul.${s}`, 'FRound', { funct5: 0x02 }, put('mul', a, b)),
    r(`fdiv.${s}`, 'FRound', { funct5: 0x03 }, put('div', a, b)),
    r(`fsqrt.${s}`, 'FRound1', { funct5: 0x0b, rs2: 0 }, put('sqrt', a)),
    r(`fsgnj.${s}`, 'F', { funct5: 0x04, funct3: 0 }, signed(b)),
    r(`fsgnjn.${s}`, 'F', { funct5: 0x04, funct3: 1 }, signed(negated(b))),
    r(`fsgnjx.${s}`, 'F', { funct5: 0x04, funct3: 2 }, signed(xor(a, b))),
    r(`fmin.${s}`, 'F', { funct5: 0x05, funct3: 0 }, put('min', a, b)),
    r(`fmax.${s}`, 'F', { funct5: 0x05, funct3: 1 }, put('max', a, b)),
    r(`fle.${s}`, 'FCompare', { funct5: 0x14, funct3: 0 }, give('le', a, b)),
    r(`flt.${s}`, 'FCompare', { funct5: 0x14, funct3: 1 }, give('lt', a, b)),
    r(`feq.${s}`, 'FCompare', { funct5: 0x14, funct3: 2 }, give('eq', a, b)),
    r(`fclass.${s}`, 'FToX', { funct5: 0x1c, funct3: 1, rs2: 0 }, give('class', a)),
  ];
}

/** The types of integers, by their number in `rs2`. */
const integers = ['W', 'WU', 'L', 'LU'] as const;

function withIntegers(width: Width): Instruction[] {
  const { precision, letter: s, integerLetter: w, unbox: unboxed, box: boxed } = width;
  const r = inWidth(width);
  const conversions = integers.flatMap((integer, rs2) => {
    const i = integer.toLowerCase();
    const to = rd(float(`to${integer}`, precision, unboxed(fs1)));
    const from = fd(boxed(float(`from${integer}`, precision, rs1)));
    // A double holds every integer of 32 bits.
    const format = precision === 'D' && rs2 < 2 ? 'FFromXExact' : 'FFromXRound';
    return [
      r(`fcvt.${i}.${s}`, 'FToXRound', { funct5: 0x18, rs2 }, to),
      r(`fcvt.${s}.${i}`, format, { funct5: 0x1a, rs2 }, from),
    ];
  });
  return [
    ...conversions,
    r(`fmv.x.${w}`, 'FToX', { funct5: 0x1c, funct3: 0, rs2: 0 }, rd(width.asInteger(fs1))),
    r(`fmv.${w}.x`, 'FFromX', { funct5: 0x1e, funct3: 0, rs2: 0 }, fd(boxed(rs1))),
  ];
}

const narrow = fd(box(float('convert', 'S', fs1)));
const widen = fd(float('convert', 'D', unbox(fs1)));

/** The rows of F and D (RISC-V Unprivileged ISA, chapters "F" and "D"). */
export const floatingPoint: Instruction[] = [
  ...widths.flatMap((width) => [...memory(width), ...arithmetic(width), ...withIntegers(width)]),
  floating('D', 'fcvt.s.d', 'FRound1', { opcode: OP_FP, funct5: 0x08, fmt: 0, rs2: 1 }, narrow),
  floating('D', 'fcvt.d.s', 'FExact1', { opcode: OP_FP, funct5: 0x08, fmt: 1, rs2: 0 }, widen),
];
