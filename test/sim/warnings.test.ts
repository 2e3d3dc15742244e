/** The primary reports once what a device gives up or refuses. */
import { expect, it } from 'vitest';
import { machineOf } from '../ft/guest.ts';
import { faults, happened, result, simulate, sound } from './support.ts';

/** Asks the network card for a queue of 3 descriptors, `times` times, and switches off. */
const stubborn = (times: number) =>
  machineOf(`
.equ VIRTIO, 0x10001000
_start:
    li      t0, VIRTIO
    li      t3, 1
    li      t4, 0x1000
1:  lw      t1, 8(t0)               # DeviceID
    beq     t1, t3, 2f
    add     t0, t0, t4
    j       1b
2:  li      t2, ${times}
3:  sw      zero, 0x70(t0)          # reset
    sw      t3, 0x70(t0)            # ACKNOWLEDGE
    li      t1, 3
    sw      t1, 0x38(t0)            # QueueNum
    addi    t2, t2, -1
    bnez    t2, 3b
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
`);

const message = 'a queue of 3 descriptors is asked for: it does nothing more until its driver resets it';

it('the primary reports a device that waits for a reset with its name, the reason and the icount', () => {
  const run = simulate('hello', { description: stubborn(1) });
  expect(result(run)).toEqual(sound);
  expect(happened(run, 'warned')).toMatchObject([{ at: 'primary', device: 'net', message }]);
  expect(happened(run, 'warned')[0]!.icount).toBeGreaterThan(0);
});

it('each primary reports a repeated warning once', () => {
  const description = stubborn(100_000);
  expect(happened(simulate('hello', { description }), 'warned')).toHaveLength(1);
  const run = simulate('hello', { description, faults: faults('crash:primary@icount=200000') });
  expect(happened(run, 'warned').map(({ at }) => at)).toEqual(['primary', 'backup']);
});
