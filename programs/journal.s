# SPDX-License-Identifier: Apache-2.0
#
# journal.s - a disk, which outlives the machine, and promises about it.
#
# Writes records to a disk, one in a sector. Only when a record is written and
# flushed does the program announce it on the console; from then on it must be
# there. After each batch of records the machine restarts, and the program has
# nothing but the disk to know by what it did: it looks for the records and
# checks them all. The boot number BOOTS, and any boot after it, only checks: a
# finished journal can be looked at again and again, and no record is added.
#
# A record holds the time and a random number, which nobody can compute again,
# and a link, the hash of the record before. What is announced is the hash that
# the next record must carry as its link.
#
# The disk is outside, and primary and backup see the same one. When the primary
# dies while a write is on its way, nobody can tell whether it got there. So the
# backup issues it again when it goes live. That is harmless as long as both
# write the same record: the backup must have the primary's time, random number
# and link, or the chain breaks. And no write may leave before the backup can
# make it by itself, or the disk would hold a record of which it does not know.
#
# A write that fails is tried again, as it would be anywhere: a few times, with
# a little patience. If an announced record is missing or damaged, or the disk
# gives up, the exit code is 1.
#
# BATCH and BOOTS can be chosen from outside (--defsym BATCH=20). The disk needs
# a sector for each record and one more. On a disk that is all zero in its first
# sector a new journal begins; a disk with something else there is left alone.

.include "lib/machine.s"
.include "lib/virtio.s"

.ifndef BATCH
.equ BATCH,             6           # records between two restarts
.endif
.ifndef BOOTS
.equ BOOTS,             3           # the last of them only checks
.endif

# Sector 0, the superblock, says what the journal as a whole must look like.
# Record n is in sector n; the first is 1. All fields are of 8 bytes, and the
# last of a sector is a checksum over all others.
.equ MARK,              0           # tells what this is, in every sector
.equ IDENTITY,          8           # random; record 1 has its hash as link
.equ BOOT,              16          # how often we have started
.equ ANNOUNCED,         24          # so many records there were at a restart

.equ NUMBER,            8
.equ TIME,              16          # the time CSR, when it was made
.equ RANDOM,            24          # and again in what follows, to the end, so
.equ LINK,              32          # that a sector written by half is found out
.equ FILLING,           40

.equ CHECKSUM,          SECTOR_SIZE - 8

.equ MARK_SUPERBLOCK,   0x6c616e72756f6a    # "journal"
.equ MARK_RECORD,       0x64726f636572      # "record"

.equ TRIES,             4           # for each sector
.equ PATIENCE,          1000 * TIME_PER_US  # between two of them

# The hash: FNV-1a, but over 8 bytes at a time. Multiplying carries upwards
# only, so the upper half is then folded into the lower one.
.equ FNV_BASIS,         0xcbf29ce484222325
.equ FNV_PRIME,         0x100000001b3
.equ FOLD,              32

.macro say text
    la      a0, \text
    call    puts
.endm

.globl _start
.text
_start:
    la      sp, stack_top
    call    disk_setup
    mv      s0, a0                  # s0 = sectors of the disk
    call    open_superblock
    la      s1, superblock          # s1 = the superblock, as on the disk
    call    find_records            # s2 = records found, s3 = the last hash
    ld      t0, ANNOUNCED(s1)
    bltu    s2, t0, broken_promise

    say     text_boot
    ld      a0, BOOT(s1)
    call    put_decimal
    say     text_comma
    mv      a0, s2
    call    put_decimal
    say     text_found

    ld      t0, BOOT(s1)
    li      t1, BOOTS
    bgeu    t0, t1, finished

    li      s4, BATCH               # s4 = records still to write
1:  beqz    s4, 2f
    call    write_record
    addi    s4, s4, -1
    j       1b

2:  sd      s2, ANNOUNCED(s1)
    call    save_superblock
    say     text_restart
    tail    restart

finished:
    say     text_journal
    mv      a0, s2
    call    put_decimal
    say     text_sound
    mv      a0, s3
    call    put_hash
    call    put_newline
    li      a0, 0
    tail    power_off

# restart: back to power-on; the program begins again at _start. What RAM holds
# then, but for the program itself, is anybody's guess. What is on the disk is
# there.
restart:
    li      t0, FINISHER
    li      t1, FINISHER_RESET
    sw      t1, 0(t0)
1:  wfi
    j       1b

# broken_promise: record s2 + 1 is not what it must be, as s4 says.
broken_promise:
    say     text_journal
    say     text_record
    addi    a0, s2, 1
    call    put_decimal
    mv      a0, s4
    call    puts
    say     text_though
    ld      a0, ANNOUNCED(s1)
    call    put_decimal
    say     text_announced
    li      a0, 1
    tail    power_off

# open_superblock: read it, or make one for an empty disk, and count this boot.
# The count is on the disk before anything else happens.
open_superblock:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s1, 0(sp)
    la      s1, superblock
    mv      a0, s1
    li      a1, 0
    call    load

    mv      t0, s1                  # empty?
    addi    t1, s1, SECTOR_SIZE
1:  ld      t2, 0(t0)
    bnez    t2, 2f
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    li      t0, MARK_SUPERBLOCK
    sd      t0, MARK(s1)
    call    random32
    sd      a0, IDENTITY(s1)
    j       3f

2:  ld      t0, MARK(s1)
    li      t1, MARK_SUPERBLOCK
    bne     t0, t1, no_journal
    mv      a0, s1
    call    hash_sector
    ld      t0, CHECKSUM(s1)
    bne     t0, a0, bad_superblock

3:  ld      t0, BOOT(s1)
    addi    t0, t0, 1
    sd      t0, BOOT(s1)
    call    save_superblock
    ld      s1, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

no_journal:
    say     text_no_journal
    li      a0, 1
    tail    power_off

bad_superblock:
    say     text_superblock
    li      a0, 1
    tail    power_off

save_superblock:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    la      a0, superblock
    call    hash_sector
    la      t0, superblock
    sd      a0, CHECKSUM(t0)
    mv      a0, t0
    li      a1, 0
    call    save
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# find_records: read the records from the first on, up to a sector that is no
# valid continuation. s2 = how many there are, s3 = the hash of the last, s4 =
# what is the matter with the one after it.
find_records:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    addi    a0, s1, IDENTITY
    li      a1, 8
    call    hash
    mv      s3, a0
    li      s2, 0
1:  la      s4, text_no_sector
    addi    a1, s2, 1
    bgeu    a1, s0, 2f
    la      a0, record
    call    load
    call    check_record
    mv      s4, a0
    bnez    s4, 2f
    addi    s2, s2, 1
    la      t0, record
    ld      s3, CHECKSUM(t0)
    j       1b
2:  ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# check_record: does `record` go on where s2 and s3 stand? a0 = 0, or a text
# that says what is wrong.
check_record:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s5, 0(sp)
    la      s5, record
    ld      t0, MARK(s5)
    li      t1, MARK_RECORD
    la      a0, text_no_record
    bne     t0, t1, 1f
    mv      a0, s5
    call    hash_sector
    ld      t0, CHECKSUM(s5)
    mv      t1, a0
    la      a0, text_checksum
    bne     t0, t1, 1f
    ld      t0, NUMBER(s5)
    addi    t1, s2, 1
    la      a0, text_other_number
    bne     t0, t1, 1f
    ld      t0, LINK(s5)
    la      a0, text_other_link
    bne     t0, s3, 1f
    li      a0, 0
1:  ld      s5, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# write_record: make the next record, put it on the disk, announce it. The only
# place that adds to the journal.
write_record:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s5, 0(sp)
    addi    s2, s2, 1
    bgeu    s2, s0, disk_full
    la      s5, record
    li      t0, MARK_RECORD
    sd      t0, MARK(s5)
    sd      s2, NUMBER(s5)
    rdtime  t0
    sd      t0, TIME(s5)
    sd      s3, LINK(s5)
    call    random32
    sd      a0, RANDOM(s5)
    addi    t0, s5, FILLING
    addi    t1, s5, CHECKSUM
1:  sd      a0, 0(t0)
    addi    t0, t0, 8
    bltu    t0, t1, 1b
    mv      a0, s5
    call    hash_sector
    sd      a0, CHECKSUM(s5)
    mv      s3, a0

    mv      a0, s5
    mv      a1, s2
    call    save

    # The disk has it. Not before now may the world hear of it.
    say     text_record
    mv      a0, s2
    call    put_decimal
    say     text_written
    mv      a0, s3
    call    put_hash
    call    put_newline
    ld      s5, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

disk_full:
    say     text_full
    li      a0, 1
    tail    power_off

# ---- The disk, with patience -------------------------------------------------
#
#   load               a0 = buffer, a1 = sector
#   save               the same; returns when the sector is written and flushed
#
# Neither returns without success: if TRIES do not help, the program ends.

load:
    la      a2, disk_read
    j       insist

save:
    la      a2, write_and_flush
    # falls through

insist:
    addi    sp, sp, -48
    sd      ra, 40(sp)
    sd      s4, 32(sp)
    sd      s5, 24(sp)
    sd      s6, 16(sp)
    sd      s7, 8(sp)
    sd      s8, 0(sp)
    mv      s4, a0
    mv      s5, a1
    mv      s6, a2
    li      s7, TRIES
1:  mv      a0, s5
    li      a1, 1                   # sector
    mv      a2, s4
    jalr    s6
    beqz    a0, 2f
    mv      s8, a0
    say     text_sector
    mv      a0, s5
    call    put_decimal
    say     text_status
    mv      a0, s8
    call    put_decimal
    addi    s7, s7, -1
    beqz    s7, give_up
    say     text_once_more
    call    pause
    j       1b
2:  ld      s8, 0(sp)
    ld      s7, 8(sp)
    ld      s6, 16(sp)
    ld      s5, 24(sp)
    ld      s4, 32(sp)
    ld      ra, 40(sp)
    addi    sp, sp, 48
    ret

give_up:
    say     text_give_up
    li      a0, 1
    tail    power_off

# write_and_flush: they are tried again together. After a flush that failed,
# another one that succeeds says nothing: the disk may have dropped the data.
write_and_flush:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    disk_write
    bnez    a0, 1f
    call    disk_flush
1:  ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# pause: sleep for PATIENCE. As in lib/queue.s no handler is called; the timer
# alone may wake us, since an interrupt of the disk that is left over would not
# let WFI sleep.
pause:
    rdtime  t0
    li      t1, PATIENCE
    add     t0, t0, t1
    li      t1, CLINT_MTIMECMP
    sd      t0, 0(t1)
    li      t0, 1 << INTERRUPT_TIMER
    csrrw   t1, mie, t0
1:  wfi
    csrr    t2, mip
    and     t2, t2, t0
    beqz    t2, 1b
    csrw    mie, t1
    ret

# ---- Hashes ------------------------------------------------------------------

# hash_sector: hash all of the sector at a0 but its checksum.
hash_sector:
    li      a1, CHECKSUM
    # falls through

# hash: hash a1 bytes at a0, a multiple of 8; a0 = the hash.
hash:
    add     a1, a1, a0              # the end
    mv      t0, a0
    li      a0, FNV_BASIS
    li      t1, FNV_PRIME
1:  ld      t2, 0(t0)
    xor     a0, a0, t2
    mul     a0, a0, t1
    srli    t2, a0, FOLD
    xor     a0, a0, t2
    addi    t0, t0, 8
    bltu    t0, a1, 1b
    ret

# put_hash: print the upper half of a0; 8 digits tell two links apart as well.
put_hash:
    srli    a0, a0, 32
    li      a1, 8
    tail    put_hex

.include "lib/console.s"
.include "lib/seed.s"
.include "lib/disk.s"
.include "lib/queue.s"

.section .rodata
text_journal:       .asciz  "journal: "
text_boot:          .asciz  "journal: boot "
text_comma:         .asciz  ", "
text_found:         .asciz  " records found, all sound\n"
text_restart:       .asciz  "journal: restart\n"
text_sound:         .asciz  " records, all sound, last link "
text_record:        .asciz  "record "
text_written:       .asciz  " is written, link "
text_no_sector:     .asciz  " is beyond the end of the disk"
text_no_record:     .asciz  " is missing"
text_checksum:      .asciz  " has a wrong checksum"
text_other_number:  .asciz  " has another number"
text_other_link:    .asciz  " does not follow the one before"
text_though:        .asciz  ", though "
text_announced:     .asciz  " were announced\n"
text_no_journal:    .asciz  "journal: there is something else on this disk\n"
text_superblock:    .asciz  "journal: the superblock has a wrong checksum\n"
text_full:          .asciz  "journal: the disk is full\n"
text_sector:        .asciz  "journal: sector "
text_status:        .asciz  " failed with status "
text_once_more:     .asciz  ", once more\n"
text_give_up:       .asciz  ", given up\n"

.bss
.balign 16
superblock:
    .space  SECTOR_SIZE
record:
    .space  SECTOR_SIZE
    .space  1024
stack_top:
