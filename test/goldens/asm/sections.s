# The order and the alignment of sections.
.bss
zeros: .space 5
.data
one: .byte 1
.section .custom, "aw"
custom: .byte 2
.section .rodata
constant: .byte 3
.data
    .balign 64
two: .byte 4
.text
ret
.section .text.init, "ax"
.globl _start
_start: j main
.text
main: ret
.section .custom2, "a"
last: .byte 5
.section .noload, "", @progbits
    .byte 6
.section .stack, "aw", @nobits
    .balign 16
    .space 4096
stack_top:
