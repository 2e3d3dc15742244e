# SPDX-License-Identifier: Apache-2.0
#
# clock.s - time, and interrupts that the program did not ask for just then.
#
# Five timer interrupts, 2 ms apart, and sleep in between. At each tick the
# program prints how long it has been running, then reads the clock a few
# hundred times more. Every one of these readings is an answer from outside,
# and so is the exact instruction at which each interrupt comes: both stand in
# the log, and the backup sees the same times at the same places.
#
# Crash the primary between two readings: the backup goes on with its own
# host's clock, and still time must not run backwards. If it ever does, the
# exit code is 1.

.include "lib/machine.s"

.equ PERIOD,            2000 * TIME_PER_US
.equ TICKS,             5
.equ READINGS,          500         # at each tick
.equ NS_PER_SECOND,     1000000000

.globl _start
.text
_start:
    la      sp, stack_top
    call    trap_setup

    rdtime  s0                      # s0 = when we started
    mv      s1, s0                  # s1 = the latest time we have seen
    li      s2, 0                   # s2 = ticks printed

    li      t0, CLINT_MTIMECMP
    li      t1, PERIOD
    add     t1, s0, t1
    sd      t1, 0(t0)
    li      t0, 1 << INTERRUPT_TIMER
    csrs    mie, t0

    # Sleep until the handler has counted a tick that is not printed yet.
    # Interrupts are off between looking and sleeping, or a tick could slip in
    # between and be slept over; WFI wakes up for it all the same.
wait:
    csrci   mstatus, MSTATUS_MIE
    la      t0, ticks
    ld      t0, 0(t0)
    bgtu    t0, s2, ticked
    wfi
    csrsi   mstatus, MSTATUS_MIE    # the handler runs here
    j       wait
ticked:
    csrsi   mstatus, MSTATUS_MIE
    addi    s2, s2, 1

    rdtime  t0
    bltu    t0, s1, backwards
    mv      s1, t0
    la      a0, text_tick
    call    puts
    mv      a0, s2
    call    put_decimal
    la      a0, text_after
    call    puts
    sub     a0, s1, s0
    li      t0, TIME_PER_US
    divu    a0, a0, t0
    call    put_decimal
    la      a0, text_us
    call    puts

    li      s3, READINGS
read_again:
    rdtime  t0
    bltu    t0, s1, backwards
    mv      s1, t0
    addi    s3, s3, -1
    bnez    s3, read_again

    li      t0, TICKS
    bltu    s2, t0, wait
    csrci   mstatus, MSTATUS_MIE    # no more ticks

    # The wall clock. The lower half must be read first.
    la      a0, text_rtc
    call    puts
    li      t0, RTC_TIME_LOW
    lwu     a0, 0(t0)
    li      t0, RTC_TIME_HIGH
    lwu     t1, 0(t0)
    slli    t1, t1, 32
    or      a0, a0, t1
    li      t0, NS_PER_SECOND
    divu    a0, a0, t0
    call    put_decimal
    la      a0, text_since
    call    puts

    # The same clock by its other door: in memory instead of in a CSR.
    li      t0, CLINT_MTIME
    ld      t0, 0(t0)
    bltu    t0, s1, backwards

    la      a0, text_good
    call    puts
    li      a0, 0
    tail    power_off

# backwards: s1 = the time we had seen, t0 = the earlier one that came after
backwards:
    csrci   mstatus, MSTATUS_MIE
    mv      s4, t0
    la      a0, text_from
    call    puts
    mv      a0, s1
    call    put_decimal
    la      a0, text_to
    call    puts
    mv      a0, s4
    call    put_decimal
    call    put_newline
    li      a0, 1
    tail    power_off

# on_interrupt: count the tick and ask for the next one. It is due one period
# after the last deadline, not after now, so that lateness does not add up.
on_interrupt:
    la      t0, ticks
    ld      t1, 0(t0)
    addi    t1, t1, 1
    sd      t1, 0(t0)
    li      t0, CLINT_MTIMECMP
    ld      t1, 0(t0)
    li      t2, PERIOD
    add     t1, t1, t2
    sd      t1, 0(t0)               # a deadline ahead also takes back this one
    ret

.include "lib/console.s"
.include "lib/trap.s"

.section .rodata
text_tick:      .asciz  "tick "
text_after:     .asciz  " after "
text_us:        .asciz  " us\n"
text_rtc:       .asciz  "the wall clock says "
text_since:     .asciz  " seconds since 1970\n"
text_good:      .asciz  "time never ran backwards\n"
text_from:      .asciz  "time ran backwards, from "
text_to:        .asciz  " to "

.bss
.balign 16
ticks:
    .space  16
    .space  2048
stack_top:
