import { STATUS, VIRTIO_MMIO } from '../../../src/devices/virtio/registers.ts';
import type { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { RAM_BASE, World } from './world.ts';

const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK } = STATUS;

/** What one descriptor points at: bytes for the device to read, or room for it to write. */
export type Piece = Uint8Array | number;

/** Where the driver puts the rings of a queue in RAM; buffers come after those of the fourth queue. */
export const ringsOf = (queue: number) => {
  const base = RAM_BASE + queue * 0x1000;
  return { desc: base, driver: base + 0x800, device: base + 0xc00 };
};
const BUFFERS = RAM_BASE + 0x4000;

/** The header of a block request. */
export function blkHeader(type: number, sector: number | bigint): Uint8Array {
  const view = new DataView(new ArrayBuffer(16));
  view.setUint32(0, type, true);
  view.setBigUint64(8, BigInt(sector), true);
  return new Uint8Array(view.buffer);
}

/** A minimal driver of split virtqueues, which uses a device as a guest does. */
export class Driver {
  readonly view: DataView;
  private nextDescriptor = [0, 0, 0, 0];
  private nextBuffer = BUFFERS;

  constructor(
    readonly slot: VirtioMmio,
    readonly world = new World(),
    readonly size = 8,
  ) {
    const { bytes } = world.memory;
    this.view = new DataView(bytes.buffer);
  }

  get(offset: number): number {
    return Number(this.slot.read(offset, 4));
  }

  set(offset: number, value: number): void {
    this.slot.write(offset, 4, BigInt(value), this.world);
  }

  get offered(): bigint {
    let features = 0n;
    for (const half of [1, 0]) {
      this.set(VIRTIO_MMIO.DeviceFeaturesSel, half);
      features = (features << 32n) | BigInt(this.get(VIRTIO_MMIO.DeviceFeatures));
    }
    return features;
  }

  /** Says whether the device has accepted these features. */
  negotiate(features: bigint): boolean {
    this.set(VIRTIO_MMIO.Status, 0);
    this.set(VIRTIO_MMIO.Status, ACKNOWLEDGE);
    this.set(VIRTIO_MMIO.Status, ACKNOWLEDGE | DRIVER);
    for (const half of [0, 1]) {
      this.set(VIRTIO_MMIO.DriverFeaturesSel, half);
      this.set(VIRTIO_MMIO.DriverFeatures, Number((features >> BigInt(32 * half)) & 0xffff_ffffn));
    }
    this.set(VIRTIO_MMIO.Status, ACKNOWLEDGE | DRIVER | FEATURES_OK);
    return (this.get(VIRTIO_MMIO.Status) & FEATURES_OK) !== 0;
  }

  setUp(queue: number, size = this.size): void {
    const { desc, driver, device } = ringsOf(queue);
    this.set(VIRTIO_MMIO.QueueSel, queue);
    this.set(VIRTIO_MMIO.QueueNum, size);
    this.set(VIRTIO_MMIO.QueueDescLow, desc);
    this.set(VIRTIO_MMIO.QueueDriverLow, driver);
    this.set(VIRTIO_MMIO.QueueDeviceLow, device);
    this.set(VIRTIO_MMIO.QueueReady, 1);
  }

  start(features: bigint): this {
    this.negotiate(features);
    for (let queue = 0; queue < this.slot.device.queueSizes.length; queue++) this.setUp(queue);
    this.set(VIRTIO_MMIO.Status, ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK);
    return this;
  }

  notify(queue: number): void {
    this.set(VIRTIO_MMIO.QueueNotify, queue);
  }

  get status(): number {
    return this.get(VIRTIO_MMIO.Status);
  }

  get broken(): boolean {
    return (this.status & STATUS.DEVICE_NEEDS_RESET) !== 0;
  }

  /** Takes and acknowledges the interrupt; returns its bits. */
  interrupt(): number {
    const bits = this.get(VIRTIO_MMIO.InterruptStatus);
    this.set(VIRTIO_MMIO.InterruptACK, bits);
    return bits;
  }

  allocate(sizeBytes: number): number {
    const at = this.nextBuffer;
    // A gap, so that a write past the end of a buffer does not fall into the next one unseen.
    this.nextBuffer += sizeBytes + 8;
    return at;
  }

  bytes(address: number, sizeBytes: number): Uint8Array {
    return this.world.memory.bytes.slice(address - RAM_BASE, address - RAM_BASE + sizeBytes);
  }

  u16(address: number): number {
    return this.view.getUint16(address - RAM_BASE, true);
  }

  setU16(address: number, value: number): void {
    this.view.setUint16(address - RAM_BASE, value, true);
  }

  descriptor(
    table: number,
    index: number,
    address: bigint,
    length: number,
    flags: number,
    next: number,
  ): void {
    const at = table - RAM_BASE + 16 * index;
    this.view.setBigUint64(at, address, true);
    this.view.setUint32(at + 8, length, true);
    this.view.setUint16(at + 12, flags, true);
    this.view.setUint16(at + 14, next, true);
  }

  /** Makes a chain of these pieces available; returns its head and the addresses of its buffers. */
  add(queue: number, pieces: readonly Piece[], indirect = false): { head: number; at: number[] } {
    const count = indirect ? 1 : pieces.length;
    const first = this.nextDescriptor[queue]!;
    this.nextDescriptor[queue] = (first + count) % this.size;
    const { desc } = ringsOf(queue);
    const table = indirect ? this.allocate(16 * pieces.length) : desc;
    const indexOf = (i: number) => (indirect ? i : (first + i) % this.size);
    const at = pieces.map((piece, i) => {
      const sizeBytes = typeof piece === 'number' ? piece : piece.length;
      const address = this.allocate(sizeBytes);
      if (typeof piece !== 'number') this.world.memory.bytes.set(piece, address - RAM_BASE);
      const flags = (typeof piece === 'number' ? 2 : 0) | (i + 1 < pieces.length ? 1 : 0);
      this.descriptor(table, indexOf(i), BigInt(address), sizeBytes, flags, indexOf(i + 1));
      return address;
    });
    if (indirect) this.descriptor(desc, first, BigInt(table), 16 * pieces.length, 4, 0);
    this.offer(queue, first);
    return { head: first, at };
  }

  /** Puts a head into the available ring. */
  offer(queue: number, head: number): void {
    const { driver } = ringsOf(queue);
    const index = this.u16(driver + 2);
    this.setU16(driver + 4 + 2 * (index % this.size), head);
    this.setU16(driver + 2, (index + 1) & 0xffff);
  }

  /** All entries that the used ring has held so far, at most its size. */
  used(queue: number): { id: number; len: number }[] {
    const { device } = ringsOf(queue);
    return Array.from({ length: Math.min(this.u16(device + 2), this.size) }, (_, i) => {
      const at = device - RAM_BASE + 4 + 8 * i;
      return { id: this.view.getUint32(at, true), len: this.view.getUint32(at + 4, true) };
    });
  }
}
