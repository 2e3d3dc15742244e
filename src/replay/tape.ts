import { type Codec, Reader, Writer } from '../base/codec.ts';
import type { Spool } from './spool.ts';

/** The size at which a block is appended to the spool. */
const BLOCK_BYTES = 1 << 14;

/**
 * A sequence of values, encoded on a spool. At any length the tape itself holds one block in memory. From the
 * first block on for which the spool has no room, nothing more is kept.
 */
export class Tape<T> {
  /** The number of appended values, kept or not. */
  length = 0;
  private readonly encoder: Codec<T>;
  private readonly block = new Writer();
  private readonly blocks: { offset: number; sizeBytes: number }[] = [];
  /** The number of values in the blocks. */
  private spooled = 0;
  private full: boolean;

  /**
   * @param codec makes a codec for one pass over the tape, which may depend on the values before.
   * @param spool undefined: values are only counted.
   */
  constructor(
    private readonly codec: () => Codec<T>,
    private readonly spool: Spool | undefined,
  ) {
    this.encoder = codec();
    this.full = spool === undefined;
  }

  /** The number of kept values, from the first on. */
  get kept(): number {
    return this.full ? this.spooled : this.length;
  }

  /** Whether every value is kept. */
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

  /** The kept values in order, decoded one block at a time. Nothing may be appended meanwhile. */
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
