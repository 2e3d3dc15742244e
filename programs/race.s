# SPDX-License-Identifier: Apache-2.0
#
# race.s - a program that looks into a buffer while the disk may write to it.
#
# It writes a sector, and then reads it back ROUNDS times. While a read is in
# flight the program does what a driver must not: it looks into the buffer again
# and again, and counts, until the last bytes have come. Then it waits for the
# completion, which it should have waited for in the first place.
#
# On a real machine the disk writes into memory by itself, at any moment: how
# often the program looks is a race that two machines lose differently. Here
# what was read is written to the buffer with the completion, at one instruction
# that the log names, so the backup counts as the primary did. With `--unsafe
# bounce-buffers` it is written when it comes, and the backup counts on.
#
# The exit code is 1 if a sector is wrong. The program overwrites the first
# sector of its disk.

.include "lib/machine.s"
.include "lib/virtio.s"

.ifndef ROUNDS
.equ ROUNDS,            5
.endif

.equ STAMP,             0x5eed      # what the sector ends with
.equ LAST,              SECTOR_SIZE - 8     # where

.globl _start
.text
_start:
    la      sp, stack_top
    call    disk_setup
    beqz    a0, fail
    la      a2, buffer
    li      t0, STAMP
    sd      t0, LAST(a2)
    li      a0, 0
    li      a1, 1
    call    disk_write
    bnez    a0, fail

    li      s0, 1                   # s0 = round
1:  la      a2, buffer
    sd      zero, LAST(a2)
    li      a0, 0
    li      a1, 1
    li      a3, BLK_T_IN
    li      a4, 0
    call    disk_start

    la      t0, buffer
    li      s1, 0                   # s1 = how often it looked
2:  addi    s1, s1, 1
    ld      t1, LAST(t0)
    beqz    t1, 2b

    call    disk_wait
    bnez    a0, fail
    la      t0, buffer
    ld      t1, LAST(t0)
    li      t2, STAMP
    bne     t1, t2, fail

    la      a0, text_read
    call    puts
    mv      a0, s0
    call    put_decimal
    la      a0, text_after
    call    puts
    mv      a0, s1
    call    put_decimal
    la      a0, text_looks
    call    puts
    addi    s0, s0, 1
    li      t0, ROUNDS
    bleu    s0, t0, 1b

    li      a0, 0
    tail    power_off

fail:
    la      a0, text_failed
    call    puts
    li      a0, 1
    tail    power_off

.include "lib/console.s"
.include "lib/disk.s"
.include "lib/queue.s"

.section .rodata
text_read:      .asciz  "read "
text_after:     .asciz  ": there after "
text_looks:     .asciz  " looks\n"
text_failed:    .asciz  "the disk failed\n"

.bss
.balign 16
buffer:
    .space  SECTOR_SIZE
    .space  4096
stack_top:
