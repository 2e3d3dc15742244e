/** Tables as scripts/kallsyms.c of Linux writes them are found in memory, whatever is around them. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { kallsyms } from '../../src/symbols/kallsyms.ts';
import { symbolFile } from '../../src/symbols/symbol-file.ts';
import { readSymbols } from '../../src/symbols/symbols.ts';
import { type NmSymbol, programSymbol, systemMap } from '../../src/symbols/system-map.ts';
import { examples } from '../thorough.ts';
import { kallsymsTable, type Layout } from './kallsyms-writer.ts';

const LINKED_AT = 0xffff_ffff_8000_0000n;

const char = fc.constantFrom(...'abcdefghijklmnopqrstuvwxyzABCXYZ0123456789_.$');
const name = fc
  .oneof(
    { weight: 30, arbitrary: fc.array(char, { minLength: 1, maxLength: 20 }) },
    // Lengths of one and of two bytes.
    { weight: 1, arbitrary: fc.array(char, { minLength: 120, maxLength: 300 }) },
  )
  .map((chars) => chars.join(''));
const symbol = fc.record({
  distance: fc.oneof(fc.constant(0), fc.nat(100), fc.nat(1 << 20)),
  type: fc.constantFrom(...'TtDdBbRrWwVA'),
  name,
});

/** A kernel's symbols: more than one marker's names in some. */
const kernel = fc
  .record({
    start: fc.oneof(
      fc.constant(LINKED_AT),
      fc.nat(1 << 16).map((pages) => LINKED_AT + BigInt(pages) * 4096n),
    ),
    // With a few, other memory would do for their addresses, too.
    some: fc.array(symbol, { minLength: 40, maxLength: 50 }),
    copies: fc.constantFrom(1, 1, 1, 8),
  })
  .map(({ start, some, copies }): NmSymbol[] => {
    let address = start;
    return Array.from({ length: copies }, () => some)
      .flat()
      .map(({ distance, type, name: text }, index) => {
        // Not all are at one address.
        address += BigInt(distance + (index % 16 === 1 ? 1 : 0));
        return { address, type, name: index < some.length ? text : `${text}.${index}` };
      });
  });
const layout: fc.Arbitrary<Layout> = fc.record({
  addresses: fc.constantFrom('last' as const, 'first' as const),
  isRelative: fc.boolean(),
  sequenceBytes: fc.constantFrom(0 as const, 3 as const, 4 as const),
  parts: fc.array(
    fc.array(char, { minLength: 2, maxLength: 6 }).map((chars) => chars.join('')),
    { minLength: 0, maxLength: 256 },
  ),
});
/** Other memory, of a multiple of 8 bytes. */
const other = fc
  .array(
    fc.oneof(
      fc.constant(0n),
      fc.constant(0xffff_ffff_ffff_ffffn),
      fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    ),
    {
      maxLength: 200,
    },
  )
  .map((words) => new Uint8Array(BigUint64Array.from(words).buffer));

const memoryOf = (...parts: readonly Uint8Array[]): Uint8Array => {
  const memory = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    memory.set(part, at);
    at += part.length;
  }
  return memory;
};

test('the symbols are those that were written, in every layout', () => {
  fc.assert(
    fc.property(kernel, layout, other, other, (symbols, how, before, after) => {
      const memory = memoryOf(before, kallsymsTable(symbols, how), after);
      expect(kallsyms(memory)).toEqual(symbols);
    }),
    { numRuns: examples(60) },
  );
});

test('the first of two tables counts, and one that is cut is none', () => {
  fc.assert(
    fc.property(kernel, kernel, layout, fc.nat(), (one, two, how, cut) => {
      const [first, second] = [kallsymsTable(one, how), kallsymsTable(two, how)];
      expect(kallsyms(memoryOf(first, new Uint8Array(4096), second))).toEqual(one);
      const end = (cut % Math.floor(first.length / 8)) * 8;
      const found = kallsyms(first.subarray(0, end));
      // What follows the addresses, or the base before the last bytes, may be missing.
      if (found) expect(found.map(({ name: text }) => text)).toEqual(one.map(({ name: text }) => text));
    }),
    { numRuns: examples(50) },
  );
});

test('damaged memory is read without an error', () => {
  fc.assert(
    fc.property(
      kernel,
      layout,
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 20 }),
      (symbols, how, damage) => {
        const memory = kallsymsTable(symbols, how);
        for (const [at, value] of damage) memory[at % memory.length] = value;
        kallsyms(memory);
      },
    ),
    { numRuns: examples(60) },
  );
});

test.each([
  ['empty', new Uint8Array(0)],
  ['zeros', new Uint8Array(4096)],
  ['numbers that ascend', new Uint8Array(Uint16Array.from({ length: 2048 }, (_, index) => index).buffer)],
])('memory that is %s has none', (_, memory) => {
  expect(kallsyms(memory)).toBeUndefined();
});

describe('files of symbols', () => {
  test('an ELF file and a System.map have the names, addresses, kinds and bindings', () => {
    fc.assert(
      fc.property(kernel, (symbols) => {
        // Of equal names one counts, and $ begins a mapping symbol.
        const named = [...new Map(symbols.map((one) => [one.name, one])).values()]
          .filter(({ name: text }) => !text.startsWith('$') && !text.startsWith('.L'))
          .sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
        if (named.length === 0) return;
        const elf = readSymbols(symbolFile(named.map(programSymbol)), 'kernel.elf');
        const map = readSymbols(new TextEncoder().encode(systemMap(named)), 'System.map');
        expect(elf.table.size).toBe(named.length);
        for (const one of named) {
          const { kind, binding, address } = elf.table.named(one.name)!;
          const expected = programSymbol(one);
          expect({ kind, binding, address }).toEqual({
            kind: expected.kind,
            binding: expected.binding,
            address: one.address,
          });
          expect(map.table.named(one.name)).toEqual(expected);
          // The same names for the same addresses: those of the file's last symbol end with its first byte.
          expect(elf.describe(one.address + 1n)).toEqual(map.describe(one.address + 1n));
        }
      }),
      { numRuns: examples(60) },
    );
  });
});
