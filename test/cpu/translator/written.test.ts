/** Writes from outside to a page that holds translated code. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { CODE_PART_BYTES, PAGE_BYTES, RAM_BASE } from '../../../src/cpu/layout.ts';
import { EAGER } from '../../../src/cpu/translator/translator.ts';
import { examples } from '../../thorough.ts';
import { noDevices } from '../no-devices.ts';

const PARTS = PAGE_BYTES / CODE_PART_BYTES;
const GROUP_PARTS = 4;
const GROUPS = PARTS / GROUP_PARTS;
/**
 * A loop with instructions at the start of every fourth part of its page, which all but the first are entered from the end
 * of the part before. The other parts hold data.
 */
const PROGRAM = Array.from({ length: GROUPS }, (_, group) => {
  const isLast = group === GROUPS - 1;
  return `
group${group}:
    addi a${group}, a${(group + 2) % GROUPS}, ${group + 1}
    j ${isLast ? 'group0' : `before${group + 1}`}
    .skip ${GROUP_PARTS * CODE_PART_BYTES - 16}
before${group + 1}:
    addi a4, a4, 1
    addi a5, a5, 1`;
}).join('');
const LOOP_STEPS = 4 * GROUPS - 2;
/** Without larger translations, which are made when a smaller one was entered often. */
const heat = { ...EAGER, entered: 1e9 };
/** So many that all is translated again that is to be. */
const ROUNDS = 8;
/** Whether a part holds instructions of the loop. */
const isCode = (part: number) =>
  part % GROUP_PARTS === 0 || (part % GROUP_PARTS === GROUP_PARTS - 1 && part < PARTS - 1);
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

const GIGAPAGE = 1n << 38n;
/** Where the program runs: at its place in RAM, or in S-mode under Sv39 at the lowest of the upper addresses. */
const places: Record<string, (hart: Hart) => void> = {
  'at its place in RAM': () => {},
  'at an address in the upper half': (hart) => {
    const table = RAM_BASE + PAGE_BYTES;
    const entry = new DataView(new ArrayBuffer(8));
    entry.setBigUint64(0, (BigInt(RAM_BASE) >> 2n) | 0xcfn, true);
    hart.write(table + 256 * 8, new Uint8Array(entry.buffer));
    hart.set('satp', (8n << 60n) | BigInt(table / PAGE_BYTES));
    // One entry of PMP for all addresses.
    hart.set('pmpaddr0', (1n << 54n) - 1n);
    hart.set('pmpcfg0', 0x1fn);
    hart.set('privilege', 1n);
    hart.set('pc', BigInt.asUintN(64, -GIGAPAGE));
  },
};

describe.each(Object.entries(places))('code %s', (_, goThere) => {
  test('a write from outside takes effect, and drops translations only when it changes code', () => {
    writesTakeEffect(goThere);
  });
});

function writesTakeEffect(goThere: (hart: Hart) => void): void {
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
        const translated = new Hart(1 << 16, noDevices, { translates: true, heat });
        const interpreted = new Hart(1 << 16, noDevices, { translates: false });
        const onBoth = (act: (hart: Hart) => void) => [translated, interpreted].forEach(act);
        onBoth((hart) => {
          for (const { address, bytes } of segments) hart.write(Number(address), bytes);
          goThere(hart);
          hart.run(ROUNDS * LOOP_STEPS);
        });
        for (const { part, change, from, to } of writes) {
          const at = part * CODE_PART_BYTES + IMMEDIATE;
          const start = Math.min(from, at);
          const content = interpreted.ram.slice(start, Math.max(to, at + 1));
          content[at - start]! ^= change;
          const before = modules;
          onBoth((hart) => {
            hart.write(RAM_BASE + start, content);
            hart.run(hart.icount + ROUNDS * LOOP_STEPS);
          });
          expect(translated.state).toEqual(interpreted.state);
          if (change === 0 || !isCode(part)) expect(modules).toBe(before);
          else expect(modules).toBeGreaterThan(before);
        }
      }),
      { numRuns: examples(200) },
    );
  } finally {
    WebAssembly.Module = Module;
  }
}
