/** Links hold what was put in, and damage is noticed. */

import fc from 'fast-check';
import { deflateSync } from 'fflate';
import { describe, expect, it } from 'vitest';
import { encode, u32 } from '../../../src/base/codec.ts';
import { crc32 } from '../../../src/base/crc32.ts';
import { OperatingError } from '../../../src/base/errors.ts';
import { type Link, linkText, readLink } from '../../../src/sim/session/link.ts';
import { storyText } from '../../../src/sim/story/story-text.ts';
import { specs } from '../arbitraries.ts';

const anyText = fc.string({ unit: 'binary' });
const count = fc.oneof(
  fc.nat(),
  fc.double({ min: 0, max: Number.MAX_SAFE_INTEGER, noNaN: true, noDefaultInfinity: true }),
);
const links: fc.Arbitrary<Link> = fc.record(
  {
    story: fc.oneof(
      anyText,
      specs.map((spec) => storyText({ title: 'a', guest: 'bank', spec })),
    ),
    source: anyText,
    focus: fc.record({ atNs: count.map((n) => n + 0), host: anyText, icount: fc.maxSafeNat() }),
  },
  { requiredKeys: ['story', 'focus'] },
);
/** What reading gives: a link, or undefined when it is refused as it should be. */
function reading(text: string): Link | undefined {
  try {
    return readLink(text);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatingError);
    expect((error as Error).message).toMatch(/^the link is (damaged|empty)/);
    return undefined;
  }
}

describe('a link', () => {
  it('is read as what was written, and has only characters that a URL keeps', () => {
    fc.assert(
      fc.property(links, (link) => {
        const text = linkText(link);
        expect(text).toMatch(/^[\w-]+$/);
        expect(readLink(text)).toEqual(link);
      }),
    );
  });

  it('is refused with any other character at any place, when it is cut, or longer', () => {
    const places = fc.nat();
    const other = fc.oneof(
      fc.constantFrom(...'ABYZabyz0189-_'),
      fc.string({ minLength: 1, maxLength: 1, unit: 'binary' }),
    );
    fc.assert(
      fc.property(links, places, other, (link, place, char) => {
        const text = linkText(link);
        const at = place % text.length;
        const changed = text.slice(0, at) + char + text.slice(at + 1);
        if (changed !== text) expect(reading(changed)).toBe(undefined);
        expect(reading(text.slice(0, at))).toBe(undefined);
        expect(reading(text + char)).toBe(undefined);
      }),
    );
  });

  it('is refused with any other letter at every place', () => {
    const text = linkText({ story: 'guest bank', focus: { atNs: 1.5, host: 'backup', icount: 7 } });
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'];
    for (let at = 0; at < text.length; at++)
      for (const letter of letters.filter((one) => one !== text[at]))
        expect(reading(text.slice(0, at) + letter + text.slice(at + 1))).toBe(undefined);
  });

  it('is refused whatever else it is', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string({ unit: 'binary' }),
          fc.base64String().map((text) => `a${text}`),
        ),
        (text) => {
          expect(reading(text)).toBe(undefined);
        },
      ),
    );
    // With the right checksum: no packed data, packed data that ends too early, another content, and far too much.
    const withSum = (packed: Uint8Array) =>
      `a${Buffer.concat([encode(u32, crc32(packed)), packed]).toString('base64url')}`;
    const whole = deflateSync(new TextEncoder().encode('no link'.repeat(20)));
    for (const packed of [
      Uint8Array.of(7),
      new Uint8Array(0),
      whole,
      whole.subarray(0, 9),
      deflateSync(new Uint8Array(1 << 23)),
    ])
      expect(reading(withSum(packed))).toBe(undefined);
  });

  it('is short', () => {
    const story = storyText({ title: 'The primary dies', guest: 'bank', spec: { seed: '7' } });
    expect(linkText({ story, focus: { atNs: 20e6, host: 'backup', icount: 100_000 } }).length).toBeLessThan(
      150,
    );
  });
});
