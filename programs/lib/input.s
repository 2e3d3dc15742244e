# SPDX-License-Identifier: Apache-2.0
#
# lib/input.s - reading from the console, by interrupt.
#
#   input_setup        from here on typed bytes are collected
#   getc               a0 = next byte; sleeps until there is one
#   getline            a0 = buffer, a1 = its size; reads one line and ends it
#                      with a zero byte; a0 = length, or -1 if it did not fit
#
# A byte typed on the console takes this way:
#
#   UART  ->  PLIC  ->  hart  ->  on_interrupt  ->  ring  ->  getc
#
# Whoever waits sleeps in WFI. A loop that asked the UART again and again would
# work too, but how often it went round would depend on how fast somebody
# types. Include after lib/console.s and lib/trap.s.

# The ring: bytes are put in at head and taken out at tail. Both only ever count
# up; the lowest bits are the place in the ring, and head - tail is how many
# bytes are waiting. Only the handler moves head, only getc moves tail, so
# neither needs to keep the other out.
.equ RING_SIZE,         256         # a power of two
.equ RING_HEAD,         0
.equ RING_TAIL,         8
.equ RING_BYTES,        16

.text

input_setup:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    call    trap_setup

    li      t0, PLIC_PRIORITY       # priority 0 means never; 1 is enough
    li      t1, 1
    sw      t1, SOURCE_UART * 4(t0)
    li      t0, PLIC_ENABLE
    li      t1, 1 << SOURCE_UART
    sw      t1, 0(t0)
    li      t0, PLIC_THRESHOLD
    sw      zero, 0(t0)

    # The UART's own FIFO stays off: switching it on would empty the receiver,
    # and a byte that was typed before we came here would be lost. So the UART
    # holds one byte at a time, and the others wait outside.
    li      t0, UART
    li      t1, IER_RECEIVE
    sb      t1, UART_IER(t0)

    li      t0, 1 << INTERRUPT_DEVICE
    csrs    mie, t0
    csrsi   mstatus, MSTATUS_MIE
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# on_interrupt: move what the UART has received into the ring. Called by
# trap_entry, between any two instructions of the program.
on_interrupt:
    li      t0, PLIC_CLAIM
    lw      t1, 0(t0)               # t1 = source, 0 if nothing is pending
    beqz    t1, 4f

    li      t2, UART
    la      t3, ring
    ld      t4, RING_HEAD(t3)
1:  ld      t5, RING_TAIL(t3)
    sub     t5, t4, t5
    li      t6, RING_SIZE
    bgeu    t5, t6, 2f
    lbu     t5, UART_LSR(t2)
    andi    t5, t5, LSR_DATA_READY
    beqz    t5, 3f                  # the UART is empty, its interrupt is off
    lbu     t5, UART_RBR(t2)
    andi    t6, t4, RING_SIZE - 1
    add     t6, t6, t3
    sb      t5, RING_BYTES(t6)
    addi    t4, t4, 1
    j       1b

    # The ring is full. Leave the rest in the UART, and stop it from asking
    # again before there is room; getc turns the interrupt on again.
2:  sb      zero, UART_IER(t2)

3:  sd      t4, RING_HEAD(t3)
    sw      t1, 0(t0)               # complete: the source may interrupt again
4:  ret

# getc: the next byte from the console, waiting for it if need be.
#
# The order matters. Were a byte to arrive after we looked at the ring but
# before WFI, its interrupt would be handled and over, and we would sleep on a
# byte that is already there. So interrupts are off while we look. WFI wakes up
# for a pending interrupt even then, and the handler runs as soon as interrupts
# are on again.
getc:
    la      t0, ring
1:  csrci   mstatus, MSTATUS_MIE
    ld      t1, RING_HEAD(t0)
    ld      t2, RING_TAIL(t0)
    bne     t1, t2, 2f
    li      t1, UART                # empty: if the ring was full, the handler
    li      t2, IER_RECEIVE         # has turned the UART's interrupt off
    sb      t2, UART_IER(t1)
    wfi
    csrsi   mstatus, MSTATUS_MIE    # the handler runs here
    j       1b
2:  csrsi   mstatus, MSTATUS_MIE
    andi    t1, t2, RING_SIZE - 1
    add     t1, t1, t0
    lbu     a0, RING_BYTES(t1)
    addi    t2, t2, 1
    sd      t2, RING_TAIL(t0)
    ret

# getline: read up to the end of the line. A line that is too long is read to
# its end all the same, so that its rest is not taken for the next line.
getline:
    addi    sp, sp, -32
    sd      ra, 24(sp)
    sd      s0, 16(sp)
    sd      s1, 8(sp)
    sd      s2, 0(sp)
    mv      s0, a0                  # s0 = the line
    addi    s1, a1, -1              # s1 = room for text, without the zero byte
    li      s2, 0                   # s2 = length so far
1:  call    getc
    li      t0, CARRIAGE_RETURN     # some terminals send both
    beq     a0, t0, 1b
    li      t0, NEWLINE
    beq     a0, t0, 2f
    addi    s2, s2, 1
    bgtu    s2, s1, 1b
    add     t0, s0, s2
    sb      a0, -1(t0)
    j       1b
2:  li      a0, -1
    bgtu    s2, s1, 3f
    add     t0, s0, s2
    sb      zero, 0(t0)
    mv      a0, s2
3:  ld      s2, 0(sp)
    ld      s1, 8(sp)
    ld      s0, 16(sp)
    ld      ra, 24(sp)
    addi    sp, sp, 32
    ret

.bss
.balign 8
ring:
    .space  RING_BYTES + RING_SIZE
