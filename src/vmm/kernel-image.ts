/**
 * Kernels: a Linux boot image for RISC-V (Documentation/arch/riscv/boot-image-header.rst of the kernel), plain, packed
 * with gzip, or in an EFI zboot wrapper (drivers/firmware/efi/libstub/zboot-header.S); a U-Boot image; an ELF file such
 * as `vmlinux`; or a payload without a header.
 */
import { crc32 } from '../base/crc32.ts';
import { isElf } from '../base/elf.ts';
import { OperatingError } from '../base/errors.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import { textAt } from './file-kinds.ts';
import { gunzip, isGzip } from './gzip.ts';
import { endOf, type Image, loadElf, loadRaw, type RamRange, tooLarge } from './image.ts';

/** A file's name, for messages, and its content. */
export interface BootFile {
  name: string;
  bytes: Uint8Array;
}

/** Kernels are mapped with large pages, so one without a load address goes to the first large page after firmware. */
export const KERNEL_OFFSET = 0x20_0000;

/** The load address of a kernel that has none: the first large page after firmware, as on QEMU. */
export function kernelStart(firmware: Image | undefined): number {
  const end = firmware ? endOf(firmware) : RAM_BASE;
  return RAM_BASE + Math.max(1, Math.ceil((end - RAM_BASE) / KERNEL_OFFSET)) * KERNEL_OFFSET;
}

const HEADER_BYTES = 64;
/** Offsets in the header of a boot image. */
const HEADER = { textOffset: 8, imageSize: 16, flags: 24, magic2: 56 } as const;
const MAGIC2 = 'RSC\x05';
const BIG_ENDIAN = 1n;

/**
 * The segments and the entry of a kernel.
 * @param freeFrom where a kernel without a load address in RAM goes; see {@link kernelStart}
 * @throws {OperatingError} when the file is no kernel for this machine, is damaged, or does not fit into RAM
 */
export function loadKernel(
  file: BootFile,
  ram: RamRange,
  freeFrom: number = ram.base + KERNEL_OFFSET,
): Image {
  const { bytes, name } = unpack(file, ram);
  if (isElf(bytes)) return loadElf(bytes, name, ram, freeFrom);
  if (isUBootImage(bytes)) return loadUBootImage({ bytes, name }, ram);
  if (textAt(bytes, HEADER.magic2, MAGIC2.length) === MAGIC2) return loadBootImage({ bytes, name }, ram);
  return loadRaw(bytes, name, ram, freeFrom);
}

const viewOf = ({ buffer, byteOffset, length }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, length);

const cutShort = (name: string, where: string): OperatingError =>
  new OperatingError(`'${name}' ends inside ${where}; it is damaged or incomplete, make it again.`);

// ── Linux ───────────────────────────────────────────────────────────────────────────────────────────────────────────

function loadBootImage({ name, bytes }: BootFile, ram: RamRange): Image {
  if (bytes.length < HEADER_BYTES) throw cutShort(name, 'its header');
  const view = viewOf(bytes);
  const field = (at: number): bigint => view.getBigUint64(at, true);
  if (field(HEADER.flags) & BIG_ENDIAN)
    throw new OperatingError(`'${name}' is a big-endian kernel; this machine is little-endian.`);
  if (bytes.length < sectionsEnd(view)) throw cutShort(name, 'its sections');
  const address = ram.base + Number(field(HEADER.textOffset));
  const memorySizeBytes = Math.max(Number(field(HEADER.imageSize)), bytes.length);
  if (address + memorySizeBytes > ram.base + ram.sizeBytes)
    throw new OperatingError(
      `'${name}' needs memory up to 0x${(address + memorySizeBytes).toString(16)}, and RAM ends at 0x${(ram.base + ram.sizeBytes).toString(16)}; give the machine more with --memory.`,
    );
  return { entry: address, segments: [{ address, bytes, memorySizeBytes }], symbols: [] };
}

/** Offsets in a PE file (Microsoft's "PE Format"): of the header, in the header, and in the section table. */
const PE = {
  pointer: 0x3c,
  sections: 6,
  optionalSize: 20,
  header: 24,
  section: 40,
  rawSize: 16,
  rawAt: 20,
} as const;

/** The end of the PE sections, if there is a PE header: the boot image's own header does not give the file's size. */
function sectionsEnd(view: DataView): number {
  const at = view.getUint32(PE.pointer, true);
  if (view.getUint16(0, true) !== 0x5a4d) return 0;
  if (at + PE.header > view.byteLength) return at + PE.header;
  if (view.getUint32(at, true) !== 0x4550) return 0;
  const table = at + PE.header + view.getUint16(at + PE.optionalSize, true);
  const count = view.getUint16(at + PE.sections, true);
  let end = table + count * PE.section;
  if (end > view.byteLength) return end;
  for (let section = table; section < table + count * PE.section; section += PE.section)
    end = Math.max(
      end,
      view.getUint32(section + PE.rawAt, true) + view.getUint32(section + PE.rawSize, true),
    );
  return end;
}

/** Offsets in the EFI zboot header. */
const ZBOOT = { magic: 4, payloadAt: 8, payloadSize: 12, how: 24, end: 56 } as const;

/** The unpacked content of a file, or the file itself when it is not packed. */
function unpack(file: BootFile, ram: RamRange): BootFile {
  const { name, bytes } = file;
  if (isGzip(bytes)) return { name, bytes: gunzip(bytes, name, ram.sizeBytes) };
  if (textAt(bytes, 0, 2) !== 'MZ' || textAt(bytes, ZBOOT.magic, 4) !== 'zimg') return file;
  if (bytes.length < ZBOOT.end) throw cutShort(name, 'its header');
  const [how] = textAt(bytes, ZBOOT.how, ZBOOT.end - ZBOOT.how).split('\0');
  if (how !== 'gzip')
    throw new OperatingError(
      `'${name}' unpacks itself under EFI, with ${how}; unpack it, and give the Image inside.`,
    );
  const view = viewOf(bytes);
  const from = view.getUint32(ZBOOT.payloadAt, true);
  const to = from + view.getUint32(ZBOOT.payloadSize, true);
  if (to > bytes.length) throw cutShort(name, 'the packed kernel');
  return { name, bytes: gunzip(bytes.subarray(from, to), name, ram.sizeBytes) };
}

// ── U-Boot ──────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The header of a U-Boot image (include/image.h of U-Boot): offsets of its fields, which are big-endian. */
const UBOOT = {
  magic: 0,
  headerCrc: 4,
  size: 12,
  load: 16,
  entry: 20,
  dataCrc: 24,
  arch: 29,
  type: 30,
  packed: 31,
} as const;
const UBOOT_MAGIC = 0x2705_1956;
const UBOOT_RISCV = 26;
const UBOOT_KERNEL = 2;
const UBOOT_PACKED = ['', 'gzip', 'bzip2', 'lzma', 'lzo', 'lz4', 'zstd'];

const isUBootImage = (bytes: Uint8Array): boolean =>
  bytes.length >= 4 && viewOf(bytes).getUint32(UBOOT.magic) === UBOOT_MAGIC;

/** The header gives the load address and the entry. */
function loadUBootImage({ name, bytes }: BootFile, ram: RamRange): Image {
  if (bytes.length < HEADER_BYTES) throw cutShort(name, 'its header');
  const view = viewOf(bytes);
  const word = (at: number) => view.getUint32(at);
  const refuse = (why: string) => new OperatingError(`'${name}' is a U-Boot image ${why}.`);
  const header = bytes.slice(0, HEADER_BYTES).fill(0, UBOOT.headerCrc, UBOOT.headerCrc + 4);
  if (crc32(header) !== word(UBOOT.headerCrc)) throw refuse('with a damaged header; make it again');
  const [arch, type] = [view.getUint8(UBOOT.arch), view.getUint8(UBOOT.type)];
  if (arch !== UBOOT_RISCV) throw refuse(`for architecture number ${arch}; RISC-V is ${UBOOT_RISCV}`);
  if (type !== UBOOT_KERNEL) throw refuse(`of type ${type}; a kernel has type ${UBOOT_KERNEL}`);
  const stored = bytes.subarray(HEADER_BYTES, HEADER_BYTES + word(UBOOT.size));
  if (stored.length < word(UBOOT.size)) throw cutShort(name, 'the kernel');
  if (crc32(stored) !== word(UBOOT.dataCrc)) throw refuse('that is damaged; make it again');
  const how = view.getUint8(UBOOT.packed);
  if (how > 1)
    throw refuse(`packed with ${UBOOT_PACKED[how] ?? `method ${how}`}; only gzip is unpacked here`);
  const content = how === 1 ? gunzip(stored, name, ram.sizeBytes) : stored;
  const [address, entry] = [word(UBOOT.load), word(UBOOT.entry)];
  const end = address + content.length;
  if (address < ram.base || end > ram.base + ram.sizeBytes)
    throw new OperatingError(`'${name}' ${tooLarge(address, end, ram)}`);
  if (entry < address || entry >= end)
    throw refuse(`that starts at 0x${entry.toString(16)}, where it loads nothing`);
  return {
    entry,
    segments: [{ address, bytes: content, memorySizeBytes: content.length }],
    symbols: [],
  };
}
