/** A whole machine with a hostile guest: the devices through the bus, with instructions, doors and a replay. */
import { expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { Random } from '../../src/base/random.ts';
import { DISK_IOERR, DISK_OK } from '../../src/devices/device.ts';
import { VIRTIO_MMIO } from '../../src/devices/virtio/registers.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { LiveDoors, RecordingDoors, ReplayDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { memoryMap } from '../../src/vmm/memory-map.ts';
import { type Output, outputCodec } from '../../src/vmm/outputs.ts';
import { decodeSnapshot, encodeSnapshot, takeSnapshot } from '../../src/vmm/snapshot.ts';
import { Vmm } from '../../src/vmm/vmm.ts';
import { execution } from '../engine.ts';
import { machineOf, withConsole, withReadOnly } from '../ft/guest.ts';
import { FakeWorld } from '../ft/world.ts';

/** Loads and stores of 1, 2, 4 and 8 bytes, as the guest numbers them. */
type Access = { store: boolean; sizeBytes: 1 | 2 | 4 | 8; address: bigint; value: bigint };

/** Makes the accesses of a table one after another, whatever traps they cause, and ends. */
const guest = (accesses: readonly Access[]) => `
_start:
    la      t0, trap
    csrw    mtvec, t0
    la      s0, accesses
    la      s1, end
loop:
    bgeu    s0, s1, done
    ld      t0, 0(s0)
    ld      t1, 8(s0)
    ld      t2, 16(s0)
    addi    s0, s0, 24
    slli    t2, t2, 3
    la      t3, table
    add     t3, t3, t2
    jr      t3
table:
${['lb', 'lh', 'lw', 'ld', 'sb', 'sh', 'sw', 'sd'].map((name) => `    ${name} t1, 0(t0)\n    j loop`).join('\n')}
done:
    li      t0, 0x100000
    li      t1, 0x5555
    sw      t1, 0(t0)
    j       done
.balign 4
trap:
    csrr    t3, mepc
    addi    t3, t3, 4
    csrw    mepc, t3
    mret
.data
.balign 8
accesses:
${accesses.map(({ store, sizeBytes, address, value }) => `    .dword ${address}, ${value}, ${(store ? 4 : 0) + Math.log2(sizeBytes)}`).join('\n')}
end:
`;

const RAM = 0x8000_0000;
/** The rings of queue q of slot n: after the guest's program. */
const ringsAt = (slot: number, queue: number) => RAM + 0xa000 + slot * 0x1000 + queue * 0x800;
const SLOTS = 4;

const store = (sizeBytes: 1 | 2 | 4 | 8, address: number | bigint, value: number | bigint): Access => ({
  store: true,
  sizeBytes,
  address: BigInt(address),
  value: BigInt.asUintN(8 * sizeBytes, BigInt(value)),
});

/** Descriptors at the beginning, 0x200 on the available ring, 0x400 on the used ring. */
function bringUp(slot: number): Access[] {
  const base = memoryMap.virtio.base + slot * memoryMap.virtio.sizeBytes;
  const set = (register: number, value: number) => store(4, base + register, value);
  const queue = (index: number) => [
    set(VIRTIO_MMIO.QueueSel, index),
    set(VIRTIO_MMIO.QueueNum, 8),
    set(VIRTIO_MMIO.QueueDescLow, ringsAt(slot, index)),
    set(VIRTIO_MMIO.QueueDriverLow, ringsAt(slot, index) + 0x200),
    set(VIRTIO_MMIO.QueueDeviceLow, ringsAt(slot, index) + 0x400),
    set(VIRTIO_MMIO.QueueReady, 1),
  ];
  const features = [set(VIRTIO_MMIO.DriverFeaturesSel, 1), set(VIRTIO_MMIO.DriverFeatures, 1)];
  const status = (value: number) => set(VIRTIO_MMIO.Status, value);
  return [status(0), status(3), ...features, status(11), ...queue(0), ...queue(1), status(15)];
}

/** One act against a queue: a descriptor, an entry of its ring, a step of its index, a notification. */
function againstQueue(random: Random): Access[] {
  const slot = random.below(SLOTS);
  const queue = random.below(2);
  const rings = ringsAt(slot, queue);
  const descriptor = rings + 16 * random.below(8);
  const inRam = RAM + 0xe000 + random.below(0x1f00);
  const address = random.chance(0.9) ? inRam : [0, RAM - 1, RAM + 0xffff, 2 ** 53][random.below(4)]!;
  const length = random.chance(0.8) ? [1, 12, 16, 512, 100][random.below(5)]! : random.below(2 ** 32);
  const flags = random.chance(0.8) ? random.below(4) : random.below(8);
  const base = memoryMap.virtio.base + slot * memoryMap.virtio.sizeBytes;
  return [
    store(8, descriptor, address),
    store(4, descriptor + 8, length),
    store(2, descriptor + 12, flags),
    store(2, descriptor + 14, random.below(9)),
    ...(random.chance(0.5) ? [store(2, rings + 0x204 + 2 * random.below(8), random.below(8))] : []),
    ...(random.chance(0.5) ? [store(1, rings + 0x202, random.below(12))] : []),
    store(4, base + VIRTIO_MMIO.QueueNotify, random.chance(0.9) ? queue : random.below(5)),
    ...(random.chance(0.1) ? bringUp(slot) : []),
  ];
}

/** An access of any size in a device, not always aligned. */
function anyAccess(random: Random): Access[] {
  const { finisher: _, ...others } = memoryMap;
  const regions = Object.values(others);
  const { base, sizeBytes } = regions[random.below(regions.length)]!;
  const region = sizeBytes * (base === memoryMap.virtio.base ? 8 : 1);
  const within = random.chance(0.5) ? random.below(0x120) : random.below(region + 8);
  const size = ([1, 2, 4, 8] as const)[random.below(4)]!;
  const offset = random.chance(0.9) ? within - (within % size) : within;
  const value = random.chance(0.7) ? random.below(20) : random.below(2 ** 32);
  return [{ ...store(size, base + offset, value), store: random.chance(0.6) }];
}

function script(random: Random): Access[] {
  const acts = Array.from({ length: 40 }, () =>
    random.chance(0.6) ? againstQueue(random) : anyAccess(random),
  );
  return [...Array.from({ length: SLOTS }, (_, slot) => bringUp(slot)).flat(), ...acts.flat()];
}

/** Runs a guest with a world that answers, sends and types at random; returns the entries and outputs. */
function record(description: MachineDescription, random: Random) {
  const live = new LiveDoors(new FakeWorld('hostile'));
  const entries: Entry[] = [];
  const recording = new RecordingDoors(live, (entry) => entries.push(entry));
  const vmm = new Vmm(description, recording, new Machine(description, recording, execution));
  const outputs: Output[] = [];
  for (let slice = 0; vmm.run(1 + random.below(400)) !== 'off'; slice++) {
    expect(slice).toBeLessThan(10_000);
    for (const output of vmm.machine.takeOutputs()) {
      outputs.push(output);
      if (output.kind !== 'disk' || random.chance(0.2)) continue;
      const { operation } = output.request;
      const status = random.chance(0.2) ? DISK_IOERR : DISK_OK;
      const sizeBytes = operation === 'read' && status === DISK_OK ? output.request.sizeBytes : 0;
      live.completed({ id: output.first, status, data: random.bytes(sizeBytes) });
    }
    if (random.chance(0.2)) live.frame(random.bytes(14 + random.below(100)));
    if (random.chance(0.2)) live.type(random.bytes(1 + random.below(30)));
    if (random.chance(0.02)) live.operate('reset');
  }
  outputs.push(...vmm.machine.takeOutputs());
  return { vmm, entries, outputs };
}

test('a machine survives its guest, and a replay in other slices leads to the same state', () => {
  let made = 0;
  for (let seed = 0; seed < 60; seed++) {
    const random = new Random(`hostile machine ${seed}`);
    const plain = machineOf(guest(script(random)), random.chance(0.8) ? 64 : 0);
    const description = withReadOnly(random.chance(0.7) ? withConsole(plain) : plain, random.chance(0.2));
    const { vmm, entries, outputs } = record(description, random);
    made += vmm.machine.outputsMade;
    const doors = new ReplayDoors();
    entries.push({ kind: 'control', icount: vmm.icount, action: 'end', value: 0 });
    for (const entry of entries) doors.append(entry);
    const replay = new Vmm(description, doors, new Machine(description, doors, execution));
    const replayed: Output[] = [];
    while (replay.run(1 + random.below(100)) === 'budget') replayed.push(...replay.machine.takeOutputs());
    replayed.push(...replay.machine.takeOutputs());
    expect(replay.machine.hash(true), `seed ${seed}`).toBe(vmm.machine.hash(true));
    expect(replay.machine.outputsMade).toBe(vmm.machine.outputsMade);
    expect(bytesOf(replayed)).toBe(bytesOf(outputs));
    const snapshot = encodeSnapshot(takeSnapshot(vmm.machine));
    expect(Buffer.compare(encodeSnapshot(decodeSnapshot(snapshot, 'snapshot')), snapshot)).toBe(0);
  }
  // The guests reach the interesting states.
  expect(made).toBeGreaterThan(1000);
});

/** The outputs, independent of how console bytes were cut into pieces. */
function bytesOf(outputs: readonly Output[]): string {
  return outputs
    .flatMap((output) =>
      output.kind === 'console'
        ? [...output.data].map((byte, i) => `${output.first + i}:${byte}`)
        : Buffer.from(encode(outputCodec, output)).toString('hex'),
    )
    .join(' ');
}
