/** Bytes processed at a time, with one table for each ("slicing", Kounavis and Berry, 2005). */
const SLICES = 16;

/**
 * The tables, 256 words each, concatenated. Table n holds the effect on the checksum of a byte with n bytes after it.
 * @param polynomial bit-reversed
 */
function tablesOf(polynomial: number): Int32Array {
  const tables = new Int32Array(SLICES * 256);
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

const tables = tablesOf(0xedb88320);

/** The effect of four bytes on the checksum; `last` is the offset of the table for the last of them. */
const four = (word: number, last: number): number =>
  tables[last + 0x300 + (word & 0xff)]! ^
  tables[last + 0x200 + ((word >>> 8) & 0xff)]! ^
  tables[last + 0x100 + ((word >>> 16) & 0xff)]! ^
  tables[last + (word >>> 24)]!;

/** The checksum at the end of a gzip file: 0 to 2^32 - 1 (RFC 1952, section 8). */
export function crc32(bytes: Uint8Array): number {
  let crc = -1;
  let at = 0;
  if (bytes.length >= SLICES) {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (const end = bytes.length - SLICES; at <= end; at += SLICES)
      crc =
        four(crc ^ view.getInt32(at, true), 0xc00) ^
        four(view.getInt32(at + 4, true), 0x800) ^
        four(view.getInt32(at + 8, true), 0x400) ^
        four(view.getInt32(at + 12, true), 0);
  }
  for (; at < bytes.length; at++) crc = (crc >>> 8) ^ tables[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
