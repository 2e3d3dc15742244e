/**
 * Code that keeps changing: V8 retains memory for every module that it has ever compiled, so there must not be one
 * for each change.
 */
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { noDevices } from '../no-devices.ts';

const CHANGES = 1000;
const CALLS = 400;
const HOT = 100;

/** Writes a function that adds another number each time, and calls it; then calls the last one many times. */
const PROGRAM = `
    la s0, function
    li s1, ${CHANGES}
    li s2, 0
change:
    addi s2, s2, 1
    li t0, 0x00050513           # addi a0, a0, ...
    slli t1, s2, 20
    or t0, t0, t1
    sw t0, 0(s0)
    fence.i
    li a1, ${CALLS}
    call function
    bltu s2, s1, change
    li a1, 200000
    call function
1:  j 1b

    .balign 4096
function:
    addi a0, a0, 0
    addi a1, a1, -1
    bnez a1, function
    ret
`;

test('code is translated later the more often it has changed, and stable code is translated finally', () => {
  let modules = 0;
  const { Module } = WebAssembly;
  const hart = new Hart(1 << 16, noDevices, {
    heat: { hot: HOT, patience: 0, entered: 1e9, drops: CHANGES, window: 1e9 },
  });
  for (const { address, bytes } of assemble(PROGRAM, { file: 'changing.s' }).segments)
    hart.write(Number(address), bytes);
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      super(bytes);
      modules++;
    }
  };
  try {
    hart.run(CHANGES * (CALLS * 3 + 20));
    // The threshold of hot code rises up to 256 times its initial value.
    expect(modules).toBeGreaterThan(4);
    expect(modules).toBeLessThan(8 + (CHANGES * CALLS) / (HOT * 2 ** 8) + 10);
    const before = modules;
    hart.run(CHANGES * (CALLS * 3 + 20) + 3 * 200_000);
    expect(modules).toBeGreaterThan(before);
  } finally {
    WebAssembly.Module = Module;
  }
  expect(hart.get('x10')).toBe(BigInt(((CHANGES * (CHANGES + 1)) / 2) * CALLS + CHANGES * 200_000));
});
