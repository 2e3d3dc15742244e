import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { placeText, readSymbols } from '../../src/symbols/symbols.ts';
import { examples, thorough } from '../thorough.ts';
import { CODE, compressed, elfOf, type Section, symbolSections } from './elf-writer.ts';
import { chooseFrom, LineWriter } from './line-writer.ts';

const text: Section = { name: '.text', ...CODE, address: 0x8000_0000n, bytes: new Uint8Array(80) };

/** A file with everything that is read: symbols, and a unit of each version. */
function good(packed: boolean): Uint8Array {
  const writer = new LineWriter();
  const choose = chooseFrom([5, 1, 3, 7, 2, 0, 11, 6, 4]);
  for (const [index, version] of [2, 3, 4, 5, 5].entries()) {
    const address = 0x8000_0000n + BigInt(index * 16);
    const rows = [0n, 4n, 4n, 10n].map((offset, row) => ({
      address: address + offset,
      file: 1,
      line: 10 * row,
      column: row,
    }));
    const unit = {
      ...{ version, wide: index === 3, nameForm: index === 3 ? ('strp' as const) : ('line_strp' as const) },
      ...{ directories: ['/w', 'src'], files: ['a.c', 'b.c'].map((path) => ({ path, directory: 1 })) },
      ...{ defined: version < 5 ? [{ path: 'c.c', directory: 0 }] : [], details: index === 4 },
    };
    writer.unit({ ...unit, sequences: [{ rows, end: address + 16n }] }, choose);
  }
  const symbols = [0, 16, 40].map((offset, index) => ({
    ...{
      name: `function_${index}`,
      value: 0x8000_0000n + BigInt(offset),
      size: 16,
      type: 2,
      section: '.text',
    },
  }));
  const debug = [
    { name: '.debug_line', bytes: writer.line.bytes() },
    { name: '.debug_line_str', bytes: writer.lineTexts.bytes },
    { name: '.debug_str', bytes: writer.texts.bytes },
  ];
  return elfOf([
    ...[text, ...symbolSections(symbols, [text])],
    ...(packed ? debug.map((section) => compressed(section)) : debug),
  ]);
}

/** Reads a file and asks for everything: it may be refused, and nothing else may be thrown. */
function examine(bytes: Uint8Array): void {
  let symbols: ReturnType<typeof readSymbols>;
  try {
    symbols = readSymbols(bytes, 'damaged');
  } catch (error) {
    expect(error).toBeInstanceOf(OperatingError);
    expect((error as Error).message).toMatch(/^'damaged'/);
    return;
  }
  const places = [0n, 0x8000_0000n, 0x8000_0014n, 0x8000_0030n, 0x8000_003fn, 2n ** 64n - 1n];
  const longest = Math.max(...places.map((address) => placeText(symbols.describe(address)).length));
  symbols.addressOf('function_1+4');
  // What is kept is limited by what is in the file.
  const limited = symbols.table.size <= bytes.length / 4 && symbols.warnings.length <= 5 && longest < 10_000;
  expect(limited).toBe(true);
}

const files = [good(false), good(true)];

describe('a damaged file is read as far as it can be, or refused with an OperatingError', () => {
  test('the file itself is good', () => {
    for (const file of files) {
      const symbols = readSymbols(file, 'good');
      expect(symbols.warnings).toEqual([]);
      const lines = [0, 1, 2, 3, 4].map((index) =>
        placeText(symbols.describe(0x8000_0000n + BigInt(16 * index + 10))).replace(/.* /, ''),
      );
      expect(lines).toEqual(['(a.c:30)', '(a.c:30)', '(a.c:30)', '(b.c:30)', '(b.c:30)']);
    }
  });

  const seldomBytes = fc.constantFrom(0, 1, 2, 3, 8, 0x0f, 0x1f, 0x7f, 0x80, 0xff);
  const change = fc.tuple(fc.nat(), fc.oneof(seldomBytes, fc.nat(255)));
  const damage = fc.record({
    changes: fc.array(change, { minLength: 1, maxLength: 12 }),
    cut: fc.option(fc.nat(), { freq: 8 }),
    file: fc.constantFrom(...files),
  });
  test('changed and cut anywhere', () => {
    fc.assert(
      fc.property(damage, ({ changes, cut, file }) => {
        const bytes = file.slice();
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        examine(cut === null ? bytes : bytes.subarray(0, cut % bytes.length));
      }),
      { numRuns: examples(6000) },
    );
  });

  test('parts of it in other places', () => {
    const move = fc.tuple(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 64 }));
    fc.assert(
      fc.property(
        fc.array(move, { minLength: 1, maxLength: 6 }),
        fc.constantFrom(...files),
        (moves, file) => {
          const bytes = file.slice();
          for (const [from, to, size] of moves) {
            const start = from % bytes.length;
            bytes.copyWithin(to % bytes.length, start, start + size);
          }
          examine(bytes);
        },
      ),
      { numRuns: examples(2000) },
    );
  });

  test('with any line section', () => {
    const bytes = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(bytes, fc.integer({ min: 2, max: 5 }), (line, version) => {
        // Most random bytes end at the length and the version.
        const view = new DataView(line.buffer, line.byteOffset, line.length);
        if (line.length >= 12) {
          view.setUint32(0, line.length - 4, true);
          view.setUint16(4, version, true);
          view.setUint32(version === 5 ? 8 : 6, line[6]! & 63, true);
        }
        examine(elfOf([text, { name: '.debug_line', bytes: line }]));
      }),
      { numRuns: examples(4000) },
    );
  });

  test('with any single bit changed', () => {
    const bytes = files[0]!.slice();
    for (let at = 0; at < bytes.length; at++)
      // One bit of each byte; with THOROUGH=1 all of them.
      for (let bit = thorough(at % 8, 0); bit < 8; bit += thorough(8, 1)) {
        bytes[at]! ^= 1 << bit;
        examine(bytes);
        bytes[at]! ^= 1 << bit;
      }
  });
});
