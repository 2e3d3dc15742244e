# Macros, repetitions and everything in their bodies.
.globl _start
.macro push reg, more:vararg
    addi sp, sp, -8
    sd \reg, (sp)
    .ifnb \more
    push \more
    .endif
.endm
.macro number x y=3 z=9
    .word \x, \y , \z
.endm
.macro required a:req, b=2
    .byte \a, \b
.endm
.macro labelled
loop\@:
    addi a0, a0, -1
    bnez a0, loop\@
    .word \@
.endm
.macro texts s, op
    .ascii "\s\()x \s"
    .p2align 3
    \op\()i a0, a0, 1
    \op a0, a0, a1
.endm
.macro find what
    .irp item, 1, 2, 3, 4
    .if \item == \what
    .byte 0xf0 + \item
    .exitm
    .endif
    .byte \item
    .endr
    .byte 0xee
.endm
.macro recursive n
    .byte \n
    .if \n
    recursive "(\n - 1)"
    .endif
.endm
.macro outer name
    .macro \name v
    .byte \v, \v
    .endm
.endm
.macro access load, reg
    l\load \reg, 0(\reg)
    l\load\()u \reg, 8(\reg)
.endm
.text
_start:
    push ra
    push s0, s1, s2
    number 1, 5, 6
    number 1 5 6
    number 1 5 +6
    number 1 , z=7
    number 1 + 1, 2
    number x=4, z=2
    number (1 + 1) * 2
    required 1
    required 1, 5
    .p2align 3
    labelled
    labelled
    texts abc, add
    texts "a b", xor
    .p2align 3
    access w, a0
    .macro nothing
    .endm
    nothing
    .rept 2
    .rept 2
    .byte 1
    .endr
    .byte 2
    .endr
    .irp r, 1, 2, 3
    .byte \r
    .endr
    .irpc c, 123
    .byte \c
    .byte 0x\c
    .endr
    .irp reg, a0, a1
    .p2align 3
    mv \reg, zero
    .endr
    find 3
    recursive 3
    outer twice
    twice 7
    .purgem twice
    .macro twice v
    .byte \v + \v
    .endm
    twice 7
    .set i, 0
    .rept 4
    .byte i
    .set i, i + 1
    .endr
    .rept 0
    .byte 99
    .endr
