# SPDX-License-Identifier: Apache-2.0
#
# uuid.s - a device that writes into memory: the virtio entropy device.
#
# Prints eight random UUIDs (version 4). The random bytes do not pass through a
# register: the device puts them straight into RAM, while the hart sleeps, and
# then interrupts. For the lockstep this is an input like any other. What was
# written, and at which instruction it landed, stands in the log; were it
# only the bytes, primary and backup could disagree on who read the buffer
# before and who after.
#
# The program needs an entropy device in one of the virtio slots; without one
# it says so and ends with exit code 1.
#
# "virtio 1.2" below is the specification: Virtual I/O Device, version 1.2.

.include "lib/machine.s"

# Registers of a virtio-mmio slot (virtio 1.2, 4.2.2).
.equ MAGIC_VALUE,           0x000
.equ VERSION,               0x004   # 2: the modern interface
.equ DEVICE_ID,             0x008   # 0: the slot is empty
.equ DEVICE_FEATURES,       0x010
.equ DEVICE_FEATURES_SEL,   0x014   # which 32 of the feature bits are shown
.equ DRIVER_FEATURES,       0x020
.equ DRIVER_FEATURES_SEL,   0x024
.equ QUEUE_SEL,             0x030
.equ QUEUE_NUM_MAX,         0x034
.equ QUEUE_NUM,             0x038
.equ QUEUE_READY,           0x044
.equ QUEUE_NOTIFY,          0x050
.equ INTERRUPT_STATUS,      0x060
.equ INTERRUPT_ACK,         0x064
.equ STATUS,                0x070
.equ QUEUE_DESC,            0x080   # three addresses, each as two words
.equ QUEUE_DRIVER,          0x090
.equ QUEUE_DEVICE,          0x0a0

.equ MAGIC,                 0x74726976  # "virt"
.equ MODERN,                2
.equ ENTROPY,               4       # device ID (virtio 1.2, 5.4)
.equ VERSION_1_HIGH,        1       # VIRTIO_F_VERSION_1 is bit 32: bit 0 above

.equ ACKNOWLEDGE,           1       # status: we have seen the device
.equ DRIVER,                2       # ... and know how to drive it
.equ DRIVER_OK,             4       # ... and are ready
.equ FEATURES_OK,           8       # ... and agree on the features

# A queue is three arrays in RAM (virtio 1.2, 2.7): descriptors say where the
# buffers are, the available ring hands them to the device, and the used ring
# hands them back. The two idx count up for ever; idx modulo QUEUE_SIZE is the
# place in the ring.
.equ QUEUE_SIZE,            8
.equ DESC_ADDRESS,          0       # .dword
.equ DESC_LENGTH,           8       # .word
.equ DESC_FLAGS,            12      # .half
.equ DESC_F_WRITE,          2       # the device writes to this buffer
.equ AVAIL_IDX,             2       # .half
.equ AVAIL_RING,            4       # .half for each place
.equ USED_IDX,              2       # .half
.equ USED_RING,             4       # .word descriptor, .word bytes written
.equ USED_LENGTH,           4

.equ UUIDS,                 8
.equ UUID_SIZE,             16
.equ DASHES,                1 << 4 | 1 << 6 | 1 << 8 | 1 << 10  # before these
.equ DASH,                  0x2d

.globl _start
.text
_start:
    la      sp, stack_top
    call    find_entropy_device
    beqz    a0, no_device
    mv      s0, a0                  # s0 = the device's registers
    mv      s1, a1                  # s1 = its source number at the PLIC
    call    start_device
    bnez    a0, refused
    call    enable_interrupt

    li      s2, UUIDS
next_uuid:
    la      a0, uuid
    li      a1, UUID_SIZE
    call    fill_random

    # Version 4, variant 1 (RFC 9562, 5.4): six bits are not random.
    la      t0, uuid
    lbu     t1, 6(t0)
    andi    t1, t1, 0x0f
    ori     t1, t1, 0x40
    sb      t1, 6(t0)
    lbu     t1, 8(t0)
    andi    t1, t1, 0x3f
    ori     t1, t1, 0x80
    sb      t1, 8(t0)

    call    print_uuid
    addi    s2, s2, -1
    bnez    s2, next_uuid
    li      a0, 0
    tail    power_off

no_device:
    la      a0, text_no_device
    call    puts
    li      a0, 1
    tail    power_off

refused:
    la      a0, text_refused
    call    puts
    li      a0, 1
    tail    power_off

# find_entropy_device: a0 = its registers, a1 = its interrupt source; a0 = 0 if
# no slot holds one.
find_entropy_device:
    li      a0, VIRTIO
    li      a1, SOURCE_VIRTIO
    li      t0, VIRTIO_SLOT_SIZE
    li      t1, SOURCE_VIRTIO + VIRTIO_SLOTS
1:  lw      t2, MAGIC_VALUE(a0)
    li      t3, MAGIC
    bne     t2, t3, 2f
    lw      t2, VERSION(a0)
    li      t3, MODERN
    bne     t2, t3, 2f
    lw      t2, DEVICE_ID(a0)
    li      t3, ENTROPY
    beq     t2, t3, 3f
2:  add     a0, a0, t0
    addi    a1, a1, 1
    bltu    a1, t1, 1b
    li      a0, 0
3:  ret

# start_device: bring the device at s0 up, step by step as virtio 1.2, 3.1.1
# orders it. a0 = 0 if it works.
start_device:
    sw      zero, STATUS(s0)        # reset
    li      t0, ACKNOWLEDGE
    sw      t0, STATUS(s0)
    li      t0, ACKNOWLEDGE | DRIVER
    sw      t0, STATUS(s0)

    # Of all the features we want one: the modern interface.
    li      t0, 1                   # the upper 32 bits
    sw      t0, DEVICE_FEATURES_SEL(s0)
    lw      t1, DEVICE_FEATURES(s0)
    andi    t1, t1, VERSION_1_HIGH
    beqz    t1, 1f
    sw      t0, DRIVER_FEATURES_SEL(s0)
    sw      t1, DRIVER_FEATURES(s0)
    sw      zero, DRIVER_FEATURES_SEL(s0)
    sw      zero, DRIVER_FEATURES(s0)
    li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK
    sw      t0, STATUS(s0)
    lw      t0, STATUS(s0)
    andi    t0, t0, FEATURES_OK     # the device clears it to disagree
    beqz    t0, 1f

    # Its only queue, number 0.
    sw      zero, QUEUE_SEL(s0)
    lw      t0, QUEUE_NUM_MAX(s0)
    li      t1, QUEUE_SIZE
    bltu    t0, t1, 1f
    sw      t1, QUEUE_NUM(s0)
    la      t0, descriptors
    sw      t0, QUEUE_DESC(s0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DESC + 4(s0)
    la      t0, available
    sw      t0, QUEUE_DRIVER(s0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DRIVER + 4(s0)
    la      t0, used
    sw      t0, QUEUE_DEVICE(s0)
    srli    t0, t0, 32
    sw      t0, QUEUE_DEVICE + 4(s0)
    li      t0, 1
    sw      t0, QUEUE_READY(s0)

    li      t0, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK
    sw      t0, STATUS(s0)
    li      a0, 0
    ret
1:  li      a0, 1
    ret

# enable_interrupt: let source s1 wake the hart. mstatus.MIE stays off, so no
# handler is ever called: an interrupt ends WFI, and that is all we need.
enable_interrupt:
    li      t0, PLIC_PRIORITY
    slli    t1, s1, 2
    add     t0, t0, t1
    li      t1, 1
    sw      t1, 0(t0)
    sll     t1, t1, s1
    li      t0, PLIC_ENABLE
    sw      t1, 0(t0)
    li      t0, PLIC_THRESHOLD
    sw      zero, 0(t0)
    li      t0, 1 << INTERRUPT_DEVICE
    csrs    mie, t0
    ret

# fill_random: fill a1 bytes at a0. The device may give fewer bytes than there
# is room for, but at least one (virtio 1.2, 5.4.6), so ask until it is full.
fill_random:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s3, 16(sp)
    sd      s4, 8(sp)
    mv      s3, a0
    mv      s4, a1
1:  mv      a0, s3
    mv      a1, s4
    call    request
    add     s3, s3, a0
    sub     s4, s4, a0
    bnez    s4, 1b
    ld      s4, 8(sp)
    ld      s3, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

# request: offer the device the a1 bytes at a0 and sleep until it has written.
# a0 = how many bytes it wrote.
request:
    la      t0, descriptors         # one request at a time: descriptor 0
    sd      a0, DESC_ADDRESS(t0)
    sw      a1, DESC_LENGTH(t0)
    li      t1, DESC_F_WRITE
    sh      t1, DESC_FLAGS(t0)

    # The ring first, then its idx: idx says that the entry before it is valid.
    # The fences keep the device from seeing them in another order.
    la      t0, available
    lhu     t1, AVAIL_IDX(t0)       # t1 = number of this request
    andi    t2, t1, QUEUE_SIZE - 1
    slli    t2, t2, 1
    add     t2, t2, t0
    sh      zero, AVAIL_RING(t2)
    fence
    addi    t2, t1, 1
    sh      t2, AVAIL_IDX(t0)
    fence
    sw      zero, QUEUE_NOTIFY(s0)  # queue 0 has work

    # The device is done when its idx has moved past ours. Looking first and
    # sleeping then is safe: if it finishes in between, the interrupt is
    # pending, and WFI does not sleep.
    la      t0, used
    li      t3, PLIC_CLAIM
1:  lhu     t2, USED_IDX(t0)
    bne     t2, t1, 2f
    wfi
    lw      t4, 0(t3)               # claim
    beqz    t4, 1b
    lw      t5, INTERRUPT_STATUS(s0)
    sw      t5, INTERRUPT_ACK(s0)
    sw      t4, 0(t3)               # complete
    j       1b

2:  fence                           # what idx announces is read after idx
    andi    t2, t1, QUEUE_SIZE - 1
    slli    t2, t2, 3
    add     t2, t2, t0
    lwu     a0, USED_RING + USED_LENGTH(t2)
    ret

# print_uuid: 16 bytes as hex digits, with a dash before bytes 4, 6, 8 and 10.
print_uuid:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s3, 16(sp)
    sd      s4, 8(sp)
    la      s3, uuid
    li      s4, 0
1:  li      t0, DASHES
    srl     t0, t0, s4
    andi    t0, t0, 1
    beqz    t0, 2f
    li      a0, DASH
    call    putc
2:  lbu     a0, 0(s3)
    li      a1, 2
    call    put_hex
    addi    s3, s3, 1
    addi    s4, s4, 1
    li      t0, UUID_SIZE
    bltu    s4, t0, 1b
    call    put_newline
    ld      s4, 8(sp)
    ld      s3, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

.include "lib/console.s"

.section .rodata
text_no_device: .asciz  "uuid: this machine has no virtio entropy device\n"
text_refused:   .asciz  "uuid: the entropy device does not speak virtio 1\n"

.bss
.balign 16
descriptors:                        # 16 bytes for each
    .space  QUEUE_SIZE * 16
available:                          # flags, idx, ring, and an unused event
    .space  2 + 2 + QUEUE_SIZE * 2 + 2
.balign 4
used:
    .space  2 + 2 + QUEUE_SIZE * 8 + 2
.balign 16
uuid:
    .space  UUID_SIZE
    .space  1024
stack_top:
