# The entry, with a label that is no function.
        .text
        .globl  _start
        .type   _start, @function
_start:
        la      sp, stack_top
1:      call    main
park:
        wfi
        j       park
        .size   _start, . - _start

        .globl  clear
clear:                          # without a type and a size
        sd      zero, 0(a0)
        addi    a0, a0, 8
        bltu    a0, a1, clear
        ret

        .bss
        .align  4
        .skip   1024
stack_top:
