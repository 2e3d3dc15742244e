# Compressed branches and jumps at the edge of their reach and beyond, among others.
.globl _start
.text
_start:
.option rvc
back:
    beqz a0, 1f
    bnez a5, 1f
    beqz a6, 1f
    beq a0, zero, 1f
    beq zero, a0, 1f
    bne a0, a1, 1f
    blt a0, zero, 1f
    j 1f
    jal zero, 1f
    jal 1f
    jal t0, 1f
    tail 1f
    c.j 1f
    c.beqz s0, 1f
    c.bnez s1, 1f
    beqz a0, back
    j back
    c.j back
1:
# Forwards and backwards by what just fits, and by two bytes more.
    beqz a0, 2f
    .space 252
2:  beqz a0, 3f
    .space 254
3:  nop
4:  .space 256
    bnez a0, 4b
5:  .space 258
    bnez a0, 5b
    c.bnez a0, 5b
    j 6f
    .space 2044
6:  j 7f
    .space 2046
7:  nop
8:  .space 2048
    j 8b
9:  .space 2050
    c.j 9b
# Too far for a branch.
    beqz a0, far
    c.bnez a5, far
    beqz a6, far
    bne a0, a1, far
    bnez a0, 1f
    .space 4092
1:  bnez a0, 2f
    .space 4094
2:  beqz a0, 3f
    .option norvc
    beqz a0, 3f
    .option rvc
    .space 4080
3:  nop
# One that has become longer moves the next.
    beqz a0, 6f
    beqz a1, 6f
    .space 254
6:  nop
far:
    nop
    .option norvc
    j far
    beqz a0, far
    beqz a0, back
    j back
    .option rvc
    beqz a0, elsewhere
    c.beqz a0, elsewhere
    j elsewhere
    c.j elsewhere
    .balign 4
.section .text.elsewhere, "ax"
    .balign 4
    nop
elsewhere:
    bnez a0, elsewhere
    j far
    .balign 4
