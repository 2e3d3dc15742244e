import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';

describe('sameBytes', () => {
  it('agrees with a comparison byte by byte, at any alignment', () => {
    const place = fc.nat(7);
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 40 }),
        fc.option(fc.tuple(fc.nat(39), fc.integer({ min: 1, max: 255 }))),
        place,
        place,
        (content, change, left, right) => {
          const at = (offset: number) => {
            const bytes = new Uint8Array(content.length + 8).subarray(offset, offset + content.length);
            bytes.set(content);
            return bytes;
          };
          const [a, b] = [at(left), at(right)];
          if (change && change[0] < b.length) b[change[0]]! ^= change[1];
          expect(sameBytes(a, b)).toBe(a.join() === b.join());
        },
      ),
    );
  });

  it('is false for other lengths', () => {
    expect(sameBytes(Uint8Array.of(1, 2), Uint8Array.of(1))).toBe(false);
    expect(sameBytes(Uint8Array.of(), Uint8Array.of(0))).toBe(false);
  });
});
