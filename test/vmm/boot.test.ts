import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { type Boot, type BootOptions, boot } from '../../src/vmm/boot.ts';
import type { Image } from '../../src/vmm/image.ts';
import { KERNEL_OFFSET, loadKernel } from '../../src/vmm/kernel-image.ts';
import { nodesOf, readTree } from './fdt-reader.ts';

const BASE = 0x8000_0000;
const MIB = 1 << 20;

const image = (address: number, sizeBytes: number, more = 0): Image => ({
  entry: address,
  segments: [{ address, bytes: new Uint8Array(sizeBytes).fill(1), memorySizeBytes: sizeBytes + more }],
  symbols: [],
});
const initrd = (sizeBytes: number) => ({ name: 'initrd', bytes: new Uint8Array(sizeBytes).fill(2) });

const word = ({ start }: Boot, name: string) => start.find((one) => one.word === name)?.value;
const segmentAt = ({ segments }: Boot, address: bigint) =>
  segments.find((segment) => BigInt(segment.address) === address)!;
const chosenOf = (booted: Boot) =>
  nodesOf(readTree(segmentAt(booted, word(booted, 'x11')!).bytes).root).get('/chosen')!;
const number = (bytes: Uint8Array) => Number(`0x${Buffer.from(bytes).toString('hex')}`);

describe('what lies in RAM', () => {
  const size = fc.integer({ min: 1, max: 3 * MIB });
  const machines = fc.record({
    memorySizeBytes: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1024, max: 131072 })),
    firmware: fc.option(fc.integer({ min: 1, max: 4096 }), { nil: undefined }),
    kernel: fc.record({ sizeBytes: size, more: size }),
    initrd: fc.option(size, { nil: undefined }),
    append: fc.stringMatching(/^[a-z=, ]{0,40}$/),
  });

  test('never overlaps, lies in RAM, and the tree says where; or there is no room, and why is said', () => {
    let booted = 0;
    fc.assert(
      fc.property(machines, (drawn) => {
        const memorySizeBytes = drawn.memorySizeBytes * 16384;
        const options: BootOptions = {
          memorySizeBytes,
          append: drawn.append,
          kernel: image(BASE + KERNEL_OFFSET, drawn.kernel.sizeBytes, drawn.kernel.more),
          ...(drawn.firmware && { firmware: image(BASE, drawn.firmware) }),
          ...(drawn.initrd && { initrd: initrd(drawn.initrd) }),
        };
        const kernelEnd = BASE + KERNEL_OFFSET + drawn.kernel.sizeBytes + drawn.kernel.more;
        let result: Boot;
        try {
          result = boot(options);
        } catch (error) {
          if (!(error instanceof OperatingError)) throw error;
          expect(error.message).toMatch(/give it more with --memory/);
          const needed = (drawn.initrd ?? 0) + 2 * MIB + 3 * 4096;
          expect(kernelEnd + needed).toBeGreaterThan(BASE + memorySizeBytes - 2 * MIB);
          return;
        }
        booted++;
        const ranges = result.segments
          .map(({ address, bytes }) => ({ address, end: address + bytes.length }))
          .sort((a, b) => a.address - b.address);
        ranges.forEach(({ address, end }, index) => {
          expect(end).toBeLessThanOrEqual(ranges[index + 1]?.address ?? BASE + memorySizeBytes);
          if (address > BASE + KERNEL_OFFSET) expect(address).toBeGreaterThanOrEqual(kernelEnd);
        });
        const tree = Number(word(result, 'x11'));
        expect(tree % 8).toBe(0);
        const chosen = chosenOf(result);
        expect(new TextDecoder().decode(chosen.bootargs ?? Uint8Array.of(0))).toBe(`${drawn.append}\0`);
        if (!drawn.initrd) return;
        const [from, to] = [number(chosen['linux,initrd-start']!), number(chosen['linux,initrd-end']!)];
        expect(to - from).toBe(drawn.initrd);
        expect(segmentAt(result, BigInt(from)).bytes).toBe(options.initrd!.bytes);
      }),
      { numRuns: 300 },
    );
    expect(booted).toBeGreaterThan(50);
  });

  test('the tree stands where QEMU puts it: at the end of RAM, below 3 GiB', () => {
    const at = (memorySizeBytes: number) =>
      word(boot({ memorySizeBytes, append: '', kernel: image(BASE + KERNEL_OFFSET, 10) }), 'x11');
    expect(at(128 * MIB)).toBe(0x87e0_0000n);
    expect(at(2048 * MIB)).toBe(0xbfe0_0000n);
  });

  test('a small machine gives one page to the tree and what goes with it', () => {
    const { segments } = boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100) });
    const pages = new Set(
      segments.flatMap(({ address, bytes }) => [address, address + bytes.length - 1].map((at) => at >> 12)),
    );
    expect(pages.size).toBe(2);
  });

  test('a program that fills RAM gets no tree', () => {
    const full = boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 10, MIB - 10) });
    expect(full.segments).toHaveLength(1);
    expect([word(full, 'x11'), word(full, 'x12')]).toEqual([0n, 0n]);
  });

  test('the tree keeps out of what a program counts as its memory', () => {
    const top = image(BASE + MIB - 8192, 1, 8191);
    const result = boot({ memorySizeBytes: MIB, append: '', firmware: top });
    expect(Number(word(result, 'x11'))).toBeLessThan(BASE + MIB - 8192 - 3000);
  });
});

describe('how the hart starts', () => {
  test('with firmware: in machine mode, with the tree and the note of where the kernel is', () => {
    const firmware = image(BASE, 100);
    const kernel = image(BASE + KERNEL_OFFSET, 100);
    const result = boot({ memorySizeBytes: 32 * MIB, append: '', firmware, kernel });
    expect(result.sbi).toBe(false);
    expect(Object.fromEntries(result.start.map(({ word: name, value }) => [name, value]))).toEqual({
      pc: BigInt(BASE),
      privilege: 3n,
      x10: 0n,
      x11: 0x81e0_0000n,
      x12: expect.any(BigInt),
    });
    const note = segmentAt(result, word(result, 'x12')!).bytes;
    const fields = new DataView(note.buffer, note.byteOffset);
    const read = Array.from({ length: 6 }, (_, index) => fields.getBigUint64(index * 8, true));
    expect(new TextDecoder().decode(note.subarray(0, 4))).toBe('OSBI');
    expect(read.slice(1)).toEqual([2n, BigInt(kernel.entry), 1n, 0n, 0n]);
  });

  test('a kernel alone: in supervisor mode, with traps, counters, timer and memory open to it', () => {
    const result = boot({ memorySizeBytes: 32 * MIB, append: '', kernel: image(BASE + KERNEL_OFFSET, 100) });
    expect(result.sbi).toBe(true);
    expect(word(result, 'pc')).toBe(BigInt(BASE + KERNEL_OFFSET));
    expect([word(result, 'privilege'), word(result, 'x10')]).toEqual([1n, 0n]);
    const delegated = word(result, 'medeleg')!;
    for (const cause of [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15])
      expect((delegated >> BigInt(cause)) & 1n).toBe(1n);
    for (const cause of [9, 11]) expect((delegated >> BigInt(cause)) & 1n).toBe(0n);
  });

  test('a kernel that is its own firmware: in machine mode, at the start of RAM if it is there, otherwise at its entry', () => {
    const bare = (kernel: Image) => boot({ memorySizeBytes: 32 * MIB, append: 'x', kernel, bare: true });
    const low = { ...image(BASE, 100), entry: BASE + 50, tohost: BASE + 64 };
    const booted = bare(low);
    expect(Object.fromEntries(booted.start.map(({ word: name, value }) => [name, value]))).toEqual({
      pc: BigInt(BASE),
      privilege: 3n,
      x10: 0n,
      x11: 0x81e0_0000n,
      x12: expect.any(BigInt),
    });
    expect(booted).toMatchObject({ sbi: false, tohost: [BASE + 64] });
    expect(new TextDecoder().decode(chosenOf(booted).bootargs)).toBe('x\0');
    expect(word(bare({ ...image(BASE + MIB, 100), entry: BASE + MIB + 50 }), 'pc')).toBe(
      BigInt(BASE + MIB + 50),
    );
  });

  test('`tohost` is that of the program that starts', () => {
    const firmware = { ...image(BASE, 100), tohost: BASE + 0x40 };
    expect(boot({ memorySizeBytes: MIB, append: '', firmware }).tohost).toEqual([BASE + 0x40]);
    expect(boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100) }).tohost).toEqual([]);
  });
});

describe('what cannot be booted', () => {
  test('a RAM disk without a kernel', () => {
    expect(() =>
      boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100), initrd: initrd(5) }),
    ).toThrow(/^'initrd' is the initial RAM disk of a kernel; name the kernel with --kernel\.$/);
  });

  test('a kernel where the firmware would be, that the VMM stands for', () => {
    const at = (address: number) => () =>
      boot({ memorySizeBytes: 32 * MIB, append: '', kernel: image(address, 100) });
    expect(at(BASE)).toThrow(
      /^the kernel lies at 0x80000000, where firmware stands; .* give it --bios none;/,
    );
    expect(at(BASE + 0x7_ffff)).toThrow(/^the kernel lies at 0x8007ffff/);
    expect(at(BASE + 0x8_0000)).not.toThrow();
  });

  test('a kernel over the firmware', () => {
    expect(() =>
      boot({
        memorySizeBytes: 32 * MIB,
        append: '',
        firmware: image(BASE, 100),
        kernel: image(BASE + 64, 100),
      }),
    ).toThrow(/^the kernel at 0x80000040 lies over the firmware at 0x80000000;/);
  });
});

describe('a kernel image', () => {
  const ram = { base: BASE, sizeBytes: 64 * MIB };

  /** A boot image: the header's fields at their offsets, and something behind it. */
  function bootImage({ offset = 0x20_0000n, size = 8192n, flags = 0n, magic = 'RSC\x05' } = {}): Uint8Array {
    const bytes = new Uint8Array(300).fill(0x13);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(8, offset, true);
    view.setBigUint64(16, size, true);
    view.setBigUint64(24, flags, true);
    bytes.set(new TextEncoder().encode(magic), 56);
    return bytes;
  }
  const load = (bytes: Uint8Array) => loadKernel({ name: 'Image', bytes }, ram);

  test('goes where its header says, with all the memory that it says', () => {
    const bytes = bootImage();
    expect(load(bytes)).toEqual({
      entry: 0x8020_0000,
      segments: [{ address: 0x8020_0000, bytes, memorySizeBytes: 8192 }],
      symbols: [],
    });
    expect(load(bootImage({ offset: 0x40_0000n })).entry).toBe(0x8040_0000);
    expect(load(bootImage({ size: 100n })).segments[0]!.memorySizeBytes).toBe(300);
  });

  test('may be packed with gzip', () => {
    const bytes = bootImage();
    expect(load(gzipSync(bytes))).toEqual(load(bytes));
  });

  const zimg = new Uint8Array(300);
  zimg.set(new TextEncoder().encode('MZ\0\0zimg'));
  const x86 = new Uint8Array(0x300);
  x86.set(new TextEncoder().encode('HdrS'), 0x202);
  const gzip = gzipSync(bootImage());
  test.each<[string, Uint8Array, RegExp]>([
    ['another file', new Uint8Array(300), /^'Image' is no kernel: neither a Linux boot image/],
    ['an empty file', new Uint8Array(0), /^'Image' is no kernel/],
    ['a kernel for ARM', bootImage({ magic: 'ARMd' }), /^'Image' is a kernel for AArch64; this machine is/],
    ['a kernel for x86', x86, /^'Image' is a kernel for x86; this machine is RISC-V\.$/],
    ['one that unpacks itself', zimg, /^'Image' is a kernel that unpacks itself under EFI;/],
    ['a big-endian one', bootImage({ flags: 1n }), /^'Image' is a big-endian kernel/],
    ['one cut short', bootImage().subarray(0, 61), /^'Image' ends inside its header/],
    ['one too large', bootImage({ size: BigInt(63 * MIB) }), /memory up to 0x84100000, and RAM ends at 0x84/],
    ['one that lies nowhere', bootImage({ offset: 2n ** 63n }), /^'Image' needs memory up to/],
    ['damaged gzip', gzip.with(30, gzip[30]! ^ 1), /^'Image' is a damaged gzip file; make it again\.$/],
    ['gzip with another checksum', gzip.with(-8, gzip.at(-8)! ^ 1), /^'Image' is a damaged gzip file/],
    ['gzip of a gigabyte', gzip.with(-1, 0x40), /^'Image' unpacks to 1073742\d+ bytes, and the machine has/],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => load(bytes)).toThrow(OperatingError);
    expect(() => load(bytes)).toThrow(message);
  });

  test('damage never throws anything but an operating error', () => {
    const damaged = fc.record({
      at: fc.nat(gzip.length - 1),
      value: fc.nat(255),
      length: fc.nat(gzip.length),
    });
    fc.assert(
      fc.property(fc.constantFrom(gzip, bootImage()), damaged, (bytes, { at, value, length }) => {
        const wrong = bytes.slice(0, length + 1);
        if (at < wrong.length) wrong[at] = value;
        try {
          const { segments } = load(wrong);
          for (const { address, memorySizeBytes } of segments)
            expect(address >= BASE && address + memorySizeBytes <= BASE + ram.sizeBytes).toBe(true);
        } catch (error) {
          if (!(error instanceof OperatingError)) throw error;
        }
      }),
      { numRuns: 500 },
    );
  });
});
