/** Every 16-bit parcel: against binutils (test/goldens/make/parcels.mjs), and against the expanded instruction. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { compress } from '../../src/asm/compress.ts';
import { disassemble } from '../../src/asm/disassembler.ts';
import { MSTATUS, PRIVILEGE } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { extract, fields } from '../../src/cpu/formats.ts';
import { decode } from '../../src/cpu/instructions.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { compressed, decodeCompressed, expand } from '../../src/cpu/table/compressed.ts';
import { execution } from '../engine.ts';
import { parcels, summaries } from '../goldens/make/parcels.mjs';
import { examples } from '../thorough.ts';
import { noDevices } from './no-devices.ts';

const golden = readFileSync(new URL('../goldens/parcels.txt', import.meta.url), 'utf8')
  .trim()
  .split('\n')
  .slice(1);

/** objdump shows this as an instruction; the manual reserves it. */
const RESERVED = { parcel: 0x6101, text: 'c.addi16sp sp, 0' };

/** The text with numbers in decimal and targets as distances, as the goldens have it. */
function textOf(parcel: number): string {
  if (parcel === RESERVED.parcel) return RESERVED.text;
  const text = disassemble(parcel, RAM_BASE, { aliases: false });
  const isTransfer = /^c\.(j|beqz|bnez) /.test(text);
  return text.replace(/0x[\da-f]+/, (number) => {
    const distance = Number(number) - RAM_BASE;
    return isTransfer ? `.${distance < 0 ? '' : '+'}${distance}` : `${Number(number)}`;
  });
}

test('is disassembled as by objdump, and expands to the instruction that GNU as makes of that', () => {
  const ours = parcels.map((parcel) => ({ parcel, text: textOf(parcel), word: expand(parcel) }));
  expect(summaries(ours)).toEqual(golden);
});

test('expands to an instruction of the table, or is illegal', () => {
  for (const parcel of parcels) {
    const word = expand(parcel);
    if (word !== 0) expect(decode(word)?.mnemonic).toBe(decodeCompressed(parcel)!.expansion.mnemonic);
  }
});

test('is assembled from its text', () => {
  const some = parcels.filter((parcel, index) => index % 7 === 0 && parcel !== RESERVED.parcel);
  const { segments } = assemble(some.map(textOf).join('\n'), { file: 'parcels.s' });
  expect([...new Uint16Array(segments[0]!.bytes.buffer, 0, some.length)]).toEqual(some);
});

const isHint = (parcel: number): boolean => {
  const { hint } = decodeCompressed(parcel)!;
  return hint === 'always' || hint.some((name) => extract(fields[name], parcel) === 0);
};

test('is what its instruction is compressed to, or an equivalent, unless it is a hint', () => {
  for (const parcel of parcels) {
    const word = expand(parcel);
    if (word === 0 || isHint(parcel)) continue;
    const again = compress(word);
    if (again !== parcel) expect([parcel, again, expand(again)]).toEqual([parcel, again, word]);
  }
});

/** Registers point into RAM, so that loads and stores succeed. */
const RAM_BYTES = 0x2_0000;
const CODE = RAM_BASE + 0x1_0000;
const DATA = RAM_BASE + 0x1000;
const data = Uint8Array.from({ length: 0x1000 }, (_, index) => (index * 0x6d) >> 3);
const pointer = fc.integer({ min: 0, max: 0xff }).map((index) => BigInt(DATA + 8 * index));
const registers = fc.array(fc.oneof(pointer, fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })), {
  minLength: 31,
  maxLength: 31,
});

const hart = makeHart(RAM_BYTES, noDevices, execution);
const boot = hart.state;

/** Takes one step on an instruction; returns what has changed. */
function step(instruction: number, sizeBytes: 2 | 4, given: readonly bigint[]) {
  const code = new Uint8Array(
    sizeBytes === 2 ? Uint16Array.of(instruction).buffer : Uint32Array.of(instruction).buffer,
  );
  hart.write(DATA, data);
  hart.write(CODE, code);
  hart.state = {
    ...boot,
    ...Object.fromEntries(given.map((value, index) => [`x${index + 1}`, value])),
    ...Object.fromEntries(given.map((value, index) => [`f${index}`, value])),
    pc: BigInt(CODE),
    mtvec: BigInt(RAM_BASE),
    mstatus: MSTATUS.FS,
    privilege: BigInt(PRIVILEGE.M),
  };
  hart.run(1);
  hart.write(CODE, new Uint8Array(4));
  const ram = hart.hashRam();
  // The next pc, and a link to it, is as far after the instruction as it is long.
  const next = BigInt(CODE + sizeBytes);
  const state = Object.entries(hart.state).map(([name, value]) => [name, value === next ? 'next' : value]);
  return { state: Object.fromEntries(state), ram };
}

describe('behaves as the instruction that it expands to, but is two bytes long', () => {
  test.each(compressed.map((row) => [row.mnemonic, row] as const))('%s', (_, { match, mask }) => {
    const parcel = fc.integer({ min: 0, max: 0xffff }).map((bits) => match | (bits & ~mask & 0xffff));
    // A jump to what follows one of the two instructions would look like going on.
    const instruction = parcel.filter(
      (candidate) => expand(candidate) !== 0 && !/\.\+[24]$/.test(textOf(candidate)),
    );
    fc.assert(
      fc.property(instruction, registers, (half, given) => {
        expect(step(half, 2, given)).toEqual(step(expand(half), 4, given));
      }),
      { numRuns: examples(60) },
    );
  });

  test('an illegal one traps, and mtval has its 16 bits', () => {
    for (const parcel of parcels.filter((candidate) => expand(candidate) === 0).slice(0, 300)) {
      const { state } = step(parcel, 2, []);
      expect([state.mcause, state.mtval, state.mepc]).toEqual([2n, BigInt(parcel), BigInt(CODE)]);
    }
  });
});
