# idle.s - a guest for measurements: it sets its timer SECONDS ahead, sleeps, and ends.

.ifndef SECONDS
.equ SECONDS, 60
.endif
.equ TICKS_PER_SECOND, 10000000

.globl _start
.text
_start:
    la      t0, awake
    csrw    mtvec, t0
    rdtime  t0
    li      t1, SECONDS * TICKS_PER_SECOND
    add     t0, t0, t1
    li      t1, 0x2004000           # mtimecmp
    sd      t0, 0(t1)
    li      t0, 1 << 7              # the timer interrupt
    csrw    mie, t0
    csrsi   mstatus, 8
sleep:
    wfi
    j       sleep

.balign 4
awake:
    li      t0, 0x100000            # the finisher
    li      t1, 0x5555
    sw      t1, 0(t0)
1:  j       1b
