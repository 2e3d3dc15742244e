/** Translations that are too small are replaced by larger ones. */
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { HEAT, HEAT_COUNT } from '../../../src/cpu/layout.ts';
import { noDevices } from '../no-devices.ts';

const PARTS = 30;
const PART_STEPS = 10;
/** A loop that is too long for the first translation at an address. */
const LONG_LOOP = `
again:
${Array.from({ length: PARTS }, (_, part) => `${`    addi a${part % 8}, a${(part + 3) % 8}, ${part}\n`.repeat(PART_STEPS - 1)}    j 1f\n1:\n`).join('')}
    j again
`;
const LOOP_STEPS = PARTS * PART_STEPS + 1;

const HOT = 50;
const ENTERED = 100;

const HANDLERS = 8;
/** An interpreter of a random program: it goes through a table of handlers. */
const TABLE = `
    la s0, table
    li s1, 1
    li s2, 0x5851f42d4c957f2d
again:
    mul s1, s1, s2
    addi s1, s1, 1
    srli t1, s1, 40
    andi t1, t1, ${8 * (HANDLERS - 1)}
    add t1, t1, s0
    ld t1, 0(t1)
    jr t1
${Array.from({ length: HANDLERS }, (_, index) => `handler${index}: addi a${index}, a${index}, ${index + 1}\n    j again\n`).join('')}
    .balign 8
table:
    .dword ${Array.from({ length: HANDLERS }, (_, index) => `handler${index}`).join(', ')}
`;
const TURN_STEPS = 9;

function hartWith(program: string, translates: boolean): Hart {
  const heat = { hot: HOT, patience: 0, entered: ENTERED, drops: 300, window: 1e9 };
  const hart = new Hart(1 << 16, noDevices, { translates, heat });
  for (const { address, bytes } of assemble(program, { file: 'program.s' }).segments)
    hart.write(Number(address), bytes);
  return hart;
}

test('a loop that small translations pass round becomes a single large one', () => {
  const sizes: number[] = [];
  const { Module } = WebAssembly;
  const [translated, interpreted] = [hartWith(LONG_LOOP, true), hartWith(LONG_LOOP, false)];
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      super(bytes);
      sizes.push(bytes.length);
    }
  };
  try {
    const entered = LOOP_STEPS * (HOT + ENTERED - 10);
    translated.run(entered);
    const small = sizes.length;
    expect(small).toBeGreaterThan(1);
    translated.run(entered + LOOP_STEPS * 40);
    expect(sizes.length).toBe(small + 1);
    expect(sizes.at(-1)).toBeGreaterThan(1.5 * Math.max(...sizes.slice(0, small)));
    // The other small ones are seldom entered any more, where a run ended: else each of them would be replaced, too.
    translated.run(entered + LOOP_STEPS * 40 * ENTERED);
    expect(sizes.length).toBeLessThan(small + PARTS / 4);
  } finally {
    WebAssembly.Module = Module;
  }
  interpreted.run(translated.icount);
  expect(translated.state).toEqual(interpreted.state);
});

test('a jump through a table stays within the large translation', () => {
  const [translated, interpreted] = [hartWith(TABLE, true), hartWith(TABLE, false)];
  translated.run(100 * HANDLERS * ENTERED * TURN_STEPS);
  // The interpreter counts its jumps.
  const counts = new Int32Array(translated.ram.buffer, HEAT, HEAT_COUNT);
  const least = -1_000_000;
  counts.fill(least);
  const turns = 1000;
  translated.run(translated.icount + turns * TURN_STEPS);
  const jumps = counts.reduce((sum, count) => sum + (count - least), 0);
  expect(jumps).toBeLessThan(turns / 20);
  interpreted.run(translated.icount);
  expect(translated.state).toEqual(interpreted.state);
});
