import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { isElf } from '../../src/base/elf.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { loadElf, loadRaw } from '../../src/vmm/image.ts';
import { examples } from '../thorough.ts';
import { elf, type Segment } from './elf.ts';

const ram = { base: 0x8000_0000, sizeBytes: 0x10_0000 };

const text: Segment = { address: 0x8000_0000n, bytes: [0x13, 0, 0, 0, 0x67, 0x80, 0, 0] };
const data: Segment = { address: 0x8000_1000n, bytes: [1, 2, 3], memorySize: 100n };
const symbols = [
  { name: 'main', value: 0x8000_0004n },
  { name: '_start', value: 0x8000_0000n },
  { name: 'tohost', value: 0x8000_1000n, info: 1 },
  { name: 'undefined', value: 0n, section: 0 },
  { name: 'file.c', value: 0n, info: 4 },
  { name: '$xrv64', value: 0x8000_0000n, info: 0 },
];

const good = () => elf([text, data, { address: 0n, bytes: [9], type: 4 }], symbols);

/** An entry of the dynamic section. */
const dynamic = (words: [bigint, bigint]): number[] => [...new Uint8Array(BigUint64Array.from(words).buffer)];

/** The content of RAM at boot. */
function memoryOf(segments: { address: number; bytes: Uint8Array }[]): Uint8Array {
  const memory = new Uint8Array(4096);
  for (const { address, bytes } of segments) memory.set(bytes, address - ram.base);
  return memory;
}

describe('loadElf', () => {
  test('returns segments, entry and symbols', () => {
    const { bytes } = good();
    expect(isElf(bytes)).toBe(true);
    expect(loadElf(bytes, 'good.elf', ram)).toEqual({
      entry: 0x8000_0000,
      segments: [
        { address: 0x8000_0000, bytes: Uint8Array.from(text.bytes!), memorySizeBytes: 8 },
        { address: 0x8000_1000, bytes: Uint8Array.from(data.bytes!), memorySizeBytes: 100 },
      ],
      tohost: 0x8000_1000,
      symbols: [
        { name: '_start', address: 0x8000_0000, sizeBytes: 4 },
        { name: 'main', address: 0x8000_0004, sizeBytes: 4 },
        { name: 'tohost', address: 0x8000_1000, sizeBytes: 4 },
      ],
    });
  });

  test("reads a file of the GNU linker like the assembler's image of the same source", () => {
    const golden = (name: string) => readFileSync(new URL(`../goldens/asm/${name}`, import.meta.url), 'utf8');
    const image = loadElf(
      Uint8Array.from(Buffer.from(golden('expressions.elf.txt'), 'base64')),
      'gnu.elf',
      ram,
    );
    const assembled = assemble(golden('expressions.s'), { file: 'expressions.s' });
    expect(memoryOf(image.segments)).toEqual(memoryOf(assembled.segments));
    expect(image.entry).toBe(assembled.entry);
    for (const { name, address } of image.symbols) expect(assembled.symbols.get(name)).toBe(BigInt(address));
    expect(image.symbols.map(({ name }) => name)).toContain('start');
  });

  test('moves a kernel that is linked elsewhere, and finds its entry by the virtual address', () => {
    // As Linux is linked: physical addresses from zero, virtual ones at the top.
    const virtual = 0xffff_ffff_8000_0000n;
    const { bytes, view } = elf([
      { address: 0n, bytes: [1, 2, 3, 4] },
      { address: 0x1000n, bytes: [5], memorySize: 16n },
    ]);
    view.setBigUint64(24, virtual + 2n, true);
    view.setBigUint64(64 + 16, virtual, true);
    view.setBigUint64(64 + 56 + 16, virtual + 0x1000n, true);
    const at = ram.base + 0x2000;
    expect(loadElf(bytes, 'vmlinux', ram, at)).toMatchObject({
      entry: at + 2,
      segments: [{ address: at }, { address: at + 0x1000, memorySizeBytes: 16 }],
    });
    expect(() => loadElf(bytes, 'vmlinux', ram)).toThrow(/link it to an address in RAM/);
  });

  test('leaves a kernel where it is linked, if that is in RAM', () => {
    const { bytes, view } = good();
    expect(loadElf(bytes, 'kernel', ram, ram.base + 0x4000)).toEqual(loadElf(bytes, 'kernel', ram));
    view.setUint16(16, 3, true);
    expect(loadElf(bytes, 'firmware', ram, ram.base).entry).toBe(0x8000_0000);
    expect(loadElf(bytes, 'program', ram).entry).toBe(0x8000_0000);
  });

  test('moves a position-independent program that is linked below RAM to the start of RAM', () => {
    const { bytes, view } = elf([
      { address: 0n, bytes: [1, 2, 3, 4] },
      { address: 0x1000n, bytes: [5], memorySize: 16n },
      { address: 0x1000n, bytes: [...dynamic([5n, 0x100n]), ...dynamic([0n, 0n])], type: 2 },
    ]);
    view.setUint16(16, 3, true);
    view.setBigUint64(24, 0n, true);
    expect(loadElf(bytes, 'fw_payload.elf', ram)).toMatchObject({
      entry: ram.base,
      segments: [{ address: ram.base }, { address: ram.base + 0x1000, memorySizeBytes: 16 }],
    });
  });

  test.each<[string, Segment, RegExp]>([
    [
      'one that needs a loader',
      { address: 0n, bytes: [47], type: 3 },
      /^'x' is dynamically linked, .* -static\.$/,
    ],
    [
      'one that needs libraries',
      { address: 0n, bytes: [...dynamic([5n, 0n]), ...dynamic([1n, 7n])], type: 2 },
      /^'x' needs shared libraries, .* -static\.$/,
    ],
    [
      'a library',
      { address: 0n, bytes: dynamic([14n, 7n]), type: 2 },
      /^'x' is a shared library; give a program\.$/,
    ],
  ])('refuses %s, position-independent or not', (_, segment, message) => {
    for (const type of [2, 3]) {
      const { bytes, view } = elf([text, segment]);
      view.setUint16(16, type, true);
      expect(() => loadElf(bytes, 'x', ram)).toThrow(message);
    }
  });

  test('reads a file inside other bytes, and one without sections', () => {
    const { bytes, view } = good();
    view.setBigUint64(40, 0n, true);
    const around = new Uint8Array(bytes.length + 20);
    around.set(bytes, 7);
    const image = loadElf(around.subarray(7, 7 + bytes.length), 'inside.elf', ram);
    expect(image.symbols).toEqual([]);
    expect(image.tohost).toBeUndefined();
    expect(image.segments[1]!.bytes).toEqual(Uint8Array.from([1, 2, 3]));
  });

  test('omits headers that the linker put below RAM, and nothing else', () => {
    const program = Array.from({ length: 256 }, (_, index) => (index < 136 ? 0 : index));
    const { bytes, view } = elf([{ address: BigInt(ram.base), bytes: program }]);
    // The segment now has the file from its start; the program's first 136 bytes are the gap after the headers.
    view.setBigUint64(64 + 8, 0n, true);
    view.setBigUint64(64 + 24, BigInt(ram.base - 256), true);
    view.setBigUint64(64 + 32, 376n, true);
    view.setBigUint64(64 + 40, 400n, true);
    expect(loadElf(bytes, 'x.elf', ram).segments).toEqual([
      { address: ram.base, bytes: Uint8Array.from(program.slice(136)), memorySizeBytes: 144 },
    ]);
    // Such a file stays where it is linked, while one that is linked below RAM is moved.
    expect(loadElf(bytes, 'x.elf', ram, ram.base + 0x4000)).toEqual(loadElf(bytes, 'x.elf', ram));
    bytes[255] = 1;
    expect(() => loadElf(bytes, 'x.elf', ram)).toThrow(/needs memory from 0x7fffff00 to 0x80000090/);
  });

  test('reads a segment that is all zeros and ends where RAM ends', () => {
    const { bytes } = elf([text, { address: 0x800f_0000n, memorySize: 0x1_0000n }]);
    expect(loadElf(bytes, 'x', ram).segments[1]).toEqual({
      address: 0x800f_0000,
      bytes: new Uint8Array(),
      memorySizeBytes: 0x1_0000,
    });
  });

  /** Each case damages a good file in place, or returns another. */
  const refused: [what: string, damage: (of: ReturnType<typeof good>) => unknown, message: RegExp][] = [
    [
      'text',
      () => new TextEncoder().encode('hello world, this is text'),
      /^'x\.elf' is not an ELF executable; compile/,
    ],
    ['nothing', () => new Uint8Array(), /is not an ELF executable/],
    ['a cut magic', ({ bytes }) => bytes.subarray(0, 3), /is not an ELF executable/],
    ['a cut identification', ({ bytes }) => bytes.subarray(0, 19), /ends inside its header/],
    ['a cut header', ({ bytes }) => bytes.subarray(0, 63), /ends inside its header/],
    ['cut program headers', ({ bytes }) => bytes.subarray(0, 100), /ends inside its program headers/],
    [
      'a cut segment',
      ({ bytes }) => bytes.subarray(0, 64 + 3 * 56 + 4),
      /ends inside its segment at 0x80000000/,
    ],
    [
      'a cut symbol table',
      ({ bytes }) => bytes.subarray(0, bytes.length - 1),
      /ends inside its section headers/,
    ],
    ['ELF32', ({ view }) => view.setUint8(4, 1), /is not a 64-bit ELF file; .*rv64/],
    ['big endian', ({ view }) => view.setUint8(5, 2), /is not a little-endian ELF file/],
    ['x86-64', ({ view }) => view.setUint16(18, 62, true), /is for x86-64, and this machine is RISC-V/],
    ['AArch64', ({ view }) => view.setUint16(18, 183, true), /is for AArch64/],
    ['an unknown machine', ({ view }) => view.setUint16(18, 999, true), /is for machine number 999/],
    ['an object', ({ view }) => view.setUint16(16, 1, true), /is a relocatable object; link it/],
    ['a core dump', ({ view }) => view.setUint16(16, 4, true), /is a core dump/],
    ['no type', ({ view }) => view.setUint16(16, 0, true), /is no executable/],
    ['no segments', ({ view }) => view.setUint16(56, 0, true), /has no segment to load/],
    ['small header entries', ({ view }) => view.setUint16(54, 8, true), /entries of 8 bytes/],
    ['a huge count', ({ view }) => view.setUint16(56, 65535, true), /ends inside its program headers/],
    [
      'a huge offset',
      ({ view }) => view.setBigUint64(32, 2n ** 64n - 1n, true),
      /ends inside its program headers/,
    ],
    [
      'more file than memory',
      ({ view }) => view.setBigUint64(64 + 40, 4n, true),
      /larger in the file than in memory/,
    ],
    [
      'a huge segment',
      ({ view }) => view.setBigUint64(64 + 40, 2n ** 64n - 1n, true),
      /to 0x1000000007fffffff, .*; link it to an address/,
    ],
    [
      'a segment below RAM',
      ({ view }) => view.setBigUint64(64 + 24, 0x1_0000n, true),
      /needs memory from 0x10000 to 0x10008, and RAM is 0x80000000 to 0x80100000; link it/,
    ],
    [
      'a segment above RAM',
      ({ view }) => view.setBigUint64(64 + 56 + 40, 0x20_0000n, true),
      /from 0x80001000 to 0x80201000, .*; give the machine at least 3 MiB with --memory\.$/,
    ],
    [
      'an entry outside',
      ({ view }) => view.setBigUint64(24, 0x8000_0800n, true),
      /starts at 0x80000800.* -e\.$/,
    ],
  ];
  test.each(refused)('refuses %s', (_, damage, message) => {
    const file = good();
    const given = damage(file);
    const bytes = given instanceof Uint8Array ? given : file.bytes;
    expect(() => loadElf(bytes, 'x.elf', ram)).toThrow(OperatingError);
    expect(() => loadElf(bytes, 'x.elf', ram)).toThrow(message);
  });

  const imageOrOperatingError = (bytes: Uint8Array) => {
    try {
      const { segments } = loadElf(bytes, 'fuzzed.elf', ram);
      for (const { address, bytes: own, memorySizeBytes } of segments) {
        expect(address).toBeGreaterThanOrEqual(ram.base);
        expect(address + memorySizeBytes).toBeLessThanOrEqual(ram.base + ram.sizeBytes);
        expect(own.length).toBeLessThanOrEqual(memorySizeBytes);
      }
    } catch (error) {
      expect(error).toBeInstanceOf(OperatingError);
    }
  };

  test('reads a damaged file as an image that fits, or throws an OperatingError', () => {
    const { length } = good().bytes;
    const change = fc.tuple(fc.nat(length - 1), fc.constantFrom(0, 1, 127, 128, 255));
    const damage = fc.tuple(fc.array(change, { minLength: 1, maxLength: 12 }), fc.nat(length));
    fc.assert(
      fc.property(damage, ([changes, cut]) => {
        const { bytes } = good();
        for (const [at, value] of changes) bytes[at] = value;
        imageOrOperatingError(bytes);
        imageOrOperatingError(bytes.subarray(0, cut));
      }),
      { numRuns: examples(3000) },
    );
  });

  test('does so for every single bit', () => {
    const { bytes } = good();
    for (let at = 0; at < bytes.length; at++)
      for (let bit = 0; bit < 8; bit++) {
        bytes[at]! ^= 1 << bit;
        imageOrOperatingError(bytes);
        bytes[at]! ^= 1 << bit;
      }
  });
});

describe('loadRaw', () => {
  test('puts the bytes at the start of RAM', () => {
    const bytes = Uint8Array.from([1, 2, 3]);
    expect(loadRaw(bytes, 'x.bin', ram)).toEqual({
      entry: ram.base,
      segments: [{ address: ram.base, bytes, memorySizeBytes: 3 }],
      symbols: [],
    });
  });
  test('refuses what is empty or too large', () => {
    expect(() => loadRaw(new Uint8Array(), 'x.bin', ram)).toThrow(/^'x\.bin' is empty/);
    expect(() => loadRaw(Uint8Array.of(0x1f, 0x8b, 8, 0), 'x.bin', ram)).toThrow(
      /^'x\.bin' is packed with gzip;/,
    );
    expect(() => loadRaw(new Uint8Array(ram.sizeBytes + 1), 'x.bin', ram)).toThrow(
      /at least 2 MiB with --memory/,
    );
    // No machine has so much RAM.
    const { bytes } = elf([text, { address: 0x9000_0000n, memorySize: 2n ** 31n }]);
    expect(() => loadElf(bytes, 'x', ram)).toThrow(/; link it to an address in RAM/);
    expect(loadRaw(new Uint8Array(ram.sizeBytes), 'x.bin', ram).segments).toHaveLength(1);
  });
});
