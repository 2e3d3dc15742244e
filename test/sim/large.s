# large.s - disk requests of more than a megabyte, and small ones that race them.
#
# In each round three requests are in flight at once: a large write, a small
# write into its last part, and a read of the whole. The disk does operations on
# the same sectors in the order in which the guest asked for them, so the read
# must find the small write's data where it is and the large one's elsewhere.

.include "../../programs/lib/machine.s"
.include "../../programs/lib/virtio.s"

.equ LARGE,     2500            # sectors of the large requests
.equ SMALL,     16              # and of the small one,
.equ SMALL_AT,  2400            # which begins here
.equ ROUNDS,    3
.equ WORDS,     LARGE * SECTOR_SIZE / 8

.globl _start
.text
_start:
    la      sp, stack_top
    call    disk_setup
    li      s1, 1               # the round
1:  call    fill
    li      a0, 0
    li      a1, LARGE
    la      a2, written
    li      a3, BLK_T_OUT
    li      a4, 0
    call    disk_start
    li      a0, SMALL_AT
    li      a1, SMALL
    la      a2, small
    li      a3, BLK_T_OUT
    li      a4, 1
    call    disk_start
    li      a0, 0
    li      a1, LARGE
    la      a2, read
    li      a3, BLK_T_IN
    li      a4, 2
    call    disk_start
    li      s2, 3
2:  call    disk_wait
    bnez    a0, failed
    addi    s2, s2, -1
    bnez    s2, 2b
    call    compare
    bnez    a0, wrong
    la      a0, text_round
    call    puts
    addi    s1, s1, 1
    li      t0, ROUNDS
    bleu    s1, t0, 1b
    li      a0, 0
    tail    power_off

wrong:
    la      a0, text_wrong
    call    puts
    li      a0, 1
    tail    power_off

failed:
    la      a0, text_failed
    call    puts
    li      a0, 2
    tail    power_off

# fill: each word of the large write says where it is and in which round.
fill:
    la      t0, written
    li      t1, WORDS
    slli    t2, s1, 32
1:  sd      t2, 0(t0)
    addi    t0, t0, 8
    addi    t2, t2, 1
    addi    t1, t1, -1
    bnez    t1, 1b
    la      t0, small
    li      t1, SMALL * SECTOR_SIZE / 8
    not     t2, s1
1:  sd      t2, 0(t0)
    addi    t0, t0, 8
    addi    t1, t1, -1
    bnez    t1, 1b
    ret

# compare: a0 = 0 if what was read is what must be on the disk.
compare:
    la      t0, small
    la      t1, written + SMALL_AT * SECTOR_SIZE
    li      t2, SMALL * SECTOR_SIZE / 8
1:  ld      t3, 0(t0)
    sd      t3, 0(t1)
    addi    t0, t0, 8
    addi    t1, t1, 8
    addi    t2, t2, -1
    bnez    t2, 1b
    la      t0, written
    la      t1, read
    li      t2, WORDS
2:  ld      t3, 0(t0)
    ld      t4, 0(t1)
    sub     a0, t3, t4
    bnez    a0, 3f
    addi    t0, t0, 8
    addi    t1, t1, 8
    addi    t2, t2, -1
    bnez    t2, 2b
3:  ret

.include "../../programs/lib/console.s"
.include "../../programs/lib/disk.s"
.include "../../programs/lib/queue.s"

.section .rodata
text_round:     .asciz "a round\n"
text_wrong:     .asciz "wrong data\n"
text_failed:    .asciz "the disk failed\n"

.bss
.balign 16
written:
    .space  LARGE * SECTOR_SIZE
read:
    .space  LARGE * SECTOR_SIZE
small:
    .space  SMALL * SECTOR_SIZE
    .space  1024
stack_top:
