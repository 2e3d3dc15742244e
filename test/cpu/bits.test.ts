/** Zba, Zbb and Zbs against their definitions in the manual, in big integers. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { makeHart } from '../../src/cpu/engine.ts';
import { fields, insert } from '../../src/cpu/formats.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { bits } from '../../src/cpu/table/bits.ts';
import { execution } from '../engine.ts';
import { examples } from '../thorough.ts';
import { noDevices } from './no-devices.ts';

const u64 = (value: bigint) => BigInt.asUintN(64, value);
const s64 = (value: bigint) => BigInt.asIntN(64, value);
const u32 = (value: bigint) => BigInt.asUintN(32, value);
/** The sign-extended word. */
const word = (value: bigint) => u64(BigInt.asIntN(32, value));
const digits = (value: bigint, width: number) => value.toString(2).padStart(width, '0');
const ones = (text: string) => BigInt(text.replaceAll('0', '').length);
const leading = (text: string) => BigInt(/^0*/.exec(text)![0].length);
const trailing = (text: string) => BigInt(/0*$/.exec(text)![0].length);
const bytesOf = (value: bigint) => value.toString(16).padStart(16, '0').match(/../g)!;
const fromBytes = (bytes: readonly string[]) => BigInt(`0x${bytes.join('')}`);
const rotated = (text: string, left: bigint) => {
  const by = Number(left) % text.length;
  return BigInt(`0b${text.slice(by)}${text.slice(0, by)}`);
};
const bit = (number: bigint) => 1n << (number & 63n);

/** The result of each instruction, from `rs1` and `rs2` or the immediate. */
const reference: Record<string, (a: bigint, b: bigint) => bigint> = {
  'add.uw': (a, b) => u32(a) + b,
  sh1add: (a, b) => 2n * a + b,
  sh2add: (a, b) => 4n * a + b,
  sh3add: (a, b) => 8n * a + b,
  'sh1add.uw': (a, b) => 2n * u32(a) + b,
  'sh2add.uw': (a, b) => 4n * u32(a) + b,
  'sh3add.uw': (a, b) => 8n * u32(a) + b,
  'slli.uw': (a, b) => u32(a) << b,
  andn: (a, b) => a & ~b,
  orn: (a, b) => a | ~b,
  xnor: (a, b) => ~(a ^ b),
  clz: (a) => leading(digits(a, 64)),
  ctz: (a) => trailing(digits(a, 64)),
  cpop: (a) => ones(digits(a, 64)),
  clzw: (a) => leading(digits(u32(a), 32)),
  ctzw: (a) => trailing(digits(u32(a), 32)),
  cpopw: (a) => ones(digits(u32(a), 32)),
  min: (a, b) => (s64(a) < s64(b) ? a : b),
  minu: (a, b) => (a < b ? a : b),
  max: (a, b) => (s64(a) > s64(b) ? a : b),
  maxu: (a, b) => (a > b ? a : b),
  'sext.b': (a) => BigInt.asIntN(8, a),
  'sext.h': (a) => BigInt.asIntN(16, a),
  'zext.h': (a) => BigInt.asUintN(16, a),
  rol: (a, b) => rotated(digits(a, 64), b & 63n),
  ror: (a, b) => rotated(digits(a, 64), 64n - (b & 63n)),
  rori: (a, b) => rotated(digits(a, 64), 64n - b),
  rolw: (a, b) => word(rotated(digits(u32(a), 32), b & 31n)),
  rorw: (a, b) => word(rotated(digits(u32(a), 32), 32n - (b & 31n))),
  roriw: (a, b) => word(rotated(digits(u32(a), 32), 32n - b)),
  'orc.b': (a) => fromBytes(bytesOf(a).map((byte) => (byte === '00' ? '00' : 'ff'))),
  rev8: (a) => fromBytes(bytesOf(a).reverse()),
  bclr: (a, b) => a & ~bit(b),
  bext: (a, b) => (a & bit(b) ? 1n : 0n),
  binv: (a, b) => a ^ bit(b),
  bset: (a, b) => a | bit(b),
  bclri: (a, b) => a & ~bit(b),
  bexti: (a, b) => (a & bit(b) ? 1n : 0n),
  binvi: (a, b) => a ^ bit(b),
  bseti: (a, b) => a | bit(b),
};

const hart = makeHart(4096, noDevices, execution);
const boot = hart.state;

/** Values of every length, and with zeros in their bytes. */
const value = fc
  .tuple(
    fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    fc.integer({ min: 0, max: 63 }),
    fc.integer({ min: 0, max: 255 }),
  )
  .map(([all, shift, bytes]) =>
    bytes < 64
      ? fromBytes(bytesOf(all).map((byte, index) => ((bytes >> (index % 6)) & 1 ? byte : '00')))
      : all >> BigInt(shift),
  );
const signed = fc
  .tuple(value, fc.boolean())
  .map(([magnitude, negative]) => u64(negative ? -magnitude : magnitude));

describe('does what the manual says', () => {
  test.each(bits.map((row) => [row.mnemonic, row] as const))('%s', (mnemonic, { format, match }) => {
    const immediate = ['Shift5', 'Shift6'].includes(format);
    const rs2 = format === 'R' ? insert(fields.rs2, 11) : 0;
    const registers = match | insert(fields.rd, 12) | insert(fields.rs1, 10) | rs2;
    const amount = fc.bigInt({ min: 0n, max: format === 'Shift5' ? 31n : 63n });
    fc.assert(
      fc.property(signed, immediate ? amount : signed, (a, b) => {
        const instruction = immediate ? registers | insert(fields.shamt6, Number(b)) : registers;
        hart.write(RAM_BASE, new Uint8Array(Uint32Array.of(instruction).buffer));
        hart.state = { ...boot, x10: a, x11: b };
        hart.run(1);
        expect(hart.state).toEqual({
          ...boot,
          x10: a,
          x11: b,
          x12: u64(reference[mnemonic]!(a, b)),
          pc: BigInt(RAM_BASE + 4),
          icount: 1n,
        });
      }),
      { numRuns: examples(200) },
    );
  });
});
