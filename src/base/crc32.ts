/** @param polynomial with its bits reversed */
const tableOf = (polynomial: number): Uint32Array =>
  Uint32Array.from({ length: 256 }, (_, byte) => {
    let crc = byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });

const castagnoli = tableOf(0x82f63b78);
const ieee = tableOf(0xedb88320);

function checksum(table: Uint32Array, bytes: Uint8Array, seed: number): number {
  let crc = ~seed;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ table[(crc ^ bytes[i]!) & 0xff]!;
  return ~crc >>> 0;
}

/** CRC-32C (Castagnoli), as in RFC 3720 appendix B.4. `seed` is the checksum of the bytes that came before. */
export const crc32c = (bytes: Uint8Array, seed = 0): number => checksum(castagnoli, bytes, seed);

/** The checksum at the end of a gzip file, RFC 1952 section 8. */
export const crc32 = (bytes: Uint8Array): number => checksum(ieee, bytes, 0);
