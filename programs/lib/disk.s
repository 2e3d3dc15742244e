# SPDX-License-Identifier: Apache-2.0
#
# lib/disk.s - reading and writing a disk: the virtio block device.
#
#   disk_setup         a0 = how many sectors the disk has; ends the machine with
#                      code 1 if there is none
#
#   disk_read          a0 = first sector, a1 = how many, a2 = where in RAM
#   disk_write         the same
#   disk_flush         afterwards all that has been written stays written
#
# These three sleep until it is done; a0 = status, BLK_S_OK if all went well.
# Several requests at a time:
#
#   disk_start         a0, a1, a2 as above, a3 = BLK_T_IN or BLK_T_OUT,
#                      a4 = a slot below DISK_SLOTS that is free; does not wait
#   disk_wait          sleeps until a request is done; a0 = its status, a1 = its
#                      slot, which is free again
#
# Which of them is done first, the disk decides, and until then the buffers are
# the device's. Include lib/virtio.s at the top, and this file after
# lib/console.s and before lib/queue.s.

# Slot n has descriptors 4n, 4n + 1 ... A request takes three at most; with four
# it is easy to tell the slot from the descriptor.
.equ DISK_SLOTS,        4
.equ SLOT_DESC_SHIFT,   2
.equ QUEUE_SIZE,        DISK_SLOTS << SLOT_DESC_SHIFT

.equ SLOT_STATUS,       BLK_HEADER_SIZE # .byte, behind the header
.equ SLOT_SHIFT,        5
.equ NO_STATUS,         0xff        # the device has not written one

.text

disk_setup:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    li      a0, BLOCK
    call    virtio_find
    beqz    a0, 1f
    li      a1, BLK_F_FLUSH
    call    queue_start
    bnez    a0, 2f
    la      t0, queue_registers
    ld      t0, 0(t0)
    lwu     a0, BLK_CAPACITY(t0)
    lwu     t1, BLK_CAPACITY + 4(t0)
    slli    t1, t1, 32
    or      a0, a0, t1
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret
1:  la      a0, disk_text_none
    j       3f
2:  la      a0, disk_text_refused
3:  call    puts
    li      a0, 1
    tail    power_off

disk_read:
    li      a3, BLK_T_IN
    j       disk_do

disk_write:
    li      a3, BLK_T_OUT
    j       disk_do

disk_flush:
    li      a0, 0
    li      a1, 0
    li      a3, BLK_T_FLUSH
    # falls through

# disk_do: start the request in slot 0 and wait for it.
disk_do:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    li      a4, 0
    call    disk_start
    call    disk_wait
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# disk_start: header -> data -> status, as a chain of descriptors. A flush has
# no data.
disk_start:
    la      t0, disk_slots
    slli    t1, a4, SLOT_SHIFT
    add     t0, t0, t1              # t0 = header and status
    sw      a3, BLK_TYPE(t0)
    sw      zero, BLK_TYPE + 4(t0)
    sd      a0, BLK_SECTOR(t0)
    li      t1, NO_STATUS
    sb      t1, SLOT_STATUS(t0)

    slli    a0, a4, SLOT_DESC_SHIFT # a0 = number of the first descriptor
    li      t1, DESC_SIZE
    mul     t1, t1, a0
    la      t2, descriptors
    add     t1, t1, t2              # t1 = descriptor
    addi    t2, a0, 1               # t2 = number of the one after it
    sd      t0, DESC_ADDRESS(t1)
    li      t3, BLK_HEADER_SIZE
    sw      t3, DESC_LENGTH(t1)
    li      t3, DESC_F_NEXT
    sh      t3, DESC_FLAGS(t1)
    sh      t2, DESC_NEXT(t1)
    addi    t1, t1, DESC_SIZE

    beqz    a1, 2f
    addi    t2, t2, 1
    sd      a2, DESC_ADDRESS(t1)
    li      t3, SECTOR_SIZE
    mul     t3, t3, a1
    sw      t3, DESC_LENGTH(t1)
    li      t3, DESC_F_NEXT
    bnez    a3, 1f                  # BLK_T_IN: the device writes to RAM
    li      t3, DESC_F_NEXT | DESC_F_WRITE
1:  sh      t3, DESC_FLAGS(t1)
    sh      t2, DESC_NEXT(t1)
    addi    t1, t1, DESC_SIZE

2:  addi    t0, t0, SLOT_STATUS
    sd      t0, DESC_ADDRESS(t1)
    li      t3, 1
    sw      t3, DESC_LENGTH(t1)
    li      t3, DESC_F_WRITE
    sh      t3, DESC_FLAGS(t1)
    tail    queue_offer

disk_wait:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    queue_take
    srli    a1, a0, SLOT_DESC_SHIFT
    la      t0, disk_slots
    slli    t1, a1, SLOT_SHIFT
    add     t0, t0, t1
    lbu     a0, SLOT_STATUS(t0)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

.section .rodata
disk_text_none:     .asciz  "this machine has no virtio disk\n"
disk_text_refused:  .asciz  "the disk does not speak virtio 1 or cannot flush\n"

.bss
.balign 16
disk_slots:
    .space  DISK_SLOTS << SLOT_SHIFT
