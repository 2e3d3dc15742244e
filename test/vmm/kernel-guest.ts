/**
 * A small kernel with a user program: translation, timer interrupts by SBI and Sstc in turn, a virtio console, faults.
 */
import { PRIVILEGE } from '../../src/cpu/csrs.ts';
import { type HartWord, RAM_BASE } from '../../src/cpu/layout.ts';
import { kernelEntryState } from '../../src/vmm/boot.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { machineOf, withConsole } from '../ft/guest.ts';

/**
 * The program stores, calls and computes endlessly. At each timer interrupt the kernel prints `.` on its virtio
 * console, and unmaps the program's data page at every fourth; two faults map it again, `m` (mapped) and `d` (dirty),
 * which the kernel prints by DBCN. Each call of the program prints a letter from `A` on by a legacy call. Typed bytes
 * are echoed on the console; `!` ends it with code 0.
 */
const source = `
.equ CONSOLE, 0x10004000
.equ PLIC, 0xc000000
.equ SOURCE, 4
.equ USER, 0x40000000
.equ PERIOD, 230
.equ TIME, 0x54494d45
.equ SRST, 0x53525354
.equ DBCN, 0x4442434e

_start:
    la      t0, trap
    csrw    stvec, t0
    la      t0, frame
    csrw    sscratch, t0
    # Page tables: devices and RAM where they are, the program's two pages at USER.
    la      t0, root
    li      t1, 0xc7                # V, R, W, A, D
    sd      t1, 0(t0)
    la      t1, middle
    srli    t1, t1, 2
    ori     t1, t1, 1
    sd      t1, 8(t0)
    li      t1, 0x200000cf          # the gigabyte from 0x80000000 on, with X
    sd      t1, 16(t0)
    la      t1, last
    srli    t1, t1, 2
    ori     t1, t1, 1
    la      t0, middle
    sd      t1, 0(t0)
    la      t1, user
    srli    t1, t1, 2
    ori     t1, t1, 0xdb            # V, R, X, U, A, D
    la      t0, last
    sd      t1, 0(t0)
    la      t0, root
    srli    t0, t0, 12
    li      t1, 8
    slli    t1, t1, 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma

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
    li      t0, 15
    sw      t0, 0x70(s0)
    call    offer
    li      t0, PLIC
    li      t1, 1
    sw      t1, 4 * SOURCE(t0)
    li      t1, 1 << SOURCE
    li      t0, PLIC + 0x2080       # context 1
    sw      t1, 0(t0)

    li      t0, 0x220               # STIE, SEIE
    csrw    sie, t0
    call    later
    li      t0, 0x100               # SPP: to user mode
    csrc    sstatus, t0
    li      t0, 0x2020              # SPIE, and floating point
    csrs    sstatus, t0
    li      t0, USER
    csrw    sepc, t0
    sret

# a0 = a queue, a1 = where it is: descriptors, 0x80 on the available ring, 0x100 on the used ring
queue:
    sw      a0, 0x30(s0)
    li      t0, 8
    sw      t0, 0x38(s0)
    sw      a1, 0x80(s0)
    addi    t0, a1, 0x80
    sw      t0, 0x90(s0)
    addi    t0, a1, 0x100
    sw      t0, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    ret

# The buffer for what is typed, once more.
offer:
    la      t0, receive
    lhu     t1, 0x82(t0)
    addi    t1, t1, 1
    sh      t1, 0x82(t0)
    li      t0, CONSOLE
    sw      zero, 0x50(t0)
    ret

# Prints a0 on the virtio console.
put:
    la      t0, byte
    sb      a0, 0(t0)
    la      t0, transmit
    lhu     t1, 0x82(t0)
    addi    t1, t1, 1
    sh      t1, 0x82(t0)
    li      t0, CONSOLE
    li      t1, 1
    sw      t1, 0x50(t0)
    ret

# Tells a0 by DBCN.
tell:
    li      a7, DBCN
    li      a6, 2
    ecall
    ret

# The next timer interrupt: by the SBI, or by stimecmp, in turn.
later:
    rdtime  a0
    addi    a0, a0, PERIOD
    la      t0, ticks
    ld      t1, 0(t0)
    andi    t2, t1, 1
    addi    t1, t1, 1
    sd      t1, 0(t0)
    bnez    t2, 1f
    li      a7, TIME
    li      a6, 0
    ecall
    ret
1:  csrw    stimecmp, a0
    ret

.balign 4
trap:
    csrrw   t6, sscratch, t6
    sd      ra, 0(t6)
    sd      t0, 8(t6)
    sd      t1, 16(t6)
    sd      t2, 24(t6)
    sd      a0, 32(t6)
    sd      a1, 40(t6)
    sd      a6, 48(t6)
    sd      a7, 56(t6)
    csrr    t0, scause
    bltz    t0, interrupt
    li      t1, 8
    beq     t0, t1, call
    li      t1, 13
    beq     t0, t1, fault
    li      t1, 15
    beq     t0, t1, fault
    li      a1, 1                   # something else: the end, with a failure
    j       end
call:
    csrr    t0, sepc
    addi    t0, t0, 4
    csrw    sepc, t0
    li      a7, 1
    ecall
    j       out
fault:
    la      t0, last
    ld      t1, 8(t0)
    bnez    t1, 1f
    la      t1, data
    srli    t1, t1, 2
    ori     t1, t1, 0x13            # V, R, U; the hart sets A and D
    sd      t1, 8(t0)
    li      a0, 'm'
    call    tell
    j       2f
1:  ori     t1, t1, 0x04            # W
    sd      t1, 8(t0)
    li      a0, 'd'
    call    tell
2:  sfence.vma
    j       out
interrupt:
    andi    t0, t0, 15
    li      t1, 5
    bne     t0, t1, external
    call    later
    li      a0, '.'
    call    put
    la      t0, ticks
    ld      t0, 0(t0)
    andi    t0, t0, 3
    bnez    t0, out
    la      t0, last
    sd      zero, 8(t0)
    sfence.vma
    j       out
external:
    li      t0, PLIC + 0x201004
    lw      a1, 0(t0)
    li      t0, CONSOLE
    lw      t1, 0x60(t0)
    sw      t1, 0x64(t0)
    la      t0, receive
    lhu     t1, 0x102(t0)           # used.idx: come back, or was it a byte that was sent?
    lhu     t2, 0x82(t0)
    bne     t1, t2, 1f
    la      t0, typed
    lbu     a0, 0(t0)
    li      t1, '!'
    beq     a0, t1, orderly
    call    put
    call    offer
1:  li      t0, PLIC + 0x201004
    sw      a1, 0(t0)
out:
    ld      ra, 0(t6)
    ld      t0, 8(t6)
    ld      t1, 16(t6)
    ld      t2, 24(t6)
    ld      a0, 32(t6)
    ld      a1, 40(t6)
    ld      a6, 48(t6)
    ld      a7, 56(t6)
    csrrw   t6, sscratch, t6
    sret
orderly:
    li      a1, 0
end:
    li      a0, 0
    li      a7, SRST
    li      a6, 0
    ecall
    j       end

# The program. It runs at USER.
.balign 4096
user:
    li      s0, USER + 0x1000
    li      s1, 12345
    li      s2, 0
1:  li      t0, 0x9e3779b97f4a7c15
    xor     s1, s1, s2
    mul     s1, s1, t0
    srli    t0, s1, 29
    xor     s1, s1, t0
    andi    t0, s1, 0x7f8
    add     t0, t0, s0
    sd      s1, 0(t0)
    amoadd.d t1, s1, (t0)
    fcvt.d.l f0, s1
    fadd.d  f1, f1, f0
    rdtime  t2
    add     s2, s2, t2
    andi    t0, s1, 63
    bnez    t0, 1b
    srli    a0, s1, 8
    andi    a0, a0, 15
    addi    a0, a0, 'A'
    ecall
    j       1b

.data
.balign 4096
root: .space 4096
middle: .space 4096
last: .space 4096
data: .space 4096
receive:
    .dword  typed
    .word   1
    .half   2, 0
    .space  0x170
transmit:
    .dword  byte
    .word   1
    .half   0, 0
    .space  0x170
frame: .space 64
ticks: .dword 0
typed: .byte 0
byte: .byte 0
`;

const plain = withConsole(machineOf(source));
/** The machine that boots it without firmware. */
const start = Object.entries({
  privilege: BigInt(PRIVILEGE.S),
  ...kernelEntryState(BigInt(RAM_BASE)),
}).map(([word, value]) => ({ word: word as HartWord, value }));

export const kernelMachine: MachineDescription = {
  ...plain,
  program: 'kernel-guest.s',
  start: [...plain.start, ...start],
  sbi: true,
};
