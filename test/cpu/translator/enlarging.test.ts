/** Translations that are too small are replaced by larger ones. */
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { noDevices } from '../no-devices.ts';

const PARTS = 30;
const PART_STEPS = 10;
/** A loop that is too long for the first translation at an address. */
const PROGRAM = `
again:
${Array.from({ length: PARTS }, (_, part) => `${`    addi a${part % 8}, a${(part + 3) % 8}, ${part}\n`.repeat(PART_STEPS - 1)}    j 1f\n1:\n`).join('')}
    j again
`;
const LOOP_STEPS = PARTS * PART_STEPS + 1;

const HOT = 50;
const ENTERED = 100;

function hartWith(translates: boolean): Hart {
  const heat = { hot: HOT, patience: 0, entered: ENTERED, drops: 300 };
  const hart = new Hart(1 << 16, noDevices, { translates, heat });
  for (const { address, bytes } of assemble(PROGRAM, { file: 'long-loop.s' }).segments)
    hart.write(Number(address), bytes);
  return hart;
}

test('a loop that small translations pass round becomes a single large one', () => {
  const sizes: number[] = [];
  const { Module } = WebAssembly;
  const [translated, interpreted] = [hartWith(true), hartWith(false)];
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
