# SPDX-License-Identifier: Apache-2.0
#
# lib/console.s - writing to the console, and the power switch.
#
#   putc               a0 = byte
#   puts               a0 = text that ends with a zero byte
#   put_newline
#   put_decimal        a0 = unsigned number
#   put_decimal_wide   a0 = unsigned number, a1 = columns; aligned to the right
#   put_hex            a0 = number, a1 = how many hex digits
#   power_off          a0 = exit code; does not return
#
# All of them follow the usual calling convention: they may change a0-a7 and
# t0-t6, they keep s0-s11 and sp. Include lib/machine.s at the top of your
# program and this file below your code, so that _start stays at the first
# address of RAM.

.text

# putc: send the byte in a0. Changes only t0 and t1.
putc:
    li      t0, UART
1:  lbu     t1, UART_LSR(t0)
    andi    t1, t1, LSR_THR_EMPTY
    beqz    t1, 1b                  # the byte before is still on its way
    sb      a0, UART_THR(t0)
    ret

# puts: send the text at a0, up to its zero byte.
puts:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    mv      t2, a0                  # putc leaves t2 alone
1:  lbu     a0, 0(t2)
    beqz    a0, 2f
    call    putc
    addi    t2, t2, 1
    j       1b
2:  ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

put_newline:
    li      a0, NEWLINE
    tail    putc

# put_decimal: print a0 as an unsigned decimal number.
put_decimal:
    li      a1, 1                   # as wide as it needs to be
    # falls through

# put_decimal_wide: the same, filled up with spaces on the left to a1 columns
# (32 at most). Division yields the last digit first, so the text is built
# from its end towards its start.
put_decimal_wide:
    addi    sp, sp, -48             # text in 0..33, return address at 40
    sd      ra, 40(sp)
    addi    t0, sp, 32
    sub     t2, t0, a1              # the text starts here, or earlier
    sb      zero, 0(t0)
    li      t1, 10
1:  remu    t3, a0, t1
    divu    a0, a0, t1
    addi    t3, t3, DIGIT_ZERO
    addi    t0, t0, -1
    sb      t3, 0(t0)
    bnez    a0, 1b
    li      t3, SPACE
2:  bleu    t0, t2, 3f
    addi    t0, t0, -1
    sb      t3, 0(t0)
    j       2b
3:  mv      a0, t0
    call    puts
    ld      ra, 40(sp)
    addi    sp, sp, 48
    ret

# put_hex: print the lowest a1 hex digits of a0, leading zeros included.
put_hex:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    mv      s0, a0
    slli    s1, a1, 2               # bits still to print
1:  addi    s1, s1, -4
    srl     t0, s0, s1
    andi    t0, t0, 15
    la      t1, hex_digits
    add     t1, t1, t0
    lbu     a0, 0(t1)
    call    putc
    bnez    s1, 1b
    ld      s1, 8(sp)
    ld      s0, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# power_off: end the machine with the exit code in a0.
power_off:
    li      t0, FINISHER
    li      t1, FINISHER_PASS
    beqz    a0, 1f
    slli    a0, a0, 16
    li      t1, FINISHER_FAIL
    or      t1, t1, a0
1:  sw      t1, 0(t0)
2:  wfi                             # nothing may follow; sleep, should the
    j       2b                      # power take a moment to go

.section .rodata
hex_digits:
    .ascii  "0123456789abcdef"
