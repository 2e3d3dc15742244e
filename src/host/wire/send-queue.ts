/** Small messages share a chunk, and a large one takes several: nobody else gets a turn while one chunk is encrypted. */
const CHUNK_BYTES = 256 << 10;

/**
 * Bytes that wait to be written, copied into chunks: a million messages of ten bytes take hardly more memory than ten
 * million bytes.
 */
export class SendQueue {
  private chunks: Buffer[] = [];
  /** The filled part of the last chunk. */
  private filledBytes = 0;

  /** Adds a copy of the bytes. `moreBytes` will follow at once. */
  add(bytes: Uint8Array, moreBytes = 0): void {
    for (let at = 0; at < bytes.length; ) {
      const chunk = this.room(bytes.length - at + moreBytes);
      const part = bytes.subarray(at, at + chunk.length - this.filledBytes);
      chunk.set(part, this.filledBytes);
      this.filledBytes += part.length;
      at += part.length;
    }
  }

  /** Takes a chunk; undefined when nothing waits. */
  take(): Buffer | undefined {
    const chunk = this.chunks.shift();
    if (chunk && this.chunks.length === 0) return chunk.subarray(0, this.filledBytes);
    return chunk;
  }

  clear(): void {
    this.chunks = [];
  }

  /** A last chunk with room for a byte or more. The only chunk of a queue is mostly written at once: it fits exactly. */
  private room(wantedBytes: number): Buffer {
    const last = this.chunks.at(-1);
    if (last && this.filledBytes < last.length) return last;
    const chunk = Buffer.allocUnsafe(last ? CHUNK_BYTES : Math.min(wantedBytes, CHUNK_BYTES));
    this.chunks.push(chunk);
    this.filledBytes = 0;
    return chunk;
  }
}
