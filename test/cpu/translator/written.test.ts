/** Writes from outside to a page that holds translated code. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { CODE_PART_BYTES, PAGE_BYTES, RAM_BASE } from '../../../src/cpu/layout.ts';
import { EAGER } from '../../../src/cpu/translator/translator.ts';
import { examples } from '../../thorough.ts';
import { noDevices } from '../no-devices.ts';

const PARTS = PAGE_BYTES / CODE_PART_BYTES;
/** A loop with instructions in every second part of its page, and data in the others. */
const PROGRAM = Array.from({ length: PARTS / 2 }, (_, part) => {
  const next = (part + 1) % (PARTS / 2);
  return `
part${part}:
    addi a${part % 8}, a${(part + 2) % 8}, ${part + 1}
    j part${next}
    .balign ${2 * CODE_PART_BYTES}`;
}).join('');
const LOOP_STEPS = PARTS;
/** The highest byte of an instruction: a part of its immediate. */
const IMMEDIATE = 3;

const write = fc.record({
  part: fc.nat(PARTS - 1),
  /** The byte there is changed by this. */
  change: fc.constantFrom(0, 0x10, 0x20),
  /** Bytes up to these are written with it, and stay the same. */
  from: fc.nat(PAGE_BYTES - 1),
  to: fc.nat(PAGE_BYTES),
});

test('a write from outside takes effect, and drops translations only when it changes code', () => {
  let modules = 0;
  const { Module } = WebAssembly;
  WebAssembly.Module = class extends Module {
    constructor(bytes: Uint8Array<ArrayBuffer>) {
      super(bytes);
      modules++;
    }
  };
  const { segments } = assemble(PROGRAM, { file: 'parts.s' });
  try {
    fc.assert(
      fc.property(fc.array(write, { minLength: 1, maxLength: 6 }), (writes) => {
        const translated = new Hart(1 << 16, noDevices, { translates: true, heat: EAGER });
        const interpreted = new Hart(1 << 16, noDevices, { translates: false });
        const onBoth = (act: (hart: Hart) => void) => [translated, interpreted].forEach(act);
        onBoth((hart) => {
          for (const { address, bytes } of segments) hart.write(Number(address), bytes);
          hart.run(2 * LOOP_STEPS);
        });
        for (const { part, change, from, to } of writes) {
          const at = part * CODE_PART_BYTES + IMMEDIATE;
          const start = Math.min(from, at);
          const content = interpreted.ram.slice(start, Math.max(to, at + 1));
          content[at - start]! ^= change;
          const before = modules;
          onBoth((hart) => {
            hart.write(RAM_BASE + start, content);
            hart.run(hart.icount + 2 * LOOP_STEPS);
          });
          expect(translated.state).toEqual(interpreted.state);
          const isCode = part % 2 === 0;
          if (change === 0 || !isCode) expect(modules).toBe(before);
          else expect(modules).toBeGreaterThan(before);
        }
      }),
      { numRuns: examples(200) },
    );
  } finally {
    WebAssembly.Module = Module;
  }
});
