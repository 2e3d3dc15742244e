/** Cases of Zba, Zbb and Zbs for test/goldens/make/cpu.mjs. */

/** @typedef {Record<string, bigint | number>} Input */

const unary = ['clz', 'ctz', 'cpop', 'clzw', 'ctzw', 'cpopw', 'sext.b', 'sext.h', 'zext.h', 'orc.b', 'rev8'];
const scaled = ['sh1add', 'sh2add', 'sh3add', 'add.uw', 'sh1add.uw', 'sh2add.uw', 'sh3add.uw'];
const logical = ['andn', 'orn', 'xnor', 'min', 'minu', 'max', 'maxu'];
const amounts = ['rol', 'ror', 'rolw', 'rorw', 'bclr', 'bext', 'binv', 'bset'];
const immediate = ['slli.uw', 'rori', 'roriw', 'bclri', 'bexti', 'binvi', 'bseti'];

const edges = [0, 1, -1, 2n ** 63n, 2n ** 63n - 1n, 2n ** 31n, 2n ** 31n - 1n, 2n ** 32n, -(2n ** 31n)];
/** Bytes that are zero among others, and the edges of bytes and of half words. */
const patterns = [
  0x80,
  0xff00,
  0x8000,
  0x7fff,
  0x1_0000,
  0x0001_0203_0405_0607n,
  0x8000_7f00_0100_ff00n,
  0x00ff_0000_8000_0001n,
];

/**
 * @param {(lines: string, ...inputs: Input[]) => void} make
 * @param {() => bigint} random
 */
export function bits(make, random) {
  const some = (/** @type {number} */ count) =>
    Array.from({ length: count }, (_, i) => random() >> BigInt(7 * i));
  for (const name of unary) {
    make(`${name} x12, x10`, ...[...edges, ...patterns, ...some(8)].map((x10) => ({ x10 })));
    make(`${name} x0, x10`, { x10: random() });
    make(`${name} x31, x31`, { x31: random() });
    make(`${name} x12, x0`);
  }
  for (const name of [...scaled, ...logical, ...amounts]) {
    const second = amounts.includes(name) ? [0, 1, 31, 32, 33, 63, 64, -1] : edges;
    const inputs = edges.flatMap((x10) => second.map((x11) => ({ x10, x11 })));
    make(`${name} x12, x10, x11`, ...inputs, ...some(8).map((x10) => ({ x10, x11: random() })));
    const input = { x10: random(), x11: random() };
    make(`${name} x0, x10, x11`, input);
    make(`${name} x10, x10, x11`, input);
    make(`${name} x11, x10, x11`, input);
    make(`${name} x10, x10, x10`, input);
    make(`${name} x1, x0, x11`, input);
    make(`${name} x31, x10, x0`, input);
  }
  for (const name of immediate) {
    for (const shamt of name === 'roriw' ? [0, 1, 17, 31] : [0, 1, 31, 32, 63])
      make(`${name} x12, x10, ${shamt}`, ...[...edges, ...some(3)].map((x10) => ({ x10 })));
    make(`${name} x0, x10, 1`, { x10: random() });
    make(`${name} x10, x10, 9`, { x10: random() });
  }
}
