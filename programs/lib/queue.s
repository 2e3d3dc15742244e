# SPDX-License-Identifier: Apache-2.0
#
# lib/queue.s - driving a virtio device that has one queue.
#
#   virtio_find        a0 = device ID; a0 = its registers, 0 if no slot has one
#   queue_start        a0 = registers, a1 = the features to ask for, of the
#                      lower 32; a0 = 0 if the device is ready
#   queue_offer        a0 = first descriptor of a request: the device's turn
#   queue_take         sleeps until the device is done with a request; a0 = its
#                      first descriptor, a1 = how many bytes were written to RAM
#
# Before queue_offer the program writes the request into `descriptors`. It says
# by the name QUEUE_SIZE, a power of two, how many of them there are. Include
# lib/virtio.s at the top and this file after lib/console.s.

.text

virtio_find:
    li      t0, VIRTIO
    li      t1, VIRTIO_SLOT_SIZE
    li      t2, VIRTIO + VIRTIO_SLOTS * VIRTIO_SLOT_SIZE
1:  lw      t3, MAGIC_VALUE(t0)
    li      t4, MAGIC
    bne     t3, t4, 2f
    lw      t3, VERSION(t0)
    li      t4, MODERN
    bne     t3, t4, 2f
    lw      t3, DEVICE_ID(t0)
    beq     t3, a0, 3f
2:  add     t0, t0, t1
    bltu    t0, t2, 1b
    li      t0, 0
3:  mv      a0, t0
    ret

# queue_start: bring the device up, step by step as virtio 1.2, 3.1.1 orders it.
queue_start:
    la      t0, queue_registers
    sd      a0, 0(t0)
    sw      zero, STATUS(a0)        # reset
    li      t0, ACKNOWLEDGE
    sw      t0, STATUS(a0)
    li      t0, ACKNOWLEDGE | DRIVER
    sw      t0, STATUS(a0)

    # Whatever else it offers, we want these features and the modern interface.
    sw      zero, DEVICE_FEATURES_SEL(a0)
    lw      t1, DEVICE_FEATURES(a0)
    and     t1, t1, a1
    bne     t1, a1, 1f
    sw      zero, DRIVER_FEATURES_SEL(a0)
    sw      a1, DRIVER_FEATURES(a0)
    li      t0, 1                   # the upper 32 bits
    sw      t0, DEVICE_FEATURES_SEL(a0)
    lw      t1, DEVICE_FEATURES(a0)
    andi    t1, t1, VERSION_1_HIGH
    beqz    t1, 1f
    sw      t0, DRIVER_FEATURES_SEL(a0)
    sw      t1, DRIVER_FEATURES(a0)
    li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK
    sw      t0, STATUS(a0)
    lw      t0, STATUS(a0)
    andi    t0, t0, FEATURES_OK     # the device clears it to disagree
    beqz    t0, 1f

    # Its only queue, number 0. Both sides count from zero; a restart of the
    # machine sets the device's count back, but need not clear our RAM.
    sw      zero, QUEUE_SEL(a0)
    lw      t0, QUEUE_NUM_MAX(a0)
    li      t1, QUEUE_SIZE
    bltu    t0, t1, 1f
    sw      t1, QUEUE_NUM(a0)
    la      t0, descriptors
    sw      t0, QUEUE_DESC(a0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DESC + 4(a0)
    la      t0, available
    sw      zero, 0(t0)             # flags and idx
    sw      t0, QUEUE_DRIVER(a0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DRIVER + 4(a0)
    la      t0, used
    sw      zero, 0(t0)
    sw      t0, QUEUE_DEVICE(a0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DEVICE + 4(a0)
    la      t0, queue_taken
    sd      zero, 0(t0)
    li      t0, 1
    sw      t0, QUEUE_READY(a0)
    li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK
    sw      t0, STATUS(a0)

    # Let its interrupt wake the hart. mstatus.MIE stays off, so no handler is
    # ever called: an interrupt ends WFI, and that is all we need.
    li      t0, VIRTIO
    sub     t0, a0, t0
    li      t1, VIRTIO_SLOT_SIZE
    divu    t0, t0, t1
    addi    t0, t0, SOURCE_VIRTIO   # t0 = its source number at the PLIC
    li      t1, 1
    sll     t2, t1, t0
    li      t3, PLIC_ENABLE
    sw      t2, 0(t3)
    slli    t0, t0, 2
    li      t3, PLIC_PRIORITY
    add     t3, t3, t0
    sw      t1, 0(t3)
    li      t3, PLIC_THRESHOLD
    sw      zero, 0(t3)
    li      t0, 1 << INTERRUPT_DEVICE
    csrs    mie, t0
    li      a0, 0
    ret
1:  li      a0, 1
    ret

# queue_offer: the ring first, then its idx: idx says that the entry before it
# is valid. The fences keep the device from seeing them in another order.
queue_offer:
    la      t0, available
    lhu     t1, AVAIL_IDX(t0)
    andi    t2, t1, QUEUE_SIZE - 1
    slli    t2, t2, 1
    add     t2, t2, t0
    sh      a0, AVAIL_RING(t2)
    fence
    addi    t1, t1, 1
    sh      t1, AVAIL_IDX(t0)
    fence
    la      t0, queue_registers
    ld      t0, 0(t0)
    sw      zero, QUEUE_NOTIFY(t0)  # queue 0 has work
    ret

# queue_take: the device has something for us when its idx has moved past ours.
# Looking first and sleeping then is safe: if it finishes in between, the
# interrupt is pending, and WFI does not sleep.
queue_take:
    la      t0, used
    la      t1, queue_taken
    lhu     t2, 0(t1)
    la      t3, queue_registers
    ld      t3, 0(t3)
    li      t4, PLIC_CLAIM
1:  lhu     t5, USED_IDX(t0)
    bne     t5, t2, 2f
    wfi
    lw      t5, 0(t4)               # claim
    beqz    t5, 1b
    lw      t6, INTERRUPT_STATUS(t3)
    sw      t6, INTERRUPT_ACK(t3)
    sw      t5, 0(t4)               # complete
    j       1b

2:  fence                           # what idx announces is read after idx
    addi    t3, t2, 1
    sh      t3, 0(t1)
    andi    t2, t2, QUEUE_SIZE - 1
    slli    t2, t2, 3
    add     t2, t2, t0
    lwu     a0, USED_RING(t2)
    lwu     a1, USED_RING + USED_LENGTH(t2)
    ret

.bss
.balign 16
descriptors:
    .space  QUEUE_SIZE * DESC_SIZE
.balign 4
available:                          # flags, idx, ring, and an unused event
    .space  2 + 2 + QUEUE_SIZE * 2 + 2
.balign 4
used:
    .space  2 + 2 + QUEUE_SIZE * 8 + 2
.balign 8
queue_registers:                    # of the device
    .space  8
queue_taken:                        # idx of the next that queue_take takes
    .space  8
