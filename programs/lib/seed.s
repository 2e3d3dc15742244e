# SPDX-License-Identifier: Apache-2.0
#
# lib/seed.s - random bits from the seed CSR (extension Zkr).
#
#   random16           a0 = 16 random bits
#   random32           a0 = 32 random bits
#
# Reading takes the random bits away, which is why the hart allows it only with
# an instruction that writes as well: csrrw, not csrr. Include after
# lib/console.s.

.text

random16:
    csrrw   a0, seed, zero
    srliw   t0, a0, OPST_SHIFT
    li      t1, OPST_DEAD
    beq     t0, t1, 1f
    li      t1, OPST_ES16
    bne     t0, t1, random16
    slli    a0, a0, 48              # keep the 16 lowest bits
    srli    a0, a0, 48
    ret
1:  la      a0, seed_text_dead      # better no numbers than guessable ones
    call    puts
    li      a0, 1
    tail    power_off

random32:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    call    random16
    slli    s0, a0, 16
    call    random16
    or      a0, a0, s0
    ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

.section .rodata
seed_text_dead:
    .asciz  "the entropy source is dead\n"
