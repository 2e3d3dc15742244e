/** At most so much is encrypted at once: nobody else gets a turn meanwhile. */
const CHUNK_BYTES = 256 << 10;

/**
 * Bytes that wait to be written, in chunks. Small messages are copied and share a chunk: a million of ten bytes take
 * hardly more memory than ten million bytes. Most of a large one is kept as it is, and must not be changed.
 */
export class SendQueue {
  private chunks: Uint8Array[] = [];
  /** The filled part of the last chunk. */
  private filledBytes = 0;

  /** Adds bytes; `moreBytes` will follow at once. */
  add(bytes: Uint8Array, moreBytes = 0): void {
    for (let at = 0; at < bytes.length; ) {
      const wantedBytes = bytes.length - at + moreBytes;
      if (!this.hasRoom && bytes.length - at >= CHUNK_BYTES) {
        this.push(bytes.subarray(at), bytes.length - at);
        return;
      }
      // The only chunk of a queue is mostly written at once: it fits exactly.
      const sizeBytes = this.chunks.length > 0 ? CHUNK_BYTES : Math.min(wantedBytes, CHUNK_BYTES);
      if (!this.hasRoom) this.push(Buffer.allocUnsafe(sizeBytes), 0);
      at += this.fill(bytes.subarray(at));
    }
  }

  /** Takes a chunk; undefined when nothing waits. */
  take(): Uint8Array | undefined {
    const first = this.chunks.shift();
    if (!first) return undefined;
    const sizeBytes = this.chunks.length > 0 ? first.length : this.filledBytes;
    if (sizeBytes <= CHUNK_BYTES) return first.subarray(0, sizeBytes);
    this.chunks.unshift(first.subarray(CHUNK_BYTES));
    if (this.chunks.length === 1) this.filledBytes -= CHUNK_BYTES;
    return first.subarray(0, CHUNK_BYTES);
  }

  clear(): void {
    this.chunks = [];
  }

  private get hasRoom(): boolean {
    const last = this.chunks.at(-1);
    return last !== undefined && this.filledBytes < last.length;
  }

  private push(chunk: Uint8Array, filledBytes: number): void {
    this.chunks.push(chunk);
    this.filledBytes = filledBytes;
  }

  /** Copies as much as the last chunk has room for; returns how much that is. */
  private fill(bytes: Uint8Array): number {
    const last = this.chunks.at(-1)!;
    const part = bytes.subarray(0, last.length - this.filledBytes);
    last.set(part, this.filledBytes);
    this.filledBytes += part.length;
    return part.length;
  }
}
