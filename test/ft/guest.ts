import { assemble } from '../../src/cpu/asm/assemble.ts';
import type { MachineDescription } from '../../src/vmm/machine.ts';

/** A small machine that runs a program. */
export function machineOf(source: string): MachineDescription {
  const { entry, segments } = assemble(source, { file: 'guest.s' });
  return {
    program: 'guest.s',
    memorySizeBytes: 1 << 16,
    bootEpochNs: 1_291_161_600_000_000_000n,
    mac: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1),
    entry,
    segments,
    tohost: [],
  };
}

/**
 * A guest that uses every door but the network: it mixes the clock, random numbers and typed bytes into one number, sleeps
 * until the timer ticks, and prints a letter made from that number for each tick and each byte. `q` ends it with exit code 5.
 */
export const chattyGuest = `
.equ UART, 0x10000000
.equ MTIMECMP, 0x2004000
.equ PERIOD, 150
_start:
    la      sp, stack_top
    la      t0, trap
    csrw    mtvec, t0
    li      s0, 12345               # everything that came in, mixed
    li      s5, UART
    li      s6, MTIMECMP
    li      t0, 1
    sb      t0, 2(s5)               # FIFO on
    rdtime  t0
    addi    t0, t0, PERIOD
    sd      t0, 0(s6)
    li      t0, 1 << 7
    csrw    mie, t0
loop:
    csrsi   mstatus, 8
    csrrw   t0, seed, zero
    call    mix
    rdtime  t0
    call    mix
    csrci   mstatus, 8
    lbu     t0, 5(s5)
    andi    t0, t0, 1
    beqz    t0, sleep
    lbu     t0, 0(s5)
    li      t1, 'q'
    beq     t0, t1, quit
    call    mix
    call    print
    j       loop
sleep:
    wfi
    j       loop
quit:
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
    j       quit

# s0 = a function of s0 and t0, and kept in memory, too
mix:
    li      t1, 0x9e3779b97f4a7c15
    xor     s0, s0, t0
    mul     s0, s0, t1
    srli    t1, s0, 29
    xor     s0, s0, t1
    la      t1, memory
    andi    t2, s0, 0x7f8
    add     t1, t1, t2
    sd      s0, 0(t1)
    ret
print:
    andi    t0, s0, 15
    addi    t0, t0, 'a'
    sb      t0, 0(s5)
    ret

.balign 4
trap:
    addi    sp, sp, -32
    sd      ra, 0(sp)
    sd      t0, 8(sp)
    sd      t1, 16(sp)
    sd      t2, 24(sp)
    csrr    t0, mepc
    call    mix
    call    print
    ld      t0, 0(s6)
    addi    t0, t0, PERIOD
    sd      t0, 0(s6)
    ld      ra, 0(sp)
    ld      t0, 8(sp)
    ld      t1, 16(sp)
    ld      t2, 24(sp)
    addi    sp, sp, 32
    mret

.bss
.balign 16
memory: .space 4096
    .space 512
stack_top:
`;
