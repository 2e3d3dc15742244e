/** The compressor of real hosts. */
import { inflateRawSync } from 'node:zlib';
import type { Compressor } from '../vmm/snapshot.ts';

/** A stored block (RFC 1951, section 3.2.4): its kind in one byte, its length twice, and at most so many bytes. */
const MAX_BLOCK_BYTES = 0xffff;
const BLOCK_HEAD_BYTES = 5;
const LAST_BLOCK = 1;

/** The bytes in stored blocks. The library would allocate and clear half a megabyte for each message of a copy. */
function stored(plain: Uint8Array): Uint8Array {
  const blocks = Math.max(1, Math.ceil(plain.length / MAX_BLOCK_BYTES));
  const out = new Uint8Array(plain.length + blocks * BLOCK_HEAD_BYTES);
  const view = new DataView(out.buffer);
  for (let block = 0, at = 0; block < blocks; block++) {
    const part = plain.subarray(block * MAX_BLOCK_BYTES, (block + 1) * MAX_BLOCK_BYTES);
    out[at] = block === blocks - 1 ? LAST_BLOCK : 0;
    view.setUint16(at + 1, part.length, true);
    view.setUint16(at + 3, ~part.length, true);
    out.set(part, at + BLOCK_HEAD_BYTES);
    at += BLOCK_HEAD_BYTES + part.length;
  }
  return out;
}

/**
 * Stores, and reads what others compress. The lowest level that compresses takes 2 ms for 32 pages of a Linux guest, in
 * which its host does nothing else; the 76 kB that it saves pass through a link of 1 Gbit/s in 0.6 ms.
 */
export const zlib: Compressor = {
  deflate: stored,
  // More bytes than stated are an error; the library takes no limit of 0.
  inflate: (deflated, sizeBytes) => inflateRawSync(deflated, { maxOutputLength: Math.max(1, sizeBytes) }),
};
