# Instructions at and around what can be compressed.
.globl _start
_start:
.option rvc
.macro three op
  .irp d, x0, x1, x2, x8, x15, x16
    .irp a, x0, x1, x2, x8, x15, x16
      .irp b, x0, x1, x2, x8, x15, x16
        \op \d, \a, \b
      .endr
    .endr
  .endr
.endm
.irp op, add, sub, and, or, xor, addw, subw, sll, andn
  three \op
.endr

.macro immediate op, imms:vararg
  .irp d, x0, x1, x2, x8, x15, x16
    .irp a, x0, x2, x8, x15, x16
      .irp i, \imms
        \op \d, \a, \i
      .endr
    .endr
  .endr
.endm
immediate addi, 0, 1, -1, 31, 32, -32, -33, 4, 16, 18, 496, 512, -512, -528, 1020, 1024
immediate addiw, 0, 1, 31, 32, -32, -33
immediate andi, 0, 1, 31, 32, -32, -33
immediate slli, 0, 1, 31, 32, 63
immediate srli, 0, 1, 31, 32, 63
immediate srai, 0, 1, 31, 32, 63
immediate slliw, 0, 1, 31
immediate ori, 0, 1
immediate jalr, 0, 1

.macro memory op, registers:vararg
  .irp d, \registers
    .irp a, x0, x2, x7, x8, x15, x16
      .irp i, 0, 1, 2, 4, 8, -4, 12, 124, 126, 128, 248, 252, 256, 504, 508, 512
        \op \d, \i(\a)
      .endr
    .endr
  .endr
.endm
.irp op, lw, ld, sw, sd, lwu, lh, sb
  memory \op, x0, x1, x2, x8, x15, x16
.endr
.irp op, fld, fsd, flw, fsw
  memory \op, f0, f7, f8, f15, f16
.endr

.irp d, x0, x1, x2, x8
  .irp i, 0, 1, 31, 32, 0x1f, 0x20, 0xfffdf, 0xfffe0, 0xfffff
    lui \d, \i
  .endr
.endr

# What stands for other instructions.
nop
nop
mv a0, a1
mv zero, a0
li a0, 0
li a0, 31
li a0, -32
li a0, 32
li zero, 1
li a0, 0x12345678
li a0, 0x1234567812345678
li t0, -1
ret
jr a0
jr 0(a0)
jr 4(a0)
jalr a0
jalr 0(a0)
jalr zero
jr zero
jalr ra, a0
jalr ra, 0(a0)
jalr zero, 0(a0)
jalr a0
jalr 0(a0)
jr 0(a0)
jr a0, 0
jr a0
ret
jal zero, .
j .
ebreak
ebreak
sbreak
c.unimp
ecall
neg a0, a0
not a0, a0
negw a0, a0
sext.w a0, a0
sext.w a0, a1
zext.b a0, a0
zext.w a0, a0
add a0, a0, 4
and a0, a0, 4
sll a0, a0, 4
addw a0, a0, 4
lw a0, (sp)
sd a0, (sp)
fence
lla a0, _start
la a0, 0x100
call _start
lw a0, _start
lw a0, %lo(_start)(a0)
addi a0, a0, %lo(_start)
.equ size, 16
addi a0, a0, size
addi sp, sp, -size

# Options.
.option push
.option norvc
nop
mv a0, a1
.option push
.option rvc
mv a0, a1
c.mv a0, a1
.option pop
mv a0, a1
.balign 8
mv a0, a1
.option pop
mv a0, a1
.balign 4
nop
.balign 4
nop
.balign 8
nop
.balign 16
.option arch, -c
mv a0, a1
.option arch, +c
mv a0, a1
.balign 4

.data
.half 1
