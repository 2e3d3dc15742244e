/** A guest that resets its machine three times, and counts in three kinds of memory. */
import { machineOf } from '../ft/guest.ts';

/**
 * Each boot prints three numbers and increments them: one that was loaded as zero, one in the zeros after the loaded
 * bytes, and one at an address where nothing was loaded, which ends it. QEMU 7.2 prints `000`, `001`, `002`, `003`,
 * with the program as an ELF.
 */
const source = `
.equ FINISHER, 0x100000
.equ ELSEWHERE, 0x8000
_start:
    li      s0, 0x10000000
    la      a0, loaded
    call    count
    la      a0, zeros
    call    count
    li      a0, 0x80000000 + ELSEWHERE
    call    count
    mv      s1, a1
    li      a1, '\\n'
    sb      a1, 0(s0)
    li      t0, FINISHER
    li      t1, 0x7777
    li      t2, '3'
    blt     s1, t2, 1f
    li      t1, 0x5555
1:  sw      t1, 0(t0)
    j       1b
count:
    lw      a1, 0(a0)
    addi    t0, a1, 1
    sw      t0, 0(a0)
    addi    a1, a1, '0'
    sb      a1, 0(s0)
    ret
.balign 8
loaded: .dword 0
zeros:
`;

const plain = machineOf(source);
export const rebootingGuest = {
  ...plain,
  program: 'reboots.s',
  segments: plain.segments.map((segment) => ({ ...segment, memorySizeBytes: segment.bytes.length + 8 })),
};
