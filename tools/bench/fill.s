# fill.s - a guest for measurements: it fills MB megabytes of memory, then writes
# to the first HOT pages of them again and again, a word in each, with PACE
# instructions of doing nothing between two pages. After ROUNDS rounds it ends.

.ifndef MB
.equ MB, 12
.endif
.ifndef HOT
.equ HOT, 256
.endif
.ifndef PACE
.equ PACE, 200
.endif
.ifndef ROUNDS
.equ ROUNDS, 1000
.endif
.equ PAGE_SHIFT, 12
.equ PAGE, 1 << PAGE_SHIFT

.globl _start
.text
_start:
    la      s0, memory
    li      s1, MB << 20
    add     s1, s0, s1              # s1 = where the filled memory ends
    li      s2, HOT << PAGE_SHIFT
    add     s2, s0, s2              # s2 = where its busy part ends
    li      s3, PAGE
    li      s4, ROUNDS

1:  sd      s0, 0(s0)
    add     s0, s0, s3
    bltu    s0, s1, 1b

round:
    la      s0, memory
2:  sd      s4, 8(s0)
    li      t0, PACE
3:  addi    t0, t0, -1
    bgtz    t0, 3b
    add     s0, s0, s3
    bltu    s0, s2, 2b
    addi    s4, s4, -1
    bnez    s4, round

    li      t0, 0x100000            # the finisher
    li      t1, 0x5555
    sw      t1, 0(t0)
4:  j       4b

.balign PAGE
memory:
