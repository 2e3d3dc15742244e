// SPDX-License-Identifier: Apache-2.0
//
// The first instructions: give C a stack and go there. Whoever loaded the
// program has cleared .bss. main does not return.

    .section .text.start, "ax"
    .globl  _start
_start:
    la      sp, stack_top
    call    main
1:  wfi
    j       1b

    .bss
    .balign 16
    .space  8192
stack_top:
