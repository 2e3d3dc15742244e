import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { Xxh32, xxh32 } from '../../src/base/xxh32.ts';

const ascii = (text: string) => new TextEncoder().encode(text);
const counted = (length: number) => Uint8Array.from({ length }, (_, index) => index);
/** A view of bytes at any offset of a larger buffer. */
const somewhere = fc
  .tuple(fc.uint8Array({ maxLength: 100 }), fc.nat(20))
  .map(([all, start]) => all.subarray(start));

describe('CRC-32', () => {
  // The check value of the CRC catalogue.
  test('of 123456789', () => expect(crc32(ascii('123456789'))).toBe(0xcbf4_3926));

  test('is the remainder of a division bit by bit', () => {
    const remainder = (bytes: Uint8Array): number => {
      let crc = 0xffff_ffff;
      for (const byte of bytes) {
        crc ^= byte;
        for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb8_8320 : 0);
      }
      return ~crc >>> 0;
    };
    fc.assert(
      fc.property(somewhere, (bytes) => {
        expect(crc32(bytes)).toBe(remainder(bytes));
      }),
    );
  });
});

describe('XXH32', () => {
  // Printed by `xxhsum -H32`.
  test.each<[string, Uint8Array, number]>([
    ['nothing', counted(0), 0x02cc_5d05],
    ['a', ascii('a'), 0x550d_7456],
    ['123456789', ascii('123456789'), 0x937b_ad67],
    ['0 to 99', counted(100), 0x7f89_ba44],
  ])('of %s', (_, bytes, expected) => expect(xxh32(bytes)).toBe(expected));

  /** The description of XXH32, in big integers. */
  function model(bytes: Uint8Array, seed: number): number {
    const u32 = (value: bigint) => BigInt.asUintN(32, value);
    const [p1, p2, p3, p4, p5] = [2654435761n, 2246822519n, 3266489917n, 668265263n, 374761393n];
    const rotated = (value: bigint, bits: bigint) => u32(value << bits) | (value >> (32n - bits));
    const word = (at: number) =>
      [0, 1, 2, 3].reduce((sum, place) => sum + (BigInt(bytes[at + place]!) << BigInt(8 * place)), 0n);
    const start = BigInt(seed);
    const lanes = [start + p1 + p2, start + p2, start, start - p1].map(u32);
    let at = 0;
    for (; at + 16 <= bytes.length; at += 16)
      lanes.forEach((lane, index) => {
        lanes[index] = u32(rotated(u32(lane + word(at + 4 * index) * p2), 13n) * p1);
      });
    const [a, b, c, d] = lanes as [bigint, bigint, bigint, bigint];
    let hash = at > 0 ? rotated(a, 1n) + rotated(b, 7n) + rotated(c, 12n) + rotated(d, 18n) : start + p5;
    hash = u32(hash + BigInt(bytes.length));
    for (; at + 4 <= bytes.length; at += 4) hash = u32(rotated(u32(hash + word(at) * p3), 17n) * p4);
    for (; at < bytes.length; at++) hash = u32(rotated(u32(hash + BigInt(bytes[at]!) * p5), 11n) * p1);
    hash = u32((hash ^ (hash >> 15n)) * p2);
    hash = u32((hash ^ (hash >> 13n)) * p3);
    return Number(hash ^ (hash >> 16n));
  }

  test('agrees with its description, for any bytes and any seed', () => {
    const seeds = fc.integer({ min: 0, max: 0xffff_ffff });
    fc.assert(
      fc.property(somewhere, seeds, (bytes, seed) => {
        expect(xxh32(bytes, seed)).toBe(model(bytes, seed));
      }),
    );
  });

  test('of pieces is that of the whole', () => {
    fc.assert(
      fc.property(fc.array(somewhere, { maxLength: 10 }), (pieces) => {
        const sum = new Xxh32();
        for (const piece of pieces) sum.update(piece);
        const whole = Uint8Array.from(pieces.flatMap((piece) => [...piece]));
        expect(sum.checksum).toBe(xxh32(whole));
      }),
    );
  });
});
