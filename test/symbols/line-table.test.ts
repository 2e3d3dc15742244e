import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LineTable, type SourceLine } from '../../src/symbols/line-table.ts';
import { examples } from '../thorough.ts';
import { type Choose, chooseFrom, LineWriter, type Row, type Sequence, type Unit } from './line-writer.ts';

const everywhere = () => true;

const tableOf = (writer: LineWriter, isCode: (address: bigint) => boolean = everywhere) =>
  new LineTable(
    { line: writer.line.bytes(), lineTexts: () => writer.lineTexts.bytes, texts: () => writer.texts.bytes },
    isCode,
  );

const written = (unit: Unit, choose?: Choose) => tableOf(new LineWriter().unit(unit, choose));

const row = (address: number, line: number, more: Partial<Row> = {}): Row => ({
  ...{ address: BigInt(address), file: 1, line, column: 0 },
  ...more,
});

const sequence = (rows: Row[], end: number): Sequence => ({ rows, end: BigInt(end) });

/** A unit with one file and these sequences. */
const unit = (sequences: Sequence[], more: Partial<Unit> = {}): Unit => ({
  ...{ version: 4, directories: ['src'], files: [{ path: 'main.c', directory: 1 }], sequences },
  ...more,
});

describe('the table is what was written', () => {
  // The model: what an address's line is, straight from the rows.
  function expected(units: Unit[], address: bigint): SourceLine | undefined {
    for (const { version, directories, files, defined = [], sequences } of units)
      for (const { rows, end } of sequences) {
        if (address >= end || address < rows[0]!.address) continue;
        const { file, line, column } = rows.findLast((one) => one.address <= address)!;
        const entry = version >= 5 ? files[file] : [...files, ...defined][file - 1];
        if (!entry || line === 0) return undefined;
        const { path, directory } = entry;
        const own = version >= 5 ? directories[directory] : directories[directory - 1];
        let full = own === undefined || path.startsWith('/') ? path : `${own}/${path}`;
        if (version >= 5 && directory > 0 && !full.startsWith('/')) full = `${directories[0]}/${full}`;
        return { file: full, line, ...(column > 0 && { column }) };
      }
    return undefined;
  }

  const names = fc.constantFrom('a.c', 'b.c', 'x/c.c', '/abs/d.c', 'ünïcode.S');
  const directories = fc.uniqueArray(fc.constantFrom('/work', 'src', 'include/y', '/usr/include', '..'), {
    minLength: 1,
    maxLength: 4,
  });
  /** Distances between rows, in instructions; zero is usual: several lines at one address. */
  const steps = fc.oneof(fc.constantFrom(0, 1, 2, 4), fc.nat(40), fc.nat(100_000));
  const rows = fc.array(
    fc.record({
      step: steps,
      file: fc.nat(4),
      line: fc.oneof(fc.nat(60), fc.nat(2 ** 32 - 1)),
      column: fc.nat(200),
    }),
    { minLength: 1, maxLength: 20 },
  );
  const sequences = fc.array(fc.record({ gap: fc.nat(5000), rows, tail: fc.integer({ min: 1, max: 300 }) }), {
    maxLength: 4,
  });
  const shape = fc.record({
    version: fc.integer({ min: 2, max: 5 }),
    wide: fc.boolean(),
    minInstructionBytes: fc.constantFrom(1, 2, 4),
    lineBase: fc.integer({ min: -12, max: 3 }),
    lineRange: fc.integer({ min: 1, max: 20 }),
    opcodeBase: fc.integer({ min: 6, max: 20 }),
    nameForm: fc.constantFrom('string' as const, 'line_strp' as const, 'strp' as const),
    details: fc.boolean(),
    directories,
    files: fc.array(fc.tuple(names, fc.nat(3)), { minLength: 1, maxLength: 4 }),
    defined: fc.array(fc.tuple(names, fc.nat(3)), { maxLength: 2 }),
    sequences,
  });

  /** Places the sequences one after the other, as a linker does; directories and steps become what the unit can have. */
  function placed(shapes: (typeof shape extends fc.Arbitrary<infer T> ? T : never)[], base: bigint): Unit[] {
    let address = base;
    return shapes.map((one) => {
      const { version, minInstructionBytes } = one;
      const count = one.directories.length + (version >= 5 ? 0 : 1);
      const file = ([path, directory]: [string, number]) => ({ path, directory: directory % count });
      return {
        ...one,
        files: one.files.map(file),
        defined: version >= 5 ? [] : one.defined.map(file),
        sequences: one.sequences.map(({ gap, rows: steps, tail }) => {
          address += BigInt(gap);
          const rows = steps.map(({ step, ...rest }) => {
            address += BigInt(step * minInstructionBytes);
            return { ...rest, address };
          });
          address += BigInt(tail * minInstructionBytes);
          return { rows, end: address };
        }),
      };
    });
  }

  /** A unit whose lines go to the highest one and back. */
  const HIGHEST_LINE = {
    ...{ version: 2, wide: false, minInstructionBytes: 1, lineBase: -6, lineRange: 1, opcodeBase: 6 },
    ...{ nameForm: 'string', details: false, directories: ['/work'], defined: [] },
    files: [['a.c', 0]],
    sequences: [
      { gap: 0, rows: [2 ** 32 - 6, 0].map((line) => ({ step: 0, file: 0, line, column: 0 })), tail: 1 },
    ],
  } as unknown as typeof shape extends fc.Arbitrary<infer S> ? S : never;

  test('at every row, between rows and around sequences, whatever opcodes were chosen', () => {
    const base = fc.constantFrom(0x8000_0000n, 0xffff_ffff_8000_0000n, 0n);
    const choices = fc.array(fc.nat(2 ** 20), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(fc.array(shape, { maxLength: 3 }), base, choices, (shapes, base, choices) => {
        const units = placed(shapes, base);
        const writer = new LineWriter();
        for (const one of units) writer.unit(one, chooseFrom(choices));
        const table = tableOf(writer);
        expect(table.damage).toBeUndefined();
        const addresses = units.flatMap(({ sequences }) =>
          sequences.flatMap(({ rows, end }) => [end, ...rows.map(({ address }) => address)]),
        );
        for (const address of addresses)
          for (const near of [address - 1n, address, address + 1n])
            if (near >= 0n) expect(table.at(near)).toEqual(expected(units, near));
      }),
      {
        numRuns: examples(1200),
        // To the highest line: on the way there the register may be beyond it.
        examples: [[[HIGHEST_LINE], 0x8000_0000n, [0]]],
      },
    );
  });
});

describe('rows', () => {
  test('the last of several at one address counts, and the end is outside', () => {
    const table = written(unit([sequence([row(16, 1), row(16, 2, { column: 5 }), row(20, 3)], 24)]));
    expect(table.at(15n)).toBeUndefined();
    expect(table.at(16n)).toEqual({ file: 'src/main.c', line: 2, column: 5 });
    expect(table.at(19n)).toEqual({ file: 'src/main.c', line: 2, column: 5 });
    expect(table.at(23n)).toEqual({ file: 'src/main.c', line: 3 });
    expect(table.at(24n)).toBeUndefined();
  });

  test('addresses that go back, as some compilers write them, are sorted', () => {
    const table = written(unit([sequence([row(32, 1), row(16, 2), row(24, 3)], 40)]), () => 1);
    expect([16n, 24n, 32n].map((address) => table.at(address)?.line)).toEqual([2, 3, 1]);
  });

  test('code of line 0 comes from no line, and so does that of an unknown file', () => {
    const table = written(
      unit([sequence([row(16, 0), row(20, 3, { file: 9 }), row(24, 3, { file: 0 })], 28)]),
    );
    for (const address of [16n, 20n, 24n]) expect(table.at(address)).toBeUndefined();
    expect(table.damage).toBeUndefined();
  });

  test('what the linker has discarded lies where no code is', () => {
    const writer = new LineWriter()
      .unit(unit([sequence([row(0, 7)], 64)]))
      .unit(unit([sequence([row(0x8000_0000, 8)], 0x8000_0010)]));
    const table = tableOf(writer, (address) => address >= 0x8000_0000n);
    expect(table.at(0n)).toBeUndefined();
    expect(table.at(0x8000_0004n)?.line).toBe(8);
  });

  test('a sequence inside another one is preferred', () => {
    const table = written(unit([sequence([row(0, 1)], 100), sequence([row(20, 2)], 30)]));
    expect([19n, 20n, 29n, 30n, 99n].map((address) => table.at(address)?.line)).toEqual([1, 2, 2, 1, 1]);
  });

  test('more rows than are kept decoded, in several sequences and in one', () => {
    const sizes = [30_000, 30_000, 30_000, 70_000, 10];
    const starts = sizes.map((_, index) => sizes.slice(0, index).reduce((sum, size) => sum + 4 * size, 0));
    const sequences = sizes.map((size, index) => {
      const rows = Array.from({ length: size }, (_, line) => row(starts[index]! + 4 * line, line + 1));
      return sequence(rows, starts[index]! + 4 * size);
    });
    const table = written(unit(sequences), () => 1);
    for (const index of [0, 1, 2, 0, 3, 4, 3, 2, 1, 0])
      for (const line of [1, 7, sizes[index]!])
        expect(table.at(BigInt(starts[index]! + 4 * line - 1))?.line).toBe(line);
  });
});

describe('paths', () => {
  const paths = (version: number, directories: string[], files: [string, number][]) =>
    files.map(([path, directory]) => {
      const table = written({
        ...{ version, directories, files: [{ path, directory }] },
        sequences: [sequence([row(0, 1, { file: version >= 5 ? 0 : 1 })], 4)],
      });
      return table.at(0n)?.file;
    });

  test('up to version 4 they are relative to a directory that is not in the table', () => {
    expect(
      paths(
        3,
        ['inc', '/usr/include/'],
        [
          ['a.c', 0],
          ['a.h', 1],
          ['b.h', 2],
          ['/c.h', 1],
          ['d.h', 7],
        ],
      ),
    ).toEqual(['a.c', 'inc/a.h', '/usr/include/b.h', '/c.h', 'd.h']);
  });

  test('in version 5 directory 0 is that of the compilation', () => {
    expect(
      paths(
        5,
        ['/work', 'inc', '/usr/include'],
        [
          ['a.c', 0],
          ['a.h', 1],
          ['b.h', 2],
          ['/c.h', 1],
          ['d.h', 7],
        ],
      ),
    ).toEqual(['/work/a.c', '/work/inc/a.h', '/usr/include/b.h', '/c.h', '/work/d.h']);
    expect(
      paths(
        5,
        ['C:\\work'],
        [
          ['a.c', 0],
          ['C:/b.c', 0],
        ],
      ),
    ).toEqual(['C:\\work/a.c', 'C:/b.c']);
  });
});

describe('damage', () => {
  const good = unit([sequence([row(0x100, 11), row(0x104, 12)], 0x110)]);
  const later = unit([sequence([row(0x200, 21)], 0x210)]);

  /** A good unit, one whose bytes are changed, and another good one. */
  function around(change: (bytes: Uint8Array) => void, damaged: Unit = good) {
    const middle = new LineWriter().unit(damaged);
    const bytes = middle.line.bytes();
    change(bytes);
    const writer = new LineWriter().unit({ ...good, sequences: [sequence([row(0x10, 1)], 0x20)] });
    writer.line.raw(bytes);
    writer.unit(later);
    return new LineTable(
      { line: writer.line.bytes(), lineTexts: () => middle.lineTexts.bytes, texts: () => undefined },
      everywhere,
    );
  }

  // Offsets in a unit of version 4: version 4, header length 6, instruction 10, operations 11, statement 12, line base
  // 13, line range 14, opcode base 15.
  test.each<[string, (bytes: Uint8Array) => void, RegExp]>([
    ['another version', (bytes) => bytes.set([6], 4), /version 6/],
    ['version 1', (bytes) => bytes.set([1], 4), /version 1/],
    ['a long header', (bytes) => bytes.set([0xff], 7), /longer than the unit/],
    ['a short header', (bytes) => bytes.set([20], 6), /longer than the header/],
    ['VLIW', (bytes) => bytes.set([2], 11), /2 operations/],
    ['no operation', (bytes) => bytes.set([0], 11), /0 operations/],
    ['a line range of 0', (bytes) => bytes.set([0], 14), /line range/],
    ['an opcode base of 0', (bytes) => bytes.set([0], 15), /opcode base/],
    ['no end of the sequence', (bytes) => bytes.set([1, 1, 1], bytes.length - 3), /bytes wanted/],
    ['an opcode of no bytes', (bytes) => bytes.set([0, 0], bytes.length - 3), /opcode of 0 bytes/],
    ['an opcode past the end', (bytes) => bytes.set([0, 9], bytes.length - 3), /opcode of 9 bytes/],
    ['a line below 0', (bytes) => bytes.set([3, 0x40, 1], bytes.length - 3), /line -\d+/],
  ])('%s: only that unit is left out', (_, change, message) => {
    const table = around(change);
    expect(table.damage?.units).toBe(1);
    expect(table.damage?.message).toMatch(message);
    expect(table.at(0x14n)?.line).toBe(1);
    expect(table.at(0x204n)?.line).toBe(21);
  });

  test('the length of a unit that is wrong: those before it are used', () => {
    for (const length of [0xffff_fff0, 0xffff_ffff, 0x7fff_ffff]) {
      const table = around((bytes) => new DataView(bytes.buffer).setUint32(0, length, true));
      expect(table.damage).toMatchObject({ units: 1 });
      expect(table.at(0x14n)?.line).toBe(1);
      expect(table.at(0x204n)).toBeUndefined();
    }
  });

  test('a unit that is longer than the section is not read, even if its program is complete', () => {
    const writer = new LineWriter().unit(good);
    const line = writer.line.bytes();
    new DataView(line.buffer).setUint32(0, line.length - 3, true);
    const table = new LineTable({ line, lineTexts: () => undefined, texts: () => undefined }, everywhere);
    expect(table.damage?.message).toMatch(/^a unit of \d+ bytes, where \d+ are left$/);
    expect(table.at(0x100n)).toBeUndefined();
  });

  test('sequences before the damage are used, and it is said where it is', () => {
    const program = Uint8Array.from([
      ...[0, 9, 2, 0, 1, 0, 0, 0, 0, 0, 0, 3, 4, 1, 2, 8, 0, 1, 1],
      ...[0, 10, 2, 0, 1, 0, 0, 0, 0, 0, 0, 0],
    ]);
    const writer = new LineWriter().unit(good, () => 0, program);
    const table = tableOf(writer);
    expect(table.at(0x100n)?.line).toBe(5);
    expect(table.damage).toEqual({
      units: 1,
      offset: writer.line.length - 9,
      message: 'an address of 9 bytes',
    });
  });

  const five = (form: 'string' | 'line_strp' | 'strp', more: Partial<Unit> = {}): Unit => ({
    ...{ version: 5, directories: ['/w'], files: [{ path: 'a.c', directory: 0 }], nameForm: form },
    ...{ sequences: [sequence([row(0x100, 1, { file: 0 })], 0x110)], ...more },
  });

  test('texts in a section that is missing, or after its end', () => {
    expect(around(() => {}, five('strp')).damage?.message).toBe('a text at 1 of the 0 bytes of .debug_str');
    const table = around((bytes) => bytes.set([200], bytes.indexOf(0x1f) + 2), five('line_strp'));
    expect(table.damage?.message).toMatch(/a text at 200 of the \d+ bytes of .debug_line_str/);
  });

  test('names whose text is cut off are read up to the end', () => {
    const writer = new LineWriter().unit(five('line_strp'));
    const texts = writer.lineTexts.bytes;
    const parts = { line: writer.line.bytes(), texts: () => undefined };
    const table = new LineTable(
      { ...parts, lineTexts: () => texts.subarray(0, texts.length - 2) },
      everywhere,
    );
    expect(table.at(0x100n)?.file).toBe('/w/a.');
  });

  // After the description of a directory (count, content, form): how many directories.
  const at = 4 + 2 + 2 + 4 + 6 + 12;
  test.each<[string, number[], RegExp]>([
    [
      'more entries than there can be',
      [1, 1, 8, 0xff, 0xff, 0xff, 0xff, 0x7f],
      /without its end|bytes wanted/,
    ],
    ['entries without fields', [0, 0xff, 0xff, 0xff, 0xff, 0x7f], /files without names/],
    ['entries without names', [1, 2, 11, 1], /files without names/],
    ['a name that is a number', [1, 1, 11, 1], /a file without a name/],
    ['an unknown form', [1, 1, 0x21, 1], /form 33/],
    ['a count above 2^53', [1, 1, 8, ...Array(9).fill(0xff), 1], /above 2\^53/],
  ])('%s', (_, change, message) => {
    const table = around(
      (bytes) => bytes.set(change, at),
      five('string', { directories: ['/a/long/directory'] }),
    );
    expect(table.damage?.message).toMatch(message);
    expect(table.at(0x204n)?.line).toBe(21);
  });

  test('after a thousand damaged units the rest is not read', () => {
    const line = new Uint8Array(400_000);
    const table = new LineTable({ line, lineTexts: () => undefined, texts: () => undefined }, everywhere);
    expect(table.damage).toEqual({ units: 1000, offset: 4, message: '2 bytes wanted, 0 left' });
  });

  test('very many files that a program defines', () => {
    const define = [0, 6, 3, 0x61, 0, 0, 0, 0];
    const rows = [0, 9, 2, 0, 1, 0, 0, 0, 0, 0, 0, 1, 2, 8, 0, 1, 1];
    const program = new Uint8Array(define.length * 200_000 + rows.length);
    for (let index = 0; index < 200_000; index++) program.set(define, index * define.length);
    program.set(rows, define.length * 200_000);
    const table = tableOf(new LineWriter().unit(good, () => 0, program));
    expect(table.damage).toBeUndefined();
    expect(table.at(0x100n)?.line).toBe(1);
  });
});
