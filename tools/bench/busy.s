# busy.s - a guest for measurements: it computes without an end. Random reads and writes in 64 KiB of memory.

.equ WORDS, 8192

.globl _start
.text
_start:
    la      s0, memory
    li      s1, WORDS - 1
    li      s2, 6364136223846793005
    li      s3, 1442695040888963407
    li      t0, 1
loop:
    mul     t0, t0, s2              # the generator of Knuth's MMIX
    add     t0, t0, s3
    srli    t1, t0, 40
    and     t1, t1, s1
    slli    t1, t1, 3
    add     t1, t1, s0
    ld      t2, 0(t1)
    xor     t2, t2, t0
    sd      t2, 0(t1)
    j       loop

.bss
.balign 4096
memory:
    .zero   8 * WORDS
