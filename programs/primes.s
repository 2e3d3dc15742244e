# SPDX-License-Identifier: Apache-2.0
#
# primes.s - pure computing: the sieve of Eratosthenes.
#
# Counts the primes below LIMIT, and prints how many there are, the largest,
# and their sum. No clock, no chance, no input: two machines that start alike
# stay alike, and the log holds next to nothing. What the run costs under
# protection is therefore the price of the lockstep itself.
#
# LIMIT can be chosen from outside (--defsym LIMIT=20000000); it needs one byte
# of RAM for each number, and RAM has room for more than 60 million.

.include "lib/machine.s"

.ifndef LIMIT
.equ LIMIT, 20000
.endif

.globl _start
.text
_start:
    la      sp, stack_top

    la      s0, sieve               # byte n says whether n may be prime
    li      s1, LIMIT

    # Every number is prime until proven otherwise; 0 and 1 never were.
    li      t0, 0
    li      t1, 1
fill:
    add     t2, s0, t0
    sb      t1, 0(t2)
    addi    t0, t0, 1
    bltu    t0, s1, fill
    sb      zero, 0(s0)
    sb      zero, 1(s0)

    # For each prime p, strike out p*p, p*p + p, p*p + 2p ... Smaller multiples
    # have a smaller factor and are gone already. For the same reason a
    # composite number below LIMIT has a factor p with p*p < LIMIT.
    li      t0, 2                   # t0 = p
next_prime:
    mul     t1, t0, t0
    bgeu    t1, s1, count
    add     t2, s0, t0
    lbu     t2, 0(t2)
    beqz    t2, struck
strike:
    add     t2, s0, t1              # t1 walks over the multiples
    sb      zero, 0(t2)
    add     t1, t1, t0
    bltu    t1, s1, strike
struck:
    addi    t0, t0, 1
    j       next_prime

    # What is left is prime.
count:
    li      s2, 0                   # s2 = how many
    li      s3, 0                   # s3 = the largest
    li      s4, 0                   # s4 = their sum
    li      t0, 0
look:
    add     t1, s0, t0
    lbu     t1, 0(t1)
    beqz    t1, composite
    addi    s2, s2, 1
    mv      s3, t0
    add     s4, s4, t0
composite:
    addi    t0, t0, 1
    bltu    t0, s1, look

    la      a0, text_below
    call    puts
    li      a0, LIMIT
    call    put_decimal
    la      a0, text_count
    call    puts
    mv      a0, s2
    call    put_decimal
    la      a0, text_largest
    call    puts
    mv      a0, s3
    call    put_decimal
    la      a0, text_sum
    call    puts
    mv      a0, s4
    call    put_decimal
    call    put_newline
    li      a0, 0
    tail    power_off

.include "lib/console.s"

.section .rodata
text_below:     .asciz  "primes below "
text_count:     .asciz  ": "
text_largest:   .asciz  "\nthe largest: "
text_sum:       .asciz  "\ntheir sum: "

# The sieve takes the free RAM behind the program, so that the image stays
# small whatever LIMIT is. Nothing may be placed in .bss after it.
.bss
.balign 16
    .space  1024
stack_top:
sieve:
