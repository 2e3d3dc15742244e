import { unzlibSync } from 'fflate';
import { type ElfFile, type ElfSection, SECTION_FLAG } from '../base/elf.ts';

/** The header of a compressed section: type (4 bytes), reserved (4), size (8), alignment (8). */
const HEADER_BYTES = 24;
const ZLIB = 1;
const ZSTD = 2;
/** The check sum that ends a zlib stream (RFC 1950, section 2.2). */
const TRAILER_BYTES = 4;
/** Deflate does not pack more than 258 bytes into two bits (RFC 1951, section 3.2.5). */
const MAX_RATIO = 1032;
/** Far more than the debug sections of a Linux kernel. */
const MAX_UNPACKED_BYTES = 2 ** 28;

/**
 * The content of a debug section, unpacked if it is compressed (System V ABI, "Compressed Sections").
 * @throws {OperatingError} when it is not within the file, is damaged, or is compressed in another way than with zlib
 */
export function debugSection(file: ElfFile, section: ElfSection): Uint8Array {
  const content = file.content(section, section.name);
  if ((section.flags & SECTION_FLAG.compressed) === 0n) return content;
  const damaged = (what: string) => file.error(`has ${what} in ${section.name}; make it again.`);
  if (content.length < HEADER_BYTES + TRAILER_BYTES) throw damaged('no compressed data');
  const view = new DataView(content.buffer, content.byteOffset, content.byteLength);
  const type = view.getUint32(0, true);
  if (type !== ZLIB)
    throw file.error(
      `has ${section.name} compressed ${type === ZSTD ? 'with zstd' : `by method ${type}`}; use zlib, with -gz=zlib.`,
    );
  const packed = content.subarray(HEADER_BYTES);
  const size = view.getBigUint64(8, true);
  if (size > MAX_UNPACKED_BYTES || size > packed.length * MAX_RATIO) throw damaged(`a size of ${size} bytes`);
  let unpacked: Uint8Array;
  try {
    unpacked = unzlibSync(packed, { out: new Uint8Array(Number(size)) });
  } catch {
    throw damaged('damaged data');
  }
  const sum = view.getUint32(content.length - TRAILER_BYTES);
  if (unpacked.length !== Number(size) || adler32(unpacked) !== sum) throw damaged('damaged data');
  return unpacked;
}

/** The check sum of zlib (RFC 1950, section 8.2), which fflate does not check. */
function adler32(bytes: Uint8Array): number {
  const MODULUS = 65521;
  let [a, b] = [1, 0];
  for (const byte of bytes) {
    a = (a + byte) % MODULUS;
    b = (b + a) % MODULUS;
  }
  return b * 2 ** 16 + a;
}
