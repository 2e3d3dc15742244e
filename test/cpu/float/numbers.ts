/** Encodings of floating-point numbers for tests: special ones, their neighbours, and numbers near each other. */
import fc from 'fast-check';
import { type FormatName, formats, signBit } from '../../../src/cpu/float/number.ts';

/** Zeros, the edges of subnormal and normal numbers, powers of two, one, infinity and NaNs, of both signs. */
export function specials(name: FormatName): bigint[] {
  const { precision, infinity, canonicalNaN, bits } = formats[name];
  const sign = signBit(formats[name]);
  const hidden = 1n << BigInt(precision - 1);
  const bias = 2 ** (bits - precision - 1) - 1;
  const power = (exponent: number) => BigInt(exponent + bias) << BigInt(precision - 1);
  const edges = [-precision - 1, -precision, -1, 0, 1, precision - 1, precision, 31, 32, 63, 64].map(power);
  const around = [hidden, infinity, ...edges].flatMap((middle) => [middle - 1n, middle, middle + 1n]);
  const positive = [0n, 1n, 2n, 3n, hidden >> 1n, hidden - 2n, ...around, power(0) | (hidden >> 1n)];
  const nans = [canonicalNaN, canonicalNaN | 1n, canonicalNaN - 1n, sign - 1n];
  const unique = [...new Set([...positive, ...nans])].filter((value) => value < sign);
  return unique.flatMap((value) => [value, value | sign]);
}

/** Encodings: any bits, special ones, those with few bits, and those whose exponents are moderate. */
export function encoding(name: FormatName): fc.Arbitrary<bigint> {
  const { bits, precision } = formats[name];
  const sign = signBit(formats[name]);
  const any = fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
  const fraction = fc.bigInt({ min: 0n, max: (1n << BigInt(precision - 1)) - 1n });
  const bias = 2 ** (bits - precision - 1) - 1;
  const assembled = (exponents: fc.Arbitrary<number>, fractions: fc.Arbitrary<bigint>) =>
    fc
      .tuple(fc.boolean(), exponents, fractions)
      .map(
        ([negative, exponent, low]) =>
          (negative ? sign : 0n) | (BigInt(bias + exponent) << BigInt(precision - 1)) | low,
      );
  const near = fc.integer({ min: -precision - 8, max: precision + 8 });
  const few = fc
    .tuple(fraction, fc.integer({ min: 0, max: precision - 1 }))
    .map(([low, zeros]) => (low >> BigInt(zeros)) << BigInt(zeros));
  const all = fc.integer({ min: -bias, max: bias });
  return fc.oneof(
    any,
    fc.constantFrom(...specials(name)),
    assembled(near, fraction),
    assembled(near, few),
    assembled(near, fc.constant(0n)),
    assembled(all, few),
  );
}

/** Integers of 64 bits: edges, small ones, and those with few bits. */
export const integer: fc.Arbitrary<bigint> = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  fc
    .tuple(
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      fc.integer({ min: 0, max: 63 }),
      fc.integer({ min: 0, max: 63 }),
    )
    .map(([value, right, left]) => BigInt.asUintN(64, (value >> BigInt(right)) << BigInt(left))),
  fc.integer({ min: 0, max: 63 }).map((bit) => 1n << BigInt(bit)),
  fc.bigInt({ min: -300n, max: 300n }).map((value) => BigInt.asUintN(64, value)),
);
