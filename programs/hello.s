# SPDX-License-Identifier: Apache-2.0
#
# hello.s - the first program.
#
# Prints one line and switches the machine off. Nothing comes in from outside,
# so primary and backup agree without any help. The line itself is an output:
# the world may see it only once the backup knows that the primary got there.

.include "lib/machine.s"

.globl _start
.text
_start:
    la      sp, stack_top           # puts calls putc, so it needs a stack
    la      a0, greeting
    call    puts
    li      a0, 0                   # exit code 0: all is well
    tail    power_off

.include "lib/console.s"

.section .rodata
greeting:
    .asciz  "Hello! I run on two machines at once, and I cannot tell.\n"

.bss
.balign 16
    .space  1024
stack_top:
