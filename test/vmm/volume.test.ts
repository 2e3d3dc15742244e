import { expect, test } from 'vitest';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { LiveDoors } from '../../src/vmm/doors.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { machineOf, withConsole } from '../ft/guest.ts';
import { FakeWorld } from '../ft/world.ts';

const CHAIN_BYTES = 32768;
const CHAINS = 100;

/** Prints 32 KiB of its memory with each notification, a hundred times. */
const shouter = `
.equ CONSOLE, 0x10004000
_start:
    li      s0, CONSOLE
    li      t0, 1
    sw      t0, 0x30(s0)
    li      t0, 8
    sw      t0, 0x38(s0)
    la      t0, desc
    sw      t0, 0x80(s0)
    la      s1, avail
    sw      s1, 0x90(s0)
    la      t0, used
    sw      t0, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    li      t0, 15
    sw      t0, 0x70(s0)
    li      s2, 0
    li      s3, ${CHAINS}
    li      s4, 1
1:  addi    s2, s2, 1
    sh      s2, 2(s1)
    sw      s4, 0x50(s0)
    bne     s2, s3, 1b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
end: j      end
.data
.balign 16
desc:   .dword 0x80000000
        .word ${CHAIN_BYTES}
        .half 0, 0
avail:  .space 64
used:   .space 128
`;
const description: MachineDescription = withConsole(machineOf(shouter));

/** The output bytes between one pause and the next, and the final position. */
function run(steps: number) {
  const vmm = new Vmm(description, new LiveDoors(new FakeWorld('volume')));
  const parts: number[] = [];
  for (let pause = 'budget'; pause === 'budget'; ) {
    pause = vmm.run(steps);
    const outputs = vmm.machine.takeOutputs();
    parts.push(
      outputs.reduce((sum, output) => sum + (output.kind === 'console' ? output.data.length : 0), 0),
    );
  }
  return { parts, hash: vmm.machine.hash(), icount: vmm.icount };
}

test('a run is interrupted before its outputs exceed the limit, without any other effect', () => {
  const far = run(1_000_000);
  const near = run(3);
  for (const bytes of far.parts) expect(bytes).toBeLessThanOrEqual(2 ** 20);
  expect(far.parts.length).toBeGreaterThan(3);
  for (const { parts } of [far, near]) expect(parts.reduce((a, b) => a + b)).toBe(CHAINS * CHAIN_BYTES);
  expect([near.hash, near.icount]).toEqual([far.hash, far.icount]);
});
