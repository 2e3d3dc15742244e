import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { joined } from '../../src/base/bytes.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { type Place, placeText, readSymbols } from '../../src/symbols/symbols.ts';
import {
  CODE,
  compressed,
  DATA,
  elfOf,
  type Section,
  type SymbolSpec,
  symbolSections,
} from './elf-writer.ts';
import { LineWriter, type NameForm } from './line-writer.ts';

const text: Section = { name: '.text', ...CODE, address: 0x8000_0000n, bytes: new Uint8Array(64) };
const data: Section = { name: '.data', ...DATA, address: 0x8000_1000n, bytes: new Uint8Array(16) };
const bss: Section = { name: '.bss', type: 8, flags: 3, address: 0x8000_1010n, size: 32 };
const comment: Section = { name: '.comment', bytes: new Uint8Array(8) };
const parts = [text, data, bss, comment];

const FUNCTION = 2;
const OBJECT = 1;
const symbols: SymbolSpec[] = [
  { name: 'main', value: 0x8000_0010n, size: 16, type: FUNCTION, section: '.text' },
  { name: '_start', value: 0x8000_0000n, section: '.text' },
  { name: 'static_one', value: 0x8000_0020n, size: 8, type: FUNCTION, binding: 0, section: '.text' },
  { name: 'choose', value: 0x8000_0028n, size: 8, type: 10, section: '.text' },
  { name: 'table', value: 0x8000_1000n, size: 8, type: OBJECT, section: '.data' },
  { name: 'buffer', value: 0x8000_1010n, type: OBJECT, section: '.bss' },
  { name: 'stack_size', value: 0x400n, section: 0xfff1 },
  { name: 'elsewhere', value: 0n, type: FUNCTION, section: 0 },
  { name: 'main.c', value: 0n, type: 4, section: 0xfff1 },
  { name: 'section', value: 0x8000_0000n, type: 3, section: '.text' },
  { name: 'thread_local', value: 0x8000_1008n, size: 8, type: 6, section: '.data' },
  { name: 'note', value: 0n, section: '.comment' },
  { name: 'common', value: 8n, size: 8, type: OBJECT, section: 0xfff2 },
  { name: 'missing', value: 0x8000_0030n, size: 8, section: 77 },
  { name: 'far', value: 0x9000_0000n, size: 8, type: FUNCTION, section: 0xffff },
];

function lineSections(nameForm: NameForm = 'line_strp'): Section[] {
  const writer = new LineWriter().unit({
    ...{ version: 5, nameForm, directories: ['/work', 'src'], files: [{ path: 'main.c', directory: 1 }] },
    sequences: [
      {
        rows: [
          { address: 0x8000_0010n, file: 0, line: 34, column: 7 },
          { address: 0x8000_0018n, file: 0, line: 35, column: 0 },
        ],
        end: 0x8000_0020n,
      },
    ],
  });
  return [
    { name: '.debug_line', bytes: writer.line.bytes() },
    { name: '.debug_line_str', bytes: writer.lineTexts.bytes },
    { name: '.debug_str', bytes: writer.texts.bytes },
  ];
}

const read = (sections: Section[], distance?: bigint) => readSymbols(elfOf(sections), 'x.elf', distance);
const whole = () => read([...parts, ...symbolSections(symbols, parts), ...lineSections()]);

describe('describe', () => {
  const inMain: Place = {
    ...{ address: 0x8000_0012n, symbol: 'main', offset: 2, file: '/work/src/main.c', line: 34, column: 7 },
  };

  test('joins symbol and line', () => {
    const both = whole();
    expect(both.warnings).toEqual([]);
    expect(both.describe(0x8000_0012n)).toEqual(inMain);
    expect(placeText(both.describe(0x8000_0012n))).toBe('main+0x2 (main.c:34)');
    expect(placeText(both.describe(0x8000_0018n))).toBe('main+0x8 (main.c:35)');
  });

  test('has what there is: only a symbol, only a line, nothing', () => {
    const withSymbols = read([...parts, ...symbolSections(symbols, parts)]);
    expect(withSymbols.lines).toBeUndefined();
    expect(withSymbols.warnings).toEqual([]);
    expect(withSymbols.describe(0x8000_0012n)).toEqual({ address: 0x8000_0012n, symbol: 'main', offset: 2 });
    const withLines = read([...parts, ...lineSections()]);
    expect(withLines.warnings).toEqual([
      "'x.elf' has no symbols; give the file as it was before it was stripped.",
    ]);
    expect(withLines.describe(0x8000_0012n)).toEqual({
      ...{ address: 0x8000_0012n, file: '/work/src/main.c', line: 34, column: 7 },
    });
    expect(whole().describe(0x1234n)).toEqual({ address: 0x1234n });
    expect(whole().describe(-1n)).toEqual({ address: 2n ** 64n - 1n });
  });

  test('of a program that is moved when it is loaded', () => {
    const moved = read([...parts, ...symbolSections(symbols, parts), ...lineSections()], -0x7000_0000n);
    expect(moved.describe(0x1000_0012n)).toEqual({ ...inMain, address: 0x1000_0012n });
    expect(moved.addressOf('main+2')).toBe(0x1000_0012n);
    expect(moved.addressOf('nothing')).toBeUndefined();
  });
});

test.each<[Place, string]>([
  [
    { address: 16n, symbol: 'main', offset: 0x12, file: 'src/main.c', line: 34, column: 3 },
    'main+0x12 (main.c:34)',
  ],
  [{ address: 16n, symbol: 'main', offset: 0, file: 'C:\\src\\main.c', line: 34 }, 'main (main.c:34)'],
  [{ address: 16n, symbol: 'main', offset: 0x12 }, 'main+0x12'],
  [{ address: 16n, symbol: 'main', offset: 0 }, 'main'],
  [{ address: 16n, file: 'main.c', line: 1 }, '0x10 (main.c:1)'],
  [{ address: 0xffff_ffff_8000_0000n }, '0xffffffff80000000'],
])('a place as text: %o', (place, expected) => {
  expect(placeText(place)).toBe(expected);
});

describe('symbols of an ELF file', () => {
  const at = (address: bigint, of = whole()) => of.describe(address).symbol;

  test('functions, objects and labels, to the ends of their sections', () => {
    expect(at(0x8000_0000n)).toBe('_start');
    expect(at(0x8000_000fn)).toBe('_start');
    expect(at(0x8000_0020n)).toBe('static_one');
    expect(at(0x8000_0028n)).toBe('choose');
    expect(at(0x8000_0030n)).toBeUndefined();
    expect(at(0x8000_1007n)).toBe('table');
    expect(at(0x8000_1008n)).toBeUndefined();
    expect(at(0x8000_102fn)).toBe('buffer');
    expect(at(0x8000_1030n)).toBeUndefined();
    expect(at(0x9000_0004n)).toBe('far');
    const { table } = whole();
    expect(table.named('static_one')).toEqual({
      ...{ name: 'static_one', address: 0x8000_0020n, sizeBytes: 8, kind: 'function', binding: 'local' },
      limit: 0x8000_0040n,
    });
    expect(table.named('table')).toMatchObject({ kind: 'object', binding: 'global' });
  });

  test('absolute values by name only; nothing of what is no place in memory', () => {
    const { table } = whole();
    expect(table.addressOf('stack_size')).toBe(0x400n);
    expect(at(0x400n)).toBeUndefined();
    expect(at(0n)).toBeUndefined();
    for (const name of ['elsewhere', 'main.c', 'section', 'thread_local', 'note', 'common', 'missing'])
      expect(table.named(name)).toBeUndefined();
    expect(table.size).toBe(8);
  });

  test('of .dynsym in a file that has no .symtab', () => {
    const dynamic = symbolSections([{ ...symbols[0]!, name: 'dynamic_main' }], parts, true);
    expect(at(0x8000_0010n, read([...parts, ...dynamic]))).toBe('dynamic_main');
    expect(at(0x8000_0010n, read([...parts, ...dynamic, ...symbolSections(symbols, parts)]))).toBe('main');
  });

  test('of a file with more sections than its header can count', () => {
    const bytes = elfOf([...parts, ...symbolSections(symbols, parts)]);
    const view = new DataView(bytes.buffer);
    const zeroth = Number(view.getBigUint64(40, true));
    view.setBigUint64(zeroth + 32, BigInt(view.getUint16(60, true)), true);
    view.setUint32(zeroth + 40, view.getUint16(62, true), true);
    view.setUint16(60, 0, true);
    view.setUint16(62, 0xffff, true);
    const extended = readSymbols(bytes, 'x.elf');
    expect(at(0x8000_0010n, extended)).toBe('main');
    expect(extended.warnings).toEqual([]);
  });

  test('of a file of the GNU linker', () => {
    const golden = new URL('../goldens/asm/expressions.elf.txt', import.meta.url);
    const { table } = readSymbols(
      Uint8Array.from(Buffer.from(readFileSync(golden, 'utf8'), 'base64')),
      'gnu.elf',
    );
    const start = table.named('start')!;
    expect(table.at(start.address)).toEqual({ symbol: start, offset: 0 });
  });
});

describe('sections', () => {
  test.each<NameForm>(['string', 'line_strp', 'strp'])('compressed, with names as %s', (form) => {
    const all = read([
      ...parts,
      ...symbolSections(symbols, parts),
      ...lineSections(form).map((one) => compressed(one)),
    ]);
    expect(all.warnings).toEqual([]);
    expect(placeText(all.describe(0x8000_0018n))).toBe('main+0x8 (main.c:35)');
  });

  test.each<[string, (bytes: Uint8Array, view: DataView) => void, RegExp]>([
    [
      'with zstd',
      (_, view) => view.setUint32(0, 2, true),
      /compressed with zstd; use zlib, with -gz=zlib\.$/,
    ],
    ['by another method', (_, view) => view.setUint32(0, 7, true), /compressed by method 7; use zlib/],
    [
      'to a size above all limits',
      (_, view) => view.setBigUint64(8, 2n ** 40n, true),
      /a size of 1099511627776 bytes/,
    ],
    [
      'to a size that deflate can not give',
      (_, view) => view.setUint32(8, 200_000, true),
      /a size of 200000 bytes/,
    ],
    [
      'with more than the size',
      (_, view) => view.setUint32(8, 10, true),
      /has damaged data in \.debug_line;/,
    ],
    ['with less than the size', (_, view) => view.setUint32(8, 500, true), /has damaged data/],
    ['with a wrong header', (bytes) => bytes.set([0, 0], 24), /has damaged data/],
    [
      'with a wrong check sum',
      (bytes) => bytes.set([bytes.at(-1)! ^ 1], bytes.length - 1),
      /has damaged data/,
    ],
    ['with damaged data', (bytes) => bytes.fill(0xff, 30, 50), /has damaged data/],
  ])('compressed %s: the symbols are there, and a warning', (_, change, message) => {
    const [line, ...others] = lineSections();
    const all = read([...parts, ...symbolSections(symbols, parts), compressed(line!, change), ...others]);
    expect(all.lines).toBeUndefined();
    expect(all.warnings).toEqual([expect.stringMatching(/^'x\.elf' has .*\.debug_line/)]);
    expect(all.warnings[0]).toMatch(message);
    expect(placeText(all.describe(0x8000_0012n))).toBe('main+0x2');
  });

  test('compressed, but too short to be', () => {
    const line = { name: '.debug_line', flags: 0x800, bytes: new Uint8Array(27) };
    expect(read([...parts, line]).warnings.at(-1)).toMatch(/has no compressed data in \.debug_line/);
  });

  test('compressed to more than any debug section has: no memory is taken for it', () => {
    const line = compressed({ name: '.debug_line', bytes: new Uint8Array(8) });
    const bytes = new Uint8Array(300_000);
    bytes.set(line.bytes!);
    new DataView(bytes.buffer).setBigUint64(8, 2n ** 28n + 1n, true);
    expect(read([...parts, { ...line, bytes }]).warnings.at(-1)).toMatch(/a size of 268435457 bytes/);
  });

  test('names in a damaged section: both are said, each once', () => {
    const [unit, lineTexts] = lineSections();
    const line = { ...unit!, bytes: joined([unit!.bytes!, unit!.bytes!]) };
    const cut = compressed(lineTexts!, (bytes) => bytes.fill(0xff, 30));
    const all = read([...parts, ...symbolSections(symbols, parts), line, cut]);
    expect(all.warnings).toEqual([
      "'x.elf' has damaged data in .debug_line_str; make it again.",
      expect.stringMatching(
        /^'x\.elf' has line information that can't be read, in 2 units of \.debug_line, first at 0x[0-9a-f]+: a text at 1 of the 0 bytes of \.debug_line_str; compile it again, with -g\.$/,
      ),
    ]);
    expect(placeText(all.describe(0x8000_0012n))).toBe('main+0x2');
  });

  test('that take no room in the file, as in one without debug information', () => {
    const line = { name: '.debug_line', type: 8, size: 10_000 };
    const all = read([...parts, ...symbolSections(symbols, parts), line]);
    expect(all.warnings).toEqual([]);
    expect(all.describe(0x8000_0012n)).toEqual({ address: 0x8000_0012n, symbol: 'main', offset: 2 });
  });

  test('outside the file', () => {
    const line = { name: '.debug_line', bytes: new Uint8Array(8), size: 10_000 };
    const all = read([...parts, ...symbolSections(symbols, parts), line]);
    expect(all.warnings).toEqual([
      "'x.elf' ends inside .debug_line; it is damaged or incomplete, make it again.",
    ]);
    expect(all.describe(0x8000_0012n).symbol).toBe('main');
  });

  test('lines of discarded functions, at address 0, are not lines of the program', () => {
    const writer = new LineWriter();
    for (const address of [0n, 0x8000_1000n, 0x8000_0000n])
      writer.unit({
        ...{ version: 4, directories: [], files: [{ path: 'a.c', directory: 0 }] },
        sequences: [{ rows: [{ address, file: 1, line: 5, column: 0 }], end: address + 8n }],
      });
    const all = read([...parts, { name: '.debug_line', bytes: writer.line.bytes() }]);
    expect([0n, 0x8000_1000n, 0x8000_0000n].map((address) => all.describe(address).line)).toEqual([
      ...[undefined, undefined, 5],
    ]);
  });
});

describe('is refused', () => {
  const good = () => elfOf([...parts, ...symbolSections(symbols, parts)]);
  test.each<[string, (bytes: Uint8Array, view: DataView) => unknown, RegExp]>([
    ['a cut header', (bytes) => bytes.subarray(0, 40), /ends inside its header/],
    ['32 bits', (bytes) => bytes.set([1], 4), /is not a 64-bit ELF file/],
    ['another machine', (_, view) => view.setUint16(18, 62, true), /is for x86-64/],
    [
      'an object',
      (_, view) => view.setUint16(16, 1, true),
      /^'x\.elf' is a relocatable object, .*; give the linked/,
    ],
    [
      'cut section headers',
      (bytes) => bytes.subarray(0, bytes.length - 1),
      /ends inside its section headers/,
    ],
    ['small section headers', (_, view) => view.setUint16(58, 8, true), /entries of 8 bytes/],
    [
      'names of sections after the end',
      (_, view) => nameSection(view).setUint32(24, 1 << 30, true),
      /section headers/,
    ],
    [
      'a symbol table after the end',
      (_, view) => symtab(view).setUint32(24, 1 << 30, true),
      /inside its symbol table/,
    ],
    [
      'symbols without names',
      (_, view) => symtab(view).setUint32(40, 99, true),
      /a symbol table without names/,
    ],
  ])('%s', (_, damage, message) => {
    const bytes = good();
    const given = damage(bytes, new DataView(bytes.buffer));
    const damaged = given instanceof Uint8Array ? given : bytes;
    expect(() => readSymbols(damaged, 'x.elf')).toThrow(OperatingError);
    expect(() => readSymbols(damaged, 'x.elf')).toThrow(message);
  });

  const header = (view: DataView, index: number) =>
    new DataView(view.buffer, Number(view.getBigUint64(40, true)) + 64 * index, 64);
  const symtab = (view: DataView) => header(view, parts.length + 1);
  const nameSection = (view: DataView) => header(view, view.getUint16(62, true));
});
