/** How many bytes are taken at a time: each has a table of its own ("slicing-by-8", Kounavis and Berry, 2005). */
const SLICES = 8;

/**
 * One table after the other, 256 words each: what a byte does to the checksum with so many bytes behind it.
 * @param polynomial with its bits reversed
 */
function tablesOf(polynomial: number): Uint32Array {
  const tables = new Uint32Array(SLICES * 256);
  for (let byte = 0; byte < 256; byte++) {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    tables[byte] = crc;
  }
  for (let at = 256; at < tables.length; at++) {
    const before = tables[at - 256]!;
    tables[at] = (before >>> 8) ^ tables[before & 0xff]!;
  }
  return tables;
}

const castagnoli = tablesOf(0x82f63b78);
const ieee = tablesOf(0xedb88320);

function checksum(tables: Uint32Array, bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  let at = 0;
  for (const end = bytes.length - SLICES; at <= end; at += SLICES) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      tables[0x700 | (crc & 0xff)]! ^
      tables[0x600 | ((crc >>> 8) & 0xff)]! ^
      tables[0x500 | ((crc >>> 16) & 0xff)]! ^
      tables[0x400 | (crc >>> 24)]! ^
      tables[0x300 | bytes[at + 4]!]! ^
      tables[0x200 | bytes[at + 5]!]! ^
      tables[0x100 | bytes[at + 6]!]! ^
      tables[bytes[at + 7]!]!;
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}

/** CRC-32C (Castagnoli), as in RFC 3720 appendix B.4. `seed` is the checksum of the bytes that came before. */
export const crc32c = (bytes: Uint8Array, seed = 0): number => checksum(castagnoli, bytes, seed);

/** The checksum at the end of a gzip file, RFC 1952 section 8. */
export const crc32 = (bytes: Uint8Array): number => checksum(ieee, bytes, 0);
