# SPDX-License-Identifier: Apache-2.0
#
# Where a guest starts: on the bare machine, in M-mode. At the end the machine is switched off.

    .section .text.start, "ax"
    .globl start
start:
    la sp, stack_top
    # Floating point on.
    li t0, 3 << 13
    csrs mstatus, t0
    la t0, rounds
    ld a0, 0(t0)
    call work
    la t0, result
    sd a0, 0(t0)
    # The test finisher: power off, exit code 0.
    li t0, 0x100000
    li t1, 0x5555
    sw t1, 0(t0)
1:  j 1b

    .data
    .balign 8
    .globl rounds
# The runner finds this word by the mark before it, and writes it.
    .ascii "rounds =        "
rounds:
    .dword 1
    .globl result
result:
    .dword 0

    .bss
    .balign 16
    .skip 65536
stack_top:
