# SPDX-License-Identifier: Apache-2.0
#
# lib/machine.s - the machine: where its devices are and what their registers
# mean. The machine is QEMU's `virt` board with one RV64GC hart.
#
# Only names, no code and no data: include it at the top of a program, so that
# the names are known to all that follows.

# Test finisher: one word written here ends the machine, or restarts it.
.equ FINISHER,          0x100000
.equ FINISHER_PASS,     0x5555      # exit code 0
.equ FINISHER_FAIL,     0x3333      # exit code in the upper 16 bits
.equ FINISHER_RESET,    0x7777      # back to power-on

# Goldfish real time clock: nanoseconds since 1970. Reading the lower half
# holds the upper half still until that is read.
.equ RTC_TIME_LOW,      0x101000
.equ RTC_TIME_HIGH,     0x101004

# CLINT: the timer interrupt is pending while mtime >= mtimecmp.
.equ CLINT_MTIMECMP,    0x2004000
.equ CLINT_MTIME,       0x200bff8   # the clock that the time CSR shows, too
.equ TIME_PER_US,       10          # it runs at 10 MHz

# PLIC: collects the interrupts of the devices. Context 0 is M-mode of hart 0.
.equ PLIC_PRIORITY,     0xc000000   # a word for each source; 0 means never
.equ PLIC_ENABLE,       0xc002000   # a bit for each source (context 0)
.equ PLIC_THRESHOLD,    0xc200000   # lower priorities are held back
.equ PLIC_CLAIM,        0xc200004   # read: take a source; write: done with it
.equ SOURCE_VIRTIO,     1           # virtio slot n is source 1 + n
.equ SOURCE_UART,       10

# UART 16550A: the console. Registers are bytes.
.equ UART,              0x10000000
.equ UART_RBR,          0           # read: receive buffer
.equ UART_THR,          0           # write: transmit holding register
.equ UART_IER,          1           # interrupt enable
.equ UART_LSR,          5           # line status
.equ IER_RECEIVE,       0x01        # interrupt when a byte has arrived
.equ LSR_DATA_READY,    0x01        # a byte can be read
.equ LSR_THR_EMPTY,     0x20        # the transmitter can take a byte

# virtio-mmio: eight slots, each empty or a device.
.equ VIRTIO,            0x10001000
.equ VIRTIO_SLOT_SIZE,  0x1000
.equ VIRTIO_SLOTS,      8

# The hart.
.equ MSTATUS_MIE,       0x8         # interrupts are taken at all
.equ INTERRUPT_TIMER,   7           # bit in mie, and number in mcause
.equ INTERRUPT_DEVICE,  11          # the same for the PLIC

# seed CSR: OPST, its two top bits, tell how the entropy source is doing.
.equ OPST_SHIFT,        30
.equ OPST_ES16,         2           # the 16 lowest bits are random
.equ OPST_DEAD,         3           # the source has failed; 0 and 1: try again

# ASCII.
.equ NEWLINE,           0x0a
.equ CARRIAGE_RETURN,   0x0d
.equ SPACE,             0x20
.equ DIGIT_ZERO,        0x30        # "0"; the other digits follow it
