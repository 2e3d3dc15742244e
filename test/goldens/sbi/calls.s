# Makes the SBI calls of a table from supervisor mode, prints each with its answer, and shuts down.
#
# calls.txt is what OpenSBI 1.9 answers on QEMU 7.2, with calls.bin made by `vmft asm calls.s -o calls.bin`:
#   qemu-system-riscv64 -M virt -m 128M -nographic -bios fw_dynamic.bin -kernel calls.bin |
#     tr -d '\r' | sed -n '/^call/,$p' > calls.txt

.macro sbi eid, fid, a0=0, a1=0, a2=0
    .dword \eid, \fid, \a0, \a1, \a2
.endm

.equ TIME, 0x54494d45
.equ IPI,  0x735049
.equ RFNC, 0x52464e43
.equ HSM,  0x48534d
.equ SRST, 0x53525354
.equ DBCN, 0x4442434e

_start:
    la      sp, stack_top
    la      s0, table
    la      s1, table_end
next:
    la      a0, name
    call    print
    li      s3, 0
    mv      s4, s0
1:  ld      a0, 0(s4)
    call    print_hex
    addi    s4, s4, 8
    addi    s3, s3, 1
    li      t0, 5
    bne     s3, t0, 1b
    la      a0, arrow
    call    print
    ld      a7, 0(s0)
    ld      a6, 8(s0)
    ld      a0, 16(s0)
    ld      a1, 24(s0)
    ld      a2, 32(s0)
    ecall
    mv      s5, a0
    mv      s6, a1
    mv      a0, s5
    call    print_hex
    bnez    s5, 2f              # the value is unspecified
    mv      a0, s6
    call    print_hex
2:  rdtime  t0
    csrr    a0, sip             # the timer's interrupt, and the software interrupt, which is cleared again
    call    print_hex
    csrci   sip, 2
    li      a0, '\n'
    call    print_byte
    addi    s0, s0, 40
    bne     s0, s1, next
    li      a7, SRST
    li      a6, 0
    li      a0, 0
    li      a1, 0
    ecall
3:  j       3b

print_hex:                      # a0
    addi    sp, sp, -16
    sd      ra, 0(sp)
    mv      s8, a0
    li      a0, ' '
    call    print_byte
    li      s9, 60
1:  srl     a0, s8, s9
    andi    a0, a0, 15
    li      t0, 10
    blt     a0, t0, 2f
    addi    a0, a0, 'a' - '0' - 10
2:  addi    a0, a0, '0'
    call    print_byte
    addi    s9, s9, -4
    bgez    s9, 1b
    ld      ra, 0(sp)
    addi    sp, sp, 16
    ret

print:                          # the string at a0
    addi    sp, sp, -16
    sd      ra, 0(sp)
    mv      s8, a0
1:  lbu     a0, 0(s8)
    beqz    a0, 2f
    call    print_byte
    addi    s8, s8, 1
    j       1b
2:  ld      ra, 0(sp)
    addi    sp, sp, 16
    ret

print_byte:                     # a0, by the legacy call
    li      a7, 1
    ecall
    ret

name:   .asciz "call"
arrow:  .asciz " ->"
text:   .ascii "written\n"

.balign 8
table:
    sbi     0x10, 0             # Base
    sbi     0x10, 3, 0x10
    sbi     0x10, 3, TIME
    sbi     0x10, 3, IPI
    sbi     0x10, 3, RFNC
    sbi     0x10, 3, HSM
    sbi     0x10, 3, SRST
    sbi     0x10, 3, DBCN
    sbi     0x10, 3, 0
    sbi     0x10, 3, 8
    sbi     0x10, 3, 9
    sbi     0x10, 3, 0x12345678
    sbi     0x10, 4
    sbi     0x10, 5
    sbi     0x10, 6
    sbi     0x10, 7
    sbi     TIME, 0, 1          # long ago: the timer's interrupt is pending
    sbi     TIME, 0, -1
    sbi     TIME, 1
    sbi     IPI, 0, 1, 0
    sbi     IPI, 0, 0, -1
    sbi     IPI, 0, 0, 0
    sbi     IPI, 0, 2, 0
    sbi     IPI, 0, 3, 0
    sbi     IPI, 0, 1, 1
    sbi     IPI, 1, 1, 0
    sbi     RFNC, 0, 1, 0
    sbi     RFNC, 1, 1, 0, 0
    sbi     RFNC, 2, 0, -1, 0
    sbi     RFNC, 0, 4, 0
    sbi     RFNC, 7, 1, 0
    sbi     HSM, 0, 0, 0x80200000
    sbi     HSM, 0, 1, 0x80200000
    sbi     HSM, 2, 0
    sbi     HSM, 2, 1
    sbi     HSM, 3, 1
    sbi     HSM, 3, 0x10000000
    sbi     HSM, 3, 0x80000001
    sbi     HSM, 4
    sbi     SRST, 0, 3, 0
    sbi     SRST, 0, 0, 2
    sbi     SRST, 0, 0xffffffff, 0
    sbi     SRST, 1
    sbi     DBCN, 0, 8, text, 0
    sbi     DBCN, 0, 0, text, 0
    sbi     DBCN, 0, 8, text, 1
    sbi     DBCN, 0, 8, -4, 0
    sbi     DBCN, 1, 8, buffer, 0
    sbi     DBCN, 1, 8, buffer, 1
    sbi     DBCN, 2, '!'
    sbi     DBCN, 3
    sbi     0x00, 0, -1         # legacy
    sbi     0x01, 0, '?'
    sbi     0x02, 0
    sbi     0x03, 0
    sbi     0x04, 0, mask
    sbi     0x05, 0, mask
    sbi     0x06, 0, mask, 0, -1
    sbi     0x07, 0, mask, 0, -1
    sbi     0x09, 0
    sbi     0x0a000000, 0
table_end:

mask:   .dword 1
buffer: .space 16
    .space 256
.balign 16
stack_top:
