# What kernels written for QEMU's virt machine do when they boot, in one file. It starts in machine mode with no firmware below it,
# and goes by what QEMU does rather than by what a specification promises:
#
#   - its page tables have A and D clear, and it expects the hardware to set them;
#   - its disk is in virtio slot 0, on source 1; the feature VERSION_1 is never accepted;
#   - its UART driver sends by interrupt, and never reads IIR;
#   - its timer is Sstc's, by time and stimecmp.
#
# It prints what sector 1 of its disk says, counts the boots in sector 2, sleeps three ticks on behalf of a program in user mode,
# echoes a line that is typed, and switches itself off. Exit code 0, or the number of the check that failed.

.equ UART,          0x10000000
.equ RHR,           0               # read; THR when written
.equ IER,           1
.equ FCR,           2
.equ LCR,           3
.equ LSR,           5
.equ LSR_READY,     1
.equ LSR_IDLE,      1 << 5
.equ UART_SOURCE,   10

.equ PLIC,          0x0c000000
.equ PLIC_SENABLE,  PLIC + 0x2080
.equ PLIC_STHRESH,  PLIC + 0x201000
.equ PLIC_SCLAIM,   PLIC + 0x201004

.equ DISK,          0x10001000
.equ DISK_SOURCE,   1
.equ QUEUE_SIZE,    8
.equ SECTOR_SIZE,   512

.equ FINISHER,      0x100000
.equ USER,          0x40000000      # the program; its data is the page behind it
.equ USER_DATA,     USER + 0x1000
.equ PERIOD,        20000           # ticks of 100 ns

.equ SSIE,          1 << 1
.equ STIE,          1 << 5
.equ SEIE,          1 << 9
.equ SIE,           1 << 1          # in sstatus
.equ MENVCFG,       0x30a
.equ STIMECMP,      0x14d

# Page table entries.
.equ V,             1 << 0
.equ R,             1 << 1
.equ W,             1 << 2
.equ X,             1 << 3
.equ U,             1 << 4
.equ A,             1 << 6
.equ D,             1 << 7

# System calls, in a7.
.equ SYS_PUTC,      1
.equ SYS_SLEEP,     2
.equ SYS_GETC,      3
.equ SYS_EXIT,      4

.globl _start
.text
_start:
    # In machine mode: leave everything to supervisor mode, and go there.
    la      sp, stack_top
    li      t0, 3 << 11             # MPP: supervisor
    csrc    mstatus, t0
    li      t0, 1 << 11
    csrs    mstatus, t0
    la      t0, supervisor
    csrw    mepc, t0
    csrw    satp, zero
    li      t0, 0xffff
    csrw    medeleg, t0
    csrw    mideleg, t0
    li      t0, SEIE | STIE | SSIE
    csrs    sie, t0
    li      t0, 0x3fffffffffffff
    csrw    pmpaddr0, t0
    li      t0, 0xf                 # R, W, X, top of range: all of memory
    csrw    pmpcfg0, t0
    li      t0, 1
    slli    t0, t0, 63
    csrs    MENVCFG, t0             # STCE
    csrsi   mcounteren, 2           # time
    rdtime  t0
    li      t1, -1
    csrw    STIMECMP, t1
    mret

supervisor:
    # One gigabyte of devices and one of RAM, where they are; two pages for the program. A and D are clear.
    la      s0, root
    li      t0, V | R | W
    sd      t0, 0(s0)
    li      t0, 0x80000000 >> 2 | V | R | W | X
    sd      t0, 16(s0)
    la      t1, middle
    srli    t0, t1, 2
    ori     t0, t0, V
    sd      t0, 8(s0)
    la      s1, leaves
    srli    t0, s1, 2
    ori     t0, t0, V
    sd      t0, 0(t1)
    la      t0, program
    srli    t0, t0, 2
    ori     t0, t0, V | R | X | U
    sd      t0, 0(s1)
    la      t0, program_data
    srli    t0, t0, 2
    ori     t0, t0, V | R | W | U
    sd      t0, 8(s1)
    sfence.vma
    srli    t0, s0, 12
    li      t1, 8
    slli    t1, t1, 60
    or      t0, t0, t1
    csrw    satp, t0
    sfence.vma

    la      t0, trap
    csrw    stvec, t0
    la      t0, frame
    csrw    sscratch, t0

    call    plic_setup
    call    uart_setup
    csrsi   sstatus, SIE
    la      a0, text_booting
    call    print
    call    disk_setup

    # What sector 1 says.
    li      a0, 1
    li      a1, 0
    call    disk_transfer
    la      a0, sector
    call    print
    # How many boots sector 2 has counted, this one with them.
    li      a0, 2
    li      a1, 0
    call    disk_transfer
    la      t0, sector
    lbu     t1, 0(t0)
    addi    t1, t1, 1
    sb      t1, 0(t0)
    li      a0, 2
    li      a1, 1
    call    disk_transfer
    la      t0, sector
    sb      zero, 0(t0)
    li      a0, 2
    li      a1, 0
    call    disk_transfer
    la      a0, text_boot
    call    print
    la      t0, sector
    lbu     a0, 0(t0)
    addi    a0, a0, '0'
    call    putc
    li      a0, '\n'
    call    putc

    # The program has been touched by nobody yet.
    la      s1, leaves
    ld      t0, 0(s1)
    ld      t1, 8(s1)
    or      t0, t0, t1
    andi    t0, t0, A | D
    li      a0, 2
    bnez    t0, power_off
    csrci   sstatus, SIE
    li      t0, 1 << 8 | 1 << 1     # SPP: user; SIE, which user mode does not look at
    csrc    sstatus, t0
    li      t0, 1 << 5              # SPIE
    csrs    sstatus, t0
    li      t0, USER
    csrw    sepc, t0
    sret

# ── Traps ────────────────────────────────────────────────────────────────────

.balign 4
trap:
    csrrw   t6, sscratch, t6
    sd      ra, 0(t6)
    sd      sp, 8(t6)
    sd      t0, 16(t6)
    sd      t1, 24(t6)
    sd      t2, 32(t6)
    sd      t3, 40(t6)
    sd      t4, 48(t6)
    sd      t5, 56(t6)
    sd      a0, 64(t6)
    sd      a1, 72(t6)
    sd      a2, 80(t6)
    sd      a3, 88(t6)
    sd      s0, 96(t6)
    csrr    t0, sscratch
    sd      t0, 104(t6)
    csrw    sscratch, t6
    la      sp, trap_stack_top
    csrr    t0, scause
    bltz    t0, 1f
    addi    t0, t0, -8              # a call from user mode
    bnez    t0, 3f
    call    system_call
    j       2f
3:  li      a0, 3
    j       power_off
1:  call    serve
2:  csrr    t6, sscratch
    ld      ra, 0(t6)
    ld      sp, 8(t6)
    ld      t0, 16(t6)
    ld      t1, 24(t6)
    ld      t2, 32(t6)
    ld      t3, 40(t6)
    ld      t4, 48(t6)
    ld      t5, 56(t6)
    ld      a0, 64(t6)
    ld      a1, 72(t6)
    ld      a2, 80(t6)
    ld      a3, 88(t6)
    ld      s0, 96(t6)
    ld      t6, 104(t6)
    sret

# serve: looks after all interrupts that are pending.
serve:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    csrr    t0, sip
    andi    t1, t0, STIE
    beqz    t1, 1f
    la      t1, ticks
    ld      t2, 0(t1)
    addi    t2, t2, 1
    sd      t2, 0(t1)
    li      t2, -1
    csrw    STIMECMP, t2
1:  li      t0, PLIC_SCLAIM
    lw      s0, 0(t0)
    beqz    s0, 4f
    li      t0, DISK_SOURCE
    bne     s0, t0, 2f
    li      t0, DISK
    lw      t1, 0x60(t0)
    sw      t1, 0x64(t0)
    j       3f
2:  call    uart_interrupt
3:  li      t0, PLIC_SCLAIM
    sw      s0, 0(t0)
    j       1b
4:  ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

system_call:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    csrr    t0, sepc
    addi    t0, t0, 4
    csrw    sepc, t0
    li      t0, SYS_PUTC
    beq     a7, t0, 1f
    li      t0, SYS_SLEEP
    beq     a7, t0, 2f
    li      t0, SYS_GETC
    beq     a7, t0, 4f
    j       finish
1:  call    putc
    j       6f
2:  rdtime  t0
    li      t1, PERIOD
    add     t0, t0, t1
    csrw    STIMECMP, t0
    la      s0, ticks
    ld      s0, 0(s0)
3:  wfi
    mv      t3, s0
    call    serve_keeping
    la      t0, ticks
    ld      t0, 0(t0)
    beq     t0, s0, 3b
    j       6f
4:  la      t0, typed_count
    la      t1, taken_count
    lbu     t2, 0(t0)
    lbu     t3, 0(t1)
    bne     t2, t3, 5f
    wfi
    call    serve_keeping
    j       4b
5:  la      t0, typed
    add     t0, t0, t3
    lbu     a0, 0(t0)
    addi    t3, t3, 1
    sb      t3, 0(t1)
    csrr    t0, sscratch
    sd      a0, 64(t0)              # the result
6:  ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# serve_keeping: serve, which needs s0 for itself.
serve_keeping:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s0, 0(sp)
    call    serve
    ld      s0, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# finish: the program has ended. All that is to be printed leaves first; its pages were used, its data was written.
finish:
    la      t0, sent_count
    la      t1, put_count
    lhu     t0, 0(t0)
    lhu     t1, 0(t1)
    beq     t0, t1, 1f
    wfi
    call    serve_keeping
    j       finish
1:  la      s1, leaves
    ld      t0, 0(s1)
    ld      t1, 8(s1)
    andi    t0, t0, A | D
    andi    t1, t1, A | D
    li      a0, 4
    li      t2, A
    bne     t0, t2, power_off
    li      t2, A | D
    bne     t1, t2, power_off
    li      a0, 0
    # falls through

# power_off: a0 = exit code.
power_off:
    li      t0, FINISHER
    slli    a0, a0, 16
    li      t1, 0x5555
    beqz    a0, 1f
    li      t1, 0x3333
    or      t1, t1, a0
1:  sw      t1, 0(t0)
    j       1b

# ── Devices ──────────────────────────────────────────────────────────────────

plic_setup:
    li      t0, PLIC
    li      t1, 1
    sw      t1, UART_SOURCE * 4(t0)
    sw      t1, DISK_SOURCE * 4(t0)
    li      t0, PLIC_SENABLE
    li      t1, 1 << UART_SOURCE | 1 << DISK_SOURCE
    sw      t1, 0(t0)
    li      t0, PLIC_STHRESH
    sw      zero, 0(t0)
    ret

uart_setup:
    li      t0, UART
    sb      zero, IER(t0)
    li      t1, 0x80                # baud rate
    sb      t1, LCR(t0)
    li      t1, 3
    sb      t1, 0(t0)
    sb      zero, 1(t0)
    sb      t1, LCR(t0)             # 8 bits
    li      t1, 7
    sb      t1, FCR(t0)             # FIFOs on, and clear
    li      t1, 3
    sb      t1, IER(t0)             # received, and sent
    ret

# print: the text at a0, up to its zero byte; from the kernel.
print:
    addi    sp, sp, -16
    sd      ra, 8(sp)
    sd      s1, 0(sp)
    mv      s1, a0
1:  lbu     a0, 0(s1)
    beqz    a0, 2f
    call    putc
    addi    s1, s1, 1
    j       1b
2:  ld      s1, 0(sp)
    ld      ra, 8(sp)
    addi    sp, sp, 16
    ret

# putc: a0 into the buffer, which is larger than what is ever printed; and start sending.
putc:
    csrr    t5, sstatus
    csrci   sstatus, SIE
    la      t0, put_count
    lhu     t1, 0(t0)
    la      t2, buffer
    add     t2, t2, t1
    sb      a0, 0(t2)
    addi    t1, t1, 1
    sh      t1, 0(t0)
    mv      t4, ra
    call    uart_send
    mv      ra, t4
    andi    t5, t5, SIE
    csrs    sstatus, t5
    ret

# uart_send: as long as the UART takes bytes. Changes t0 to t3.
uart_send:
    la      t0, sent_count
    lhu     t1, 0(t0)
    la      t2, put_count
    lhu     t2, 0(t2)
    beq     t1, t2, 1f
    li      t2, UART
    lbu     t3, LSR(t2)
    andi    t3, t3, LSR_IDLE
    beqz    t3, 1f                  # it will interrupt
    la      t3, buffer
    add     t3, t3, t1
    lbu     t3, 0(t3)
    addi    t1, t1, 1
    sh      t1, 0(t0)
    sb      t3, 0(t2)
    j       uart_send
1:  ret

# uart_interrupt: what was typed is kept, and what waits is sent. IIR is not read.
uart_interrupt:
    li      t0, UART
    lbu     t1, LSR(t0)
    andi    t1, t1, LSR_READY
    beqz    t1, uart_send
    lbu     t1, RHR(t0)
    la      t0, typed_count
    lbu     t2, 0(t0)
    la      t3, typed
    add     t3, t3, t2
    sb      t1, 0(t3)
    addi    t2, t2, 1
    sb      t2, 0(t0)
    j       uart_interrupt

disk_setup:
    li      s0, DISK
    lw      t0, 0x000(s0)
    li      t1, 0x74726976
    li      a0, 5
    bne     t0, t1, power_off
    lw      t0, 0x004(s0)
    li      t1, 2
    bne     t0, t1, power_off
    lw      t0, 0x008(s0)
    bne     t0, t1, power_off       # a disk
    sw      zero, 0x070(s0)
    li      t1, 1
    sw      t1, 0x070(s0)
    li      t1, 3
    sw      t1, 0x070(s0)
    lw      t0, 0x010(s0)           # features: none of those that would need something from us
    li      t2, ~(1 << 5 | 1 << 7 | 1 << 11 | 1 << 12 | 1 << 27 | 1 << 28 | 1 << 29)
    and     t0, t0, t2
    sw      t0, 0x020(s0)
    li      t1, 11                  # FEATURES_OK
    sw      t1, 0x070(s0)
    lw      t0, 0x070(s0)
    andi    t0, t0, 8
    beqz    t0, power_off
    sw      zero, 0x030(s0)
    lw      t0, 0x034(s0)
    li      t1, QUEUE_SIZE
    bltu    t0, t1, power_off
    sw      t1, 0x038(s0)
    la      t0, descriptors
    sw      t0, 0x080(s0)
    sw      zero, 0x084(s0)
    la      t0, available
    sw      t0, 0x090(s0)
    sw      zero, 0x094(s0)
    la      t0, used
    sw      t0, 0x0a0(s0)
    sw      zero, 0x0a4(s0)
    li      t0, 1
    sw      t0, 0x044(s0)
    li      t0, 15
    sw      t0, 0x070(s0)
    ret

# disk_transfer: sector a0 into `sector`, or with a1 = 1 from there. Sleeps until the interrupt says that it is done.
disk_transfer:
    la      t0, header
    sw      a1, 0(t0)
    sw      zero, 4(t0)
    sd      a0, 8(t0)
    la      t1, descriptors
    sd      t0, 0(t1)
    li      t2, 16
    sw      t2, 8(t1)
    li      t2, 1                   # NEXT
    sh      t2, 12(t1)
    sh      t2, 14(t1)
    la      t0, sector
    sd      t0, 16(t1)
    li      t2, SECTOR_SIZE
    sw      t2, 24(t1)
    li      t2, 3                   # NEXT, and the device writes
    slli    t3, a1, 1
    sub     t2, t2, t3
    sh      t2, 28(t1)
    li      t2, 2
    sh      t2, 30(t1)
    la      t0, status
    li      t2, 0xff
    sb      t2, 0(t0)
    sd      t0, 32(t1)
    li      t2, 1
    sw      t2, 40(t1)
    li      t2, 2                   # the device writes
    sh      t2, 44(t1)
    la      t0, available
    lhu     t1, 2(t0)
    andi    t2, t1, QUEUE_SIZE - 1
    slli    t2, t2, 1
    add     t2, t2, t0
    sh      zero, 4(t2)
    fence
    addi    t1, t1, 1
    sh      t1, 2(t0)
    fence
    li      t0, DISK
    sw      zero, 0x050(t0)
1:  csrci   sstatus, SIE
    la      t0, used
    lhu     t0, 2(t0)
    beq     t0, t1, 2f
    wfi
    csrsi   sstatus, SIE            # the interrupt is taken here
    j       1b
2:  csrsi   sstatus, SIE
    la      t0, status
    lbu     t0, 0(t0)
    li      a0, 6
    bnez    t0, power_off
    ret

# ── The program, in user mode at USER ────────────────────────────────────────

.balign 4096
program:
    li      s1, USER_DATA
    li      s2, 3
1:  li      a7, SYS_SLEEP
    ecall
    lbu     a0, 0(s1)
    addi    a0, a0, 1
    sb      a0, 0(s1)
    addi    a0, a0, '0'
    li      a7, SYS_PUTC
    ecall
    addi    s2, s2, -1
    bnez    s2, 1b
    li      a0, '>'
    li      a7, SYS_PUTC
    ecall
2:  li      a7, SYS_GETC
    ecall
    li      a7, SYS_PUTC
    ecall
    li      t0, '\n'
    bne     a0, t0, 2b
    li      a7, SYS_EXIT
    ecall
.balign 4096

.section .rodata
text_booting:   .asciz  "a small unix is booting\n"
text_boot:      .asciz  "boot "

.bss
.balign 4096
root:           .space  4096
middle:         .space  4096
leaves:         .space  4096
program_data:   .space  4096
sector:         .space  SECTOR_SIZE
                .space  8           # ends the text of a full sector
descriptors:    .space  QUEUE_SIZE * 16
available:      .space  2 + 2 + QUEUE_SIZE * 2 + 2
.balign 8
used:           .space  2 + 2 + QUEUE_SIZE * 8 + 2
.balign 8
header:         .space  16
status:         .space  8
ticks:          .space  8
frame:          .space  112
put_count:      .space  2
sent_count:     .space  2
typed_count:    .space  1
taken_count:    .space  1
buffer:         .space  1024
typed:          .space  256
.balign 16
                .space  1024
stack_top:
                .space  1024
trap_stack_top:
