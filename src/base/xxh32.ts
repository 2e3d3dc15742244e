/**
 * XXH32, the checksum of files and messages (Collet, "XXH32 Algorithm Description", as in the LZ4 frame format). It
 * needs no tables and takes a third of the time of a CRC.
 */
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/** A stripe is four words, one for each lane. */
const STRIPE_BYTES = 16;

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** A lane's accumulator after another word. */
const round = (lane: number, word: number): number =>
  Math.imul(rotateLeft(lane + Math.imul(word, PRIME_2), 13), PRIME_1);

/** The checksum of the bytes: 0 to 2^32 - 1. It depends on `seed` (32 bits). */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const { length } = bytes;
  const view = new DataView(bytes.buffer, bytes.byteOffset, length);
  let at = 0;
  let hash = seed + PRIME_5;
  if (length >= STRIPE_BYTES) {
    let a = (seed + PRIME_1 + PRIME_2) | 0;
    let b = (seed + PRIME_2) | 0;
    let c = seed | 0;
    let d = (seed - PRIME_1) | 0;
    for (const end = length - STRIPE_BYTES; at <= end; at += STRIPE_BYTES) {
      a = round(a, view.getInt32(at, true));
      b = round(b, view.getInt32(at + 4, true));
      c = round(c, view.getInt32(at + 8, true));
      d = round(d, view.getInt32(at + 12, true));
    }
    hash = rotateLeft(a, 1) + rotateLeft(b, 7) + rotateLeft(c, 12) + rotateLeft(d, 18);
  }
  hash = (hash + length) | 0;
  for (; at + 4 <= length; at += 4)
    hash = Math.imul(rotateLeft(hash + Math.imul(view.getInt32(at, true), PRIME_3), 17), PRIME_4);
  for (; at < length; at++) hash = Math.imul(rotateLeft(hash + Math.imul(bytes[at]!, PRIME_5), 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}
