/** Random values of any codec, and damaged bytes of them. */
import { type Codec, encode, Reader } from '../../../src/base/codec.ts';
import { FormatError, OperatingError } from '../../../src/base/errors.ts';
import type { Random } from '../../../src/base/random.ts';

/** A value whose decoding takes more reads than this is given up. */
const MAX_READS = 3000;
const MAX_RAW_BYTES = 70_000;
/** More bytes than this are not drawn one by one: they are all equal. */
const MAX_DRAWN_BYTES = 256;
const ATTEMPTS = 20_000;

/** Boundary values: numbers around which a limit may lie. */
const EDGES = [
  0,
  1,
  2,
  63,
  64,
  255,
  256,
  511,
  512,
  4096,
  65_535,
  65_536,
  2 ** 20,
  2 ** 31,
  2 ** 32,
  2 ** 52,
  2 ** 53 - 1,
];

/** A reader that draws at random what is read: so every codec makes random values of a form that it accepts. */
class RandomReader extends Reader {
  private reads = 0;

  constructor(
    private readonly random: Random,
    private readonly words: readonly Uint8Array[],
  ) {
    super(new Uint8Array(0));
  }

  override get remaining(): number {
    return MAX_RAW_BYTES;
  }

  private count(): void {
    if (++this.reads > MAX_READS) this.fail('too large a value');
  }

  override u8(): number {
    this.count();
    const { random } = this;
    return random.below(random.chance(0.7) ? 4 : random.chance(0.7) ? 16 : 256);
  }

  override u16(): number {
    this.count();
    return this.random.below(2 ** 16);
  }

  override u32(): number {
    this.count();
    return this.random.below(2 ** 32);
  }

  override u64(): bigint {
    this.count();
    return this.random.chance(0.5) ? BigInt(this.random.below(8)) : BigInt(this.random.below(2 ** 53)) << 11n;
  }

  /** Often small, or the length of one of the words, so that the next bytes can be that word. */
  override varint(): number {
    this.count();
    const { random, words } = this;
    if (random.chance(0.45)) return random.below(8);
    if (random.chance(0.55)) return words[random.below(words.length)]!.length;
    if (random.chance(0.6)) return EDGES[random.below(EDGES.length)]!;
    return random.below(2 ** random.below(53));
  }

  override raw(sizeBytes: number): Uint8Array {
    this.count();
    if (sizeBytes > MAX_RAW_BYTES) this.fail('too many bytes');
    const { random } = this;
    if (sizeBytes > MAX_DRAWN_BYTES) return new Uint8Array(sizeBytes).fill(random.below(256));
    const fitting = this.words.filter((word) => word.length === sizeBytes);
    if (fitting.length > 0 && random.chance(0.9)) return fitting[random.below(fitting.length)]!.slice();
    const [from, count] = random.chance(0.5) ? [97, 26] : [0, 256];
    return new Uint8Array(sizeBytes).map(() => from + random.below(count));
  }
}

/** The bytes of a random value. `words`: texts that are likely to have a meaning. `allowed`: which values to take. */
export function randomMessage<T>(
  codec: Codec<T>,
  random: Random,
  words: readonly Uint8Array[],
  allowed: (value: T) => boolean = () => true,
): Uint8Array {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    try {
      const value = codec.read(new RandomReader(random, words));
      if (allowed(value)) return encode(codec, value);
    } catch (error) {
      // No value of the codec, or one that can't be written: differences of log entries, for instance.
      if (!(error instanceof OperatingError) && (error as Error).name !== 'InvariantError') throw error;
    }
  }
  throw new FormatError('no value of this codec was drawn', 0);
}

/** Damages bytes: flipped bits, a cut, a large length, bytes that are repeated or too many. */
export function damaged(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  switch (random.below(5)) {
    case 0: {
      const flipped = bytes.slice();
      for (let times = 1 + random.below(4); times > 0 && flipped.length > 0; times--)
        flipped[random.below(flipped.length)]! ^= 1 << random.below(8);
      return flipped;
    }
    case 1:
      return bytes.slice(0, at);
    case 2:
      // The largest integer in the place of whatever stood there.
      return joined(
        bytes.subarray(0, at),
        Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 15),
        bytes.subarray(at + 1),
      );
    case 3:
      return joined(bytes.subarray(0, at), bytes.subarray(random.below(at + 1)));
    default:
      return joined(bytes, random.bytes(1 + random.below(40)));
  }
}

const joined = (...parts: Uint8Array[]): Uint8Array => new Uint8Array(Buffer.concat(parts));

/** Texts as bytes. */
export const wordsOf = (...texts: string[]): Uint8Array[] =>
  texts.map((text) => new TextEncoder().encode(text));
