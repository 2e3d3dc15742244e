import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { RAM_BASE } from '../../src/cpu/layout.ts';
import { CLINT } from '../../src/devices/clint.ts';
import { Machine } from '../../src/vmm/machine.ts';
import type { MachineState } from '../../src/vmm/machine-state.ts';
import { memoryMap, VIRTIO_SLOTS } from '../../src/vmm/memory-map.ts';
import { machineOf, withConsole } from '../ft/guest.ts';
import { examples } from '../thorough.ts';
import { rebootingGuest } from './rebooting-guest.ts';

const doors = { clock: () => 4711, entropy: (_: number, sizeBytes: number) => new Uint8Array(sizeBytes) };

/** Runs to the end, or several times as long as that takes; returns the printed text. */
function printed(machine: Machine): string {
  let text = '';
  while (!machine.power.off && machine.icount < 5000) {
    machine.run(machine.icount + 1000);
    for (const output of machine.takeOutputs())
      if (output.kind === 'console') text += new TextDecoder().decode(output.data);
  }
  return text;
}

describe('RAM survives a reset, except for loaded segments', () => {
  test('segments are loaded again, with the zeros after them, and the rest stays, as on QEMU', () => {
    expect(printed(new Machine(rebootingGuest, doors))).toBe('000\n001\n002\n003\n');
  });

  test('a kernel is loaded again with its device tree, whatever caused the reset', () => {
    const machine = new Machine(machineOf('_start: j _start'), doors);
    const { hart } = machine;
    hart.write(RAM_BASE, Uint8Array.of(1, 2, 3, 4));
    hart.write(RAM_BASE + 0x8000, Uint8Array.of(5, 6));
    machine.apply({ kind: 'control', action: 'reset', value: 0, icount: 0 });
    expect([...hart.ram.subarray(0, 2)]).toEqual([0x6f, 0]);
    expect([...hart.ram.subarray(0x8000, 0x8002)]).toEqual([5, 6]);
  });

  test('added memory stays, with its content', () => {
    const machine = new Machine(machineOf('_start: j _start'), doors);
    machine.apply({ kind: 'control', action: 'memory', value: 1 << 17, icount: 0 });
    machine.hart.write(RAM_BASE + (1 << 16), Uint8Array.of(7));
    machine.apply({ kind: 'control', action: 'reset', value: 0, icount: 0 });
    expect([machine.hart.ramSizeBytes, machine.hart.ram[1 << 16]]).toEqual([1 << 17, 7]);
  });

  test('the hash of RAM is that of its content', () => {
    const machine = new Machine(rebootingGuest, doors);
    while (!machine.power.off && machine.icount < 5000) {
      machine.run(machine.icount + 7);
      expect(machine.hart.hashRam()).toBe(machine.hart.hashRam(true));
      machine.takeOutputs();
    }
  });
});

/** The state but for the position and the counters of the outside. */
const atPowerOn = (machine: Machine) => {
  const { hart, devices } = machine.state;
  const state: MachineState = { ...machine.state, hart: { ...hart, icount: 0n }, outputsMade: 0, devices };
  return encode(machine.schema, state);
};

test('a reset restores the power-on state of devices and hart, whatever was written to them', () => {
  const { uart, clint, plic, rtc, virtio } = memoryMap;
  const slots = { base: virtio.base, sizeBytes: virtio.sizeBytes * VIRTIO_SLOTS };
  const offsets = fc.oneof(
    fc.nat(0x100),
    fc.constantFrom(CLINT.mtimecmp, 0x2000, 0x20_0000, 0x20_0004, 0x20_1000),
  );
  const access = fc.record({
    device: fc.constantFrom(uart, clint, plic, rtc, slots),
    slot: fc.nat(VIRTIO_SLOTS - 1),
    offset: offsets,
    value: fc.oneof(fc.nat(15), fc.bigInt(0n, 2n ** 64n - 1n).map(Number)),
    instruction: fc.constantFrom('sb', 'sw', 'sd'),
  });
  const code = { sb: 0, sw: 4, sd: 8 } as Readonly<Record<string, number>>;
  const description = withConsole(machineOf('_start:\n sb t1, 0(t0)\n sw t1, 0(t0)\n sd t1, 0(t0)\n', 8));
  const fresh = atPowerOn(new Machine(description, doors));
  fc.assert(
    fc.property(fc.array(access, { maxLength: 30 }), (accesses) => {
      const machine = new Machine(description, doors);
      for (const { device, slot, offset, value, instruction } of accesses) {
        const at = device === slots ? slot * virtio.sizeBytes + (offset % virtio.sizeBytes) : offset;
        machine.hart.set('pc', BigInt(RAM_BASE + code[instruction]!));
        machine.hart.set('x5', BigInt(device.base + (at % device.sizeBytes)));
        machine.hart.set('x6', BigInt.asUintN(64, BigInt(value)));
        machine.hart.set('waiting', 0n);
        machine.run(machine.icount + 1);
        machine.takeOutputs();
      }
      machine.apply({ kind: 'control', action: 'reset', value: 0, icount: 0 });
      expect(atPowerOn(machine)).toEqual(fresh);
    }),
    { numRuns: examples(60) },
  );
});
