/**
 * Floating-point numbers as exact values, and back by rounding. Source: IEEE 754-2019, sections 3.4 "Binary interchange
 * format encodings", 4.3 "Rounding-direction attributes" and 7 "Exceptions"; RISC-V Unprivileged ISA, chapter "F", for
 * what IEEE 754 leaves open: the canonical NaN, and that tininess is detected after rounding.
 */

/** A binary interchange format. */
export interface Format {
  /** The size of an encoding. */
  bits: 32 | 64;
  /** How many bits a normal number's significand has, the hidden one included: p in IEEE 754. */
  precision: number;
  /** The exponent of the last place of subnormal numbers: every finite number is a multiple of 2^lowest. */
  lowest: number;
  /** The encodings of +∞ and of the canonical NaN. */
  infinity: bigint;
  canonicalNaN: bigint;
}

/** The parameters of single (`S`) and double (`D`) precision (IEEE 754-2019, table 3.5). */
export const formats = {
  S: { bits: 32, precision: 24, lowest: -149, infinity: 0x7f80_0000n, canonicalNaN: 0x7fc0_0000n },
  D: {
    bits: 64,
    precision: 53,
    lowest: -1074,
    infinity: 0x7ff0_0000_0000_0000n,
    canonicalNaN: 0x7ff8_0000_0000_0000n,
  },
} as const satisfies Record<string, Format>;

/** Single and double precision, by the letters that end the mnemonics. */
export type FormatName = keyof typeof formats;

/** The exception flags, as in `fflags`. */
export const FLAG = { NX: 1, UF: 2, OF: 4, DZ: 8, NV: 16 } as const;

/** The rounding modes, as in `frm` and in the field `rm` of instructions. */
export const RM = { RNE: 0, RTZ: 1, RDN: 2, RUP: 3, RMM: 4, DYN: 7 } as const;

/** A finite number: ±significand · 2^exponent. */
export interface Finite {
  is: 'finite';
  negative: boolean;
  significand: bigint;
  exponent: number;
}

/** Any value except NaN. */
export type Numeric = Finite | { is: 'infinite'; negative: boolean };
/** The exact value of an encoding. */
export type Value = Numeric | { is: 'nan'; signaling: boolean };

/** The outcome of an operation: the encoding of its result, and the flags that it raises. */
export interface Outcome {
  bits: bigint;
  flags: number;
}

/** Makes a finite number: ±significand · 2^exponent. */
export const finite = (negative: boolean, significand: bigint, exponent: number): Finite => ({
  is: 'finite',
  negative,
  significand,
  exponent,
});

/** Whether a value is a zero of either sign. */
export const isZero = (value: Value): boolean => value.is === 'finite' && value.significand === 0n;

/** The sign bit of an encoding. */
export const signBit = ({ bits }: Format): bigint => 1n << BigInt(bits - 1);

/** The value of an encoding. */
export function unpack(format: Format, bits: bigint): Value {
  const { precision, lowest, infinity } = format;
  const negative = (bits & signBit(format)) !== 0n;
  const magnitude = bits & (signBit(format) - 1n);
  if (magnitude > infinity) return { is: 'nan', signaling: magnitude < format.canonicalNaN };
  if (magnitude === infinity) return { is: 'infinite', negative };
  const hidden = 1n << BigInt(precision - 1);
  const fraction = magnitude & (hidden - 1n);
  const exponent = Number(magnitude >> BigInt(precision - 1));
  if (exponent === 0) return finite(negative, fraction, lowest);
  return finite(negative, hidden | fraction, lowest + exponent - 1);
}

/** The number of bits up to the highest that is set. */
function bitLength(value: bigint): number {
  const digits = value.toString(16);
  return 4 * digits.length - Math.clz32(Number.parseInt(digits[0]!, 16)) + 28;
}

/** Drops the lowest bits of a magnitude by the rounding mode; `shift` may be negative. */
export function roundOff(
  { negative, significand }: Finite,
  shift: number,
  rm: number,
): { kept: bigint; inexact: boolean } {
  if (shift <= 0) return { kept: significand << BigInt(-shift), inexact: false };
  const by = BigInt(shift);
  const kept = significand >> by;
  const rest = significand - (kept << by);
  if (rest === 0n) return { kept, inexact: false };
  const half = 1n << (by - 1n);
  const away = {
    [RM.RNE]: rest > half || (rest === half && (kept & 1n) === 1n),
    [RM.RTZ]: false,
    [RM.RDN]: negative,
    [RM.RUP]: !negative,
    [RM.RMM]: rest >= half,
  }[rm]!;
  return { kept: away ? kept + 1n : kept, inexact: true };
}

/** Rounds an exact value by the rounding mode: its encoding, and the flags OF, UF and NX. */
export function round(format: Format, value: Finite, rm: number): Outcome {
  const { precision, lowest, infinity } = format;
  const { negative, significand, exponent } = value;
  const sign = negative ? signBit(format) : 0n;
  if (significand === 0n) return { bits: sign, flags: 0 };
  // The exponent of the last place with unbounded exponents, and the actual one.
  const unbounded = exponent + bitLength(significand) - precision;
  const last = Math.max(unbounded, lowest);
  const { kept, inexact } = roundOff(value, last - exponent, rm);
  // The hidden bit, and a carry out of the significand, increment the exponent.
  const magnitude = (BigInt(last - lowest) << BigInt(precision - 1)) + kept;
  if (magnitude >= infinity) return overflow(format, negative, rm);
  if (!inexact) return { bits: sign | magnitude, flags: 0 };
  const tiny = last > unbounded && !growsNormal(value, unbounded - exponent, unbounded, format, rm);
  return { bits: sign | magnitude, flags: FLAG.NX | (tiny ? FLAG.UF : 0) };
}

/** Whether a smaller number rounds to the smallest normal one at full precision: then it is not tiny. */
function growsNormal(
  value: Finite,
  shift: number,
  last: number,
  { precision, lowest }: Format,
  rm: number,
): boolean {
  return last === lowest - 1 && roundOff(value, shift, rm).kept === 1n << BigInt(precision);
}

function overflow(format: Format, negative: boolean, rm: number): Outcome {
  const toInfinity = rm === RM.RNE || rm === RM.RMM || rm === (negative ? RM.RDN : RM.RUP);
  const magnitude = toInfinity ? format.infinity : format.infinity - 1n;
  return { bits: (negative ? signBit(format) : 0n) | magnitude, flags: FLAG.OF | FLAG.NX };
}
