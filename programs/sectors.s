# SPDX-License-Identifier: Apache-2.0
#
# sectors.s - a disk under random reads and writes that check themselves.
#
# In each round two to four requests are on their way to the disk at once, reads
# and writes of one to four sectors, in half of the rounds crowded together so
# that they overlap. A write fills each of its sectors with a stamp that no
# other write has; a table in RAM says which stamp each sector holds.
#
# Two requests for the same sector, one of them a write, are a race: no disk
# promises an order for what is in flight at the same time. A read that races
# may find the old stamp or a new one. Of two writes either may come last, so
# the program looks afterwards which one did, and from then on holds the disk to
# that.
#
# When a request is done, and which of them first, is decided outside, and so is
# what a race leaves behind; it all comes in by way of the log. The hard case is
# a primary that dies with requests in flight. Whether they got to the disk
# nobody can tell, so the backup issues them again when it goes live. While the
# program still waits for it, a write that is done twice does no harm. Later it
# does: issued again although its answer was in the log, it may put an old stamp
# over a new one. And a request that is not issued again, though it should be,
# leaves the program asleep for ever.
#
# If a sector is ever wrong, or a request fails, the exit code is 1. ROUNDS can
# be chosen from outside (--defsym ROUNDS=1000). The program overwrites the
# first 16 sectors of its disk, whatever they hold.

.include "lib/machine.s"
.include "lib/virtio.s"

.ifndef ROUNDS
.equ ROUNDS,            24
.endif

.equ AREA,              16          # sectors; a set of them is a mask with a
.equ ALL,               (1 << AREA) - 1     # bit for each
.equ REQUESTS,          4           # in flight at once: a slot of the disk each
.equ LENGTH,            4           # of a request at most, in sectors
.equ CROWD,             4           # sectors in which the requests of a crowded
                                    # round begin

# A request of the round.
.equ TYPE,              0           # BLK_T_IN or BLK_T_OUT
.equ FIRST,             8           # sector
.equ COUNT,             16          # of sectors
.equ TAG,               24          # its stamps, but for the sector in them
.equ BUFFER,            32          # address
.equ REQUEST_SIZE,      40

# A stamp is a random number, the round, the slot and the sector. The random
# number tells this run from the last one on the same disk.
.equ STAMP_RANDOM,      32          # where each of them begins; the sector is
.equ STAMP_ROUND,       16          # in the lowest bits
.equ STAMP_SLOT,        8
.equ STAMP_SHIFT,       3           # a stamp has 8 bytes

.equ SECTOR_SHIFT,      9           # SECTOR_SIZE as a power of two
.equ DASH,              0x2d
.equ COMMA,             0x2c
.equ PLURAL,            0x73        # "s"

.macro say text
    la      a0, \text
    call    puts
.endm

# What the program knows, all the time:
#   s0 = state of the random number generator
#   s1 = number of the round
#   s2 = requests made in earlier rounds
#   s3 = requests of this round
# and about this round, as sets of sectors:
#   s4 = touched by a request
#   s5 = written
#   s6 = racing
#   s7 = written by more than one
.globl _start
.text
_start:
    la      sp, stack_top
    call    disk_setup
    li      t0, AREA
    bltu    a0, t0, too_small
    call    random32
    slli    s0, a0, 32
    call    random32
    or      s0, s0, a0
    ori     s0, s0, 1               # a generator at zero stays there

    li      s2, 0
    li      s1, 0
    call    plan_first
    j       2f
1:  call    plan_round
2:  call    start_requests
    call    wait_for_requests
    call    check_reads
    call    settle_writes
    call    report
    add     s2, s2, s3
    addi    s1, s1, 1
    li      t0, ROUNDS
    bleu    s1, t0, 1b

    # Once more, with nothing in flight: does the disk hold what it must? What
    # is wrong is reported as of the round after the last.
    li      a0, ALL
    call    read_back
    li      s3, 0
    li      a0, ALL
    call    check_sectors

    say     text_sectors
    li      a0, ROUNDS
    call    put_decimal
    say     text_rounds
    mv      a0, s2
    call    put_decimal
    say     text_good
    li      a0, 0
    tail    power_off

too_small:
    say     text_too_small
    li      a0, 1
    tail    power_off

# ---- Planning a round --------------------------------------------------------

# plan_first: round 0 writes every sector once, so that each has a stamp.
plan_first:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    plan_nothing
1:  li      a0, BLK_T_OUT
    li      a2, LENGTH
    mul     a1, s3, a2
    call    plan_request
    li      t0, REQUESTS
    bltu    s3, t0, 1b
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# plan_round: two requests or more, scattered or crowded, by chance.
plan_round:
    addi    sp, sp, -48
    sd      ra, 40(sp)
    sd      s8, 32(sp)
    sd      s9, 24(sp)
    sd      s10, 16(sp)
    sd      s11, 8(sp)
    call    plan_nothing
    li      a0, REQUESTS - 1
    call    random_below
    addi    s8, a0, 2               # s8 = how many requests
    li      s9, 0                   # they begin at s9, or less than s10 later
    li      s10, AREA
    li      a0, 2
    call    random_below
    beqz    a0, 1f
    li      a0, AREA
    call    random_below
    mv      s9, a0
    li      s10, CROWD

1:  li      a0, LENGTH
    call    random_below
    addi    s11, a0, 1              # s11 = sectors
    mv      a0, s10
    call    random_below
    add     a1, a0, s9
    li      t0, AREA                # not beyond the end of the area
    sub     t0, t0, s11
    bleu    a1, t0, 2f
    mv      a1, t0
2:  sd      a1, 0(sp)
    li      a0, 2
    call    random_below            # BLK_T_IN or BLK_T_OUT
    ld      a1, 0(sp)
    mv      a2, s11
    call    plan_request
    bltu    s3, s8, 1b
    ld      s11, 8(sp)
    ld      s10, 16(sp)
    ld      s9, 24(sp)
    ld      s8, 32(sp)
    ld      ra, 40(sp)
    addi    sp, sp, 48
    ret

plan_nothing:
    li      s3, 0
    li      s4, 0
    li      s5, 0
    li      s6, 0
    li      s7, 0
    ret

# plan_request: add one to the round. a0 = type, a1 = first sector, a2 = how
# many. The buffer of a read is filled, too: with stamps that no sector ever
# has, so that a read which brings nothing does not go unnoticed.
plan_request:
    li      t0, 1                   # t0 = its set of sectors
    sll     t0, t0, a2
    addi    t0, t0, -1
    sll     t0, t0, a1
    and     t1, t0, s5
    or      s6, s6, t1              # whatever it is, it races with writes
    beqz    a0, 1f
    or      s7, s7, t1
    and     t1, t0, s4
    or      s6, s6, t1              # a write races with reads as well
    or      s5, s5, t0
1:  or      s4, s4, t0

    la      t0, requests
    li      t1, REQUEST_SIZE
    mul     t1, t1, s3
    add     t0, t0, t1              # t0 = the request
    sd      a0, TYPE(t0)
    sd      a1, FIRST(t0)
    sd      a2, COUNT(t0)
    la      t1, buffers
    li      t2, LENGTH * SECTOR_SIZE
    mul     t2, t2, s3
    add     t1, t1, t2
    sd      t1, BUFFER(t0)          # t1 walks through the buffer
    srli    t2, s0, STAMP_RANDOM
    slli    t2, t2, STAMP_RANDOM
    slli    t3, s1, STAMP_ROUND
    or      t2, t2, t3
    slli    t3, s3, STAMP_SLOT
    or      t2, t2, t3
    sd      t2, TAG(t0)
    addi    s3, s3, 1

2:  or      t3, t2, a1              # t3 = stamp of this sector
    addi    t4, t1, SECTOR_SIZE
3:  sd      t3, 0(t1)
    addi    t1, t1, 8
    bltu    t1, t4, 3b
    addi    a1, a1, 1
    addi    a2, a2, -1
    bnez    a2, 2b
    ret

# random_below: a0 = a random number below a0. The generator is xorshift64
# (Marsaglia 2003); its upper half is the better one.
random_below:
    slli    t0, s0, 13
    xor     s0, s0, t0
    srli    t0, s0, 7
    xor     s0, s0, t0
    slli    t0, s0, 17
    xor     s0, s0, t0
    srli    t0, s0, 32
    remu    a0, t0, a0
    ret

# ---- Requests in flight ------------------------------------------------------

# start_requests: all of them, without waiting for any.
start_requests:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    sd      s9, 8(sp)
    la      s8, requests            # s8 = request
    li      s9, 0                   # s9 = its slot
1:  ld      a0, FIRST(s8)
    ld      a1, COUNT(s8)
    ld      a2, BUFFER(s8)
    ld      a3, TYPE(s8)
    mv      a4, s9
    call    disk_start
    addi    s8, s8, REQUEST_SIZE
    addi    s9, s9, 1
    bltu    s9, s3, 1b
    ld      s9, 8(sp)
    ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# wait_for_requests: sleep until each slot has been answered, in any order, but
# once.
wait_for_requests:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s8, 0(sp)
    li      s8, 1                   # s8 = slots in flight, a bit for each
    sll     s8, s8, s3
    addi    s8, s8, -1
1:  call    disk_wait
    bnez    a0, disk_error
    srl     t0, s8, a1
    andi    t0, t0, 1
    beqz    t0, answered_twice
    sll     t0, t0, a1
    xor     s8, s8, t0
    bnez    s8, 1b
    ld      s8, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

answered_twice:
    mv      s8, a1
    call    put_round
    say     text_request
    mv      a0, s8
    call    put_decimal
    say     text_twice
    li      a0, 1
    tail    power_off

disk_error:
    mv      s8, a0
    call    put_round
    say     text_status
    mv      a0, s8
    call    put_decimal
    call    put_newline
    li      a0, 1
    tail    power_off

# ---- Checking ----------------------------------------------------------------

# check_reads: is all that was read what it may be?
check_reads:
    addi    sp, sp, -48
    sd      ra, 40(sp)
    sd      s8, 32(sp)
    sd      s9, 24(sp)
    sd      s10, 16(sp)
    sd      s11, 8(sp)
    la      s8, requests
    li      s9, 0
1:  ld      t0, TYPE(s8)
    bnez    t0, 3f
    ld      s10, FIRST(s8)          # s10 = sector
    ld      s11, COUNT(s8)          # s11 = how many are left
    ld      a0, BUFFER(s8)
2:  mv      a1, s10
    call    check_sector            # leaves in a0 where the next one begins
    addi    s10, s10, 1
    addi    s11, s11, -1
    bnez    s11, 2b
3:  addi    s8, s8, REQUEST_SIZE
    addi    s9, s9, 1
    bltu    s9, s3, 1b
    ld      s11, 8(sp)
    ld      s10, 16(sp)
    ld      s9, 24(sp)
    ld      s8, 32(sp)
    ld      ra, 40(sp)
    addi    sp, sp, 48
    ret

# check_sector: check the contents at a0 of sector a1: each word is the stamp of
# the sector, or that of a write of this round. A read that overtakes a write
# within the sector may see part of each. a0 = what follows the contents.
check_sector:
    addi    sp, sp, -48
    sd      ra, 40(sp)
    sd      s8, 32(sp)
    sd      s9, 24(sp)
    sd      s10, 16(sp)
    sd      s11, 8(sp)
    mv      s8, a0                  # s8 walks through the contents
    li      t0, SECTOR_SIZE
    add     s9, a0, t0              # s9 = their end
    mv      s10, a1                 # s10 = sector
    la      t0, stamps
    slli    t1, a1, STAMP_SHIFT
    add     t0, t0, t1
    ld      s11, 0(t0)              # s11 = a stamp that is right
1:  ld      a0, 0(s8)
    bne     a0, s11, 3f
2:  addi    s8, s8, 8
    bltu    s8, s9, 1b
    mv      a0, s8
    ld      s11, 8(sp)
    ld      s10, 16(sp)
    ld      s9, 24(sp)
    ld      s8, 32(sp)
    ld      ra, 40(sp)
    addi    sp, sp, 48
    ret
3:  mv      a1, s10
    call    writer_of
    bnez    a0, 4f
    ld      a0, 0(s8)               # a racing read may go back to the old stamp
    la      t0, stamps
    slli    t1, s10, STAMP_SHIFT
    add     t0, t0, t1
    ld      t0, 0(t0)
    bne     a0, t0, 5f
4:  ld      s11, 0(s8)
    j       2b
5:  mv      a1, s10
    j       wrong

# settle_writes: enter in the table what each written sector now holds. Where
# several writes raced, ask the disk who came last.
settle_writes:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    la      t0, requests
    mv      t1, s3                  # t1 = requests left
1:  ld      t2, TYPE(t0)
    beqz    t2, 3f
    ld      t2, TAG(t0)
    ld      t3, FIRST(t0)           # t3 = sector
    ld      t4, COUNT(t0)           # t4 = how many are left
    la      t5, stamps
    slli    t6, t3, STAMP_SHIFT
    add     t5, t5, t6
2:  or      t6, t2, t3
    sd      t6, 0(t5)
    addi    t5, t5, 1 << STAMP_SHIFT
    addi    t3, t3, 1
    addi    t4, t4, -1
    bnez    t4, 2b
3:  addi    t0, t0, REQUEST_SIZE
    addi    t1, t1, -1
    bnez    t1, 1b

    beqz    s7, 4f
    mv      a0, s7
    call    read_back
    call    settle_races
    mv      s8, s3                  # the race is over: nothing but what is in
    li      s3, 0                   # the table is right now
    mv      a0, s7
    call    check_sectors
    mv      s3, s8
4:  ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# settle_races: for each sector of s7, which has just been read back, enter
# the stamp that was found, if one of the writes has it.
settle_races:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    sd      s9, 8(sp)
    sd      s10, 0(sp)
    li      s8, 0                   # s8 = sector
    la      s9, buffers             # s9 = what it holds
1:  srl     t0, s7, s8
    andi    t0, t0, 1
    beqz    t0, 2f
    ld      s10, 0(s9)
    mv      a0, s10
    mv      a1, s8
    call    writer_of
    mv      t0, a0
    mv      a0, s10
    mv      a1, s8
    beqz    t0, wrong
    la      t0, stamps
    slli    t1, s8, STAMP_SHIFT
    add     t0, t0, t1
    sd      s10, 0(t0)
2:  li      t0, SECTOR_SIZE
    add     s9, s9, t0
    addi    s8, s8, 1
    li      t0, AREA
    bltu    s8, t0, 1b
    ld      s10, 0(sp)
    ld      s9, 8(sp)
    ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# writer_of: is a0 a stamp that a write of this round gives to sector a1? a0 = 0
# if not.
writer_of:
    la      t0, requests
    mv      t1, s3
1:  beqz    t1, 3f
    ld      t2, TYPE(t0)
    beqz    t2, 2f
    ld      t2, FIRST(t0)
    sub     t2, a1, t2
    ld      t3, COUNT(t0)
    bgeu    t2, t3, 2f
    ld      t2, TAG(t0)
    or      t2, t2, a1
    beq     t2, a0, 4f
2:  addi    t0, t0, REQUEST_SIZE
    addi    t1, t1, -1
    j       1b
3:  li      a0, 0
    ret
4:  li      a0, 1
    ret

# read_back: read the sectors of the set a0, one by one, each to its place in
# the buffers.
read_back:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    sd      s9, 8(sp)
    mv      s8, a0
    li      s9, 0                   # s9 = sector
1:  andi    t0, s8, 1
    beqz    t0, 2f
    mv      a0, s9
    li      a1, 1
    la      a2, buffers
    slli    t0, s9, SECTOR_SHIFT
    add     a2, a2, t0
    call    disk_read
    bnez    a0, disk_error
2:  addi    s9, s9, 1
    srli    s8, s8, 1
    bnez    s8, 1b
    ld      s9, 8(sp)
    ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# check_sectors: check the sectors of the set a0 after read_back.
check_sectors:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    sd      s9, 8(sp)
    mv      s8, a0
    li      s9, 0
1:  andi    t0, s8, 1
    beqz    t0, 2f
    la      a0, buffers
    slli    t0, s9, SECTOR_SHIFT
    add     a0, a0, t0
    mv      a1, s9
    call    check_sector
2:  addi    s9, s9, 1
    srli    s8, s8, 1
    bnez    s8, 1b
    ld      s9, 8(sp)
    ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# ---- Reports -----------------------------------------------------------------

# wrong: sector a1 holds a0, which it must not. Print that, and what would be
# right: the stamp in the table, and those of the writes of this round.
wrong:
    mv      s8, a0
    mv      s9, a1
    call    put_round
    say     text_sector
    mv      a0, s9
    call    put_decimal
    say     text_holds
    mv      a0, s8
    call    put_stamp
    say     text_expected
    la      t0, stamps
    slli    t1, s9, STAMP_SHIFT
    add     t0, t0, t1
    ld      s10, 0(t0)
    mv      a0, s10
    call    put_stamp
    la      s11, requests
1:  beqz    s3, 3f
    ld      t0, TAG(s11)
    or      s8, t0, s9
    mv      a0, s8
    mv      a1, s9
    call    writer_of
    beqz    a0, 2f
    beq     s8, s10, 2f             # printed already
    say     text_or
    mv      a0, s8
    call    put_stamp
2:  addi    s11, s11, REQUEST_SIZE
    addi    s3, s3, -1
    j       1b
3:  call    put_newline
    li      a0, 1
    tail    power_off

put_stamp:
    li      a1, 16
    tail    put_hex

put_round:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    say     text_round
    mv      a0, s1
    call    put_decimal
    say     text_colon
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# report: the round is over, and all is well. For instance:
# round 7: 4 requests, sectors 3-6,9 racing: ok
report:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    put_round
    mv      a0, s3
    call    put_decimal
    say     text_requests
    beqz    s6, 2f
    say     text_comma_sector
    addi    t0, s6, -1              # more than one?
    and     t0, t0, s6
    beqz    t0, 1f
    li      a0, PLURAL
    call    putc
1:  li      a0, SPACE
    call    putc
    mv      a0, s6
    call    put_sectors
    say     text_racing
2:  say     text_ok
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# put_sectors: print the set a0, which is not empty, as 3-6,9.
put_sectors:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s8, 16(sp)
    sd      s9, 8(sp)
    sd      s10, 0(sp)
    mv      s8, a0                  # s8 = sectors from s9 on
    li      s9, 0
1:  andi    t0, s8, 1               # the next one in the set
    bnez    t0, 2f
    srli    s8, s8, 1
    addi    s9, s9, 1
    j       1b
2:  mv      s10, s9                 # s10 = where this run began
3:  srli    s8, s8, 1               # the next one that is not
    addi    s9, s9, 1
    andi    t0, s8, 1
    bnez    t0, 3b
    mv      a0, s10
    call    put_decimal
    addi    t0, s9, -1
    beq     t0, s10, 4f
    li      a0, DASH
    call    putc
    addi    a0, s9, -1
    call    put_decimal
4:  beqz    s8, 5f
    li      a0, COMMA
    call    putc
    j       1b
5:  ld      s10, 0(sp)
    ld      s9, 8(sp)
    ld      s8, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

.include "lib/console.s"
.include "lib/seed.s"
.include "lib/disk.s"
.include "lib/queue.s"

.section .rodata
text_too_small:     .asciz  "sectors: the disk is too small\n"
text_round:         .asciz  "round "
text_colon:         .asciz  ": "
text_requests:      .asciz  " requests"
text_comma_sector:  .asciz  ", sector"
text_racing:        .asciz  " racing"
text_ok:            .asciz  ": ok\n"
text_request:       .asciz  "request "
text_twice:         .asciz  " was answered twice\n"
text_status:        .asciz  "the disk failed with status "
text_sector:        .asciz  "sector "
text_holds:         .asciz  " holds "
text_expected:      .asciz  ", expected "
text_or:            .asciz  " or "
text_sectors:       .asciz  "sectors: "
text_rounds:        .asciz  " rounds, "
text_good:          .asciz  " requests: every sector holds what it must\n"

.bss
.balign 16
buffers:                            # LENGTH sectors for each request; by chance
    .space  AREA * SECTOR_SIZE      # as many as there are in the area
requests:
    .space  REQUESTS * REQUEST_SIZE
stamps:                             # what each sector holds
    .space  AREA << STAMP_SHIFT
.balign 16
    .space  1024
stack_top:
