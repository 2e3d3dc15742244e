/**
 * The program that makes the accesses of cases in sequence, on QEMU and on this machine, and overwrites each access
 * with its result. After a case it resets the machine, so that the next one starts with the devices as at power-on.
 */
import { assemble } from '../../../src/asm/assemble.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { CLINT } from '../../../src/devices/clint.ts';
import { FINISHER } from '../../../src/devices/finisher.ts';
import { UART } from '../../../src/devices/uart.ts';
import { memoryMap } from '../../../src/vmm/memory-map.ts';
import { ACCESS_WORDS } from './access.ts';

/** Where the harness keeps its two words: the address of the next case, and how many are left. */
export const CURSOR = RAM_BASE + 0x1000;
export const CASES = RAM_BASE + 0x2000;
export const RAM_BYTES = 1 << 22;

/** QEMU's clock goes on by 2 to the power of this, in nanoseconds, with each instruction. */
export const CLOCK_SHIFT = 10;
/** The character timeout of a UART with a divisor up to 12 takes at most 14 ms. */
const SETTLE_STEPS = 16_000;

const source = `
_start:
    la t0, trap
    csrw mtvec, t0
    # What QEMU's reset leaves as it was, and the time, which may have gone on since.
    li t0, ${memoryMap.clint.base + CLINT.mtimecmp}
    sd zero, 0(t0)
    li t0, ${memoryMap.clint.base + CLINT.mtime}
    sd zero, 0(t0)
    li t0, ${memoryMap.uart.base}
    sb zero, ${UART.FCR}(t0)
    li s0, ${CURSOR}
    ld s1, 0(s0)
    ld s2, 0(s1)
    addi s1, s1, 8
access:
    beqz s2, end
    ld t1, 0(s1)
    ld t2, 8(s1)
    ld t3, 16(s1)
    li t4, 0
    li s3, 0
    # Updates the time of this machine, so that it detects a timer that is set into the past at once.
    rdtime t5
    slli t1, t1, 3
    la t5, operations
    add t5, t5, t1
    jr t5
operations:
    j settle
    nop
    lbu t4, 0(t2)
    j done
    lhu t4, 0(t2)
    j done
    lwu t4, 0(t2)
    j done
    ld t4, 0(t2)
    j done
    sb t3, 0(t2)
    j done
    sh t3, 0(t2)
    j done
    sw t3, 0(t2)
    j done
    sd t3, 0(t2)
    j done
settle:
    li t5, ${SETTLE_STEPS / 2}
1:
    addi t5, t5, -1
    bnez t5, 1b
    j done
    .balign 4
trap:
    csrr s3, mcause
done:
    csrr t5, mip
    sd t4, 0(s1)
    sd s3, 8(s1)
    sd t5, 16(s1)
    addi s1, s1, ${8 * ACCESS_WORDS}
    addi s2, s2, -1
    j access
end:
    sd s1, 0(s0)
    ld t1, 8(s0)
    addi t1, t1, -1
    sd t1, 8(s0)
    li t2, ${FINISHER.PASS}
    beqz t1, finish
    li t2, ${FINISHER.RESET}
finish:
    li t3, ${memoryMap.finisher.base}
    sw t2, 0(t3)
stop:
    j stop
`;

/** The harness, from {@link RAM_BASE} on. */
export function makeHarness(): Uint8Array {
  const { segments } = assemble(source, { file: 'devices' });
  const image = new Uint8Array(
    Math.max(...segments.map(({ address, bytes }) => address + bytes.length)) - RAM_BASE,
  );
  for (const { address, bytes } of segments) image.set(bytes, address - RAM_BASE);
  return image;
}
