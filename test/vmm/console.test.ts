import { expect, test } from 'vitest';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { LiveDoors } from '../../src/vmm/doors.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { consoleGuest, diskGuest, machineOf, withConsole, withReadOnly } from '../ft/guest.ts';
import { FakeWorld, recordRun, replayRun } from '../ft/world.ts';

const description: MachineDescription = withConsole(machineOf(consoleGuest));
const typed = 'The quick brown fox? No: a lazy dog jumps over a longer line of text.'.replaceAll('q', 'k');

test('typed bytes arrive at the virtio console once each, whatever the slices', () => {
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

test('a recording with resets replays, and continues the count of received bytes', () => {
  const run = recordRun(description, 'resets', `${typed}q`, 0.1);
  expect(run.console.lastIndexOf('>')).toBeGreaterThan(0);
  const replay = replayRun(description, run.entries);
  expect([replay.console, replay.hash]).toEqual([run.console, run.hash]);
});

test('typed bytes wait for the driver of the virtio console, and the UART gets none', () => {
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
  expect(Object.keys(new Machine(machineOf(consoleGuest), doors).state.devices)).not.toContain('console.3');
  expect(Object.keys(new Machine(description, doors).state.devices)).toContain('console.3');
});

test('a read-only disk refuses writes itself', () => {
  const disk = machineOf(diskGuest([{ operation: 'write', sector: 3 }]), 8);
  const outputsOf = (readOnly: boolean) => {
    const vmm = new Vmm(withReadOnly(disk, readOnly), new LiveDoors(new FakeWorld('disk')));
    vmm.run(10_000);
    return vmm.machine.takeOutputs().map(({ kind }) => kind);
  };
  expect(outputsOf(false)).toEqual(['disk']);
  expect(outputsOf(true)).toEqual(['console']);
});
