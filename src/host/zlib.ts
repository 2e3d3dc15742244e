/** The compressor of real hosts. */
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import type { Compressor } from '../vmm/snapshot.ts';

/** Of a message of a copy, so that the library allocates once. */
const CHUNK_BYTES = 1 << 18;

/**
 * Stores (level 0), and reads what others compress. The lowest level that compresses takes 2 ms for 32 pages of a Linux
 * guest, in which its host does nothing else; the 76 kB that it saves pass through a link of 1 Gbit/s in 0.6 ms.
 */
export const zlib: Compressor = {
  deflate: (plain) => deflateRawSync(plain, { level: 0, chunkSize: CHUNK_BYTES }),
  // More bytes than stated are an error; the library takes no limit of 0.
  inflate: (deflated, sizeBytes) => inflateRawSync(deflated, { maxOutputLength: Math.max(1, sizeBytes) }),
};
