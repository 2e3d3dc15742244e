# Conditional branches at the edge of their reach and beyond.
.globl _start
.text
_start:
back:
    beq a0, a1, near
    bne a0, a1, far
    blt a0, a1, far
    bge a0, a1, far
    bltu a0, a1, far
    bgeu a0, a1, far
    beqz a0, far
    bgtz a0, far
    bgt a0, a1, far
    beq a0, a1, elsewhere
near:
    .space 4094 - 60
    nop
edge:
    .space 2000
    bnez a0, back
    bnez a0, near
far:
    bnez a0, 2f
    .space 4088
1:  nop
2:  bnez a0, 4f
    .space 4092
4:  nop
5:  bnez a0, 6f
    .space 4086
    .balign 4
6:  nop
7:  .space 4096
    bnez a0, 7b
8:  .space 4100
    bnez a0, 8b
    .p2align 4
    bnez a0, 9f
    .space 4090
    .p2align 4
9:  j _start
    j 10f
    .space 1000
10: call far
.section .text.elsewhere, "ax"
elsewhere:
    bnez a0, elsewhere
    beqz a0, near
