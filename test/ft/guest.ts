import { assemble } from '../../src/asm/assemble.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';

/** The device slots of these guests: a network card, an entropy source, a disk and a console, from slot 0 on. */
const CONSOLE_SLOT = 3;
const virtio = (diskSectors: number): MachineDescription['virtio'] => [
  { kind: 'net', mac: Uint8Array.of(0x52, 0x54, 0, 0, 0, 1) },
  { kind: 'entropy' },
  diskSectors > 0 ? { kind: 'blk', sectors: diskSectors, readOnly: false } : undefined,
  undefined,
];

/** The machine with a virtio console, which gets the typed bytes. */
export const withConsole = (description: MachineDescription): MachineDescription => ({
  ...description,
  virtio: description.virtio.with(CONSOLE_SLOT, { kind: 'console' }),
});

/** The machine with its disks read-only, or writable. */
export const withReadOnly = (description: MachineDescription, readOnly: boolean): MachineDescription => ({
  ...description,
  virtio: description.virtio.map((one) => (one?.kind === 'blk' ? { ...one, readOnly } : one)),
});

/** A small machine that runs a program, with a disk of `diskSectors` sectors. */
export function machineOf(source: string, diskSectors = 0): MachineDescription {
  const { entry, segments } = assemble(source, { file: 'guest.s' });
  return {
    program: 'guest.s',
    memorySizeBytes: 1 << 16,
    bootEpochNs: 1_291_161_600_000_000_000n,
    start: [{ word: 'pc', value: BigInt(entry) }],
    sbi: false,
    segments: segments.map((segment) => ({ ...segment, memorySizeBytes: segment.bytes.length })),
    virtio: virtio(diskSectors),
    clock: 'logged',
    tohost: [],
    fromhost: [],
  };
}

/**
 * A guest that uses every door but the network: it mixes the clock, random numbers and typed bytes into one number,
 * sleeps until the timer ticks, and prints a letter made from that number for each tick and each byte. `q` ends it
 * with exit code 5.
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

/**
 * A guest that echoes what is typed on its virtio console, in slot 3, with one buffer of 8 bytes. `q` ends it with exit
 * code 5. Each boot prints `>` on the UART.
 */
export const consoleGuest = `
.equ UART, 0x10000000
.equ CONSOLE, 0x10004000
.equ PLIC, 0xc000000
.equ SOURCE, 4
_start:
    li      t0, UART
    li      t1, '>'
    sb      t1, 0(t0)
    li      s0, CONSOLE
    sw      zero, 0x70(s0)
    li      t0, 11                  # ACKNOWLEDGE, DRIVER, FEATURES_OK
    sw      t0, 0x70(s0)
    la      a1, receive
    li      a0, 0
    call    queue
    la      a1, transmit
    li      a0, 1
    call    queue
    li      t0, 15                  # DRIVER_OK as well
    sw      t0, 0x70(s0)
    li      t0, PLIC
    li      t1, 1
    sw      t1, 4 * SOURCE(t0)
    li      t1, 1 << SOURCE
    li      t0, PLIC + 0x2000
    sw      t1, 0(t0)
    li      s3, PLIC + 0x200004
    li      t0, 1 << 11
    csrw    mie, t0
    li      s1, 0                   # how often the buffer has come back
offer:
    la      t0, receive
    addi    t1, s1, 1
    sh      t1, 0x82(t0)
    sw      zero, 0x50(s0)
wait:
    la      t0, receive
    lhu     t1, 0x102(t0)
    bne     t1, s1, got
    wfi
    lw      t1, 0(s3)
    lw      t2, 0x60(s0)
    sw      t2, 0x64(s0)
    sw      t1, 0(s3)
    j       wait
got:
    andi    t2, s1, 7
    slli    t2, t2, 3
    add     t2, t2, t0
    lw      t3, 0x108(t2)           # its length
    addi    s1, s1, 1
    la      t0, transmit
    sw      t3, 8(t0)
    sh      s1, 0x82(t0)
    li      t1, 1
    sw      t1, 0x50(s0)
    la      t0, buffer
    add     t3, t3, t0
1:  lbu     t1, 0(t0)
    li      t2, 'q'
    beq     t1, t2, quit
    addi    t0, t0, 1
    bne     t0, t3, 1b
    j       offer
quit:
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
    j       quit

# a0 = a queue, a1 = where it is: descriptors, 0x80 on the available ring, 0x100 on the used ring
queue:
    sw      a0, 0x30(s0)
    li      t0, 8
    sw      t0, 0x38(s0)
    sw      a1, 0x80(s0)
    addi    t0, a1, 0x80
    sw      zero, 0(t0)
    sw      t0, 0x90(s0)
    addi    t0, a1, 0x100
    sw      zero, 0(t0)
    sw      t0, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    ret

.data
.balign 16
receive:
    .dword  buffer
    .word   8
    .half   2, 0
    .space  0x170
transmit:
    .dword  buffer
    .word   8
    .half   0, 0
    .space  0x170
buffer:
    .space  8
`;

interface DiskStep {
  operation: 'read' | 'write';
  sector: number;
}

/**
 * A guest that starts these operations of one sector at once, waits until all of them have ended, prints `!` and powers
 * off with exit code 5. Operation n fills its sector with letter n of the alphabet.
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
