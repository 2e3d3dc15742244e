/**
 * Loops of loads and stores near the ends of pages and of RAM, on the translator and on the interpreter: without and
 * with protection, and through page tables that the stores may change. In between, pages are hashed, taken, watched and
 * observed, all of which the translator's short ways to memory must respect.
 */
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { Hart } from '../../../src/cpu/hart.ts';
import { PAGE_BYTES, RAM_BASE } from '../../../src/cpu/layout.ts';
import { EAGER, type Heat } from '../../../src/cpu/translator/translator.ts';
import { examples } from '../../thorough.ts';
import { noDevices } from '../no-devices.ts';

beforeAll(() => fc.configureGlobal({ seed: 2024 }));

const PAGES = 16;
const STEPS = 3000;
/** The page tables of three levels, and the pages that data is in: the last table among them. */
const [ROOT, MIDDLE, LEAF] = [1, 2, 3];
const addressOf = (page: number) => RAM_BASE + page * PAGE_BYTES;

const modes = ['bare', 'protected', 'paged'] as const;
const loads = ['lb', 'lhu', 'lw', 'ld', 'fld', 'flw'];
const stores = ['sb', 'sh', 'sw', 'sd', 'fsd'];

const near = (middle: fc.Arbitrary<number>, distance: number) =>
  fc.tuple(middle, fc.integer({ min: -distance, max: distance })).map(([at, by]) => at + by);
const edge = near(fc.integer({ min: LEAF, max: PAGES + 1 }).map(addressOf), 48);
const anywhere = fc.oneof(edge, edge, near(fc.constantFrom(RAM_BASE, addressOf(LEAF)), 16));

const access = fc.oneof(
  { weight: 8, arbitrary: accessText(loads, 'f?a0', 64) },
  { weight: 8, arbitrary: accessText(stores, 'f?t0', 64) },
  { weight: 1, arbitrary: fc.constantFrom('lr.d a0, (s0)', 'sc.d a0, t0, (s0)', 'amoadd.w a0, t0, (s1)') },
  { weight: 1, arbitrary: fc.constantFrom('ld s1, 0(s2)', 'addi s0, s0, 8', 'addi t0, t0, 1') },
);

function accessText(names: readonly string[], register: string, distance: number): fc.Arbitrary<string> {
  const offset = fc.oneof(
    fc.integer({ min: -distance / 8, max: distance / 8 }).map((index) => index * 8),
    fc.integer({ min: -distance, max: distance }),
  );
  return fc
    .tuple(fc.constantFrom(...names), fc.constantFrom('s0', 's0', 's1'), offset)
    .map(
      ([name, base, by]) =>
        `${name} ${register.replace('f?', name.startsWith('f') ? 'f' : '')}, ${by}(${base})`,
    );
}

const intervention = fc.record({
  at: fc.integer({ min: 1, max: STEPS }),
  what: fc.constantFrom('hash', 'take', 'watch', 'observe', 'unobserve'),
  page: fc.integer({ min: LEAF, max: PAGES - 1 }),
  access: fc.constantFrom('load' as const, 'store' as const),
});

/** PTE bits: valid, readable, writable, accessed, dirty. */
const permissions = fc.constantFrom(0xc7, 0xc7, 0xc7, 0xc3, 0x47, 0x07, 0);

const scene = fc.record({
  body: fc.array(access, { minLength: 2, maxLength: 14 }),
  bases: fc.tuple(anywhere, anywhere),
  step: fc.constantFrom(0, 0, 1, 8, -8, 24),
  interventions: fc.array(intervention, { maxLength: 6 }),
  mapping: fc.array(fc.tuple(fc.integer({ min: LEAF, max: PAGES - 1 }), permissions), {
    minLength: PAGES,
    maxLength: PAGES,
  }),
  forbidden: fc.integer({ min: LEAF, max: PAGES - 1 }),
});
type Scene = typeof scene extends fc.Arbitrary<infer S> ? S : never;
type Mode = (typeof modes)[number];

/** It skips what traps; the handler runs in M-mode, the loop below it in S-mode with page tables. */
const program = ({ body, bases: [s0, s1], step, forbidden }: Scene, mode: Mode): string => `
    la t1, handler
    csrw mtvec, t1
    li t1, 0x6000
    csrs mstatus, t1
    li s0, ${s0}
    li s1, ${s1}
    li s2, ${addressOf(LEAF + 1)}
    ${mode === 'bare' ? '' : protection(mode === 'protected' ? forbidden : undefined)}
    ${mode === 'paged' ? `li t1, ${(8n << 60n) | BigInt(addressOf(ROOT) / PAGE_BYTES)}` : ''}
    ${mode === 'paged' ? 'csrw satp, t1' : ''}
    li t1, ${mode === 'paged' ? 0x1000 : 0x1800}
    csrc mstatus, t1
    li t1, ${mode === 'paged' ? 0x800 : 0x1800}
    csrs mstatus, t1
    la t1, again
    csrw mepc, t1
    mret
    .balign 4
again:
    ${body.join('\n    ')}
    addi s0, s0, ${step}
    addi t0, t0, 3
    j again
    .balign 4
handler:
    csrr t2, mepc
    addi t2, t2, 4
    csrw mepc, t2
    mret
`;

/** A locked entry that forbids stores to a page, before one that permits everything. */
const protection = (page: number | undefined): string => `
    li t1, ${page === undefined ? 0 : (addressOf(page) >>> 2) | 0x1ff}
    csrw pmpaddr0, t1
    li t1, -1
    csrw pmpaddr1, t1
    li t1, ${page === undefined ? 0x1f00 : 0x1f99}
    csrw pmpcfg0, t1`;

function pageTables(hart: Hart, mapping: Scene['mapping']): void {
  const write = (page: number, index: number, entry: number) => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setBigUint64(0, BigInt(entry), true);
    hart.write(addressOf(page) + 8 * index, bytes);
  };
  const entry = (page: number, bits: number) => (addressOf(page) / PAGE_BYTES) * 2 ** 10 + bits;
  write(ROOT, RAM_BASE / 2 ** 30, entry(MIDDLE, 1));
  write(MIDDLE, 0, entry(LEAF, 1));
  write(LEAF, 0, entry(0, 0xcb));
  mapping.forEach(([page, bits], index) => {
    if (index >= LEAF) write(LEAF, index, entry(page, bits));
  });
}

/** What the VMM has seen, which changed pages it was not told of, and the state. */
function outcome(it: Scene, mode: Mode, heat?: Heat): unknown[] {
  const seen: unknown[] = [];
  const bus = {
    ...noDevices,
    watched: (...of: unknown[]) => seen.push(['watched', ...of]),
    observed: (...of: unknown[]) => seen.push(['observed', ...of]),
  };
  const hart = new Hart(PAGES * PAGE_BYTES, bus, { translates: heat !== undefined, heat });
  pageTables(hart, it.mapping);
  for (const { address, bytes } of assemble(program(it, mode), { file: 'accesses.s' }).segments)
    hart.write(Number(address), bytes);
  let before = hart.ram.slice();
  const missed = () => {
    const taken = new Set(hart.takeChanged());
    const pages = Array.from({ length: PAGES }, (_, page) => page);
    const bytesOf = (ram: Uint8Array, page: number) =>
      Buffer.from(ram.buffer, ram.byteOffset + page * PAGE_BYTES, PAGE_BYTES);
    const changed = pages.filter((page) => !bytesOf(hart.ram, page).equals(bytesOf(before, page)));
    before = hart.ram.slice();
    return changed.filter((page) => !taken.has(page));
  };
  for (const { at, what, page, access } of [...it.interventions].sort((a, b) => a.at - b.at)) {
    hart.run(at);
    if (what === 'hash') seen.push(hart.hashRam());
    if (what === 'take') seen.push(missed());
    if (what === 'watch') hart.watch(addressOf(page));
    if (what === 'observe') hart.observe([{ address: BigInt(addressOf(page)), sizeBytes: 8, access }]);
    if (what === 'unobserve') hart.observe([]);
  }
  hart.run(STEPS);
  return [...seen, missed(), hart.hashRam(true), hart.state];
}

/** Translations that exit before what is not found, and such that soon call for it. */
const heats = { exits: EAGER, calls: { ...EAGER, window: 1 } };

describe.each(modes)('%s', (mode) => {
  test.each(Object.entries(heats))('translated accesses do what interpreted ones do: %s', (_, heat) => {
    fc.assert(
      fc.property(scene, (it) => {
        expect(outcome(it, mode, heat)).toEqual(outcome(it, mode));
      }),
      { numRuns: examples(120) },
    );
  });
});

/** Stores across the end of a page: so many bytes of each are in the first page. */
const crossing = { sh: [1], sw: [1, 2, 3], sd: [1, 2, 3, 4, 5, 6, 7] };

test.each(
  Object.entries(crossing).flatMap(([name, all]) => all.map((bytes): [string, number] => [name, bytes])),
)('%s with %d bytes in a page and the rest in one that is watched', (name, bytes) => {
  const [page, watched] = [LEAF + 2, LEAF + 3];
  const base = addressOf(watched) - bytes;
  const it: Scene = {
    body: [`${name} t0, 0(s0)`],
    bases: [base, base],
    step: 0,
    interventions: [{ at: 500, what: 'watch', page: watched, access: 'store' }],
    mapping: [],
    forbidden: page,
  };
  for (const heat of Object.values(heats)) expect(outcome(it, 'bare', heat)).toEqual(outcome(it, 'bare'));
});
