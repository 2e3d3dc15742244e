# SPDX-License-Identifier: Apache-2.0
#
# uuid.s - a device that writes into memory: the virtio entropy device.
#
# Prints eight random UUIDs (version 4). The random bytes do not pass through a
# register: the device puts them straight into RAM, while the hart sleeps, and
# then interrupts. For the lockstep this is an input like any other. The log
# has what was written, and at which instruction; had it only the bytes,
# primary and backup could disagree on who read the buffer before and who
# after.
#
# The program needs an entropy device in one of the virtio slots; without one
# it says so and ends with exit code 1.

.include "lib/machine.s"
.include "lib/virtio.s"

.equ QUEUE_SIZE,            8       # descriptors; one would do

.equ UUIDS,                 8
.equ UUID_SIZE,             16
.equ DASHES,                1 << 4 | 1 << 6 | 1 << 8 | 1 << 10  # before these
.equ DASH,                  0x2d

.globl _start
.text
_start:
    la      sp, stack_top
    li      a0, ENTROPY
    call    virtio_find
    beqz    a0, no_device
    li      a1, 0                   # it has no features that we want
    call    queue_start
    bnez    a0, refused

    li      s0, UUIDS
next_uuid:
    la      a0, uuid
    li      a1, UUID_SIZE
    call    fill_random

    # Version 4, variant 1 (RFC 9562, 5.4): six bits are not random.
    la      t0, uuid
    lbu     t1, 6(t0)
    andi    t1, t1, 0x0f
    ori     t1, t1, 0x40
    sb      t1, 6(t0)
    lbu     t1, 8(t0)
    andi    t1, t1, 0x3f
    ori     t1, t1, 0x80
    sb      t1, 8(t0)

    call    print_uuid
    addi    s0, s0, -1
    bnez    s0, next_uuid
    li      a0, 0
    tail    power_off

no_device:
    la      a0, text_no_device
    call    puts
    li      a0, 1
    tail    power_off

refused:
    la      a0, text_refused
    call    puts
    li      a0, 1
    tail    power_off

# fill_random: fill a1 bytes at a0. The device may give fewer bytes than there
# is room for, but at least one (virtio 1.2, 5.4.6), so ask until it is full.
fill_random:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s1, 16(sp)
    sd      s2, 8(sp)
    mv      s1, a0
    mv      s2, a1
1:  mv      a0, s1
    mv      a1, s2
    call    request
    add     s1, s1, a0
    sub     s2, s2, a0
    bnez    s2, 1b
    ld      s2, 8(sp)
    ld      s1, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# request: offer the device the a1 bytes at a0 and sleep until it has written.
# a0 = how many bytes it wrote.
request:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    la      t0, descriptors         # one request at a time: descriptor 0
    sd      a0, DESC_ADDRESS(t0)
    sw      a1, DESC_LENGTH(t0)
    li      t1, DESC_F_WRITE
    sh      t1, DESC_FLAGS(t0)
    li      a0, 0
    call    queue_offer
    call    queue_take
    mv      a0, a1
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# print_uuid: 16 bytes as hex digits, with a dash before bytes 4, 6, 8 and 10.
print_uuid:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s1, 16(sp)
    sd      s2, 8(sp)
    la      s1, uuid
    li      s2, 0
1:  li      t0, DASHES
    srl     t0, t0, s2
    andi    t0, t0, 1
    beqz    t0, 2f
    li      a0, DASH
    call    putc
2:  lbu     a0, 0(s1)
    li      a1, 2
    call    put_hex
    addi    s1, s1, 1
    addi    s2, s2, 1
    li      t0, UUID_SIZE
    bltu    s2, t0, 1b
    call    put_newline
    ld      s2, 8(sp)
    ld      s1, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

.include "lib/console.s"
.include "lib/queue.s"

.section .rodata
text_no_device: .asciz  "uuid: this machine has no virtio entropy device\n"
text_refused:   .asciz  "uuid: the entropy device does not speak virtio 1\n"

.bss
.balign 16
uuid:
    .space  UUID_SIZE
    .space  1024
stack_top:
