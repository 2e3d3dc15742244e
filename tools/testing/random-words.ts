/** Random numbers for fuzzers. */
import { Random } from '../../src/base/random.ts';

const U64 = 2n ** 64n - 1n;

export class Chance extends Random {
  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }

  /** One of several, by their weights. */
  weighted<T>(from: readonly (readonly [number, T])[]): T {
    let at = this.below(from.reduce((sum, [weight]) => sum + weight, 0));
    for (const [weight, one] of from) {
      if (at < weight) return one;
      at -= weight;
    }
    throw new Error('weights add up');
  }

  word32(): number {
    return this.below(2 ** 32);
  }

  word64(): bigint {
    return (BigInt(this.word32()) << 32n) | BigInt(this.word32());
  }

  /** A value at an edge case of arithmetic, or any value. */
  value(): bigint {
    switch (this.below(6)) {
      case 0:
        return BigInt(this.below(4)) & U64;
      case 1:
        return BigInt.asUintN(64, -BigInt(1 + this.below(4)));
      case 2: {
        // Near a power of two, or its negative.
        const power = (1n << BigInt(this.below(64))) + BigInt(this.below(3) - 1);
        return BigInt.asUintN(64, this.chance(0.5) ? power : -power);
      }
      case 3:
        return BigInt.asUintN(64, BigInt.asIntN(32, BigInt(this.word32())));
      default:
        return this.word64();
    }
  }

  /** The bits that random floats of both widths need: special exponents and fractions, boxed singles. */
  float(): bigint {
    if (this.chance(0.3)) return this.specialFloat();
    const sign = this.chance(0.5) ? 1n << 63n : 0n;
    const exponent = BigInt(this.pick([0, 1, 2, 1000, 1022, 1023, 1024, 1075, 1100, 2045, 2046, 2047]));
    const fraction = this.pick([0n, 1n, 1n << 51n, (1n << 52n) - 1n, this.word64() & ((1n << 52n) - 1n)]);
    const double = sign | (exponent << 52n) | fraction;
    if (this.chance(0.5)) return double;
    const sign32 = this.chance(0.5) ? 1 << 31 : 0;
    const exponent32 = this.pick([0, 1, 2, 100, 126, 127, 128, 150, 157, 158, 190, 253, 254, 255]);
    const fraction32 = this.pick([0, 1, 1 << 22, 0x7f_ffff, this.word32() & 0x7f_ffff]);
    const single = BigInt((sign32 | (exponent32 << 23) | fraction32) >>> 0);
    return (this.chance(0.9) ? 0xffff_ffff_0000_0000n : 0n) | single;
  }

  /** Special values, often enough that three of them meet in one instruction. */
  private specialFloat(): bigint {
    const sign = this.chance(0.5);
    if (this.chance(0.5)) return this.pick(specialDoubles) | (sign ? 1n << 63n : 0n);
    return this.pick(specialSingles) | (sign ? 1n << 31n : 0n) | 0xffff_ffff_0000_0000n;
  }
}

/** Zero, the smallest number, one, infinity, a quiet and a signaling NaN. */
const specialDoubles = [0n, 1n, 0x3ffn << 52n, 0x7ffn << 52n, 0xfffn << 51n, (0x7ffn << 52n) | 1n];
const specialSingles = [0n, 1n, 0x7fn << 23n, 0xffn << 23n, 0x1ffn << 22n, (0xffn << 23n) | 1n];
