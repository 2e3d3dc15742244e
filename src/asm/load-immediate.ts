/**
 * The instructions that load a 64-bit constant into a register, in the sequence of GNU as for `li`.
 * @param value a signed 64-bit number
 * @returns instructions over the register `rd`, as text
 */
export function loadImmediate(value: bigint): string[] {
  if (BigInt.asIntN(12, value) === value) return [`addi rd, x0, ${value}`];
  return build(value);
}

/** `loadImmediate` without the short form; also used by `la` of a number. */
export function build(value: bigint): string[] {
  const low = BigInt.asIntN(12, value);
  const rest = BigInt.asIntN(64, value - low);
  if (BigInt.asIntN(32, value) === value) return buildWord(rest, low);

  // The low 12 bits are added last; the bits above are built first, without their trailing zeros.
  let shift = 12n;
  while (((rest >> shift) & 1n) === 0n) shift++;
  const instructions = [...build(rest >> shift), `slli rd, rd, ${shift}`];
  if (low !== 0n) instructions.push(`addi rd, rd, ${low}`);
  return instructions;
}

function buildWord(rest: bigint, low: bigint): string[] {
  if (rest === 0n) return [`addiw rd, x0, ${low}`];
  const upper = `lui rd, ${BigInt.asUintN(20, rest >> 12n)}`;
  return low === 0n ? [upper] : [upper, `addiw rd, rd, ${low}`];
}
