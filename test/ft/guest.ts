import { assemble } from '../../src/cpu/asm/assemble.ts';
import type { MachineDescription } from '../../src/vmm/machine.ts';

/** A small machine that runs a program, with a disk of so many sectors. */
export function machineOf(source: string, diskSectors = 0): MachineDescription {
  const { entry, segments } = assemble(source, { file: 'guest.s' });
  return {
    program: 'guest.s',
    memorySizeBytes: 1 << 16,
    bootEpochNs: 1_291_161_600_000_000_000n,
    mac: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1),
    start: [{ word: 'pc', value: BigInt(entry) }],
    sbi: false,
    segments,
    diskSectors,
    diskReadOnly: false,
    console: 'uart',
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

interface DiskStep {
  operation: 'read' | 'write';
  sector: number;
}

/**
 * A guest that starts these operations of one sector at once, waits until all of them have ended, prints `!` and powers off with
 * exit code 5. Operation n writes letter n of the alphabet, over and over.
 */
export function diskGuest(steps: readonly DiskStep[]): string {
  const numbered = steps.map((step, index) => ({ ...step, index, write: step.operation === 'write' }));
  const descriptors = numbered.map(
    ({ index, write }) => `
    .dword header${index}
    .word 16
    .half 1, ${3 * index + 1}           # NEXT
    .dword buffer${index}
    .word 512
    .half ${write ? 1 : 3}, ${3 * index + 2}    # NEXT, and WRITE for what the device fills
    .dword status${index}
    .word 1
    .half 2, 0`,
  );
  const requests = numbered.map(
    ({ index, write, sector }) => `
header${index}: .word ${write ? 1 : 0}, 0
    .dword ${sector}
buffer${index}: .fill 512, 1, ${write ? 0x41 + index : 0}
status${index}: .byte 255
    .balign 8`,
  );
  return `
.equ UART, 0x10000000
.equ BLK, 0x10003000
_start:
    li      s0, BLK
    li      t0, 15                  # ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK
    sw      t0, 0x70(s0)
    li      t0, 32
    sw      t0, 0x38(s0)
    la      t0, descriptors
    sw      t0, 0x80(s0)
    la      t0, driver
    sw      t0, 0x90(s0)
    la      s1, device
    sw      s1, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    sw      zero, 0x50(s0)
    li      s2, ${steps.length}
wait:
    lhu     t0, 2(s1)
    bne     t0, s2, wait
    li      s0, UART
    li      t0, '!'
    sb      t0, 0(s0)
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
end: j      end

.data
.balign 16
descriptors: ${descriptors.join('')}
    .balign 16
    .space ${512 - 48 * steps.length}
driver:
    .half 0, ${steps.length}, ${numbered.map(({ index }) => 3 * index).join(', ')}
    .space 64
.balign 16
device: .space 300
.balign 16
${requests.join('')}
`;
}
