# Made by test/goldens/make/asm.mjs.
.globl _start
_start:
.option rvc
    c.addi4spn a5, sp, 4
    c.addi4spn x12, sp, 4
    c.addi4spn s0, sp, 1020
    c.fld fs0, 248(a0)
    c.fld fa5, 0(s1)
    c.fld fa0, 8(x12)
    c.fld fs1, 8(s0)
    c.fld f12, 240(a5)
    c.fld fs0, 248(s1)
    c.lw s0, 124(a0)
    c.lw a5, 0(s1)
    c.lw a0, 4(x12)
    c.lw s1, 4(s0)
    c.lw x12, 120(a5)
    c.lw s0, 124(s1)
    c.ld s0, 248(a0)
    c.ld a5, 0(s1)
    c.ld a0, 8(x12)
    c.ld s1, 8(s0)
    c.ld x12, 240(a5)
    c.ld s0, 248(s1)
    c.fsd fs0, 248(a0)
    c.fsd fa5, 0(s1)
    c.fsd fa0, 8(x12)
    c.fsd fs1, 8(s0)
    c.fsd f12, 240(a5)
    c.fsd fs0, 248(s1)
    c.sw s0, 124(a0)
    c.sw a5, 0(s1)
    c.sw a0, 4(x12)
    c.sw s1, 4(s0)
    c.sw x12, 120(a5)
    c.sw s0, 124(s1)
    c.sd s0, 248(a0)
    c.sd a5, 0(s1)
    c.sd a0, 8(x12)
    c.sd s1, 8(s0)
    c.sd x12, 240(a5)
    c.sd s0, 248(s1)
    c.addi a0, 1
    c.addi fp, -31
    c.addi s11, 30
    c.addi ra, -1
    c.addi x16, -32
    c.addiw x31, 0
    c.addiw a0, 1
    c.addiw fp, -31
    c.addiw s11, 30
    c.addiw ra, -1
    c.addiw x16, -32
    c.li x31, 0
    c.li a0, 1
    c.li fp, -31
    c.li s11, 30
    c.li ra, -1
    c.li x16, -32
    c.addi16sp sp, 496
    c.addi16sp sp, 16
    c.addi16sp sp, 480
    c.addi16sp sp, -512
    c.addi16sp sp, -496
    c.addi16sp sp, -16
    c.lui x31, 0xfffe0
    c.lui a0, 0xfffff
    c.lui fp, 1
    c.lui s11, 31
    c.lui ra, 0xfffe0
    c.lui x16, 0xfffff
    c.srli s0, 63
    c.srli a0, 1
    c.srli s1, 1
    c.srli x12, 62
    c.srli s0, 63
    c.srai s0, 63
    c.srai a0, 1
    c.srai s1, 1
    c.srai x12, 62
    c.srai s0, 63
    c.andi s0, 31
    c.andi a5, 0
    c.andi a0, 1
    c.andi s1, -31
    c.andi x12, 30
    c.andi s0, -32
    c.andi a5, 31
    c.sub s0, a5
    c.sub a5, a0
    c.sub a0, s1
    c.sub s1, x12
    c.sub x12, s0
    c.xor s0, a5
    c.xor a5, a0
    c.xor a0, s1
    c.xor s1, x12
    c.xor x12, s0
    c.or s0, a5
    c.or a5, a0
    c.or a0, s1
    c.or s1, x12
    c.or x12, s0
    c.and s0, a5
    c.and a5, a0
    c.and a0, s1
    c.and s1, x12
    c.and x12, s0
    c.subw s0, a5
    c.subw a5, a0
    c.subw a0, s1
    c.subw s1, x12
    c.subw x12, s0
    c.addw s0, a5
    c.addw a5, a0
    c.addw a0, s1
    c.addw s1, x12
    c.addw x12, s0
    c.j . - 2048
    c.j . + 2046
    c.j . + 0
    c.j . + 2
    c.j . - 2046
    c.j . + 2044
    c.j . - 2
    c.beqz s0, . + 254
    c.beqz a5, . + 0
    c.beqz a0, . + 2
    c.beqz s1, . - 254
    c.beqz x12, . + 252
    c.beqz s0, . - 256
    c.beqz a5, . + 254
    c.bnez s0, . + 254
    c.bnez a5, . + 0
    c.bnez a0, . + 2
    c.bnez s1, . - 254
    c.bnez x12, . + 252
    c.bnez s0, . - 256
    c.bnez a5, . + 254
    c.slli a0, 1
    c.slli fp, 1
    c.slli s11, 62
    c.slli x16, 63
    c.fldsp f0, 504(sp)
    c.fldsp f31, 0(sp)
    c.fldsp fa0, 8(sp)
    c.fldsp fs0, 8(sp)
    c.fldsp fs11, 496(sp)
    c.fldsp ft8, 0(sp)
    c.fldsp f16, 504(sp)
    c.lwsp x31, 0(sp)
    c.lwsp a0, 4(sp)
    c.lwsp fp, 4(sp)
    c.lwsp s11, 248(sp)
    c.lwsp ra, 0(sp)
    c.lwsp x16, 252(sp)
    c.ldsp x31, 0(sp)
    c.ldsp a0, 8(sp)
    c.ldsp fp, 8(sp)
    c.ldsp s11, 496(sp)
    c.ldsp ra, 0(sp)
    c.ldsp x16, 504(sp)
    c.jr x31
    c.jr a0
    c.jr fp
    c.jr s11
    c.jr ra
    c.jr x16
    c.mv x31, a0
    c.mv a0, fp
    c.mv fp, s11
    c.mv s11, ra
    c.mv ra, x16
    c.ebreak
    c.jalr x31
    c.jalr a0
    c.jalr fp
    c.jalr s11
    c.jalr ra
    c.jalr x16
    c.add x31, a0
    c.add a0, fp
    c.add fp, s11
    c.add s11, ra
    c.add ra, x16
    c.fsdsp f0, 504(sp)
    c.fsdsp f31, 0(sp)
    c.fsdsp fa0, 8(sp)
    c.fsdsp fs0, 8(sp)
    c.fsdsp fs11, 496(sp)
    c.fsdsp ft8, 0(sp)
    c.fsdsp f16, 504(sp)
    c.swsp x31, 0(sp)
    c.swsp a0, 4(sp)
    c.swsp fp, 4(sp)
    c.swsp s11, 248(sp)
    c.swsp ra, 0(sp)
    c.swsp x16, 252(sp)
    c.sdsp x31, 0(sp)
    c.sdsp a0, 8(sp)
    c.sdsp fp, 8(sp)
    c.sdsp s11, 496(sp)
    c.sdsp ra, 0(sp)
    c.sdsp x16, 504(sp)
