/** The fuzzer without QEMU: cases whose results were recorded there, and differences that it has found. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { assemble } from '../../src/asm/assemble.ts';
import { CAUSE, PMP } from '../../src/cpu/csrs.ts';
import { makeHart } from '../../src/cpu/engine.ts';
import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { generate } from '../../tools/fuzz/generate.ts';
import { makeHarness } from '../../tools/fuzz/harness.ts';
import { Ours } from '../../tools/fuzz/ours.ts';
import { digest, recorded } from '../../tools/fuzz/record.ts';
import { execution } from '../engine.ts';
import { noDevices } from './no-devices.ts';

/**
 * Made with `npm run fuzz -- --seed 1 --cases 300 --record test/goldens/fuzz.txt`, anew when the fuzzer makes other
 * cases.
 */
test('cases have the same results as on QEMU', () => {
  const golden = recorded(readFileSync(new URL('../goldens/fuzz.txt', import.meta.url), 'utf8'));
  const ours = new Ours(makeHarness());
  const done = golden.map(({ seed, index }) => {
    const outcome = ours.run(generate(seed, index));
    return { seed, index, digest: outcome.is === 'result' ? digest(outcome.words) : outcome.why };
  });
  expect(golden.length).toBeGreaterThan(200);
  expect(done).toEqual(golden);
});

const DATA = RAM_BASE + 2 * PAGE_BYTES;
const TABLE = RAM_BASE + 4 * PAGE_BYTES;

const RAM_BYTES = 8 * PAGE_BYTES;

const hart = makeHart(RAM_BYTES, noDevices, execution);
const boot = hart.state;

/** The last PMP entry opens all memory; traps go to `end`, where every program loops. */
const prologue = `
    li t0, -1
    csrw pmpaddr15, t0
    li t0, 0x1f << 56
    csrw pmpcfg2, t0
    la t0, end
    csrw mtvec, t0
    li s0, ${DATA}
    li s1, ${TABLE}
`;
const toUser = `
    la t0, 1f
    csrw mepc, t0
    li t0, 3 << 11
    csrc mstatus, t0
    mret
1:`;
/** An identity map of the first gigabyte of RAM, in the root table alone. */
const mapped = (flags: number) => `
    li t0, ${(RAM_BASE >>> 2) + flags}
    sd t0, 16(s1)
    li t0, (8 << 60) + ${TABLE / PAGE_BYTES}
    csrw satp, t0`;

interface Found {
  name: string;
  program: string;
  /** The final a0, and the cause of the trap at the end: that of the EBREAK when nothing went wrong. */
  a0: bigint;
  cause?: number;
}

const found: Found[] = [
  {
    name: 'a PMP entry whose top of range is 0 matches nothing',
    program: `
    csrw pmpaddr2, zero
    li t0, 0x08 << 16
    csrw pmpcfg0, t0
    ${toUser}
    li a0, 7
    sd a0, 0(s0)`,
    a0: 7n,
  },
  {
    name: 'the bottom of a PMP range moves with the address of the entry before',
    program: `
    srli t0, s0, 2
    csrw pmpaddr1, t0
    addi t0, t0, 2
    csrw pmpaddr2, t0
    li t0, 0x08 << 16
    csrw pmpcfg0, t0
    csrr t0, pmpaddr2
    csrw pmpaddr1, t0
    ${toUser}
    li a0, 7
    sd a0, 0(s0)`,
    a0: 7n,
  },
  {
    name: 'without PMP entries MRET enters a lower mode, where nothing can be fetched',
    program: `
    csrw pmpcfg2, zero
    li a0, 7
    ${toUser}`,
    a0: 7n,
    cause: CAUSE.instructionFault,
  },
  {
    name: 'a PMP entry inside an access refuses all of it',
    program: `
    srli t0, s0, 2
    csrw pmpaddr1, t0
    li t0, 0x17 << 8
    csrw pmpcfg0, t0
    ${toUser}
    li a0, 7
    ld a0, -2(s0)`,
    a0: 7n,
    cause: CAUSE.loadFault,
  },
  {
    name: 'a PMP entry that is smaller than a page is checked, whatever of the page was accessed before',
    program: `
    srli t0, s0, 2
    csrw pmpaddr1, t0
    li t0, 0x10 << 8
    csrw pmpcfg0, t0
    ${toUser}
    ld a0, 8(s0)
    li a0, 7
    ld a0, 0(s0)`,
    a0: 7n,
    cause: CAUSE.loadFault,
  },
  ...[PMP.X, PMP.R | PMP.X].map((permissions) => ({
    name: `each instruction needs leave of PMP, not just the one that was jumped to: ${permissions}`,
    program: `
    la t0, 1f
    srli t0, t0, 2
    csrw pmpaddr1, t0
    csrw pmpaddr2, t0
    addi t0, t0, 2
    csrw pmpaddr3, t0
    li t0, ${(PMP.L | PMP.TOR) * 2 ** 24 + ((PMP.L | PMP.NA4 | permissions) << 8)}
    csrw pmpcfg0, t0
    li a0, 6
    j 1f
    .balign 8
1:  addi a0, a0, 1
    addi a0, a0, 1`,
    a0: 7n,
    cause: CAUSE.instructionFault,
  })),
  {
    name: 'bits 6:5 of PMP settings are zero, and a locked setting can not be changed',
    program: `
    li t0, -1
    csrw pmpcfg0, t0
    csrw pmpcfg0, zero
    csrr a0, pmpcfg0`,
    a0: 0x9f9f_9f9f_9f9f_9f9fn,
  },
  {
    name: 'a PMP setting with W and without R is reserved: it does not change the entry',
    program: `
    li t0, 0x1a1b
    csrw pmpcfg0, t0
    li t0, 0x1b1a
    csrw pmpcfg0, t0
    csrr a0, pmpcfg0`,
    a0: 0x1b1bn,
  },
  {
    name: 'CTZW of a word of zeros is 32',
    program: `
    li a0, 1 << 32
    ctzw a0, a0`,
    a0: 32n,
  },
  {
    name: 'a PTE that PMP does not let S-mode write is an access fault when A is to be set',
    program: `
    ${mapped(0x8f)}
    srli t0, s1, 2
    addi t0, t0, 0x1ff
    csrw pmpaddr1, t0
    li t0, 0x19 << 8
    csrw pmpcfg0, t0
    li t0, (1 << 17) | (1 << 11)
    csrs mstatus, t0
    li a0, 7
    ld a0, 0(s0)`,
    a0: 7n,
    cause: CAUSE.loadFault,
  },
  {
    name: 'PMP entries are effective from the next instruction on, without SFENCE.VMA',
    program: `
    li t0, 1 << 17
    csrs mstatus, t0
    ld a0, 0(s0)
    li a0, 7
    srli t0, s0, 2
    csrw pmpaddr1, t0
    li t0, 0x10 << 8
    csrw pmpcfg0, t0
    ld a0, 0(s0)`,
    a0: 7n,
    cause: CAUSE.loadFault,
  },
  {
    name: 'an access across two pages may match a different PMP entry in each page',
    program: `
    srli t0, s0, 2
    addi t0, t0, 0x1ff
    csrw pmpaddr1, t0
    addi t0, t0, 0x400
    csrw pmpaddr2, t0
    li t0, 0x1b1b << 8
    csrw pmpcfg0, t0
    ${toUser}
    li t0, ${PAGE_BYTES}
    add t0, t0, s0
    li t1, 7
    sd t1, -3(t0)
    ld a0, -3(t0)`,
    a0: 7n,
  },
  {
    name: 'with MPRV M-mode accesses even the page that it runs in as the other mode does',
    program: `
    ${mapped(0xcf)}
    li t0, 1 << 17
    csrs mstatus, t0
    li a0, 7
    la t0, 1f
1:  ld a0, 0(t0)`,
    a0: 7n,
    cause: CAUSE.loadPageFault,
  },
  {
    name: 'page tables are effective from the next instruction on, without SFENCE.VMA',
    program: `
    ${mapped(0xdf)}
    ${toUser}
    ld a0, 0(s0)
    li a0, 7
    sb zero, 16(s1)`,
    a0: 7n,
    cause: CAUSE.instructionPageFault,
  },
  {
    name: 'instructions are executed as they are in memory, without FENCE.I',
    program: `
    li t1, 2
    li a0, 0
1:  addi a0, a0, 1
    la t0, 1b
    li t2, 0x00650513   # addi a0, a0, 6
    sw t2, 0(t0)
    addi t1, t1, -1
    bnez t1, 1b`,
    a0: 7n,
  },
  {
    name: 'a reservation survives a trap',
    program: `
    la t0, 1f
    csrw mtvec, t0
    lr.d t1, (s0)
    ecall
    .balign 4
1:  la t0, end
    csrw mtvec, t0
    sc.d a0, t1, (s0)`,
    a0: 0n,
  },
  {
    name: 'CSRRC with a register other than x0 writes to frm, whatever it holds: FS is dirty',
    program: `
    li t0, 1 << 13
    csrs mstatus, t0
    li t1, 0
    csrrc t0, frm, t1
    csrr a0, mstatus
    srli a0, a0, 63`,
    a0: 1n,
  },
  {
    name: 'without the hypervisor extension vstimecmp does not exist, even for M-mode',
    program: `
    li a0, 7
    csrrc a0, 0x24d, a0`,
    a0: 7n,
    cause: CAUSE.illegalInstruction,
  },
  {
    name: 'S-mode does not fetch from a page of U-mode, though SUM lets it load from there',
    program: `
    ${mapped(0xdf)}
    li t0, (1 << 11) | (1 << 18)
    csrs mstatus, t0
    # The code is mapped at a second address, where the page is for S-mode.
    li t0, ${(RAM_BASE >>> 2) + 0xcf}
    sd t0, 24(s1)
    li t1, ${2 ** 30}
    la t0, 1f
    add t0, t0, t1
    csrw mepc, t0
    mret
1:  ld a0, 0(s0)
    li a0, 7
    la t0, 2f
    sub t0, t0, t1
    jr t0
2:  li a0, 8`,
    a0: 7n,
    cause: CAUSE.instructionPageFault,
  },
  {
    name: 'an SC may be wider than its LR',
    program: `
    li t0, -1
    srli t0, t0, 1
    sd t0, 0(s0)
    lr.w t1, (s0)
    sc.d a0, t1, (s0)`,
    a0: 0n,
  },
  {
    name: 'an instruction whose second half is outside RAM is an access fault with the address of that half',
    program: `
    li t0, ${RAM_BASE + RAM_BYTES}
    li t1, 0x0013
    sh t1, -2(t0)
    addi t0, t0, -2
    la t1, 1f
    csrw mtvec, t1
    jr t0
    .balign 4
1:  la t1, end
    csrw mtvec, t1
    csrr a0, mtval
    csrr t1, mepc
    sub a0, a0, t1
    csrr t1, mcause
    slli t1, t1, 8
    or a0, a0, t1`,
    a0: BigInt((CAUSE.instructionFault << 8) | 2),
  },
];

/** Each had another result on QEMU 7.2, against the manual. Differences in the goldens are in qemu-differences.ts. */
describe('follows the manual, and not QEMU', () => {
  test.each(found)('$name', ({ program, a0, cause = CAUSE.breakpoint }) => {
    const source = `${prologue}${program}\n    ebreak\n    .balign 4\nend:\n    j end\n`;
    const { segments, symbols } = assemble(source, { file: 'found.s', origin: RAM_BASE });
    hart.write(RAM_BASE, new Uint8Array(RAM_BYTES));
    for (const { address, bytes } of segments) hart.write(address, bytes);
    hart.state = { ...boot, x10: 99n };
    hart.run(hart.icount + 200);
    expect({ pc: hart.get('pc'), a0: hart.get('x10'), cause: hart.get('mcause') }).toEqual({
      pc: symbols.get('end'),
      a0,
      cause: BigInt(cause),
    });
  });
});
