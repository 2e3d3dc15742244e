# SPDX-License-Identifier: Apache-2.0
#
# lib/trap.s - taking interrupts without losing a register.
#
#   trap_setup         point the hart at trap_entry; interrupts stay off
#
# The program that includes this file supplies one ordinary function:
#
#   on_interrupt       a0 = number of the interrupt
#
# It is called between two instructions of whatever was running, so all the
# registers that a function may change are saved around it. An exception, as
# opposed to an interrupt, is a bug in the program: it is printed and ends the
# machine. Include after lib/console.s.

.text

trap_setup:
    la      t0, trap_entry
    csrw    mtvec, t0
    ret

# The hart turns MIE off on the way in and mret restores it on the way out, so
# one interrupt never interrupts another. .balign: mtvec wants a multiple of 4.
.balign 4
trap_entry:
    addi    sp, sp, -128
    sd      ra, 0(sp)
    sd      a0, 8(sp)
    sd      a1, 16(sp)
    sd      a2, 24(sp)
    sd      a3, 32(sp)
    sd      a4, 40(sp)
    sd      a5, 48(sp)
    sd      a6, 56(sp)
    sd      a7, 64(sp)
    sd      t0, 72(sp)
    sd      t1, 80(sp)
    sd      t2, 88(sp)
    sd      t3, 96(sp)
    sd      t4, 104(sp)
    sd      t5, 112(sp)
    sd      t6, 120(sp)

    csrr    a0, mcause
    bgez    a0, trap_exception      # the top bit is set for an interrupt
    slli    a0, a0, 1
    srli    a0, a0, 1
    call    on_interrupt

    ld      t6, 120(sp)
    ld      t5, 112(sp)
    ld      t4, 104(sp)
    ld      t3, 96(sp)
    ld      t2, 88(sp)
    ld      t1, 80(sp)
    ld      t0, 72(sp)
    ld      a7, 64(sp)
    ld      a6, 56(sp)
    ld      a5, 48(sp)
    ld      a4, 40(sp)
    ld      a3, 32(sp)
    ld      a2, 24(sp)
    ld      a1, 16(sp)
    ld      a0, 8(sp)
    ld      ra, 0(sp)
    addi    sp, sp, 128
    mret

trap_exception:
    la      a0, trap_text_cause
    call    puts
    csrr    a0, mcause
    call    put_decimal
    la      a0, trap_text_pc
    call    puts
    csrr    a0, mepc
    li      a1, 16
    call    put_hex
    la      a0, trap_text_value
    call    puts
    csrr    a0, mtval
    li      a1, 16
    call    put_hex
    call    put_newline
    li      a0, 1
    tail    power_off

.section .rodata
trap_text_cause:    .asciz  "unexpected exception "
trap_text_pc:       .asciz  " at "
trap_text_value:    .asciz  ", mtval "
