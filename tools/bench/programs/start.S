# SPDX-License-Identifier: Apache-2.0
#
# Where a program starts: on the bare machine, in M-mode, or after `supervise` in S-mode under Sv39. At the end the machine is
# switched off.

    .section .text.start, "ax"
    .globl start
start:
    la sp, stack_top
    # Floating point on.
    li t0, 3 << 13
    csrs mstatus, t0
    ld t0, mode
    li t1, 'S'
    bne t0, t1, 1f
    call supervise
1:  ld a0, rounds
    call work
    sd a0, result, t0
    li a0, 0x5555
    j finish

# Ends the program with exit code 1 unless a0 is other than 0.
    .globl must
must:
    beqz a0, 1f
    ret
1:  li a0, 1 << 16 | 0x3333
# Writes to the test finisher.
finish:
    li t0, 0x100000
    sw a0, 0(t0)
1:  j 1b

    .data
    .balign 8
# The runner finds these words by the marks before them, and writes them.
    .ascii "rounds =        "
rounds:
    .dword 1
    .ascii "mode =          "
mode:
    .dword 'M'
    .globl result
result:
    .dword 0

    .bss
    .balign 16
    .skip 65536
stack_top:
