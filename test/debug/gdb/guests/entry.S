# Starts in S-mode, turns the MMU on, and runs a program in U-mode that makes system calls.
.section .text.start
.globl start
start:
  la sp, stack
  call page_tables
  csrw satp, a0
  li t0, 0xffffffff00000000
  la t1, high
  bgeu t1, t0, 1f
  add t1, t1, t0
1:
  jr t1
high:
  la sp, stack
  la t0, trap
  csrw stvec, t0
  call kernel
  li t0, 0x100
  csrc sstatus, t0
  li t0, 0x1000
  csrw sepc, t0
  csrw sscratch, sp
  sret

.balign 4
trap:
  csrrw sp, sscratch, sp
  addi sp, sp, -16
  sd a0, 0(sp)
  sd ra, 8(sp)
  call syscall
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  ld a0, 0(sp)
  ld ra, 8(sp)
  addi sp, sp, 16
  csrrw sp, sscratch, sp
  sret

.section .user, "ax"
.balign 4096
.globl user
user:
  li a0, 0
loop:
  addi a0, a0, 1
  ecall
  j loop
