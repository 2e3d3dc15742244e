# Every directive that puts something into memory, and those that name sections and symbols.
.file "directives.s"
.option nopic
.option push
.option norelax
.option norvc
.attribute arch, "rv64i"
.globl _start, other
.local inner
.type _start, @function
.text
_start: other: nop
inner:
    .byte 1, 0xff, -1, -128, 'a, 'b', '\n', ' ', '\'', '"', ';', '#'
    .align 3
    nop
    .byte 7
    .balign 16
    .half 1, 0xffff, -32768
    .p2align 4,,3
    .p2align 3,,7
    nop
.size _start, . - _start
.option pop
.section .rodata
text: .ascii "plain", "two"
    .asciz "zero", "ended"
    .string "a" "b", "c; # // /* no comment */"
    .ascii "\101\x41\x4142\n\t\\\"\b\f\r\0\7\60"
    .ascii "\303\244 is ä"
    .byte 1
    .align 2
    .byte 2
    .p2align 3, 0xab
    .byte 3
    .balign 8, 0x55
text_end:
.data
words: .word 1, -1, 0xffffffff, 0x80000000, text_end - text
    .long 5
    .4byte 6
    .int 7
    .short 1, -1
    .2byte 2
    .hword 3
    .byte 1
    .half 0x1234        # not aligned: nobody asked for it
    .dword 1, -1, 0x8000000000000000, 0xffffffffffffffff, words, words + 8
    .quad 2
    .8byte 3
    .word words
    .zero 3
    .space 2, 0xee
    .skip 3
    .fill 2, 8, -1
    .fill 2, 3, 0x01020304
    .fill 3
    .fill 2, 2
    .uleb128 127
    .uleb128 300
    .uleb128 0xffffffff
    .float 1.5, -0.1, 1e10
    .single 3
    .double -2.25, 1e-300
    .org words + 200
    .byte 0x77
    .org words + 210, 0x66
    .byte 0x78
x = 5
    .byte x
    .set x, x + 1
    .byte x
    .equ y, later
    .byte y
    .equiv z, 9
    .byte z, z + x
later = 77
w == 3
    .byte w
    .word . - words, here - words
here:
.section .data.extra, "aw"
    .word 0xeeee
.section .rodata.str, "a", @progbits
    .asciz "more"
.section .text.far, "ax", @progbits
    nop
.pushsection .data
    .byte 0xdd
.popsection
    nop
.previous
    .byte 0xcc
.previous
    j _start
.bss
    .align 4
buffer: .space 100
buffer_end:
    .comm shared, 16, 16
.ident "nobody"
.weak nowhere
.section .comment
    .ascii "not loaded"
.text
    .rept 3
    nop
    .endr
    .weak nowhere
    .dword nowhere
    .if 1
    .byte 1
    .else
    .byte 2
    .endif
    .if 0
    .byte 1
    .if 1
    .byte 9
    .else
    .byte 8
    .endif
    .elseif 2 > 1
    .byte 3
    .elseif 1
    .byte 4
    .else
    .byte 2
    .endif
    .ifdef x
    .byte 5
    .endif
    .ifndef x
    .byte 6
    .else
    .byte 7
    .endif
    .ifeq 0
    .byte 8
    .endif
    .ifne 0
    .byte 9
    .endif
    .ifgt 1
    .byte 10
    .endif
    .ifge 0
    .byte 11
    .endif
    .iflt 0-1
    .byte 12
    .endif
    .ifle 1
    .byte 13
    .endif
    .ifb
    .byte 14
    .endif
    .ifnb x
    .byte 15
    .endif
    .ifc abc, abc
    .byte 16
    .endif
    .ifnc abc, abd
    .byte 17
    .endif
    .if (inner - _start) == 4
    .byte 18
    .endif
.include "included.inc"
    .byte INCLUDED
.end
this is not read
