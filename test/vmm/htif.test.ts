/** HTIF as part of a machine: `tohost` and `fromhost` are words of RAM, and every command reaches the outside. */
import { expect, test } from 'vitest';
import { LiveDoors } from '../../src/vmm/doors.ts';
import type { Machine } from '../../src/vmm/machine.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { machineOf } from '../ft/guest.ts';
import { FakeWorld } from '../ft/world.ts';

const TOHOST = 0x8000_1000;
const words = `
.equ TOHOST, ${TOHOST}
.equ FROMHOST, TOHOST + 8
.equ GETC, 1 << 56
.equ PUTC, (1 << 56) | (1 << 48)
`;

function start(source: string): { vmm: Vmm; live: LiveDoors; machine: Machine } {
  const description = { ...machineOf(words + source), tohost: [TOHOST], fromhost: [TOHOST + 8] };
  const live = new LiveDoors(new FakeWorld('htif'));
  const vmm = new Vmm(description, live);
  return { vmm, live, machine: vmm.machine };
}

const printed = (machine: Machine): string =>
  machine
    .takeOutputs()
    .map((output) => (output.kind === 'console' ? new TextDecoder().decode(output.data) : '?'))
    .join('');

test('a command is a contact with the outside, and another store to its page is none', () => {
  const { vmm, machine } = start(`
_start:
    li      t0, TOHOST
    li      t1, PUTC | 'x'
    sd      t1, 0(t0)
    sd      t1, 64(t0)
    j       .
`);
  vmm.run(100);
  expect([printed(machine), machine.interactions]).toEqual(['x', 1]);
});

/** Reads bytes, one at a time, until a `q`; then ends. */
const reader = `
_start:
    li      s0, TOHOST
    li      s1, GETC
    li      s3, 'q'
next:
    sd      zero, 8(s0)
    sd      s1, 0(s0)
1:  ld      t0, 8(s0)
    beqz    t0, 1b
    andi    t0, t0, 0xff
    bne     t0, s3, next
    li      t1, 1
    sd      t1, 0(s0)
    j       .
`;

test('a guest that waits for a byte is not isolated: typing one goes on with it', () => {
  const { vmm, live, machine } = start(reader);
  vmm.run(100);
  expect(machine.isIsolated).toBe(false);
  live.type(Uint8Array.of(0x71));
  expect(vmm.run(100)).toBe('off');
  expect(machine.isIsolated).toBe(true);
});

test('typed bytes are read as fast as the guest asks for them, in one slice', () => {
  const { vmm, live } = start(reader);
  // The UART, in which they wait, has room for one.
  live.type(new TextEncoder().encode('typed at once: q'));
  expect(vmm.run(10_000)).toBe('off');
});
