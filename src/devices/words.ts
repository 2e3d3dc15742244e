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
