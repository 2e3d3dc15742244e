# SPDX-License-Identifier: Apache-2.0
#
# dice.s - chance, from the entropy source of the hart itself.
#
# Rolls 20 dice and counts the faces. No two runs are alike, and yet primary
# and backup roll the same dice: each reading of the seed CSR is answered from
# outside and stands in the log. A backup that rolled for itself would continue
# a game that nobody has seen.

.include "lib/machine.s"

.equ DICE,      20
.equ FACES,     6

.globl _start
.text
_start:
    la      sp, stack_top
    la      s0, faces               # how often each face has come
    li      s1, DICE                # dice still to roll

    la      a0, text_rolled
    call    puts
next_die:
    call    roll
    slli    t0, a0, 2
    add     t0, t0, s0
    lw      t1, 0(t0)
    addi    t1, t1, 1
    sw      t1, 0(t0)
    li      a1, 2
    call    put_decimal_wide
    addi    s1, s1, -1
    bnez    s1, next_die
    call    put_newline

    li      s1, 1                   # now the face
next_face:
    la      a0, text_face
    call    puts
    mv      a0, s1
    call    put_decimal
    la      a0, text_came
    call    puts
    slli    t0, s1, 2
    add     t0, t0, s0
    lw      a0, 0(t0)
    call    put_decimal
    call    put_newline
    addi    s1, s1, 1
    li      t0, FACES
    bleu    s1, t0, next_face

    li      a0, 0
    tail    power_off

# roll: a0 = 1 ... 6, each equally likely.
#
# Three random bits are a number from 0 to 7. Taking the remainder by 6 would
# make two faces twice as likely as the others; throwing 0 and 7 away and
# trying again is fair.
roll:
    addi    sp, sp, -16
    sd      ra, 8(sp)
1:  call    random16
    andi    a0, a0, 7
    beqz    a0, 1b
    li      t0, FACES
    bgtu    a0, t0, 1b
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

.include "lib/console.s"
.include "lib/seed.s"

.section .rodata
text_rolled:    .asciz  "rolled"
text_face:      .asciz  "face "
text_came:      .asciz  ": "

.bss
.balign 16
faces:
    .space  32                      # a word for each face; 0 is not used
    .space  1024
stack_top:
