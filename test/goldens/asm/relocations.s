# %hi, %lo, %pcrel_hi, %pcrel_lo, forwards and backwards, and how far pc-relative addresses reach.
.globl _start
.equ LOW, 0x12345fff
.text
_start:
1:  auipc a0, %pcrel_hi(value)
    addi a0, a0, %pcrel_lo(1b)
hi: auipc a1, %pcrel_hi(value + 8)
    nop
    ld a2, %pcrel_lo(hi)(a1)
    sd a2, %pcrel_lo(hi)(a1)
back: auipc t0, %pcrel_hi(_start)
    jalr t0, %pcrel_lo(back)(t0)
    lui a0, %hi(LOW)
    addi a0, a0, %lo(LOW)
    lw a1, %lo(LOW)(a0)
    sw a1, %lo(LOW + 1)(a0)
    lui a0, %hi(0x80000000)
    addi a0, a0, %lo(0x800)
    lui a0, %hi(0x7ff)
    lui a0, %hi(0x800)
    lui a0, %hi(LOW + 0x800)
    la a0, value
    la a0, value - 4
    la a0, end
    la a0, . + 8
    call _start
    call end
    j 2f
1:  nop
2:  bnez a0, 1b
    beqz a0, 1f
1:
    j 1b
    j .
    j . + 8
    nop
    bne a0, a1, . - 4
    la t0, 1b
    la t0, 3f
3:
.data
    .space 0x7fc
value: .dword 1b, 3b, hi
.bss
    .space 4096
end:
