/** Cases of 16-bit parcels for test/goldens/make/cpu.mjs: random ones, each before a `c.nop`, reserved ones among them. */

/** @typedef {Record<string, bigint | number>} Input */

const CASES_EACH = 40;

/** @param {number} parcel @param {number} at @param {number} width */
const bits = (parcel, at, width) => (parcel >> at) & (2 ** width - 1);

/**
 * The offset of a load or store, by quadrant and funct3.
 *
 * @param {number} p
 */
function offset(p) {
  const isWord = bits(p, 13, 2) === 2;
  if (bits(p, 0, 2) === 0)
    return (
      (bits(p, 10, 3) << 3) | (isWord ? (bits(p, 6, 1) << 2) | (bits(p, 5, 1) << 6) : bits(p, 5, 2) << 6)
    );
  if (bits(p, 15, 1) === 1)
    return isWord
      ? (bits(p, 9, 4) << 2) | (bits(p, 7, 2) << 6)
      : (bits(p, 10, 3) << 3) | (bits(p, 7, 3) << 6);
  return (
    (bits(p, 12, 1) << 5) |
    (isWord ? (bits(p, 4, 3) << 2) | (bits(p, 2, 2) << 6) : (bits(p, 5, 2) << 3) | (bits(p, 2, 3) << 6))
  );
}

/** Whether it goes to itself. */
const isLoop = (/** @type {number} */ p) =>
  bits(p, 0, 2) === 1 && bits(p, 13, 3) >= 5 && (p & (bits(p, 13, 3) === 5 ? 0x1ffc : 0x1c7c)) === 0;

/**
 * Registers for a parcel: a base that makes its address one of `data`, or a place to jump to, and random values.
 *
 * @param {number} p
 * @param {() => bigint} random
 * @param {{ code: number, data: number }} machine
 */
function registers(p, random, { code, data }) {
  const quadrant = bits(p, 0, 2);
  const funct3 = bits(p, 13, 3);
  /** @type {Input} */
  const input = {};
  if (quadrant === 2) {
    input[`x${bits(p, 2, 5)}`] = random();
    input[`x${bits(p, 7, 5)}`] = funct3 === 4 ? code + 64 + (Number(random()) & 7) : random();
    if (funct3 % 4 !== 0) input.x2 = data + 8 - offset(p);
  } else if (quadrant === 0) {
    input.x2 = random();
    input[`x${8 + bits(p, 2, 3)}`] = random();
    input[`x${8 + bits(p, 7, 3)}`] = data + 8 - offset(p);
  } else {
    input[`x${bits(p, 7, 5)}`] = random();
    input[`x${8 + bits(p, 2, 3)}`] = random();
    input[`x${8 + bits(p, 7, 3)}`] = funct3 >= 6 && random() % 2n === 0n ? 0 : random();
  }
  delete input.x0;
  return input;
}

/**
 * @param {(lines: string, ...inputs: Input[]) => void} make
 * @param {() => bigint} random
 * @param {{ code: number, data: number }} machine
 */
export function compressed(make, random, machine) {
  for (const quadrant of [0, 1, 2])
    for (let funct3 = 0; funct3 < 8; funct3++)
      for (let i = 0; i < CASES_EACH; i++) {
        const parcel = (funct3 << 13) | (Number(random() % 2048n) << 2) | quadrant;
        if (isLoop(parcel)) continue;
        make(
          `.word 0x0001${parcel.toString(16).padStart(4, '0')}`,
          registers(parcel, random, machine),
          registers(parcel, random, machine),
        );
      }
}
