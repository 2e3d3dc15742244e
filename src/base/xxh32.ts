/**
 * XXH32, the checksum of files and messages (Collet, "XXH32 Algorithm Description", as in the LZ4 frame format). It
 * needs no tables and takes a third of the time of a CRC.
 */
const PRIME_1 = 0x9e3779b1;
const PRIME_2 = 0x85ebca77;
const PRIME_3 = 0xc2b2ae3d;
const PRIME_4 = 0x27d4eb2f;
const PRIME_5 = 0x165667b1;

/** A stripe is four words, one for each lane. */
const STRIPE_BYTES = 16;

const rotateLeft = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

const begin = (lanes: Int32Array, seed: number): void => {
  lanes[0] = seed + PRIME_1 + PRIME_2;
  lanes[1] = seed + PRIME_2;
  lanes[2] = seed;
  lanes[3] = seed - PRIME_1;
};

/** A long call is made in pieces of this size: V8 has optimized code for the second one, and not within the first. */
const PIECE_BYTES = 1 << 20;

/** Adds the whole stripes of the bytes between two offsets; returns where the rest begins. */
function stripes(lanes: Int32Array, view: DataView, from: number, to: number): number {
  let at = from;
  while (at + PIECE_BYTES < to) at = stripesOfPiece(lanes, view, at, at + PIECE_BYTES);
  return stripesOfPiece(lanes, view, at, to);
}

/**
 * {@link stripes} in one loop. Its constants are literals, since a bundler makes variables of those of a module, and
 * each sum is cut to 32 bits at once: with both, V8 takes less than half as long.
 */
function stripesOfPiece(lanes: Int32Array, view: DataView, from: number, to: number): number {
  let a = lanes[0]!;
  let b = lanes[1]!;
  let c = lanes[2]!;
  let d = lanes[3]!;
  let at = from;
  for (const end = to - STRIPE_BYTES; at <= end; at += STRIPE_BYTES) {
    a = (a + Math.imul(view.getInt32(at, true), 0x85ebca77)) | 0;
    a = Math.imul((a << 13) | (a >>> 19), 0x9e3779b1);
    b = (b + Math.imul(view.getInt32(at + 4, true), 0x85ebca77)) | 0;
    b = Math.imul((b << 13) | (b >>> 19), 0x9e3779b1);
    c = (c + Math.imul(view.getInt32(at + 8, true), 0x85ebca77)) | 0;
    c = Math.imul((c << 13) | (c >>> 19), 0x9e3779b1);
    d = (d + Math.imul(view.getInt32(at + 12, true), 0x85ebca77)) | 0;
    d = Math.imul((d << 13) | (d >>> 19), 0x9e3779b1);
  }
  lanes[0] = a;
  lanes[1] = b;
  lanes[2] = c;
  lanes[3] = d;
  return at;
}

/** The checksum of `length` bytes, of which those in `view` between two offsets are in no stripe. */
function finish(
  lanes: Int32Array,
  seed: number,
  length: number,
  view: DataView,
  from: number,
  to: number,
): number {
  const merged =
    rotateLeft(lanes[0]!, 1) +
    rotateLeft(lanes[1]!, 7) +
    rotateLeft(lanes[2]!, 12) +
    rotateLeft(lanes[3]!, 18);
  let hash = ((length >= STRIPE_BYTES ? merged : seed + PRIME_5) + length) | 0;
  let at = from;
  for (; at + 4 <= to; at += 4)
    hash = Math.imul(rotateLeft(hash + Math.imul(view.getInt32(at, true), PRIME_3), 17), PRIME_4);
  for (; at < to; at++)
    hash = Math.imul(rotateLeft(hash + Math.imul(view.getUint8(at), PRIME_5), 11), PRIME_1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME_2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME_3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

const viewOf = ({ buffer, byteOffset, byteLength }: Uint8Array): DataView =>
  new DataView(buffer, byteOffset, byteLength);

const shared = new Int32Array(4);

/** Bytes up to this many are copied, which takes less time than creating a view of them: the most are messages. */
const SHORT_BYTES = 256;
const short = new Uint8Array(SHORT_BYTES);
const shortView = viewOf(short);

/** The checksum of the bytes: 0 to 2^32 - 1. It depends on `seed` (32 bits). */
export function xxh32(bytes: Uint8Array, seed = 0): number {
  const isShort = bytes.length <= SHORT_BYTES;
  if (isShort) short.set(bytes);
  return xxh32Within(isShort ? shortView : viewOf(bytes), 0, bytes.length, seed);
}

/** {@link xxh32} of the bytes between two offsets of a view: making one takes longer than the checksum of few bytes. */
export function xxh32Within(view: DataView, from: number, to: number, seed: number): number {
  begin(shared, seed);
  return finish(shared, seed, to - from, view, stripes(shared, view, from, to), to);
}

/** {@link xxh32}, with seed 0, of bytes that come in pieces. */
export class Xxh32 {
  private readonly lanes = new Int32Array(4);
  /** The bytes that are in no stripe yet. */
  private readonly rest = new Uint8Array(STRIPE_BYTES);
  private length = 0;

  constructor() {
    begin(this.lanes, 0);
  }

  /** Adds the next piece. */
  update(piece: Uint8Array): void {
    const waiting = this.length % STRIPE_BYTES;
    this.length += piece.length;
    const first = waiting > 0 ? piece.subarray(0, STRIPE_BYTES - waiting) : new Uint8Array(0);
    this.rest.set(first, waiting);
    if (waiting + first.length === STRIPE_BYTES) stripes(this.lanes, viewOf(this.rest), 0, STRIPE_BYTES);
    const others = piece.subarray(first.length);
    if (others.length === 0) return;
    this.rest.set(others.subarray(stripes(this.lanes, viewOf(others), 0, others.length)));
  }

  /** The checksum of all pieces so far. */
  get checksum(): number {
    const rest = this.rest.subarray(0, this.length % STRIPE_BYTES);
    return finish(this.lanes, 0, this.length, viewOf(rest), 0, rest.length);
  }
}
