/**
 * The floating-point operations of F and D in plain TypeScript, exact in every bit and flag: operands become exact
 * values, the operation is done on those, and the result is rounded once. The slow path of the generated code. Source:
 * RISC-V Unprivileged ISA, chapters "F" and "D"; IEEE 754-2019.
 */
import {
  type Finite,
  FLAG,
  type Format,
  type FormatName,
  finite,
  formats,
  isZero,
  type Numeric,
  type Outcome,
  RM,
  round,
  roundOff,
  signBit,
  unpack,
  type Value,
} from './number.ts';

type Run = (format: Format, a: bigint, b: bigint, c: bigint, rm: number) => Outcome;

/**
 * An operation on encodings of a format. `toW` … `toLU` return a signed or unsigned integer of 32 or 64 bits,
 * sign-extended to 64; `from…` take one. Surplus operands are ignored.
 */
export interface Operation {
  operands: 1 | 2 | 3;
  /** Whether it depends on the rounding mode. */
  rounds: boolean;
  run: Run;
}

const exactly = (bits: bigint): Outcome => ({ bits, flags: 0 });
const nan = ({ canonicalNaN }: Format, flags: number): Outcome => ({ bits: canonicalNaN, flags });
const infinity = (format: Format, negative: boolean, flags = 0): Outcome => ({
  bits: (negative ? signBit(format) : 0n) | format.infinity,
  flags,
});
const isSignaling = (value: Value): boolean => value.is === 'nan' && value.signaling;

/** NV, if any of the operands is a signaling NaN. */
const signals = (...values: Value[]): number => (values.some(isSignaling) ? FLAG.NV : 0);

/**
 * An exact sum. Of zeros of both signs, and of numbers that cancel, the sign is the rounding mode's (IEEE 754, section
 * 6.3).
 */
function sum(a: Finite, b: Finite, rm: number): Finite {
  const exponent = Math.min(a.exponent, b.exponent);
  const aligned = (of: Finite) => {
    const magnitude = of.significand << BigInt(of.exponent - exponent);
    return of.negative ? -magnitude : magnitude;
  };
  const total = aligned(a) + aligned(b);
  if (total !== 0n) return finite(total < 0n, total < 0n ? -total : total, exponent);
  return finite(a.negative === b.negative ? a.negative : rm === RM.RDN, 0n, exponent);
}

function addValues(format: Format, a: Value, b: Value, rm: number): Outcome {
  if (a.is === 'nan' || b.is === 'nan') return nan(format, signals(a, b));
  if (a.is === 'infinite') {
    const cancels = b.is === 'infinite' && a.negative !== b.negative;
    return cancels ? nan(format, FLAG.NV) : infinity(format, a.negative);
  }
  if (b.is === 'infinite') return infinity(format, b.negative);
  return round(format, sum(a, b, rm), rm);
}

/** An exact product, or infinity; undefined for 0 · ∞. */
function product(a: Numeric, b: Numeric): Numeric | undefined {
  const negative = a.negative !== b.negative;
  if (a.is === 'finite' && b.is === 'finite')
    return finite(negative, a.significand * b.significand, a.exponent + b.exponent);
  return isZero(a) || isZero(b) ? undefined : { is: 'infinite', negative };
}

function multiplyAdd(format: Format, a: Value, b: Value, c: Value, rm: number): Outcome {
  if (a.is === 'nan' || b.is === 'nan') return nan(format, signals(a, b, c));
  const exact = product(a, b);
  // 0 · ∞ is invalid even when a quiet NaN is added.
  if (!exact) return nan(format, FLAG.NV);
  return addValues(format, exact, c, rm);
}

function multiply(format: Format, a: Value, b: Value, rm: number): Outcome {
  if (a.is === 'nan' || b.is === 'nan') return nan(format, signals(a, b));
  const exact = product(a, b);
  if (!exact) return nan(format, FLAG.NV);
  return exact.is === 'finite' ? round(format, exact, rm) : infinity(format, exact.negative);
}

/**
 * A value truncated to `significand`, with a sticky bit below the last place if it is inexact: enough for correct
 * rounding.
 */
const withRest = (negative: boolean, significand: bigint, exponent: number, isExact: boolean): Finite =>
  finite(negative, (significand << 1n) | (isExact ? 0n : 1n), exponent - 1);

function divide(format: Format, a: Value, b: Value, rm: number): Outcome {
  if (a.is === 'nan' || b.is === 'nan') return nan(format, signals(a, b));
  const negative = a.negative !== b.negative;
  if (a.is === 'infinite') return b.is === 'infinite' ? nan(format, FLAG.NV) : infinity(format, negative);
  if (b.is === 'infinite') return round(format, finite(negative, 0n, 0), rm);
  if (b.significand === 0n)
    return a.significand === 0n ? nan(format, FLAG.NV) : infinity(format, negative, FLAG.DZ);
  // Enough bits in front that the quotient has more than the result, even of a subnormal dividend.
  const more = 2 * format.precision + 2;
  const dividend = a.significand << BigInt(more);
  const quotient = dividend / b.significand;
  const isExact = quotient * b.significand === dividend;
  return round(format, withRest(negative, quotient, a.exponent - b.exponent - more, isExact), rm);
}

/** The largest integer whose square isn't larger, by Newton's method from above. */
function integerRoot(square: bigint): bigint {
  let root = 1n << BigInt(Math.ceil(square.toString(2).length / 2));
  for (;;) {
    const next = (root + square / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

function squareRoot(format: Format, a: Value, rm: number): Outcome {
  if (a.is === 'nan') return nan(format, signals(a));
  if (isZero(a)) return round(format, a as Finite, rm);
  if (a.negative) return nan(format, FLAG.NV);
  if (a.is === 'infinite') return infinity(format, false);
  // An even exponent, and enough bits that the root has more than the result.
  const more = 2 * format.precision + 2 + (a.exponent & 1);
  const square = a.significand << BigInt(more);
  const root = integerRoot(square);
  return round(format, withRest(false, root, (a.exponent - more) / 2, root * root === square), rm);
}

/** −1, 0 or 1 as `a` is less, equal or greater; undefined with a NaN. Zeros of both signs are equal. */
function order(a: Value, b: Value): number | undefined {
  if (a.is === 'nan' || b.is === 'nan') return undefined;
  const large = 2 ** 12;
  const magnitude = (of: Numeric) => (of.is === 'finite' ? of : finite(false, 1n, large));
  const signed = (of: Numeric) => ({ ...magnitude(of), negative: of.negative });
  const difference = sum(signed(a), { ...signed(b), negative: !b.negative }, RM.RNE);
  if (difference.significand === 0n) return 0;
  return difference.negative ? -1 : 1;
}

/** FLT and FLE raise NV for every NaN, FEQ only for signaling ones. */
const comparison =
  (holds: (order: number) => boolean, signalsAlways: boolean): Run =>
  (format, aBits, bBits) => {
    const [a, b] = [unpack(format, aBits), unpack(format, bBits)];
    const found = order(a, b);
    if (found === undefined) return { bits: 0n, flags: signalsAlways ? FLAG.NV : signals(a, b) };
    return exactly(holds(found) ? 1n : 0n);
  };

/** The smaller or the larger operand; the one that is a number where the other isn't; and −0 is less than +0. */
const selection =
  (takesFirst: (order: number) => boolean): Run =>
  (format, aBits, bBits) => {
    const [a, b] = [unpack(format, aBits), unpack(format, bBits)];
    const flags = signals(a, b);
    if (a.is === 'nan') return b.is === 'nan' ? nan(format, flags) : { bits: bBits, flags };
    if (b.is === 'nan') return { bits: aBits, flags };
    const found = order(a, b) || Number(b.negative) - Number(a.negative);
    return { bits: takesFirst(found) ? aBits : bBits, flags };
  };

/** The bit of FCLASS that an encoding sets (table "Format of result of FCLASS instruction"). */
function classOf(format: Format, bits: bigint): number {
  const value = unpack(format, bits);
  if (value.is === 'nan') return value.signaling ? 8 : 9;
  // From −∞ in 0 to −0 in 3; the positive classes mirror them.
  const hidden = 1n << BigInt(format.precision - 1);
  const { is } = value;
  const rank = is === 'infinite' ? 0 : value.significand >= hidden ? 1 : value.significand > 0n ? 2 : 3;
  return value.negative ? rank : 7 - rank;
}

interface IntegerType {
  bits: 32 | 64;
  signed: boolean;
}

const integerTypes = {
  W: { bits: 32, signed: true },
  WU: { bits: 32, signed: false },
  L: { bits: 64, signed: true },
  LU: { bits: 64, signed: false },
} as const satisfies Record<string, IntegerType>;

/** Registers hold 32-bit integers sign-extended, unsigned ones too. */
const inRegister = (value: bigint, { bits }: IntegerType): bigint =>
  BigInt.asUintN(64, BigInt.asIntN(bits, value));

/** Saturates; a NaN converts as +∞ (table "Domains of float-to-integer conversions"). */
const toInteger =
  (type: IntegerType): Run =>
  (format, aBits, _b, _c, rm) => {
    const a = unpack(format, aBits);
    const width = BigInt(type.bits);
    const min = type.signed ? -(1n << (width - 1n)) : 0n;
    const max = type.signed ? (1n << (width - 1n)) - 1n : (1n << width) - 1n;
    const invalid = (value: bigint) => ({ bits: inRegister(value, type), flags: FLAG.NV });
    if (a.is === 'nan') return invalid(max);
    if (a.is === 'infinite') return invalid(a.negative ? min : max);
    const { kept, inexact } = roundOff(a, -a.exponent, rm);
    const integer = a.negative ? -kept : kept;
    if (integer < min || integer > max) return invalid(a.negative ? min : max);
    return { bits: inRegister(integer, type), flags: inexact ? FLAG.NX : 0 };
  };

const fromInteger =
  ({ bits, signed }: IntegerType): Run =>
  (format, register, _b, _c, rm) => {
    const integer = signed ? BigInt.asIntN(bits, register) : BigInt.asUintN(bits, register);
    return round(format, finite(integer < 0n, integer < 0n ? -integer : integer, 0), rm);
  };

function convert(format: Format, bits: bigint, rm: number): Outcome {
  const a = unpack(format === formats.S ? formats.D : formats.S, bits);
  if (a.is === 'nan') return nan(format, signals(a));
  return a.is === 'infinite' ? infinity(format, a.negative) : round(format, a, rm);
}

const rounding = (operands: 1 | 2 | 3, run: Run): Operation => ({ operands, rounds: true, run });
const exact = (operands: 1 | 2, run: Run): Operation => ({ operands, rounds: false, run });

/** The operations, by name. */
export const operations = {
  add: rounding(2, (f, a, b, _, rm) => addValues(f, unpack(f, a), unpack(f, b), rm)),
  mul: rounding(2, (f, a, b, _, rm) => multiply(f, unpack(f, a), unpack(f, b), rm)),
  div: rounding(2, (f, a, b, _, rm) => divide(f, unpack(f, a), unpack(f, b), rm)),
  sqrt: rounding(1, (f, a, _b, _c, rm) => squareRoot(f, unpack(f, a), rm)),
  /** a · b + c, rounded once. */
  madd: rounding(3, (f, a, b, c, rm) => multiplyAdd(f, unpack(f, a), unpack(f, b), unpack(f, c), rm)),
  min: exact(
    2,
    selection((order) => order < 0),
  ),
  max: exact(
    2,
    selection((order) => order > 0),
  ),
  eq: exact(
    2,
    comparison((order) => order === 0, false),
  ),
  lt: exact(
    2,
    comparison((order) => order < 0, true),
  ),
  le: exact(
    2,
    comparison((order) => order <= 0, true),
  ),
  class: exact(1, (f, a) => exactly(1n << BigInt(classOf(f, a)))),
  toW: rounding(1, toInteger(integerTypes.W)),
  toWU: rounding(1, toInteger(integerTypes.WU)),
  toL: rounding(1, toInteger(integerTypes.L)),
  toLU: rounding(1, toInteger(integerTypes.LU)),
  fromW: rounding(1, fromInteger(integerTypes.W)),
  fromWU: rounding(1, fromInteger(integerTypes.WU)),
  fromL: rounding(1, fromInteger(integerTypes.L)),
  fromLU: rounding(1, fromInteger(integerTypes.LU)),
  /** From the other format. */
  convert: rounding(1, (f, a, _b, _c, rm) => convert(f, a, rm)),
} as const satisfies Record<string, Operation>;

/** The name of a floating-point operation. */
export type FloatOp = keyof typeof operations;
/** The names of the operations, in the order of their numbers in calls of the soft float. */
export const floatOps = Object.keys(operations) as FloatOp[];

/**
 * Executes an operation on encodings; those of single precision are in the low 32 bits.
 * @param rm one of the five rounding modes, not DYN
 */
export const soft = (op: FloatOp, format: FormatName, rm: number, a: bigint, b = 0n, c = 0n): Outcome =>
  operations[op].run(formats[format], a, b, c, rm);
