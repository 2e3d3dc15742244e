import { expect, test } from 'vitest';
import { LiveDoors } from '../../src/vmm/doors.ts';
import { Machine, type MachineDescription } from '../../src/vmm/machine.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { diskGuest, machineOf } from '../ft/guest.ts';
import { FakeWorld, recordRun, replayRun } from '../ft/world.ts';

/**
 * A guest that repeats what is typed on its virtio console, in slot 3, with one buffer of 8 bytes. `q` ends it with exit code 5.
 * Each start begins with `>` on the UART.
 */
const source = `
.equ UART, 0x10000000
.equ CONSOLE, 0x10004000
.equ PLIC, 0xc000000
.equ SOURCE, 4
_start:
    li      t0, UART
    li      t1, '>'
    sb      t1, 0(t0)
    li      s0, CONSOLE
    sw      zero, 0x70(s0)
    li      t0, 11                  # ACKNOWLEDGE, DRIVER, FEATURES_OK
    sw      t0, 0x70(s0)
    la      a1, receive
    li      a0, 0
    call    queue
    la      a1, transmit
    li      a0, 1
    call    queue
    li      t0, 15                  # DRIVER_OK as well
    sw      t0, 0x70(s0)
    li      t0, PLIC
    li      t1, 1
    sw      t1, 4 * SOURCE(t0)
    li      t1, 1 << SOURCE
    li      t0, PLIC + 0x2000
    sw      t1, 0(t0)
    li      s3, PLIC + 0x200004
    li      t0, 1 << 11
    csrw    mie, t0
    li      s1, 0                   # how often the buffer has come back
offer:
    la      t0, receive
    addi    t1, s1, 1
    sh      t1, 0x82(t0)
    sw      zero, 0x50(s0)
wait:
    la      t0, receive
    lhu     t1, 0x102(t0)
    bne     t1, s1, got
    wfi
    lw      t1, 0(s3)
    lw      t2, 0x60(s0)
    sw      t2, 0x64(s0)
    sw      t1, 0(s3)
    j       wait
got:
    andi    t2, s1, 7
    slli    t2, t2, 3
    add     t2, t2, t0
    lw      t3, 0x108(t2)           # its length
    addi    s1, s1, 1
    la      t0, transmit
    sw      t3, 8(t0)
    sh      s1, 0x82(t0)
    li      t1, 1
    sw      t1, 0x50(s0)
    la      t0, buffer
    add     t3, t3, t0
1:  lbu     t1, 0(t0)
    li      t2, 'q'
    beq     t1, t2, quit
    addi    t0, t0, 1
    bne     t0, t3, 1b
    j       offer
quit:
    li      t0, 0x100000
    li      t1, (5 << 16) | 0x3333
    sw      t1, 0(t0)
    j       quit

# a0 = a queue, a1 = where it is: descriptors, 0x80 on the available ring, 0x100 on the used ring
queue:
    sw      a0, 0x30(s0)
    li      t0, 8
    sw      t0, 0x38(s0)
    sw      a1, 0x80(s0)
    addi    t0, a1, 0x80
    sw      zero, 0(t0)
    sw      t0, 0x90(s0)
    addi    t0, a1, 0x100
    sw      zero, 0(t0)
    sw      t0, 0xa0(s0)
    li      t0, 1
    sw      t0, 0x44(s0)
    ret

.data
.balign 16
receive:
    .dword  buffer
    .word   8
    .half   2, 0
    .space  0x170
transmit:
    .dword  buffer
    .word   8
    .half   0, 0
    .space  0x170
buffer:
    .space  8
`;

const description: MachineDescription = { ...machineOf(source), console: 'virtio' };
const typed = 'The quick brown fox? No: a lazy dog jumps over a longer line of text.'.replaceAll('q', 'k');

test('what is typed arrives at the virtio console, each byte once, whatever the slices', () => {
  for (const seed of ['a', 'b', 'c', 'd']) {
    const run = recordRun(description, seed, `${typed}q`);
    expect(run.pause).toBe('off');
    expect(run.console).toBe(`>${typed}q`);
    for (const slices of [[1_000_000], [1, 7, 50]]) {
      const replay = replayRun(description, run.entries, slices);
      expect([replay.console, replay.hash]).toEqual([run.console, run.hash]);
    }
  }
});

test('a recording with resets replays, and the bytes received are counted on', () => {
  const run = recordRun(description, 'resets', `${typed}q`, 0.1);
  expect(run.console.lastIndexOf('>')).toBeGreaterThan(0);
  const replay = replayRun(description, run.entries);
  expect([replay.console, replay.hash]).toEqual([run.console, run.hash]);
});

test('there is room for typed bytes once the driver is up, and the UART gets none', () => {
  const live = new LiveDoors(new FakeWorld('room'));
  const vmm = new Vmm(description, live);
  const { machine } = vmm;
  expect(machine.consoleRoom).toBe(0);
  expect(vmm.run(10_000)).toBe('waiting');
  expect(machine.consoleRoom).toBe(256);
  live.type(new Uint8Array(20).fill(0x41));
  vmm.run(10_000);
  expect(machine.consoleReceived).toBe(20);
  expect(machine.state.devices.uart).toMatchObject({ received: 0, fifo: new Uint8Array(0) });
  live.operate('reset');
  vmm.run(1);
  expect([machine.consoleReceived, machine.consoleRoom]).toEqual([20, 0]);
});

test('a machine whose console is its UART has no virtio console', () => {
  const doors = { clock: () => 0, entropy: () => new Uint8Array(0) };
  expect(Object.keys(new Machine(machineOf(source), doors).state.devices)).not.toContain('console');
  expect(Object.keys(new Machine(description, doors).state.devices)).toContain('console');
});

test('a disk that may only be read refuses writes by itself', () => {
  const disk = machineOf(diskGuest([{ operation: 'write', sector: 3 }]), 8);
  const outputsOf = (diskReadOnly: boolean) => {
    const vmm = new Vmm({ ...disk, diskReadOnly }, new LiveDoors(new FakeWorld('disk')));
    vmm.run(10_000);
    return vmm.machine.takeOutputs().map(({ kind }) => kind);
  };
  expect(outputsOf(false)).toEqual(['disk']);
  expect(outputsOf(true)).toEqual(['console']);
});
