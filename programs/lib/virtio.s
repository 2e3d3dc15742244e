# SPDX-License-Identifier: Apache-2.0
#
# lib/virtio.s - virtio: the registers of a device, its queue, its requests.
#
# Only names, no code and no data: include it at the top of a program, after
# lib/machine.s. lib/queue.s is the code.
#
# "virtio 1.2" is the specification: Virtual I/O Device, version 1.2.

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
.equ CONFIG,                0x100   # what only this kind of device has

.equ MAGIC,                 0x74726976  # "virt"
.equ MODERN,                2
.equ VERSION_1_HIGH,        1       # VIRTIO_F_VERSION_1 is bit 32: bit 0 above

.equ ACKNOWLEDGE,           1       # status: we have seen the device
.equ DRIVER,                2       # ... and know how to drive it
.equ DRIVER_OK,             4       # ... and are ready
.equ FEATURES_OK,           8       # ... and agree on the features

# A queue is three arrays in RAM (virtio 1.2, 2.7): descriptors say where the
# buffers are, the available ring hands them to the device, and the used ring
# hands them back. The two idx count up for ever; idx modulo QUEUE_SIZE is the
# place in the ring.
.equ DESC_ADDRESS,          0       # .dword
.equ DESC_LENGTH,           8       # .word
.equ DESC_FLAGS,            12      # .half
.equ DESC_NEXT,             14      # .half, the descriptor that goes on
.equ DESC_SIZE,             16
.equ DESC_F_NEXT,           1       # the request goes on there
.equ DESC_F_WRITE,          2       # the device writes to this buffer
.equ AVAIL_IDX,             2       # .half
.equ AVAIL_RING,            4       # .half for each place
.equ USED_IDX,              2       # .half
.equ USED_RING,             4       # .word descriptor, .word bytes written
.equ USED_LENGTH,           4

# The entropy device (virtio 1.2, 5.4): buffers to fill, nothing else.
.equ ENTROPY,               4       # device ID

# The block device, a disk (virtio 1.2, 5.2).
.equ BLOCK,                 2       # device ID
.equ BLK_F_FLUSH,           1 << 9  # feature: it knows the request FLUSH
.equ BLK_CAPACITY,          CONFIG  # .dword, in sectors
.equ SECTOR_SIZE,           512

# A request is a header, data, and one byte of status that the device writes.
.equ BLK_TYPE,              0       # .word, then an unused one
.equ BLK_SECTOR,            8       # .dword
.equ BLK_HEADER_SIZE,       16
.equ BLK_T_IN,              0       # type: read
.equ BLK_T_OUT,             1       # write
.equ BLK_T_FLUSH,           4       # make lasting what has been written
.equ BLK_S_OK,              0       # status; anything else is an error
