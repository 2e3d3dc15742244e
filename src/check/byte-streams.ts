import { joined, sameBytes } from '../base/bytes.ts';

/** The number of bytes quoted before a difference, and from it on. */
const SHOWN_BEFORE = 10;
const SHOWN_FROM = 20;

/** Bytes that are read in order. */
class ByteSource {
  private rest: Uint8Array = new Uint8Array(0);
  private readonly parts: Iterator<Uint8Array>;

  constructor(parts: Iterable<Uint8Array>) {
    this.parts = parts[Symbol.iterator]();
  }

  /** The next `count` bytes; fewer at the end. */
  take(count: number): Uint8Array {
    while (this.rest.length < count) {
      const { value, done } = this.parts.next();
      if (done) break;
      this.rest = joined([this.rest, value]);
    }
    const taken = this.rest.subarray(0, count);
    this.rest = this.rest.subarray(count);
    return taken;
  }
}

/** Compares two streams of bytes: one is appended in pieces, the other is read as far as needed. */
export class ByteStreams {
  /** The length of the streams' common prefix. */
  same = 0;
  /** The number of bytes appended after the common prefix. */
  more = 0;
  private readonly source: ByteSource;
  private before: Uint8Array = new Uint8Array(0);
  /** The bytes of each stream after the common prefix, as many as are quoted. */
  private came: Uint8Array = new Uint8Array(0);
  private there: Uint8Array | undefined;

  /** `there`: the other stream. */
  constructor(there: Iterable<Uint8Array>) {
    this.source = new ByteSource(there);
  }

  /** Appends the next piece. */
  append(piece: Uint8Array): void {
    let rest = piece;
    if (this.there === undefined) {
      const there = this.source.take(piece.length);
      const count = commonLength(piece, there);
      this.same += count;
      this.before = joined([this.before, piece.subarray(0, count)]).slice(-SHOWN_BEFORE);
      if (count === piece.length) return;
      this.there = this.upToShown(there.slice(count));
      rest = piece.subarray(count);
    }
    this.more += rest.length;
    this.came = joined([this.came, rest]).slice(0, SHOWN_FROM);
  }

  /** Whether the other stream continues after the common prefix. */
  get thereIsMore(): boolean {
    this.there ??= this.upToShown(new Uint8Array(0));
    return this.there.length > 0;
  }

  private upToShown(bytes: Uint8Array): Uint8Array {
    return joined([bytes, this.source.take(SHOWN_FROM - bytes.length)]).slice(0, SHOWN_FROM);
  }

  /**
   * The place of the first difference, quoted from the appended pieces (`came`) and from the other stream (`there`).
   */
  get quoted(): { came: string; there: string } {
    const around = (bytes: Uint8Array) =>
      JSON.stringify(new TextDecoder().decode(joined([this.before, bytes])));
    return { came: around(this.came), there: around(this.there ?? new Uint8Array(0)) };
  }
}

function commonLength(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  if (sameBytes(a.subarray(0, length), b.subarray(0, length))) return length;
  let count = 0;
  while (a[count] === b[count]) count++;
  return count;
}
