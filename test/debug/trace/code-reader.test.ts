/** Instructions are read from where a debugger reads memory: `readMemory`, which is written in another way. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { readMemory } from '../../../src/debug/address-space.ts';
import { CodeReader } from '../../../src/debug/trace/code-reader.ts';
import { HartHalves } from '../../../src/debug/trace/hart-image.ts';
import { ReplayDoors } from '../../../src/vmm/doors.ts';
import { Machine } from '../../../src/vmm/machine.ts';
import { machineOf } from '../../ft/guest.ts';
import { examples } from '../../thorough.ts';

const PAGES = 16;
const { hart } = new Machine(machineOf('_start: nop'), new ReplayDoors());
const halves = new HartHalves(hart);
const code = new CodeReader(hart, halves);

/** An entry of a page table that leads into RAM, or anywhere. */
const entry = fc
  .record({
    page: fc.oneof({ weight: 9, arbitrary: fc.nat(PAGES) }, { weight: 1, arbitrary: fc.nat(2 ** 20) }),
    high: fc.oneof({ weight: 9, arbitrary: fc.constant(0n) }, fc.bigInt({ min: 0n, max: 2n ** 24n - 1n })),
    flags: fc.constantFrom(0n, 1n, 1n, 1n, 0xfn, 0xfn, 0xfn, 9n),
  })
  .map(({ page, high, flags }) => (high << 30n) | (BigInt(RAM_BASE / 4096 + page) << 10n) | flags);
/** Virtual addresses that use few entries of each table, often at the end of a page, and in both halves of the space. */
const address = fc
  .record({
    indexes: fc.tuple(fc.nat(2), fc.nat(2), fc.nat(2)),
    offset: fc.oneof(
      fc.constantFrom(4094, 4092, 0, 2),
      fc.nat(2047).map((half) => 2 * half),
    ),
    top: fc.constantFrom(0n, 0n, 0x1ffffffn << 39n, 1n << 39n, 1n << 63n),
    upper: fc.boolean(),
  })
  .map(({ indexes: [a, b, c], offset, top, upper }) => {
    const index = BigInt(a + (upper ? 509 : 0));
    return BigInt.asUintN(
      64,
      top | (index << 30n) | (BigInt(b) << 21n) | (BigInt(c) << 12n) | BigInt(offset),
    );
  });

function expected(pc: bigint): number | undefined {
  const bytes = readMemory(hart, pc, 4);
  if (bytes.length < 2) return undefined;
  const view = new DataView(bytes.slice().buffer);
  if ((bytes[0]! & 3) !== 3) return view.getUint16(0, true);
  return bytes.length === 4 ? view.getInt32(0, true) : undefined;
}

test('from any page tables', () => {
  const seen = { found: 0, missing: 0 };
  fc.assert(
    fc.property(
      fc.array(fc.array(entry, { minLength: 6, maxLength: 6 }), { minLength: PAGES, maxLength: PAGES }),
      fc.array(address, { minLength: 20, maxLength: 20 }),
      fc.constantFrom(0n, 1n, 1n, 3n),
      fc.constantFrom(8n, 8n, 8n, 0n),
      (tables, addresses, privilege, mode) => {
        const content = new Uint8Array(PAGES * 4096).map((_, index) => (index * 0x9e3779b1) >>> 24);
        const words = new BigUint64Array(content.buffer);
        for (const [page, entries] of tables.entries())
          for (const [index, one] of entries.entries())
            words[page * 512 + (index < 3 ? index : 506 + index)] = one;
        hart.write(RAM_BASE, content);
        hart.set('satp', (mode << 60n) | BigInt(RAM_BASE / 4096));
        hart.set('privilege', privilege);
        for (const pc of [...addresses, BigInt(RAM_BASE + 4094), BigInt(RAM_BASE + PAGES * 4096 - 2)]) {
          hart.set('pc', pc);
          const wanted = expected(pc);
          seen[wanted === undefined ? 'missing' : 'found']++;
          expect(code.atPc()).toBe(wanted);
        }
      },
    ),
    { numRuns: examples(1200) },
  );
  expect(Math.min(seen.found, seen.missing)).toBeGreaterThan(200);
});

test('an instruction continues in the page that follows in the address space', () => {
  const page = (number: number) => BigInt(RAM_BASE / 4096 + number) << 10n;
  const words = new BigUint64Array((PAGES * 4096) / 8);
  // Pages 0, 1 and 2 are the tables; the first two virtual pages are pages 5 and 9.
  words[0] = page(1) | 1n;
  words[512] = page(2) | 1n;
  words[1024] = page(5) | 0xfn;
  words[1025] = page(9) | 0xfn;
  const content = new Uint8Array(words.buffer);
  content.set([0x13, 0x05], 5 * 4096 + 4094);
  content.set([0x15, 0x00], 9 * 4096);
  hart.write(RAM_BASE, content);
  hart.set('satp', (8n << 60n) | BigInt(RAM_BASE / 4096));
  hart.set('privilege', 1n);
  hart.set('pc', 4094n);
  expect(code.atPc()).toBe(0x0015_0513);
  hart.set('pc', 0x1ffen);
  expect(code.atPc()).toBe(0);
});
