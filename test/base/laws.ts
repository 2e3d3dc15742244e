/** Laws that hold for every format of vmft. */
import { FormatError } from '../../src/base/errors.ts';

const same = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Every proper prefix of an encoding. */
export function* truncations(encoded: Uint8Array): Generator<Uint8Array> {
  for (let length = 0; length < encoded.length; length++) yield encoded.slice(0, length);
}

/** Every encoding with one bit changed. */
export function* bitFlips(encoded: Uint8Array): Generator<Uint8Array> {
  for (let bit = 0; bit < encoded.length * 8; bit++) {
    const flipped = encoded.slice();
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    yield flipped;
  }
}

/** Bytes are either refused with a FormatError, or they are exactly what their value encodes to. */
export function mustBeCanonical<T>(
  source: Uint8Array,
  decode: (source: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): 'refused' | 'accepted' {
  let value: T;
  try {
    value = decode(source);
  } catch (error) {
    if (error instanceof FormatError) return 'refused';
    throw error;
  }
  const again = encode(value);
  if (same(again, source)) return 'accepted';
  throw new Error(`${hex(source)} is accepted, and its value encodes to ${hex(again)}`);
}

/** Checks every truncation and every bit flip of an encoding. */
export function mustRefuseChanges<T>(
  encoded: Uint8Array,
  decode: (source: Uint8Array) => T,
  encode: (value: T) => Uint8Array,
): void {
  for (const changed of truncations(encoded)) mustBeCanonical(changed, decode, encode);
  for (const changed of bitFlips(encoded)) mustBeCanonical(changed, decode, encode);
}
