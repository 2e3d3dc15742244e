# Operators and their ranks, all in 64 bits.
.globl _start
.text
_start: nop; nop /* two
   lines of comment */ ; nop # and another
.data
    .byte 1 == 1, 3 > 2, 2 > 3, 2-3, 1 | 2 ^ 3, 5 & 4 + 1, 1<<2+1, 3*2&1, 10!3, 1||0, 0||0, 1&&2, 0&&2
    .byte -7%3, -7/2, 7/-2, 0b101, 0x1F, 010, 'a'+1, -'a', ~5, !0, !7, - -3, +3, -~1
    .byte 1+2*3, (1+2)*3, 2*3+1, 10-3-2, 100/5/2, 1<<3>>1, 6 & 3 | 8, 8 | 6 & 3, 1 + 1 == 2, 1 <> 2, 1 != 2
    .byte 1 < 2, 2 <= 2, 2 >= 3, 1 == 1 && 2 == 2, 1 || 0 && 0, 3 - 1 | 4, 1 ^ 3 * 2, 16 >> 2 + 1
    .dword -1>>60, 1<<63, 0x7fffffffffffffff+1, -8>>1, -1>0, 0xffffffffffffffff>0, !5, -1*-1
    .dword 0xffffffffffffffff * 3, 0x8000000000000000 / 2, 0x123456789 * 0x987654321, -9223372036854775808
start:
    .dword end - start, (end - start) / 2, (end - start) * 2 + 1, start + 4 * 2 - 1, -(start - end)
    .dword end - . , . - start, _start
end:
.equ SIZE, end - start
    .dword SIZE, SIZE / 8
    .space (SIZE - 60), SIZE / 8
.text
    addi a0, a0, SIZE - 4
    li a0, SIZE << 20
    lw a0, SIZE - 60(a1)
    lw a0, -4 * 2(a1)
    lw a0, (SIZE)(a1)
    slli a0, a0, 1 + 2
    lui a0, 0x12345
    lui a0, 0xfffff
    auipc a0, 1 + 1
    csrwi 0x300 + 5, 1
    .word 'a', '\\', '\t'
