/** Bits 31:0 of a 64-bit register. */
export const low32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

/** Bits 63:32 of a 64-bit register. */
export const high32 = (value: bigint): number => low32(value >> 32n);

/** The register with other bits 31:0. */
export const withLow32 = (value: bigint, half: number): bigint =>
  (BigInt(high32(value)) << 32n) | BigInt(half);

/** The register with other bits 63:32. */
export const withHigh32 = (value: bigint, half: number): bigint =>
  (BigInt(half) << 32n) | BigInt(low32(value));

/** A read of 8 bytes as two of 4: the lower register, then the upper one. */
export function readHalves(offset: number, read: (offset: number) => bigint): bigint {
  const low = read(offset);
  return low | (read(offset + 4) << 32n);
}

// Little-endian words among bytes. Without a DataView: creating one for each small read takes ten times as long.

export const halfword = (bytes: Uint8Array, at: number): number => bytes[at]! | (bytes[at + 1]! << 8);

export const word = (bytes: Uint8Array, at: number): number =>
  halfword(bytes, at) + halfword(bytes, at + 2) * 2 ** 16;

/** 64 bits; above 2^53 they are rounded. */
export const doubleword = (bytes: Uint8Array, at: number): number =>
  word(bytes, at) + word(bytes, at + 4) * 2 ** 32;

/** The bytes of words of 32 bits. */
export function wordsOf(...words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(4 * words.length);
  for (let index = 0; index < bytes.length; index++) bytes[index] = words[index >> 2]! >>> (8 * (index & 3));
  return bytes;
}
