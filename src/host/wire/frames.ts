/** Messages on a byte stream: a length (u32, big-endian) before each. */
import { assert } from '../../base/assert.ts';
import { FormatError } from '../../base/errors.ts';

/** The bytes before a message. */
export const FRAME_HEAD_BYTES = 4;

/** The first buffer of a message that arrives in several chunks: a length alone makes nobody reserve 64 MiB. */
const FIRST_BUFFER_BYTES = 1 << 20;
const NO_BYTES = new Uint8Array();

/** The bytes before a message of this length. */
export function frameHead(lengthBytes: number): Uint8Array {
  const head = new Uint8Array(FRAME_HEAD_BYTES);
  new DataView(head.buffer).setUint32(0, lengthBytes);
  return head;
}

/**
 * Splits a byte stream into messages. A message that arrives within one chunk is a view of it; another is collected in
 * a small buffer, and once that is full in one for the whole message: the work is linear in the bytes.
 */
export class FrameReader {
  private chunk = NO_BYTES;
  private at = 0;
  /** The head is being read: its value so far, and how many of its bytes have arrived. */
  private headValue = 0;
  private headBytes = 0;
  /** A message that began in an earlier chunk. */
  private partial: Uint8Array<ArrayBuffer> | undefined;
  private partialBytes = 0;

  /** `limitBytes`: the largest message, for those whose head is still to be read. */
  constructor(public limitBytes: number) {}

  /** Adds bytes of the stream. All messages of the bytes before must have been taken. */
  push(chunk: Uint8Array<ArrayBuffer>): void {
    assert(this.at === this.chunk.length, 'messages are taken before more bytes come');
    // Not a Buffer, whose `slice` does not copy.
    this.chunk = new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.length);
    this.at = 0;
  }

  /** Takes the next message; undefined until more bytes come. @throws {FormatError} if it is too large */
  next(): Uint8Array | undefined {
    if (!this.readHead()) return undefined;
    const message = this.partial || this.left < this.headValue ? this.collect() : this.view();
    if (message) {
      this.headBytes = 0;
      this.headValue = 0;
      this.partial = undefined;
    }
    return message;
  }

  private get left(): number {
    return this.chunk.length - this.at;
  }

  /** Whether the whole head has been read. */
  private readHead(): boolean {
    if (this.headBytes === FRAME_HEAD_BYTES) return true;
    while (this.headBytes < FRAME_HEAD_BYTES && this.left > 0) {
      this.headValue = this.headValue * 256 + this.chunk[this.at++]!;
      this.headBytes++;
    }
    if (this.headBytes < FRAME_HEAD_BYTES) return false;
    if (this.headValue > this.limitBytes) {
      throw new FormatError(`a message of ${this.headValue} bytes, of at most ${this.limitBytes}`, 0);
    }
    return true;
  }

  private view(): Uint8Array {
    const message = this.chunk.subarray(this.at, this.at + this.headValue);
    this.at += this.headValue;
    return message;
  }

  private collect(): Uint8Array | undefined {
    if (!this.partial) {
      this.partial = new Uint8Array(Math.min(this.headValue, FIRST_BUFFER_BYTES));
      this.partialBytes = 0;
    }
    const end = Math.min(this.chunk.length, this.at + this.headValue - this.partialBytes);
    const part = this.chunk.subarray(this.at, end);
    this.at = end;
    this.grow(this.partialBytes + part.length);
    this.partial.set(part, this.partialBytes);
    this.partialBytes += part.length;
    return this.partialBytes === this.headValue ? this.partial : undefined;
  }

  private grow(neededBytes: number): void {
    const before = this.partial!;
    if (neededBytes <= before.length) return;
    this.partial = new Uint8Array(this.headValue);
    this.partial.set(before.subarray(0, this.partialBytes));
  }
}
