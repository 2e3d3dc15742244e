import { expect, test } from 'vitest';
import { LiveDoors } from '../../src/vmm/doors.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { machineOf } from '../ft/guest.ts';
import { FakeWorld } from '../ft/world.ts';

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** Prints by interrupt as xv6 does: the handler sends the next byte and completes, and never reads IIR. */
const sender = `
.equ UART, 0x10000000
.equ PLIC, 0xc000000
.equ SOURCE, 10
_start:
    la      t0, handler
    csrw    mtvec, t0
    la      s0, message
    li      s1, 0                   # how often the handler was called
    li      s2, UART
    li      s3, PLIC + 0x200004
    li      t0, PLIC
    li      t1, 1
    sw      t1, 4 * SOURCE(t0)
    li      t0, PLIC + 0x2000
    li      t1, 1 << SOURCE
    sw      t1, 0(t0)
    li      t0, 1 << 11
    csrw    mie, t0
    csrsi   mstatus, 8
    li      t0, 7
    sb      t0, 2(s2)               # FIFOs on, and empty
    li      t0, 3
    sb      t0, 1(s2)               # receiver and transmitter interrupts
    li      s4, 20000
rest:
    addi    s4, s4, -1
    bnez    s4, rest
    addi    s1, s1, '0'
    sb      s1, 0(s2)
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
handler:
    addi    s1, s1, 1
    lw      t0, 0(s3)
    lbu     t1, 0(s0)
    beqz    t1, done
    sb      t1, 0(s2)
    addi    s0, s0, 1
done:
    sw      t0, 0(s3)
    mret
message:
    .asciz "abc"
`;

test('a transmit interrupt comes once for each byte though IIR is never read', () => {
  const vmm = new Vmm(machineOf(sender), new LiveDoors(new FakeWorld('sender')));
  expect(vmm.run(1_000_000)).toBe('off');
  const printed = vmm.machine
    .takeOutputs()
    .map((output) => (output.kind === 'console' ? text(output.data) : ''))
    .join('');
  // Once for IER, once for each byte. QEMU 7.2 prints the same.
  expect(printed).toBe('abc4');
});
