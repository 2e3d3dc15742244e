import fc from 'fast-check';
import { gzipSync } from 'fflate';
import { describe, expect, test } from 'vitest';
import { crc32 } from '../../src/base/crc32.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { type Boot, type BootOptions, boot } from '../../src/vmm/boot.ts';
import type { Image } from '../../src/vmm/image.ts';
import { KERNEL_OFFSET, kernelStart, loadKernel } from '../../src/vmm/kernel-image.ts';
import { examples } from '../thorough.ts';
import { elf } from './elf.ts';
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

describe('the layout of RAM at boot', () => {
  const size = fc.integer({ min: 1, max: 3 * MIB });
  const machines = fc.record({
    memorySizeBytes: fc.oneof(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 1024, max: 131072 })),
    firmware: fc.option(fc.integer({ min: 1, max: 4096 }), { nil: undefined }),
    kernel: fc.record({ sizeBytes: size, more: size }),
    initrd: fc.option(size, { nil: undefined }),
    append: fc.stringMatching(/^[a-z=, ]{0,40}$/),
  });

  test('has no overlaps, fits RAM, and is in the tree; otherwise boot is refused with the reason', () => {
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
          expect(error.message).toMatch(/give the machine more with --memory/);
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
      { numRuns: examples(300) },
    );
    expect(booted).toBeGreaterThan(examples(50));
  });

  test('puts the tree where QEMU does: at the end of RAM, below 3 GiB', () => {
    const at = (memorySizeBytes: number) =>
      word(boot({ memorySizeBytes, append: '', kernel: image(BASE + KERNEL_OFFSET, 10) }), 'x11');
    expect(at(128 * MIB)).toBe(0x87e0_0000n);
    expect(at(2048 * MIB)).toBe(0xbfe0_0000n);
  });

  test('spends one page of a small machine on the tree and what belongs to it', () => {
    const { segments } = boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100) });
    const pages = new Set(
      segments.flatMap(({ address, bytes }) => [address, address + bytes.length - 1].map((at) => at >> 12)),
    );
    expect(pages.size).toBe(2);
  });

  test('has no tree for a program that fills RAM', () => {
    const full = boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 10, MIB - 10) });
    expect(full.segments).toHaveLength(1);
    expect([word(full, 'x11'), word(full, 'x12')]).toEqual([0n, 0n]);
  });

  test('keeps the tree out of the memory of a program', () => {
    const top = image(BASE + MIB - 8192, 1, 8191);
    const result = boot({ memorySizeBytes: MIB, append: '', firmware: top });
    expect(Number(word(result, 'x11'))).toBeLessThan(BASE + MIB - 8192 - 3000);
  });
});

describe('the state of the hart at boot', () => {
  test('with firmware: machine mode, the tree, and the address of the kernel for the firmware', () => {
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

  test('a kernel alone: supervisor mode, with access to traps, counters, timer and memory', () => {
    const result = boot({ memorySizeBytes: 32 * MIB, append: '', kernel: image(BASE + KERNEL_OFFSET, 100) });
    expect(result.sbi).toBe(true);
    expect(word(result, 'pc')).toBe(BigInt(BASE + KERNEL_OFFSET));
    expect([word(result, 'privilege'), word(result, 'x10')]).toEqual([1n, 0n]);
    const delegated = word(result, 'medeleg')!;
    for (const cause of [0, 1, 2, 3, 4, 5, 6, 7, 8, 12, 13, 15])
      expect((delegated >> BigInt(cause)) & 1n).toBe(1n);
    for (const cause of [9, 11]) expect((delegated >> BigInt(cause)) & 1n).toBe(0n);
  });

  test('a kernel that is its own firmware: machine mode, at the start of RAM if it is there, otherwise at its entry', () => {
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

  test('`tohost` is taken from the program that starts', () => {
    const firmware = { ...image(BASE, 100), tohost: BASE + 0x40 };
    expect(boot({ memorySizeBytes: MIB, append: '', firmware }).tohost).toEqual([BASE + 0x40]);
    expect(boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100) }).tohost).toEqual([]);
  });
});

describe('boot is refused for', () => {
  test('a RAM disk without a kernel', () => {
    expect(() =>
      boot({ memorySizeBytes: MIB, append: '', firmware: image(BASE, 100), initrd: initrd(5) }),
    ).toThrow(/^'initrd' is the initial RAM disk of a kernel; name the kernel with --kernel\.$/);
  });

  test('a kernel at the address of the firmware that the VMM replaces', () => {
    const at = (address: number) => () =>
      boot({ memorySizeBytes: 32 * MIB, append: '', kernel: image(address, 100) });
    expect(at(BASE)).toThrow(
      /^the kernel is at 0x80000000, in the memory of the firmware; .* add --bios none;/,
    );
    expect(at(BASE + 0x7_ffff)).toThrow(/^the kernel is at 0x8007ffff/);
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
    ).toThrow(/^the kernel at 0x80000040 overlaps the firmware at 0x80000000;/);
  });
});

describe('a kernel image', () => {
  const ram = { base: BASE, sizeBytes: 64 * MIB };

  /** A boot image: the header's fields at their offsets, and a payload. */
  function bootImage({ offset = 0x20_0000n, size = 8192n, flags = 0n, magic = 'RSC\x05' } = {}): Uint8Array {
    const bytes = new Uint8Array(300).fill(0x13);
    const view = new DataView(bytes.buffer);
    view.setBigUint64(8, offset, true);
    view.setBigUint64(16, size, true);
    view.setBigUint64(24, flags, true);
    bytes.set(new TextEncoder().encode(magic), 56);
    return bytes;
  }
  /** One that is also a program for EFI, whose header has the end of its sections: 512 bytes. */
  function peImage(): Uint8Array {
    const bytes = new Uint8Array(512).fill(0x13);
    bytes.set(bootImage().subarray(0, 64));
    const view = new DataView(bytes.buffer);
    view.setUint16(0, 0x5a4d, true);
    view.setUint32(60, 64, true);
    view.setUint32(64, 0x4550, true);
    view.setUint16(64 + 6, 1, true);
    view.setUint16(64 + 20, 32, true);
    view.setUint32(64 + 24 + 32 + 16, 312, true);
    view.setUint32(64 + 24 + 32 + 20, 200, true);
    return bytes;
  }
  /** A kernel in the EFI wrapper that unpacks it. */
  function zboot(packed: Uint8Array, how = 'gzip'): Uint8Array {
    const bytes = new Uint8Array(80 + packed.length);
    bytes.set(new TextEncoder().encode('MZ\0\0zimg'));
    const view = new DataView(bytes.buffer);
    view.setUint32(8, 80, true);
    view.setUint32(12, packed.length, true);
    bytes.set(new TextEncoder().encode(how), 24);
    bytes.set(packed, 80);
    return bytes;
  }
  function uBootImage(
    content: Uint8Array,
    { load = 0x8030_0000, entry = 0x8030_0004, arch = 26, type = 2, packed = 0 } = {},
  ): Uint8Array {
    const bytes = new Uint8Array(64 + content.length);
    const view = new DataView(bytes.buffer);
    const words = [0x2705_1956, 0, 0, content.length, load, entry, crc32(content)];
    words.forEach((word, index) => {
      view.setUint32(index * 4, word);
    });
    bytes.set([5, arch, type, packed], 28);
    view.setUint32(4, crc32(bytes.subarray(0, 64)));
    bytes.set(content, 64);
    return bytes;
  }
  const load = (bytes: Uint8Array) => loadKernel({ name: 'Image', bytes }, ram);

  test('is loaded at the address in its header, with the memory size in it', () => {
    const bytes = bootImage();
    expect(load(bytes)).toEqual({
      entry: 0x8020_0000,
      segments: [{ address: 0x8020_0000, bytes, memorySizeBytes: 8192 }],
      symbols: [],
    });
    expect(load(bootImage({ offset: 0x40_0000n })).entry).toBe(0x8040_0000);
    expect(load(bootImage({ size: 100n })).segments[0]!.memorySizeBytes).toBe(300);
  });

  test('may be compressed with gzip', () => {
    const bytes = bootImage();
    expect(load(gzipSync(bytes))).toEqual(load(bytes));
  });

  test('is extracted from the EFI wrapper', () => {
    expect(load(zboot(gzipSync(bootImage())))).toEqual(load(bootImage()));
    expect(() => load(zboot(gzipSync(bootImage()), 'zstd'))).toThrow(
      /^'Image' unpacks itself under EFI, with zstd; unpack it, and give the Image inside\.$/,
    );
  });

  test('of U-Boot is loaded and entered where its header says, compressed or not, as on QEMU', () => {
    const code = Uint8Array.of(0x13, 0, 0, 0, 0x6f, 0, 0, 0);
    const expected = {
      entry: 0x8030_0004,
      segments: [{ address: 0x8030_0000, bytes: code, memorySizeBytes: 8 }],
      symbols: [],
    };
    expect(load(uBootImage(code))).toEqual(expected);
    expect(load(uBootImage(gzipSync(code), { packed: 1 }))).toEqual(expected);
  });

  test('without a header goes to the large page after the firmware, or to the start of RAM without firmware', () => {
    const code = Uint8Array.of(0x6f, 0, 0, 0);
    const at = (start: number) => loadKernel({ name: 'u-boot.bin', bytes: code }, ram, start);
    expect(load(code)).toMatchObject({
      entry: 0x8020_0000,
      segments: [{ address: 0x8020_0000, bytes: code }],
    });
    expect(kernelStart(undefined)).toBe(0x8020_0000);
    expect(kernelStart(image(BASE, 100))).toBe(0x8020_0000);
    expect(kernelStart(image(BASE, 2 * MIB))).toBe(0x8020_0000);
    expect(kernelStart(image(BASE, 100, 2 * MIB))).toBe(0x8040_0000);
    expect(at(BASE).entry).toBe(BASE);
  });

  const zimg = new Uint8Array(300);
  zimg.set(new TextEncoder().encode('MZ\0\0zimg'));
  const x86 = new Uint8Array(0x300);
  x86.set(new TextEncoder().encode('HdrS'), 0x202);
  const gzip = gzipSync(bootImage());
  const starts = (text: string) =>
    Uint8Array.from({ length: 300 }, (_, index) => text.charCodeAt(index) || 0);
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^'Image' is empty; give a file with a program\.$/],
    [
      'a text',
      new TextEncoder().encode('# Grüße\n'),
      /^'Image' is text; this machine runs RISC-V machine code/,
    ],
    ['a kernel for ARM', bootImage({ magic: 'ARMd' }), /^'Image' is a kernel for AArch64; this machine is/],
    ['a kernel for x86', x86, /^'Image' is a kernel for x86; this machine is RISC-V\.$/],
    ['a program for EFI', starts('MZ\x90\0'), /^'Image' is a program for EFI; it needs firmware/],
    ['one packed with xz', starts('\xfd7zXZ\0'), /^'Image' is packed with xz; unpack it first, with unxz\.$/],
    ['one packed with zstd', starts('\x28\xb5\x2f\xfd'), /^'Image' is packed with zstd;/],
    ['one packed with lz4', starts('\x02\x21\x4c\x18'), /^'Image' is packed with lz4;/],
    ['one packed with bzip2', starts('BZh91'), /^'Image' is packed with bzip2;/],
    ['a RAM disk', starts('070701'), /^'Image' is an initial RAM disk; give it with --initrd/],
    [
      'a device tree',
      starts('\xd0\x0d\xfe\xed'),
      /^'Image' is a device tree, or a U-Boot image in the format FIT/,
    ],
    ['a cut wrapper', zimg.subarray(0, 50), /^'Image' ends inside its header/],
    [
      'a U-Boot image for ARM',
      uBootImage(gzip, { arch: 2 }),
      /^'Image' is a U-Boot image for architecture number 2;/,
    ],
    ['a U-Boot image of firmware', uBootImage(gzip, { type: 5 }), /^'Image' is a U-Boot image of type 5;/],
    [
      'a U-Boot image with bzip2',
      uBootImage(gzip, { packed: 2 }),
      /^'Image' is a U-Boot image packed with bzip2;/,
    ],
    [
      'a damaged U-Boot header',
      uBootImage(gzip).with(33, 7),
      /^'Image' is a U-Boot image with a damaged header/,
    ],
    ['a damaged U-Boot image', uBootImage(gzip).with(70, 7), /^'Image' is a U-Boot image that is damaged/],
    [
      'a U-Boot image with a load address outside RAM',
      uBootImage(gzip, { load: 0 }),
      /^'Image' needs memory from 0x0 .* link it/,
    ],
    [
      'a U-Boot image with an entry outside RAM',
      uBootImage(gzip, { entry: BASE }),
      /that starts at 0x80000000, where it/,
    ],
    ['a big-endian one', bootImage({ flags: 1n }), /^'Image' is a big-endian kernel/],
    ['one cut short', bootImage().subarray(0, 61), /^'Image' ends inside its header/],
    ['one with sections cut off', peImage().subarray(0, 511), /^'Image' ends inside its sections/],
    ['one too large', bootImage({ size: BigInt(63 * MIB) }), /memory up to 0x84100000, and RAM ends at 0x84/],
    ['one that lies nowhere', bootImage({ offset: 2n ** 63n }), /^'Image' needs memory up to/],
    [
      'damaged gzip',
      gzip.with(30, gzip[30]! ^ 1),
      /^'Image' is a gzip file that is truncated or damaged; make/,
    ],
    [
      'gzip with another checksum',
      gzip.with(-8, gzip.at(-8)! ^ 1),
      /^'Image' is a gzip file that is truncated/,
    ],
    ['gzip with another size', gzip.with(-1, 0x40), /^'Image' is a gzip file that is truncated or damaged/],
    [
      'gzip of more bytes than RAM has',
      gzipSync(new Uint8Array(ram.sizeBytes + 1), { level: 1 }),
      /^'Image' unpacks to more than the 67108864 bytes of RAM .* --memory\.$/,
    ],
  ])('%s is refused', (_, bytes, message) => {
    expect(() => load(bytes)).toThrow(OperatingError);
    expect(() => load(bytes)).toThrow(message);
  });

  test('that is truncated is reported as such, with its name, and not as a lack of memory', () => {
    const code = new Uint8Array(400).fill(0x13);
    const whole: Record<string, Uint8Array> = {
      gzip,
      zboot: zboot(gzip),
      'U-Boot': uBootImage(code),
      'packed U-Boot': uBootImage(gzipSync(code), { packed: 1 }),
      'Image with sections': peImage(),
      'gzip of it': gzipSync(peImage(), { level: 0 }),
      ELF: elf([{ address: 0x8020_0000n, bytes: [...code] }]).bytes,
    };
    for (const [kind, bytes] of Object.entries(whole)) {
      expect(() => load(bytes)).not.toThrow();
      // A short prefix may be a payload without a header.
      for (let length = 6; length < bytes.length; length++)
        expect(() => load(bytes.subarray(0, length)), `${kind}, ${length} bytes`).toThrow(
          /^'Image' (ends inside|is a gzip file that is truncated|is a program for EFI)/,
        );
    }
  });

  test('that is damaged never causes anything but an operating error', () => {
    const damaged = fc.record({
      at: fc.nat(gzip.length - 1),
      value: fc.nat(255),
      length: fc.nat(gzip.length),
    });
    fc.assert(
      fc.property(
        fc.constantFrom(gzip, bootImage(), peImage(), zboot(gzip), uBootImage(gzip, { packed: 1 })),
        damaged,
        (bytes, { at, value, length }) => {
          const wrong = bytes.slice(0, length + 1);
          if (at < wrong.length) wrong[at] = value;
          try {
            const { segments } = load(wrong);
            for (const { address, memorySizeBytes } of segments)
              expect(address >= BASE && address + memorySizeBytes <= BASE + ram.sizeBytes).toBe(true);
          } catch (error) {
            if (!(error instanceof OperatingError)) throw error;
          }
        },
      ),
      { numRuns: examples(500) },
    );
  });
});
