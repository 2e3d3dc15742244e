/**
 * Kernels: a Linux boot image for RISC-V (Documentation/arch/riscv/boot-image-header.rst of the kernel), packed with gzip or
 * not, or an ELF file such as `vmlinux`.
 */
import { gunzipSync } from 'fflate';
import { crc32 } from '../base/crc32.ts';
import { OperatingError } from '../base/errors.ts';
import { type Image, isElf, loadElf, loadRaw, type RamRange } from './image.ts';

/** A file's name, for messages, and its content. */
export interface BootFile {
  name: string;
  bytes: Uint8Array;
}

/** Where a kernel begins in RAM when it does not say: behind what firmware takes. */
export const KERNEL_OFFSET = 0x20_0000;

const HEADER_BYTES = 64;
/** Offsets in the header of a boot image. */
const HEADER = { textOffset: 8, imageSize: 16, flags: 24, magic2: 56 } as const;
const MAGIC2 = 'RSC\x05';
const BIG_ENDIAN = 1n;
const GZIP_MAGIC = [0x1f, 0x8b];
/** The least that a gzip file takes: head, an empty block, checksum and size. */
const GZIP_LEAST_BYTES = 20;

/** Files that are taken for kernels of this machine, and what they are: a text at an offset. */
const others: readonly { at: number; text: string; is: string }[] = [
  { at: 56, text: 'ARMd', is: 'a kernel for AArch64; this machine is RISC-V' },
  { at: 0x202, text: 'HdrS', is: 'a kernel for x86; this machine is RISC-V' },
  { at: 4, text: 'zimg', is: 'a kernel that unpacks itself under EFI; take the Image inside' },
];

/**
 * What a kernel puts into memory and where it begins.
 * @param freeFrom where in RAM firmware ends: what does not say where it belongs goes there
 * @throws {OperatingError} when the file is no kernel for this machine, is damaged, or does not fit into RAM
 */
export function loadKernel(
  file: BootFile,
  ram: RamRange,
  freeFrom: number = ram.base + KERNEL_OFFSET,
): Image {
  const unpacked = isGzip(file.bytes) ? unpack(file, ram) : file;
  const { bytes, name } = unpacked;
  if (isElf(bytes)) return loadElf(bytes, name, ram, freeFrom);
  if (textAt(bytes, HEADER.magic2, MAGIC2.length) === MAGIC2) return loadBootImage(unpacked, ram);
  // A kernel that begins at the start of RAM is a program as any other, which needs no header.
  if (freeFrom === ram.base) return loadRaw(bytes, name, ram);
  const other = others.find(({ at, text }) => textAt(bytes, at, text.length) === text);
  throw new OperatingError(
    other
      ? `'${name}' is ${other.is}.`
      : `'${name}' is no kernel: neither a Linux boot image for RISC-V nor an ELF file; a program of another kind goes without --kernel.`,
  );
}

function loadBootImage({ name, bytes }: BootFile, ram: RamRange): Image {
  if (bytes.length < HEADER_BYTES)
    throw new OperatingError(`'${name}' ends inside its header; it is damaged or incomplete, make it again.`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const field = (at: number): bigint => view.getBigUint64(at, true);
  if (field(HEADER.flags) & BIG_ENDIAN)
    throw new OperatingError(`'${name}' is a big-endian kernel; this machine is little-endian.`);
  const address = ram.base + Number(field(HEADER.textOffset));
  const memorySizeBytes = Math.max(Number(field(HEADER.imageSize)), bytes.length);
  if (address + memorySizeBytes > ram.base + ram.sizeBytes)
    throw new OperatingError(
      `'${name}' needs memory up to 0x${(address + memorySizeBytes).toString(16)}, and RAM ends at 0x${(ram.base + ram.sizeBytes).toString(16)}; give the machine more with --memory.`,
    );
  return { entry: address, segments: [{ address, bytes, memorySizeBytes }], symbols: [] };
}

const isGzip = (bytes: Uint8Array): boolean =>
  bytes.length >= GZIP_LEAST_BYTES && GZIP_MAGIC.every((byte, index) => bytes[index] === byte);

function unpack({ name, bytes }: BootFile, ram: RamRange): BootFile {
  // The last words are the checksum and the size: a file that claims more than fits is not worth unpacking.
  const end = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - 8, 8);
  const [checksum, sizeBytes] = [end.getUint32(0, true), end.getUint32(4, true)];
  if (sizeBytes > ram.sizeBytes)
    throw new OperatingError(
      `'${name}' unpacks to ${sizeBytes} bytes, and the machine has ${ram.sizeBytes}; give it more with --memory.`,
    );
  const unpacked = gunzipped(bytes);
  if (unpacked?.length !== sizeBytes || crc32(unpacked) !== checksum)
    throw new OperatingError(`'${name}' is a damaged gzip file; make it again.`);
  return { name, bytes: unpacked };
}

function gunzipped(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(bytes);
  } catch {
    return undefined;
  }
}

const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));
