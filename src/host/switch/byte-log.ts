import { assert } from '../../base/assert.ts';

interface Piece {
  offset: number;
  data: Uint8Array;
}

/** Short pieces are joined: a guest may write single bytes. */
const PIECE_BYTES = 4096;

/** The latest part of a stream of bytes, by offset since its begin. */
export class ByteLog {
  private pieces: Piece[] = [];

  /** `end`: the offset of the next byte. */
  constructor(private endOffset = 0) {}

  /** The offset of the oldest byte that is kept. */
  get start(): number {
    return this.pieces[0]?.offset ?? this.endOffset;
  }

  /** The offset of the next byte. */
  get end(): number {
    return this.endOffset;
  }

  get sizeBytes(): number {
    return this.end - this.start;
  }

  append(data: Uint8Array): void {
    if (data.length === 0) return;
    const last = this.pieces.at(-1);
    if (last && last.data.length + data.length <= PIECE_BYTES) last.data = joined(last.data, data);
    else this.pieces.push({ offset: this.endOffset, data });
    this.endOffset += data.length;
  }

  /** Forgets the bytes before `offset`; one past the end is taken as the end. */
  forget(offset: number): void {
    const whole = this.pieces.findIndex((piece) => piece.offset + piece.data.length > offset);
    this.pieces.splice(0, whole < 0 ? this.pieces.length : whole);
    const [first] = this.pieces;
    if (!first || first.offset >= offset) return;
    this.pieces[0] = { offset, data: first.data.subarray(offset - first.offset) };
  }

  /** Up to `limitBytes` bytes from `offset` on, which is kept, or the end. */
  read(offset: number, limitBytes: number): Uint8Array {
    assert(offset >= this.start && offset <= this.end, () => `${offset} is not kept`);
    const data = new Uint8Array(Math.min(limitBytes, this.end - offset));
    for (const piece of this.pieces) {
      const at = piece.offset - offset;
      if (at >= data.length) break;
      if (at + piece.data.length <= 0) continue;
      const from = piece.data.subarray(Math.max(0, -at));
      const to = Math.max(0, at);
      data.set(from.subarray(0, data.length - to), to);
    }
    return data;
  }

  /** All bytes that are kept. */
  all(): Uint8Array {
    return this.read(this.start, this.sizeBytes);
  }

  /** Moves the bytes to other offsets, so that the first one is at `offset`. */
  moveTo(offset: number): void {
    const by = offset - this.start;
    for (const piece of this.pieces) piece.offset += by;
    this.endOffset += by;
  }
}

function joined(a: Uint8Array, b: Uint8Array): Uint8Array {
  const all = new Uint8Array(a.length + b.length);
  all.set(a);
  all.set(b, a.length);
  return all;
}
