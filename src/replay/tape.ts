import { type Codec, Reader, Writer } from '../base/codec.ts';
import type { Spool } from './spool.ts';

/** Values are handed to the spool when they have come to so many bytes. */
const BLOCK_BYTES = 1 << 14;

/**
 * Values in the order in which they came, encoded on a spool. What a tape itself holds in memory is one block, whatever its length.
 * From the first block on for which the spool has no room, nothing more is kept.
 */
export class Tape<T> {
  /** Values that were appended, kept or not. */
  length = 0;
  private readonly encoder: Codec<T>;
  private readonly block = new Writer();
  private readonly blocks: { offset: number; sizeBytes: number }[] = [];
  /** Values in the blocks. */
  private spooled = 0;
  private full: boolean;

  /**
   * @param codec makes a codec that may remember the values before: it is used for one pass over the tape.
   * @param spool undefined: nothing is kept.
   */
  constructor(
    private readonly codec: () => Codec<T>,
    private readonly spool: Spool | undefined,
  ) {
    this.encoder = codec();
    this.full = spool === undefined;
  }

  /** How many values are kept, from the first on. */
  get kept(): number {
    return this.full ? this.spooled : this.length;
  }

  /** Whether every value is. */
  get isWhole(): boolean {
    return this.kept === this.length;
  }

  append(value: T): void {
    this.length++;
    if (this.full) return;
    this.encoder.write(this.block, value);
    if (this.block.length >= BLOCK_BYTES) this.endBlock();
  }

  private endBlock(): void {
    const sizeBytes = this.block.length;
    const offset = this.spool!.append(this.block.written);
    this.block.length = 0;
    if (offset === undefined) {
      this.full = true;
      return;
    }
    this.blocks.push({ offset, sizeBytes });
    this.spooled = this.length;
  }

  /** The values that are kept, in order, decoded one block at a time. Nothing may be appended meanwhile. */
  *[Symbol.iterator](): Generator<T, void, undefined> {
    const decoder = this.codec();
    for (const { offset, sizeBytes } of this.blocks) {
      const input = new Reader(this.spool!.read(offset, sizeBytes));
      while (input.remaining > 0) yield decoder.read(input);
    }
    const last = new Reader(this.block.bytes());
    while (last.remaining > 0) yield decoder.read(last);
  }
}
