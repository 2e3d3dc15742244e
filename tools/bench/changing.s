# Loads new code all the time: writes a function that differs from the one before into the next page of a large buffer, and calls it
# until it is hot. RUNS is how many functions it goes through.

    .globl _start
_start:
    la s0, buffer
    li s1, RUNS
    li s2, 0                    # the number of the function
next:
    # addi a0, a0, NUMBER & 0x7ff; xori a0, a0, NUMBER >> 11; addi a1, a1, -1; bnez a1, start; ret
    slli t0, s2, 53
    srli t0, t0, 33
    li t1, 0x00050513
    or t0, t0, t1
    sw t0, 0(s0)
    srli t0, s2, 11
    andi t0, t0, 0x7ff
    slli t0, t0, 20
    li t1, 0x00054513
    or t0, t0, t1
    sw t0, 4(s0)
    li t0, 0xfff58593
    sw t0, 8(s0)
    li t0, 0xfe059ae3
    sw t0, 12(s0)
    li t0, 0x00008067
    sw t0, 16(s0)
    fence.i
    li a1, CALLS
    jalr s0
    addi s2, s2, 1
    # The next page, of 64.
    li t0, 4096
    add s0, s0, t0
    la t1, end
    bltu s0, t1, 1f
    la s0, buffer
1:  bltu s2, s1, next
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
2:  j 2b

    .balign 4096
buffer:
    .skip 64 * 4096
end:
