# log-heavy.s - a guest for measurements: it does nothing but what goes through
# one of the machine's doors, endlessly. KIND selects it:
#
#   1  reads the clock                 4  prints
#   2  reads random bits               5  writes to the disk and reads back
#   3  sleeps from timer to timer      6  sends frames
#   7  lets the entropy device fill memory

.ifndef KIND
.equ KIND, 1
.endif

.include "../programs/lib/machine.s"
.include "../programs/lib/virtio.s"

.globl _start
.text
_start:
    la      sp, stack_top

.if KIND == 1
1:  rdtime  a0
    j       1b
.endif

.if KIND == 2
1:  csrrw   a0, seed, zero
    j       1b
.endif

.if KIND == 3
.equ PERIOD, 10 * TIME_PER_US
    li      t0, 1 << INTERRUPT_TIMER
    csrs    mie, t0
    li      s0, CLINT_MTIMECMP
    li      s1, PERIOD
1:  rdtime  t0
    add     t0, t0, s1
    sd      t0, 0(s0)
    wfi
    j       1b
.endif

.if KIND == 4
1:  li      a0, 0x2e
    call    putc
    j       1b
.endif

.if KIND == 5
    call    disk_setup
1:  li      a0, 0
    li      a1, 4
    la      a2, buffer
    call    disk_write
    li      a0, 2
    li      a1, 4
    la      a2, buffer
    call    disk_read
    j       1b
.endif

.if KIND == 6
.equ QUEUE_SIZE, 8
.equ NETWORK, 1
.equ FRAME_SIZE, 12 + 60             # behind the header of virtio 1.2, 5.1.6
    li      a0, NETWORK
    call    virtio_find
    li      a1, 0
    call    queue_start
    # Queue 0 is the receiver's, and stays empty; these rings are the sender's.
    la      t0, queue_registers
    ld      t0, 0(t0)
    sw      zero, QUEUE_READY(t0)
    li      t1, 1
    sw      t1, QUEUE_SEL(t0)
    li      t2, QUEUE_SIZE
    sw      t2, QUEUE_NUM(t0)
    la      t2, descriptors
    sw      t2, QUEUE_DESC(t0)
    sw      zero, QUEUE_DESC + 4(t0)
    la      t3, available
    sw      t3, QUEUE_DRIVER(t0)
    sw      zero, QUEUE_DRIVER + 4(t0)
    la      t3, used
    sw      t3, QUEUE_DEVICE(t0)
    sw      zero, QUEUE_DEVICE + 4(t0)
    sw      t1, QUEUE_READY(t0)
    la      t3, buffer
    sd      t3, DESC_ADDRESS(t2)
    li      t4, FRAME_SIZE
    sw      t4, DESC_LENGTH(t2)
    sh      zero, DESC_FLAGS(t2)
    # queue_offer notifies queue 0; this is queue 1.
    mv      s0, t0
    li      s1, 1
1:  li      a0, 0
    call    queue_offer
    sw      s1, QUEUE_NOTIFY(s0)
    call    queue_take
    j       1b
.endif

.if KIND == 7
.equ QUEUE_SIZE, 8
    li      a0, ENTROPY
    call    virtio_find
    li      a1, 0
    call    queue_start
    la      t0, descriptors
    la      t1, buffer
    sd      t1, DESC_ADDRESS(t0)
    li      t1, 64
    sw      t1, DESC_LENGTH(t0)
    li      t1, DESC_F_WRITE
    sh      t1, DESC_FLAGS(t0)
1:  li      a0, 0
    call    queue_offer
    call    queue_take
    j       1b
.endif

.include "../programs/lib/console.s"
.if KIND == 5
.include "../programs/lib/disk.s"
.endif
.if KIND >= 5
.include "../programs/lib/queue.s"
.endif

.bss
.balign 16
buffer:
    .space  2048
    .space  1024
stack_top:
