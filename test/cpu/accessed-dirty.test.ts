/** The A and D bits of PTEs: when the hart sets them, whatever the TLB and translations hold. */
import { beforeEach, describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { CAUSE } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { execution } from '../engine.ts';
import { noDevices } from './no-devices.ts';

const PAGES = ['code', 'code2', 'data', 'data2', 'root', 'middle', 'last', 'spare'] as const;
type Page = (typeof PAGES)[number];
const RAM_BYTES = PAGES.length * PAGE_BYTES;
const address = (page: Page): number => RAM_BASE + PAGES.indexOf(page) * PAGE_BYTES;
/** The address of the PTE of a page. */
const pteOf = (page: Page): number => address('last') + 8 * PAGES.indexOf(page);

const { V, R, W, X, U, G, A, D } = { V: 1, R: 2, W: 4, X: 8, U: 16, G: 32, A: 64, D: 128 };
const RWX = V | R | W | X;
const pte = (to: number, bits: number): bigint => BigInt(Math.floor(to / PAGE_BYTES) * 1024 + bits);

let watched = 0;
const hart = makeHart(RAM_BYTES, { ...noDevices, watched: () => watched++ }, execution);
const boot = hart.state;

/** Machine mode opens all memory to the other modes; traps end the program. Every page is mapped to itself. */
const prologue = `
    li t0, -1
    csrw pmpaddr15, t0
    li t0, 0x1f << 56
    csrw pmpcfg2, t0
    la t0, end
    csrw mtvec, t0
    li s0, ${address('data')}
    li s1, ${address('last')}
    li t0, (8 << 60) + ${address('root') / PAGE_BYTES}
    csrw satp, t0
`;
const toSupervisor = `
    li t0, 1 << 11
    csrs mstatus, t0
    la t0, 1f
    csrw mepc, t0
    mret
1:`;
/** PMP entry 0 makes a page read-only, or grants nothing. */
const protect = (page: Page, permissions: number) => `
    li t0, ${address(page) / 4 + PAGE_BYTES / 8 - 1}
    csrw pmpaddr0, t0
    li t0, ${0x18 + permissions}
    csrw pmpcfg0, t0`;
/** A store of a PTE's lower bits, with A and D as given. */
const setMarks = (page: Page, marks: number, bits = RWX) => `
    li t1, ${bits | marks}
    sb t1, ${pteOf(page) - address('last')}(s1)`;

interface Case {
  name: string;
  /** Starts in M-mode, with s0 the address of the page `data` and s1 that of `last`. */
  program: string;
  /** PTE bits that differ from the default: readable, writable and executable, with A and D clear. */
  bits?: Partial<Record<Page, number>>;
  /** Other words. */
  memory?: Record<number, bigint>;
  /** The PTEs that have A or D set at the end; all others have neither. */
  marks: Partial<Record<Page, 'A' | 'D' | 'AD'>>;
  /** The trap at the end, if it is not that of EBREAK, and its `mtval`. */
  trap?: [cause: number, tval: number];
  /** Registers and words at the end. */
  left?: { a0?: bigint; ra?: bigint; memory?: Record<number, bigint> };
}

const crossing = PAGE_BYTES - 3;

const accesses: Case[] = [
  { name: 'a load sets A', program: `${toSupervisor} lw a0, 4(s0)`, marks: { code: 'A', data: 'A' } },
  { name: 'a store sets A and D', program: `${toSupervisor} sh a0, 4(s0)`, marks: { code: 'A', data: 'AD' } },
  {
    name: 'a store to a page that was read sets D',
    program: `${toSupervisor} lb a0, 4(s0); sb a0, 4(s0)`,
    marks: { code: 'A', data: 'AD' },
  },
  {
    name: 'an AMO sets A and D',
    program: `${toSupervisor} amoadd.w a0, a0, (s0)`,
    marks: { code: 'A', data: 'AD' },
  },
  { name: 'LR sets A', program: `${toSupervisor} lr.d a0, (s0)`, marks: { code: 'A', data: 'A' } },
  {
    name: 'an SC that succeeds sets A and D',
    program: `${toSupervisor} lr.d a0, (s0); sc.d a0, a0, (s0)`,
    marks: { code: 'A', data: 'AD' },
    left: { a0: 0n },
  },
  {
    name: 'an SC that fails writes nothing, and sets neither',
    program: `${toSupervisor} sc.d a0, a0, (s0)`,
    marks: { code: 'A' },
    left: { a0: 1n },
  },
  {
    name: 'an SC that fails does not set D where A is set',
    program: `${toSupervisor} lr.d a0, (s0); sc.d a0, a0, (s0); ${setMarks('data', A)}; sc.d a0, a0, (s0)`,
    marks: { code: 'A', data: 'A', last: 'AD' },
    left: { a0: 1n },
  },
  {
    name: 'a misaligned AMO sets neither',
    program: `${toSupervisor} addi s0, s0, 2; amoadd.w a0, a0, (s0)`,
    marks: { code: 'A' },
    trap: [CAUSE.storeMisaligned, address('data') + 2],
  },
  {
    name: 'a load from two pages sets A of both',
    program: `${toSupervisor} li t0, ${crossing}; add s0, s0, t0; ld a0, 0(s0)`,
    marks: { code: 'A', data: 'A', data2: 'A' },
  },
  {
    name: 'a store to two pages sets A and D of both',
    program: `${toSupervisor} li t0, ${crossing}; add s0, s0, t0; sd a0, 0(s0)`,
    marks: { code: 'A', data: 'AD', data2: 'AD' },
  },
  {
    name: 'a store to two pages, the second read-only, sets those of the first',
    program: `${toSupervisor} li t0, ${crossing}; add s0, s0, t0; sd a0, 0(s0)`,
    bits: { data2: V | R },
    marks: { code: 'A', data: 'AD' },
    trap: [CAUSE.storePageFault, address('data2')],
  },
  {
    name: 'with MPRV M-mode sets them as the mode of MPP would',
    program: 'li t0, (1 << 17) | (1 << 11); csrs mstatus, t0; sd a0, 0(s0)',
    marks: { data: 'AD' },
  },
  {
    name: 'with MXR a load from a page to be executed sets A',
    program: `li t0, 1 << 19; csrs mstatus, t0; ${toSupervisor} ld a0, 0(s0)`,
    bits: { data: V | X },
    marks: { code: 'A', data: 'A' },
  },
  {
    name: 'with SUM supervisor mode sets them in pages of user mode',
    program: `li t0, 1 << 18; csrs mstatus, t0; ${toSupervisor} sd a0, 0(s0)`,
    bits: { data: RWX | U },
    marks: { code: 'A', data: 'AD' },
  },
  ...(
    [
      ['load', 'ld a0, 0(s0)', V | X, CAUSE.loadPageFault],
      ['store', 'sd a0, 0(s0)', V | R, CAUSE.storePageFault],
      ['store to a page of user mode', 'sd a0, 0(s0)', RWX | U, CAUSE.storePageFault],
      ['fetch', 'jr s0', V | R | W, CAUSE.instructionPageFault],
      ['load by a PTE with a reserved bit', 'ld a0, 0(s0)', V | W, CAUSE.loadPageFault],
    ] as const
  ).map(
    ([what, instruction, bits, cause]): Case => ({
      name: `what is not permitted sets nothing: a ${what}`,
      program: `${toSupervisor} ${instruction}`,
      bits: { data: bits },
      marks: { code: 'A' },
      trap: [cause, address('data')],
    }),
  ),
];

/** `addi a0, a0, 1` and `ebreak` in both sizes. */
const [INCREMENT, EBREAK, C_EBREAK] = [0x0015_0513n, 0x0010_0073n, 0x9002n];
const LAST_PARCEL = address('data') + PAGE_BYTES - 2;
const jumpToLastParcel = `${toSupervisor} li a0, 0; li t0, ${LAST_PARCEL}; jr t0`;
const fetches: Case[] = [
  {
    name: 'an instruction in two pages sets A of both',
    program: jumpToLastParcel,
    memory: {
      [LAST_PARCEL - 6]: (INCREMENT & 0xffffn) << 48n,
      [address('data2')]: (INCREMENT >> 16n) | (EBREAK << 16n),
    },
    marks: { code: 'A', data: 'A', data2: 'A' },
    left: { a0: 1n },
  },
  {
    name: 'an instruction in two pages of which the second cannot be executed sets A of the first',
    program: jumpToLastParcel,
    bits: { data2: V | R | W },
    memory: { [LAST_PARCEL - 6]: (INCREMENT & 0xffffn) << 48n },
    marks: { code: 'A', data: 'A' },
    trap: [CAUSE.instructionPageFault, address('data2')],
  },
  {
    name: 'an instruction of 16 bits at the end of a page does not set A of the next',
    program: jumpToLastParcel,
    memory: { [LAST_PARCEL - 6]: C_EBREAK << 48n },
    marks: { code: 'A', data: 'A' },
  },
  {
    name: 'code that runs in a loop sets A again when the guest has cleared it',
    program: `${toSupervisor}
    li s2, 6
2:  call f
    ${setMarks('code2', 0)}
    addi s2, s2, -1
    bnez s2, 2b
    call f
    ebreak
    .balign ${PAGE_BYTES}
f:  ret`,
    marks: { code: 'A', code2: 'A', last: 'AD' },
  },
  {
    name: 'code that is translated ahead and never runs does not set A',
    program: `${toSupervisor}
    li s2, 6
    j 2f
out:
    ebreak
    .org ${PAGE_BYTES - 12}
2:  addi s2, s2, -1
    blez s2, out
    bnez s2, 2b
    nop`,
    marks: { code: 'A' },
  },
];

/** A PTE that is `jal x0, 512` as an instruction, and `jal x1, 512` once D is set. */
const JUMPING = RWX | G | A;
const tables: Case[] = [
  ...(
    [
      ['root', address('root') + 16],
      ['middle', address('middle')],
    ] as const
  ).map(
    ([table, at]): Case => ({
      name: `a large page of the ${table} table has its own A and D`,
      program: `${toSupervisor} sd a0, 0(s0)`,
      memory: { [at]: pte(RAM_BASE, RWX) },
      marks: {},
      left: { memory: { [at]: pte(RAM_BASE, RWX | A | D) } },
    }),
  ),
  {
    name: 'an entry that points to a table stays as it is',
    program: `${toSupervisor} sd a0, 0(s0)`,
    marks: { code: 'A', data: 'AD' },
    left: {
      memory: {
        [address('root') + 16]: pte(address('middle'), V),
        [address('middle')]: pte(address('last'), V),
      },
    },
  },
  {
    name: 'A comes back when the guest has cleared it, for each kind of access that was cached',
    program: `${toSupervisor}
    ld a0, 0(s0)
    ${setMarks('data', 0)}
    ld a0, 0(s0)
    sd a0, 0(s0)
    ${setMarks('data', 0)}
    lr.w a0, (s0)`,
    marks: { code: 'A', data: 'A', last: 'AD' },
  },
  {
    name: 'D stays clear while the page is only read, though a store to it was cached',
    program: `${toSupervisor} sd a0, 0(s0); ${setMarks('data', A)}; ld a0, 0(s0)`,
    marks: { code: 'A', data: 'A', last: 'AD' },
  },
  {
    name: 'D comes back with the next store',
    program: `${toSupervisor} sd a0, 0(s0); ${setMarks('data', A)}; sd a0, 0(s0)`,
    marks: { code: 'A', data: 'AD', last: 'AD' },
  },
  {
    name: 'a loop of stores sets D whenever the guest has cleared it',
    program: `${toSupervisor}
    li s2, 6
2:  ld a0, 0(s0)
    sd a0, 8(s0)
    ${setMarks('data', 0)}
    sd a0, 8(s0)
    addi s2, s2, -1
    bnez s2, 2b`,
    marks: { code: 'A', data: 'AD', last: 'AD' },
  },
  {
    name: 'a load of the PTE that it is translated by has A',
    program: `${toSupervisor} ld a0, ${pteOf('last') - address('last')}(s1)`,
    marks: { code: 'A', last: 'A' },
    left: { a0: pte(address('last'), RWX | A) },
  },
  {
    name: 'an AMO on the PTE that it is translated by has A and D',
    program: `${toSupervisor} li a1, ${pteOf('last')}; amoor.d a0, zero, (a1)`,
    marks: { code: 'A', last: 'AD' },
    left: { a0: pte(address('last'), RWX | A | D) },
  },
  {
    name: 'a PTE that was loaded by LR and has had A set since is not overwritten by SC',
    program: `li t0, (1 << 17) | (1 << 11); li a1, ${pteOf('data')}
    lr.d a2, (a1)
    csrs mstatus, t0
    ld a0, 0(s0)
    csrc mstatus, t0
    sc.d a0, a2, (a1)`,
    marks: { data: 'A' },
    left: { a0: 1n },
  },
  {
    name: 'a PTE that is an instruction, too, is another one once its D is set',
    program: `
    li t1, ${address('last') + 512}
    la t2, back
    sd t2, 0(s0)
    ${toSupervisor}
    li s2, 6
2:  jr s1
back:
    addi s2, s2, -1
    bnez s2, 2b
    beqz a0, 3f
    ebreak
3:  li a0, 1
    la t2, back
    li t3, ${address('code') + 2048}
    sd zero, 0(t3)
    li s2, 1
    li ra, 0
    j 2b`,
    bits: { code: JUMPING },
    // ld t2, 0(s0); jr t2
    memory: { [address('last') + 512]: 0x0003_8067_0004_3383n },
    marks: { code: 'AD', data: 'A', last: 'A' },
    left: { ra: BigInt(address('last') + 4), a0: 1n },
  },
];

const protection: Case[] = [
  ...(
    [
      ['load', 'ld a0, 0(s0)', CAUSE.loadFault, 'A'],
      ['store', 'sd a0, 0(s0)', CAUSE.storeFault, 'AD'],
      ['fetch', 'jr s0', CAUSE.instructionFault, 'A'],
    ] as const
  ).flatMap(([what, instruction, cause, marks]): Case[] => [
    {
      name: `a page that PMP closes is translated all the same: a ${what}`,
      program: `${protect('data', 0)} ${toSupervisor} ${instruction}`,
      marks: { code: 'A', data: marks },
      trap: [cause, address('data')],
    },
    {
      name: `a PTE that may not be written is an access fault, and stays as it is: a ${what}`,
      program: `${protect('last', 1)} ${toSupervisor} ${instruction}`,
      bits: { code: RWX | A },
      marks: { code: 'A' },
      trap: [cause, address('data')],
    },
  ]),
  {
    name: 'a read-only PTE is usable where no bit has to be set',
    program: `${protect('last', 1)} ${toSupervisor} ld a0, 0(s0); sd a0, 0(s0)`,
    bits: { code: RWX | A, data: RWX | A | D },
    marks: { code: 'A', data: 'AD' },
  },
];

function load({ program, bits = {}, memory = {} }: Case): bigint {
  const source = `${prologue}${program}\n    ebreak\n    .balign 4\nend:\n    j end\n`;
  const { segments, symbols } = assemble(source, { file: 'case.s', origin: RAM_BASE });
  hart.write(RAM_BASE, new Uint8Array(RAM_BYTES));
  for (const { address: at, bytes } of segments) hart.write(at, bytes);
  const words: Record<number, bigint> = {
    [address('root') + 16]: pte(address('middle'), V),
    [address('middle')]: pte(address('last'), V),
    ...Object.fromEntries(PAGES.map((page) => [pteOf(page), pte(address(page), bits[page] ?? RWX)])),
    ...memory,
  };
  for (const [at, word] of Object.entries(words))
    hart.write(Number(at), new Uint8Array(BigUint64Array.of(word).buffer));
  hart.state = boot;
  return symbols.get('end')!;
}

const wordAt = (at: number): bigint =>
  new DataView(hart.ram.buffer, hart.ram.byteOffset).getBigUint64(at - RAM_BASE, true);

function marks(): Case['marks'] {
  const found = PAGES.map((page) => {
    const word = wordAt(pteOf(page));
    return [page, `${word & BigInt(A) ? 'A' : ''}${word & BigInt(D) ? 'D' : ''}`];
  });
  return Object.fromEntries(found.filter(([, set]) => set !== ''));
}

const pagesOf = (ram: Uint8Array): Buffer[] =>
  PAGES.map((_, page) => Buffer.from(ram.buffer, ram.byteOffset + page * PAGE_BYTES, PAGE_BYTES));

const STEPS = 400;

beforeEach(() => {
  watched = 0;
});

describe.each(Object.entries({ accesses, fetches, tables, protection }))('A and D: %s', (_, cases) => {
  test.each(cases)('$name', (one) => {
    const end = load(one);
    hart.takeChanged();
    hart.hashRam();
    const before = pagesOf(hart.ram.slice());
    hart.run(hart.icount + STEPS);
    const { trap: [cause, tval] = [CAUSE.breakpoint, 0], left = {} } = one;
    expect({
      pc: hart.get('pc'),
      cause: hart.get('mcause'),
      tval: hart.get('mtval'),
      marks: marks(),
    }).toEqual({
      pc: end,
      cause: BigInt(cause),
      tval: BigInt(tval),
      marks: one.marks,
    });
    if (left.a0 !== undefined) expect(hart.get('x10')).toBe(left.a0);
    if (left.ra !== undefined) expect(hart.get('x1')).toBe(left.ra);
    for (const [at, word] of Object.entries(left.memory ?? {})) expect(wordAt(Number(at))).toBe(word);

    // Copies and hashes of the machine include what the hart has written there.
    expect(hart.hashRam()).toBe(hart.hashRam(true));
    const written = pagesOf(hart.ram).flatMap((bytes, page) => (bytes.equals(before[page]!) ? [] : [page]));
    expect(hart.takeChanged()).toEqual(expect.arrayContaining(written));

    // A copy has an empty TLB: it behaves the same, wherever it was made.
    const ram = hart.ram.slice();
    load(one);
    for (let steps = 0; steps < STEPS && hart.get('pc') !== end; steps++) {
      hart.run(hart.icount + 1);
      hart.state = { ...hart.state };
    }
    expect(Buffer.compare(hart.ram, ram)).toBe(0);
  });
});

test('a write to a PTE is reported when its page is watched', () => {
  const one: Case = { name: '', program: `${toSupervisor} sd a0, 0(s0)`, marks: {} };
  load(one);
  hart.watch(address('last'));
  hart.run(hart.icount + STEPS);
  expect([marks(), watched]).toEqual([{ code: 'A', data: 'AD' }, 2]);
});
