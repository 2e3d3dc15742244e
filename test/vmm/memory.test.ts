/** Memory that an operator adds to a running machine. */
import { describe, expect, test } from 'vitest';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { decodeSnapshot, encodeSnapshot, restoreSnapshot, takeSnapshot } from '../../src/vmm/snapshot.ts';
import { machineOf } from '../ft/guest.ts';

/** Loads from the first address past 64 KiB until that no longer faults; then ends with the value read. */
const prober = `
_start:
    la      t0, trap
    csrw    mtvec, t0
again:
    li      t1, 0x80010000
    lw      t2, 0(t1)
    li      t3, 7
    sw      t3, 0(t1)
    lw      t2, 0(t1)
    slli    t2, t2, 16
    li      t0, 0x100000
    li      t1, 0x3333
    or      t1, t1, t2
    sw      t1, 0(t0)
.balign 4
trap:
    j       again
`;

const doors = { clock: () => 0, entropy: (_: number, sizeBytes: number) => new Uint8Array(sizeBytes) };
const machine = () => new Machine(machineOf(prober), doors);
const memory = (icount: number, value: number) =>
  ({ kind: 'control', icount, action: 'memory', value }) as const;

describe('memory is added', () => {
  test('it reads as zero, and the guest can write it', () => {
    const one = machine();
    one.run(1000);
    expect(one.power.off).toBe(false);
    one.apply(memory(one.icount, 1 << 17));
    one.run(2000);
    expect(one.power).toMatchObject({ off: true, code: 7 });
  });

  test('its size never decreases', () => {
    const one = machine();
    const before = one.hash();
    one.apply(memory(0, 1 << 12));
    expect(one.hash()).toBe(before);
  });

  test('its content stays, and its size is part of the state', () => {
    const [one, other] = [machine(), machine()];
    for (const each of [one, other]) each.run(500);
    one.apply(memory(500, 1 << 17));
    expect(one.hash()).not.toBe(other.hash());
    expect(one.hart.ram.subarray(0, 1 << 16)).toEqual(other.hart.ram);
    const copy = machine();
    restoreSnapshot(copy, decodeSnapshot(encodeSnapshot(takeSnapshot(one)), 'x.vm'));
    expect(copy.hash()).toBe(one.hash());
    copy.hart.write(RAM_BASE + (1 << 16), Uint8Array.of(1));
    expect(copy.hash()).not.toBe(one.hash());
  });
});
