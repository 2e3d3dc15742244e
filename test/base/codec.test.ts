import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/assert.ts';
import { sameBytes } from '../../src/base/bytes.ts';
import {
  array,
  bool,
  bytes,
  type Codec,
  decode,
  encode,
  list,
  oneOf,
  optional,
  Reader,
  record,
  text,
  u8,
  u16,
  u32,
  u64,
  uint,
  union,
  Writer,
} from '../../src/base/codec.ts';
import { FormatError } from '../../src/base/errors.ts';
import { Random } from '../../src/base/random.ts';
import { xxh32 } from '../../src/base/xxh32.ts';
import { examples } from '../thorough.ts';
import { mustBeCanonical, mustRefuseChanges } from './laws.ts';

const anyU8 = fc.integer({ min: 0, max: 0xff });
const anyU16 = fc.integer({ min: 0, max: 0xffff });
const anyU32 = fc.integer({ min: 0, max: 0xffff_ffff });
const anyU64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyUint = fc.oneof(fc.nat(300), fc.maxSafeNat(), fc.constant(Number.MAX_SAFE_INTEGER));
const anyBytes = fc.uint8Array({ maxLength: 20 });
const anyText = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.constantFrom('', '\u{feff}bom', 'a\0b', '🂡'),
);

const point = record({ x: u16, y: uint });
const shape = union({
  dot: record({ at: point }),
  line: record({ from: point, to: point }),
  none: record({}),
});
const anyPoint = fc.record({ x: anyU16, y: anyUint });

interface Case<T> {
  name: string;
  codec: Codec<T>;
  values: fc.Arbitrary<T>;
}
const of = <T>(name: string, codec: Codec<T>, values: fc.Arbitrary<T>) =>
  ({ name, codec, values }) as unknown as Case<unknown>;

const cases = [
  of('u8', u8, anyU8),
  of('u16', u16, anyU16),
  of('u32', u32, anyU32),
  of('u64', u64, anyU64),
  of('uint', uint, anyUint),
  of('bool', bool, fc.boolean()),
  of('bytes', bytes(100), anyBytes),
  of('text', text, anyText),
  of('list of u8', list(u8), fc.array(anyU8, { maxLength: 12 })),
  of('list of texts', list(text), fc.array(anyText, { maxLength: 4 })),
  of('array', array(u16, 3), fc.array(anyU16, { minLength: 3, maxLength: 3 })),
  of('optional', optional(u16), fc.option(anyU16, { nil: undefined })),
  of(
    'list of optional texts',
    list(optional(text)),
    fc.array(fc.option(anyText, { nil: undefined }), { maxLength: 4 }),
  ),
  of('oneOf', oneOf('red', 'green', 'blue'), fc.constantFrom('red', 'green', 'blue')),
  of(
    'record',
    record({ a: u8, b: text, c: list(bool) }),
    fc.record({ a: anyU8, b: anyText, c: fc.array(fc.boolean(), { maxLength: 5 }) }),
  ),
  of(
    'union',
    list(shape),
    fc.array(
      fc.oneof(
        fc.record({ kind: fc.constant('dot' as const), at: anyPoint }),
        fc.record({ kind: fc.constant('line' as const), from: anyPoint, to: anyPoint }),
        fc.record({ kind: fc.constant('none' as const) }),
      ),
      { maxLength: 4 },
    ),
  ),
];

describe.each(cases)('$name', ({ codec, values }) => {
  const back = (source: Uint8Array) => decode(codec, source);
  const forth = (value: unknown) => encode(codec, value);

  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(values, (value) => {
        expect(back(forth(value))).toEqual(value);
      }),
    );
  });

  test('a truncated or changed encoding is refused, or is that of another value', () => {
    fc.assert(
      fc.property(values, (value) => mustRefuseChanges(forth(value), back, forth)),
      { numRuns: examples(50) },
    );
  });

  test('arbitrary bytes are refused, or are the encoding of a value', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 24 }), (source) => {
        mustBeCanonical(source, back, forth);
      }),
      { numRuns: examples(500) },
    );
  });

  test('trailing bytes are refused', () => {
    fc.assert(
      fc.property(values, anyU8, (value, more) => {
        expect(() => back(Uint8Array.of(...forth(value), more))).toThrow(FormatError);
      }),
    );
  });
});

describe('a writer that grows', () => {
  test('keeps every byte of a long list', () => {
    fc.assert(
      fc.property(fc.array(anyU8, { minLength: 60, maxLength: 600 }), (values) => {
        expect(decode(list(u8), encode(list(u8), values))).toEqual(values);
      }),
    );
  });

  test.each([8, 63, 64, 65, 127, 128, 129, 1000])('keeps every kind of value around byte %i', (start) => {
    const out = new Writer();
    const pad = Uint8Array.from({ length: start - 7 }, (_, index) => index & 0xff);
    out.raw(pad);
    out.u8(0x12);
    out.u16(0x3456);
    out.u32(0x789a_bcde);
    out.u64(0xfedc_ba98_7654_3210n);
    out.varint(Number.MAX_SAFE_INTEGER);
    out.raw(pad);
    const input = new Reader(out.bytes());
    expect(input.raw(pad.length)).toEqual(pad);
    expect([input.u8(), input.u16(), input.u32()]).toEqual([0x12, 0x3456, 0x789a_bcde]);
    expect(input.u64()).toBe(0xfedc_ba98_7654_3210n);
    expect(input.varint()).toBe(Number.MAX_SAFE_INTEGER);
    expect(input.raw(pad.length)).toEqual(pad);
    expect(input.remaining).toBe(0);
  });

  test('passes on what is large, in order and nothing twice', () => {
    const sizes = fc.array(fc.oneof(fc.nat(300), fc.integer({ min: 1 << 16, max: 66_000 })), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(sizes, (all) => {
        const whole = new Writer();
        const passed: Uint8Array[] = [];
        const out = new Writer((bytes) => passed.push(bytes.slice()));
        for (const [index, size] of all.entries())
          for (const one of [whole, out]) {
            one.varint(size);
            one.raw(new Uint8Array(size).fill(index));
          }
        expect(Buffer.concat([...passed, out.written]).equals(whole.written)).toBe(true);
        expect(out.written.length).toBeLessThan(8 * 310);
      }),
    );
  });

  test('writes the length of what comes next, and knows its checksum', () => {
    const sizes = fc.oneof(fc.nat(300), fc.constantFrom(127, 128, 16_383, 16_384, 40_000));
    const part = fc.record({
      sizeBytes: sizes,
      fill: fc.nat(255),
      seed: fc.integer({ min: 0, max: 0xffff_ffff }),
    });
    fc.assert(
      fc.property(fc.array(part, { maxLength: 5 }), (parts) => {
        const [measured, plain] = [new Writer(), new Writer()];
        for (const { sizeBytes, fill, seed } of parts) {
          const content = new Uint8Array(sizeBytes).fill(fill);
          const start = measured.measured((out) => {
            out.raw(content.subarray(0, 3));
            out.raw(content.subarray(3));
          });
          bytes().write(plain, content);
          expect(start).toBe(plain.length - sizeBytes);
          expect(measured.checksum(start, seed)).toBe(xxh32(content, seed));
        }
        expect(sameBytes(measured.written, plain.written)).toBe(true);
      }),
      { numRuns: examples(100) },
    );
  });

  test('returns a copy', () => {
    const out = new Writer();
    out.u8(1);
    const first = out.bytes();
    first[0] = 9;
    out.u8(2);
    expect(out.bytes()).toEqual(Uint8Array.of(1, 2));
  });
});

describe('reading', () => {
  test('copies: the value does not change with its source', () => {
    const source = encode(bytes(), Uint8Array.of(1, 2, 3));
    const value = decode(bytes(), source);
    source.fill(0xff);
    expect(value).toEqual(Uint8Array.of(1, 2, 3));
  });

  test('starts where a view of a larger buffer starts', () => {
    const whole = Uint8Array.of(9, 9, ...encode(u32, 0x0102_0304), 9);
    expect(decode(u32, whole.subarray(2, 6))).toBe(0x0102_0304);
  });

  test('reports the byte at which it stopped', () => {
    const offsetOf = (source: Uint8Array, codec: Codec<unknown>) => {
      try {
        decode(codec, source);
      } catch (error) {
        if (error instanceof FormatError) return error.offset;
      }
      return undefined;
    };
    expect(offsetOf(Uint8Array.of(1, 2, 3), array(u16, 2))).toBe(2);
    expect(offsetOf(Uint8Array.of(0, 2), array(bool, 2))).toBe(2);
  });

  test.each([
    ['an integer in more bytes than it needs', uint, [0x80, 0x00]],
    ['2^53', uint, [0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10]],
    ['an integer without an end', uint, new Array(400).fill(0x80)],
    ['a truth value of 2', bool, [2]],
    ['an optional value with a mark of 2', optional(u8), [2, 0]],
    ['a word that does not exist', oneOf('a', 'b'), [2]],
    ['a kind that does not exist', shape, [3]],
    ['bytes beyond their limit', bytes(2), [3, 1, 1, 1]],
    ['a list beyond its limit', list(u8, 2), [3, 1, 1, 1]],
    ['text that is not UTF-8', text, [1, 0xff]],
    ['text with a surrogate', text, [3, 0xed, 0xa0, 0x80]],
  ] as [string, Codec<unknown>, number[]][])('refuses %s', (_, codec, source) => {
    expect(() => decode(codec, Uint8Array.from(source))).toThrow(FormatError);
  });
});

test.each<[string, () => unknown]>([
  ['a negative integer', () => encode(uint, -1)],
  ['a fraction', () => encode(uint, 0.5)],
  ['2^53', () => encode(uint, 2 ** 53)],
  ['bytes beyond their limit', () => encode(bytes(2), new Uint8Array(3))],
  ['a list beyond its limit', () => encode(list(u8, 2), [1, 2, 3])],
  ['an array of another length', () => encode(array(u8, 2), [1])],
  ['a word that does not exist', () => encode(oneOf('a') as Codec<string>, 'b')],
])('writing %s is a bug of the caller', (_, write) => {
  expect(write).toThrow(InvariantError);
});

describe('random numbers', () => {
  const draw = (random: Random) => [
    random.below(1000),
    random.chance(0.5),
    ...random.bytes(5),
    random.below(2 ** 40),
  ];

  test('are the same for the same seed, and differ for another', () => {
    fc.assert(
      fc.property(fc.string(), (seed) => {
        const first = draw(new Random(seed));
        expect(draw(new Random(seed))).toEqual(first);
        expect(draw(new Random(`${seed}'`))).not.toEqual(first);
      }),
    );
  });

  test('are the same on every platform', () => {
    const random = new Random('vmft');
    expect([
      random.below(1000),
      random.below(1000),
      ...random.bytes(4),
      random.chance(0.5),
    ]).toMatchInlineSnapshot(`
      [
        334,
        923,
        187,
        249,
        16,
        178,
        true,
      ]
    `);
  });

  test('continue from a saved state', () => {
    fc.assert(
      fc.property(fc.string(), fc.nat(20), (seed, before) => {
        const random = new Random(seed);
        random.bytes(before);
        const state = structuredClone(random.state());
        const continued = new Random('another', state);
        expect(draw(continued)).toEqual(draw(random));
      }),
    );
  });

  test('stay within their bounds', () => {
    const random = new Random('bounds');
    const drawn = Array.from({ length: 2000 }, () => random.below(6));
    expect(new Set(drawn)).toEqual(new Set([0, 1, 2, 3, 4, 5]));
    expect(Array.from({ length: 100 }, () => random.chance(0) || !random.chance(1))).not.toContain(true);
    expect(new Set(random.bytes(4000)).size).toBe(256);
  });
});

test('text of any length is its length, and UTF-8', () => {
  const unit = fc.constantFrom('a', 'b', '\0', '\u{7f}', '\u{80}', 'é', '中', '🂡');
  const any = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit, maxLength: 40 }));
  const utf8 = bytes();
  fc.assert(
    fc.property(any, (value) => {
      const expected = encode(utf8, new TextEncoder().encode(value));
      expect(encode(text, value)).toEqual(expected);
      expect(decode(text, expected)).toBe(value);
    }),
  );
});

test('a list that announces members and has none takes no memory for them', () => {
  const announced = encode(uint, 1 << 24);
  const before = process.memoryUsage().heapUsed;
  expect(() => decode(list(u8), announced)).toThrow(FormatError);
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(32 << 20);
});
