/**
 * Virtio as driven by Linux 6.12 (virtio_mmio.c, virtio_ring.c): the order of the registers, indirect tables for
 * requests of several buffers, a notification only where the device has asked for one, and callbacks that are put off
 * while it polls.
 */
import { assert } from '../../../src/base/assert.ts';
import {
  STATUS,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
} from '../../../src/devices/virtio/registers.ts';
import type { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { RAM_BASE, Ram, World } from '../../../tools/testing/devices/world.ts';

const RING_FEATURES = VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX | VIRTIO_F_VERSION_1;
const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK } = STATUS;
const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const NO_INTERRUPT = 1;
const NO_NOTIFY = 1;

/** The driver of one device. */
export class LinuxDriver {
  readonly view: DataView;
  features = 0n;
  queues: LinuxQueue[] = [];
  notifications = 0;
  private next = RAM_BASE;

  constructor(
    readonly slot: VirtioMmio,
    readonly world = new World(new Ram(new Uint8Array(1 << 21))),
  ) {
    this.view = new DataView(world.memory.bytes.buffer);
  }

  readl(offset: number): number {
    const value = this.slot.read(offset, 4);
    assert(value !== undefined, 'an access fault');
    return Number(value);
  }

  writel(offset: number, value: number): void {
    assert(this.slot.write(offset, 4, BigInt(value), this.world), 'an access fault');
  }

  /** A field of the configuration space: 8 bytes are read in two halves. */
  config(offset: number, sizeBytes: 1 | 2 | 4 | 8): bigint {
    const at = VIRTIO_MMIO.Config + offset;
    if (sizeBytes < 8) return this.slot.read(at, sizeBytes) ?? assertNever();
    return BigInt(this.readl(at)) | (BigInt(this.readl(at + 4)) << 32n);
  }

  /**
   * From the probe of the slot to FEATURES_OK: the driver accepts the offered features that it wants and that its rings
   * support. `without`: features of the rings that this kernel lacks.
   */
  probe(deviceId: number, wanted: bigint, without = 0n): this {
    assert(this.readl(VIRTIO_MMIO.MagicValue) === 0x74726976, 'no magic value');
    assert(this.readl(VIRTIO_MMIO.Version) === 2, 'not version 2');
    assert(this.readl(VIRTIO_MMIO.DeviceID) === deviceId, 'another device');
    this.readl(VIRTIO_MMIO.VendorID);
    this.writel(VIRTIO_MMIO.Status, 0);
    this.addStatus(ACKNOWLEDGE);
    this.addStatus(DRIVER);
    this.writel(VIRTIO_MMIO.DeviceFeaturesSel, 1);
    const high = BigInt(this.readl(VIRTIO_MMIO.DeviceFeatures));
    this.writel(VIRTIO_MMIO.DeviceFeaturesSel, 0);
    const offered = (high << 32n) | BigInt(this.readl(VIRTIO_MMIO.DeviceFeatures));
    this.features = offered & (wanted | RING_FEATURES) & ~without;
    assert((this.features & VIRTIO_F_VERSION_1) !== 0n, 'version 2 needs VERSION_1');
    this.writel(VIRTIO_MMIO.DriverFeaturesSel, 1);
    this.writel(VIRTIO_MMIO.DriverFeatures, Number(this.features >> 32n));
    this.writel(VIRTIO_MMIO.DriverFeaturesSel, 0);
    this.writel(VIRTIO_MMIO.DriverFeatures, Number(this.features & 0xffff_ffffn));
    this.addStatus(FEATURES_OK);
    assert((this.status & FEATURES_OK) !== 0, 'the features were refused');
    return this;
  }

  /** `largest`: what memory is left for; a queue gets smaller when there is not enough. */
  findQueues(count: number, largest = 1024): this {
    this.queues = Array.from({ length: count }, (_, index) => {
      this.writel(VIRTIO_MMIO.QueueSel, index);
      assert(this.readl(VIRTIO_MMIO.QueueReady) === 0, 'the queue is in use');
      const num = Math.min(this.readl(VIRTIO_MMIO.QueueNumMax), largest);
      assert(num > 0, `no queue ${index}`);
      const queue = new LinuxQueue(this, index, num);
      this.writel(VIRTIO_MMIO.QueueNum, num);
      this.address(VIRTIO_MMIO.QueueDescLow, queue.desc);
      this.address(VIRTIO_MMIO.QueueDriverLow, queue.avail);
      this.address(VIRTIO_MMIO.QueueDeviceLow, queue.used);
      this.writel(VIRTIO_MMIO.QueueReady, 1);
      return queue;
    });
    return this;
  }

  ready(): this {
    this.addStatus(DRIVER_OK);
    return this;
  }

  /** Takes the device away: reset, then each queue's memory back. */
  remove(): void {
    this.writel(VIRTIO_MMIO.Status, 0);
    for (const { index } of this.queues) {
      this.writel(VIRTIO_MMIO.QueueSel, index);
      this.writel(VIRTIO_MMIO.QueueReady, 0);
      assert(this.readl(VIRTIO_MMIO.QueueReady) === 0, 'the queue goes on');
    }
    this.queues = [];
  }

  /** The interrupt handler: acknowledges what it reads, and says which bits there were. */
  interrupt(): number {
    const status = this.readl(VIRTIO_MMIO.InterruptStatus);
    this.writel(VIRTIO_MMIO.InterruptACK, status);
    return status;
  }

  get status(): number {
    return this.readl(VIRTIO_MMIO.Status);
  }

  private addStatus(bit: number): void {
    this.writel(VIRTIO_MMIO.Status, this.status | bit);
  }

  private address(low: number, value: number): void {
    this.writel(low, value % 2 ** 32);
    this.writel(low + 4, Math.floor(value / 2 ** 32));
  }

  /** Guest memory that is never freed. */
  allocate(sizeBytes: number, align = 16): number {
    const at = Math.ceil(this.next / align) * align;
    this.next = at + sizeBytes;
    assert(this.next <= RAM_BASE + this.world.memory.bytes.length, 'the test uses more memory than it has');
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
}

/** What the device has given back: the bytes it wrote into the request's buffers, as far as the used length goes. */
export interface Done<T> {
  token: T;
  written: Uint8Array;
}

interface Request<T> {
  token: T;
  descriptors: number[];
  buffers: { address: number; sizeBytes: number; writable: boolean }[];
}

/** One split virtqueue. */
export class LinuxQueue<T = unknown> {
  readonly desc: number;
  readonly avail: number;
  readonly used: number;
  private free: number[];
  private readonly requests = new Map<number, Request<T>>();
  private availIdx = 0;
  private added = 0;
  private lastUsed = 0;
  private callbacks = true;

  constructor(
    private readonly driver: LinuxDriver,
    readonly index: number,
    readonly num: number,
  ) {
    // As vring_init lays them out: the used ring on a page of its own.
    this.desc = driver.allocate(16 * num, 4096);
    this.avail = driver.allocate(6 + 2 * num, 2);
    this.used = driver.allocate(6 + 8 * num, 4096);
    driver.world.memory.bytes.fill(0, this.desc - RAM_BASE, this.used + 6 + 8 * num - RAM_BASE);
    this.free = Array.from({ length: num }, (_, i) => i);
  }

  private get eventIdx(): boolean {
    return (this.driver.features & VIRTIO_F_EVENT_IDX) !== 0n;
  }

  /** Requests that the device has not returned. */
  get outstanding(): number {
    return this.requests.size;
  }

  /**
   * Adds a request: bytes for the device to read, then room for it to write. False when there are not enough
   * descriptors.
   */
  add(out: readonly Uint8Array[], room: readonly number[], token: T): boolean {
    const count = out.length + room.length;
    const indirect = count > 1 && (this.driver.features & VIRTIO_F_INDIRECT_DESC) !== 0n;
    const needed = indirect ? 1 : count;
    if (this.free.length < needed) {
      // For historical reasons the driver notifies when it finds no place for what it sends.
      if (out.length > 0) this.notify();
      return false;
    }
    const descriptors = this.free.splice(0, needed);
    const buffers = [
      ...out.map((bytes) => {
        const address = this.driver.allocate(bytes.length, 1);
        this.driver.world.memory.bytes.set(bytes, address - RAM_BASE);
        return { address, sizeBytes: bytes.length, writable: false };
      }),
      ...room.map((sizeBytes) => ({
        address: this.driver.allocate(sizeBytes, 1),
        sizeBytes,
        writable: true,
      })),
    ];
    const table = indirect ? this.driver.allocate(16 * count) : this.desc;
    const place = (i: number): number => (indirect ? i : descriptors[i]!);
    buffers.forEach(({ address, sizeBytes, writable }, i) => {
      const more = i + 1 < count;
      const flags = (writable ? WRITE : 0) | (more ? NEXT : 0);
      this.descriptor(table, place(i), address, sizeBytes, flags, more ? place(i + 1) : 0);
    });
    if (indirect) this.descriptor(this.desc, descriptors[0]!, table, 16 * count, INDIRECT, 0);
    this.requests.set(descriptors[0]!, { token, descriptors, buffers });
    this.driver.setU16(this.avail + 4 + 2 * (this.availIdx % this.num), descriptors[0]!);
    this.availIdx = (this.availIdx + 1) & 0xffff;
    this.driver.setU16(this.avail + 2, this.availIdx);
    this.added++;
    return true;
  }

  private descriptor(table: number, i: number, address: number, length: number, flags: number, next: number) {
    const at = table - RAM_BASE + 16 * i;
    const { view } = this.driver;
    view.setBigUint64(at, BigInt(address), true);
    view.setUint32(at + 8, length, true);
    view.setUint16(at + 12, flags, true);
    view.setUint16(at + 14, next, true);
  }

  /** Notifies the device of added requests, if it wants that. */
  kick(): void {
    const old = (this.availIdx - this.added) & 0xffff;
    const { availIdx } = this;
    this.added = 0;
    const wanted = this.eventIdx
      ? needEvent(this.driver.u16(this.used + 4 + 8 * this.num), availIdx, old)
      : (this.driver.u16(this.used) & NO_NOTIFY) === 0;
    if (wanted) this.notify();
  }

  private notify(): void {
    this.driver.notifications++;
    this.driver.writel(VIRTIO_MMIO.QueueNotify, this.index);
  }

  private get moreUsed(): boolean {
    return this.driver.u16(this.used + 2) !== this.lastUsed;
  }

  /** The next request that the device has returned. */
  get(): Done<T> | undefined {
    const { driver } = this;
    if (!this.moreUsed) return undefined;
    const at = this.used + 4 + 8 * (this.lastUsed % this.num) - RAM_BASE;
    const head = driver.view.getUint32(at, true);
    const length = driver.view.getUint32(at + 4, true);
    const request = this.requests.get(head);
    assert(request !== undefined, `the device gave back ${head}, which it did not have`);
    this.requests.delete(head);
    this.free.push(...request.descriptors);
    this.lastUsed = (this.lastUsed + 1) & 0xffff;
    if (this.callbacks) this.setUsedEvent(this.lastUsed);
    const written = new Uint8Array(length);
    let filled = 0;
    for (const { address, sizeBytes, writable } of request.buffers) {
      if (!writable) continue;
      written.set(driver.bytes(address, Math.min(sizeBytes, length - filled)), filled);
      filled += Math.min(sizeBytes, length - filled);
    }
    assert(filled === length, `${length} bytes written to ${filled}`);
    return { token: request.token, written };
  }

  disableCallbacks(): void {
    this.callbacks = false;
    if (this.eventIdx) this.setUsedEvent(0);
    else this.driver.setU16(this.avail, NO_INTERRUPT);
  }

  /** Whether {@link get} has nothing to return: otherwise no callback may come for it. */
  enableCallbacks(): boolean {
    this.callbacks = true;
    if (!this.eventIdx) this.driver.setU16(this.avail, 0);
    this.setUsedEvent(this.lastUsed);
    return !this.moreUsed;
  }

  /** The interrupt handler: takes everything, with callbacks off meanwhile. */
  drain(): Done<T>[] {
    const done: Done<T>[] = [];
    do {
      this.disableCallbacks();
      for (let one = this.get(); one; one = this.get()) done.push(one);
    } while (!this.enableCallbacks());
    return done;
  }

  private setUsedEvent(index: number): void {
    this.driver.setU16(this.avail + 4 + 2 * this.num, index);
  }
}

/** Whether an index that moves from `old` to `now` passes `event`, where a notification is wanted (section 2.7.10). */
function needEvent(event: number, now: number, old: number): boolean {
  return ((now - event - 1) & 0xffff) < ((now - old) & 0xffff);
}

function assertNever(): never {
  throw new Error('an access fault');
}
