/** The 32-bit halves of 64-bit registers. */
export const low32 = (value: bigint): number => Number(BigInt.asUintN(32, value));

export const high32 = (value: bigint): number => low32(value >> 32n);

export const withLow32 = (value: bigint, half: number): bigint =>
  (BigInt(high32(value)) << 32n) | BigInt(half);

export const withHigh32 = (value: bigint, half: number): bigint =>
  (BigInt(half) << 32n) | BigInt(low32(value));

/** A read of 8 bytes as two of 4: the lower register, then the upper one. */
export function readHalves(offset: number, read: (offset: number) => bigint): bigint {
  const low = read(offset);
  return low | (read(offset + 4) << 32n);
}
