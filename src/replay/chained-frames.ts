/**
 * Framing of append-only files: each frame is a varint length, a body, and a checksum chained to that of the frame
 * before. What was cut short is good up to its last whole frame; a changed, missing or moved byte is found at its frame.
 */
import { joined } from '../base/bytes.ts';
import { Reader, type Writer } from '../base/codec.ts';
import { xxh32 } from '../base/xxh32.ts';

/** A varint of up to 2^53 - 1. */
const LONGEST_LENGTH_BYTES = 8;
const CHECKSUM_BYTES = 4;

/** Appends a frame with the body that `write` writes; returns its checksum. `checksum`: that of the frame before. */
export function writeFrame(out: Writer, checksum: number, write: (out: Writer) => void): number {
  const start = out.measured(write);
  const own = out.checksum(start, checksum);
  out.u32(own);
  return own;
}

/** Reads such a file piece by piece, with only a frame and a piece in memory. */
export class ChainedFrames {
  /** What is fetched and not read yet. */
  input = new Reader(new Uint8Array(0));
  /** The checksum of the last frame: the seed of the next one's. */
  checksum: number;
  /** The offset of `input` in the file. */
  private base: number;
  private ended = false;

  /**
   * @param next the next bytes of the file, of any length; undefined at its end.
   * @param from where they begin: the offset, and the checksum of the frame before; by default the file's beginning.
   */
  constructor(
    private readonly next: () => Uint8Array | undefined,
    from = { offset: 0, checksum: 0 },
  ) {
    this.base = from.offset;
    this.checksum = from.checksum;
  }

  /** The offset in the file of the next byte to read. */
  get offset(): number {
    return this.base + this.input.offset;
  }

  /** Whether all bytes are read. */
  get isAtEnd(): boolean {
    this.have(1);
    return this.input.remaining === 0;
  }

  /** Fetches pieces until `sizeBytes` are available, or the file has ended. */
  have(sizeBytes: number): void {
    const { input } = this;
    if (this.ended || input.remaining >= sizeBytes) return;
    const parts = [input.source.subarray(input.offset)];
    for (let size = input.remaining; size < sizeBytes && !this.ended; ) {
      const part = this.next();
      if (part) parts.push(part);
      else this.ended = true;
      size += part?.length ?? 0;
    }
    this.base += input.offset;
    this.input = new Reader(parts.length === 2 && parts[0]!.length === 0 ? parts[1]! : joined(parts));
  }

  /**
   * The body of the next frame; undefined if the file ends within it. `limitBytes`: a longer one is damage.
   * @throws {FormatError} when its length or its checksum is wrong
   */
  body(limitBytes: number): Uint8Array | undefined {
    this.have(LONGEST_LENGTH_BYTES);
    const start = this.input.offset;
    const length = this.input.varint();
    if (length > limitBytes) this.input.fail('too long');
    // Fetching may move the rest to the start of another buffer.
    const lengthBytes = this.input.offset - start;
    this.input.offset = start;
    this.have(lengthBytes + length + CHECKSUM_BYTES);
    this.input.offset += lengthBytes;
    if (length + CHECKSUM_BYTES > this.input.remaining) return undefined;
    const body = this.input.raw(length);
    this.checksum = xxh32(body, this.checksum);
    if (this.input.u32() !== this.checksum) this.input.fail('checksum');
    return body;
  }
}
