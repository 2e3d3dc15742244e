/** The devices under test: how each is made, its inputs, and its interesting states. */
import { CLINT, Clint } from '../../src/devices/clint.ts';
import { type Device, DISK_IOERR, DISK_OK } from '../../src/devices/device.ts';
import { Finisher } from '../../src/devices/finisher.ts';
import { PLIC, Plic } from '../../src/devices/plic.ts';
import { Rtc } from '../../src/devices/rtc.ts';
import { Uart } from '../../src/devices/uart.ts';
import { REQUESTQ, VIRTIO_BLK_T, VirtioBlk } from '../../src/devices/virtio/blk.ts';
import { VirtioConsole } from '../../src/devices/virtio/console.ts';
import { EmptySlot } from '../../src/devices/virtio/empty.ts';
import { VirtioEntropy } from '../../src/devices/virtio/entropy.ts';
import { VirtioNet } from '../../src/devices/virtio/net.ts';
import { VIRTIO_MMIO } from '../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../src/devices/virtio/transport.ts';
import { blkHeader, Driver } from '../../tools/testing/devices/virtio-driver.ts';
import type { World } from '../../tools/testing/devices/world.ts';
import { type HostileQueue, infest } from './virtio/hostile.ts';

/** A device under test, with its inputs besides register accesses. */
export interface Subject {
  device: Device;
  /** An input from the VMM, chosen by a number; returns what the device answers. */
  input?: (choice: number, world: World) => unknown;
  /** The state that the VMM sees between accesses. */
  lines?: () => unknown;
}

interface Kind {
  /** Machines of different descriptions have different devices: the saved one has to win. */
  make(machine: number): Subject;
  offsets: readonly number[];
  /** Brings it to an interesting state. */
  start?: (device: Device, world: World, hostile: HostileQueue[]) => void;
}

const below = (end: number, step = 1) => Array.from({ length: Math.ceil(end / step) }, (_, i) => i * step);

function startDriver(device: Device, world: World, hostile: HostileQueue[]): void {
  const guest = new Driver(device as VirtioMmio, world).start(1n << 32n);
  hostile.forEach((queue, i) => {
    infest(guest, i, queue);
  });
}

/** With three requests in flight, whose chains the hostile queue then overwrites. */
function startDisk(device: Device, world: World, hostile: HostileQueue[]): void {
  startDriver(device, world, []);
  const guest = new Driver(device as VirtioMmio, world);
  guest.add(REQUESTQ, [blkHeader(VIRTIO_BLK_T.IN, 3), 1024, 1]);
  guest.add(REQUESTQ, [blkHeader(VIRTIO_BLK_T.OUT, 1), new Uint8Array(512), 1]);
  guest.add(REQUESTQ, [blkHeader(VIRTIO_BLK_T.FLUSH, 0), 1]);
  guest.notify(REQUESTQ);
  for (const queue of hostile.slice(0, 1)) infest(guest, REQUESTQ, queue);
}

/** The completion of a request, in flight or not. */
function completeOne(slot: VirtioMmio<VirtioBlk>, choice: number, world: World) {
  const { operations } = slot.device;
  const { id, operation, sizeBytes } = operations[choice % (operations.length + 1)] ?? NOT_PENDING;
  const status = choice % 3 === 0 ? DISK_IOERR : DISK_OK;
  const data = new Uint8Array(operation === 'read' && status === DISK_OK ? sizeBytes : 0).fill(choice);
  return slot.device.complete(id, status, data, slot, world);
}
const NOT_PENDING = { id: 0, operation: 'flush', sizeBytes: 0 };

/** Every device. */
export const kinds: Readonly<Record<string, Kind>> = {
  finisher: { make: () => ({ device: new Finisher() }), offsets: below(16) },
  rtc: {
    make: (machine) => {
      const device = new Rtc((1n << 60n) + BigInt(machine));
      return {
        device,
        input: (choice) => device.timer(choice * 1_000_000),
        lines: () => [device.interrupt, device.deadline],
      };
    },
    offsets: below(0x24),
  },
  clint: {
    make: () => {
      const device = new Clint();
      return {
        device,
        input: (choice) => (choice % 2 ? device.timer(choice * 10) : device.clockRead(choice)),
        lines: () => [device.softwareInterrupt, device.timerInterrupt, device.deadline],
      };
    },
    offsets: [
      ...below(16),
      ...below(16).map((i) => CLINT.mtimecmp + i),
      ...below(16).map((i) => CLINT.mtime - 8 + i),
    ],
  },
  plic: {
    make: () => {
      const device = new Plic();
      return {
        device,
        input: (choice) => device.request(1 + (choice % 95)),
        lines: () => [device.interrupt(0), device.interrupt(1)],
      };
    },
    offsets: [
      ...below(400, 4),
      ...below(16, 4).map((i) => PLIC.pending + i),
      ...below(0x190, 4).map((i) => PLIC.enable + i),
      ...[0, 1, 2].flatMap((context) =>
        below(12, 4).map((i) => PLIC.context + PLIC.contextStride * context + i),
      ),
    ],
  },
  uart: {
    make: () => {
      const device = new Uart();
      return {
        device,
        input: (choice) => device.receive(Uint8Array.from(below(choice % 20), (i) => choice + i)),
        lines: () => [device.interrupt, device.room],
      };
    },
    offsets: below(10),
  },
  empty: { make: () => ({ device: new EmptySlot() }), offsets: below(0x110, 4) },
  entropy: {
    make: () => {
      const device = new VirtioMmio(new VirtioEntropy());
      return { device, lines: () => device.interrupt };
    },
    offsets: [...Object.values(VIRTIO_MMIO), ...Array<number>(30).fill(VIRTIO_MMIO.QueueNotify)],
    start: startDriver,
  },
  net: {
    make: (machine) => {
      const device = new VirtioMmio(new VirtioNet(Uint8Array.of(2, 0, 0, 0, 0, machine)));
      return {
        device,
        input: (choice, world) =>
          device.device.receive(new Uint8Array(choice % 2000).fill(choice), device, world),
        lines: () => device.interrupt,
      };
    },
    offsets: [
      ...Object.values(VIRTIO_MMIO),
      ...below(12).map((i) => VIRTIO_MMIO.Config + i),
      ...Array<number>(30).fill(VIRTIO_MMIO.QueueNotify),
    ],
    start: startDriver,
  },
  console: {
    make: () => {
      const device = new VirtioMmio(new VirtioConsole());
      return {
        device,
        input: (choice, world) =>
          device.device.receive(new Uint8Array(choice % 300).fill(choice), device, world),
        lines: () => [device.interrupt, device.device.room(device)],
      };
    },
    offsets: [
      ...Object.values(VIRTIO_MMIO),
      ...below(12).map((i) => VIRTIO_MMIO.Config + i),
      ...Array<number>(30).fill(VIRTIO_MMIO.QueueNotify),
    ],
    start: startDriver,
  },
  blk: {
    make: () => {
      const device = new VirtioMmio(new VirtioBlk(1000));
      return {
        device,
        input: (choice, world) => completeOne(device, choice, world),
        lines: () => device.interrupt,
      };
    },
    offsets: [
      ...Object.values(VIRTIO_MMIO),
      ...below(20).map((i) => VIRTIO_MMIO.Config + i),
      ...Array<number>(30).fill(VIRTIO_MMIO.QueueNotify),
    ],
    start: startDisk,
  },
};
