import { array, bool, type RecordCodec, record, u8, u32, u64, type ValueOf } from '../../base/codec.ts';
import type { DeviceContext, InterruptingDevice } from '../device.ts';
import { high32, low32, readHalves, withHigh32, withLow32 } from '../words.ts';
import { BrokenQueue, type Chain, type QueueState, queueSchema, Virtqueue } from './queue.ts';
import {
  INTERRUPT,
  MAGIC,
  STATUS,
  VENDOR,
  VERSION,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
  VIRTIO_MMIO_BYTES,
} from './registers.ts';

const TRANSPORT_FEATURES = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX;

/** A virtio device's view of its transport. */
export interface VirtioPort {
  /** The features that device and driver have agreed on. */
  readonly negotiated: bigint;
  /** Whether a queue may be served: DRIVER_OK is set, the queue is ready, and the device needs no reset. */
  serves(queue: number): boolean;
  /**
   * Takes every available chain of a queue. `handle` returns the number of bytes it has written to the chain, which is
   * then returned to the driver, or undefined to keep the chain in flight until {@link resume}.
   */
  take(queue: number, context: DeviceContext, handle: (chain: Chain) => number | undefined): void;
  /**
   * Passes a chain in flight, by its head, to `handle` again, with results as for {@link take}. The chain is walked
   * again: the driver may have changed it meanwhile.
   */
  resume(
    queue: number,
    head: number,
    context: DeviceContext,
    handle: (chain: Chain) => number | undefined,
  ): void;
  /**
   * Offers the next available chain to `fill`, which returns the number of bytes it has written, or undefined to leave
   * the chain available. Returns whether a chain was filled and returned to the driver.
   */
  fillNext(queue: number, context: DeviceContext, fill: (chain: Chain) => number | undefined): boolean;
}

/** A virtio device without its transport. */
export interface VirtioDevice<S extends object = object> {
  readonly name: string;
  readonly deviceId: number;
  /** Feature bits, besides those that the transport offers: VERSION_1, INDIRECT_DESC and EVENT_IDX. */
  readonly features: bigint;
  /** The maximum size of each queue, in descriptors: powers of two. */
  readonly queueSizes: readonly number[];
  /** The most bytes that a chain may have; a longer one breaks the queue ({@link BrokenQueue}). */
  readonly chainLimitBytes: number;
  /** The device's state, without the transport's. The driver's reset changes it only through {@link reset}. */
  readonly schema: RecordCodec<S>;
  state: S;
  /** The configuration space. A read that goes past its end reads as all ones. */
  config(): Uint8Array;
  /** The driver writes to the configuration space; without this method it is read-only. */
  writeConfig?(offset: number, value: bigint, context: DeviceContext): void;
  /** The driver has made buffers available in a queue. */
  notify(queue: number, port: VirtioPort, context: DeviceContext): void;
  /** The driver has stopped a queue (every queue, when it resets the device): its chains in flight are discarded. */
  reset?(queue: number): void;
}

const registers = record({
  deviceFeaturesSel: u32,
  driverFeaturesSel: u32,
  driverFeatures: u64,
  queueSel: u32,
  interruptStatus: u8,
  interruptRequested: bool,
  status: u8,
});

/** The transport's registers and queues, and the device's state. */
export type VirtioState = ValueOf<typeof registers> & { queues: QueueState[]; device: object };

/**
 * The virtio-mmio transport, version 2 (virtio 1.2, section 4.2), with the device that it carries. Control registers
 * are accessed by 4 bytes; 8 are two accesses, and smaller sizes read as zero and are ignored, as in QEMU. The
 * configuration space takes every size; it never changes, so ConfigGeneration stays 0. A malformed queue sets
 * DEVICE_NEEDS_RESET, and the device is inactive until the driver resets it. Contrary to the specification, VERSION_1
 * need not be accepted: xv6 doesn't, and runs on QEMU.
 */
export class VirtioMmio<D extends VirtioDevice = VirtioDevice>
  implements InterruptingDevice<VirtioState>, VirtioPort
{
  readonly name: string;
  readonly schema: RecordCodec<VirtioState>;
  private current: VirtioState;

  constructor(readonly device: D) {
    this.name = device.name;
    this.schema = record<VirtioState>({
      ...registers.fields,
      queues: array(queueSchema, device.queueSizes.length),
      device: device.schema,
    });
    this.current = this.powerOn();
  }

  get state(): VirtioState {
    return this.current;
  }

  /** Shares the device's state object: both are the same object. */
  set state(state: VirtioState) {
    this.current = state;
    this.device.state = state.device;
  }

  private powerOn(): VirtioState {
    return {
      deviceFeaturesSel: 0,
      driverFeaturesSel: 0,
      driverFeatures: 0n,
      queueSel: 0,
      interruptStatus: 0,
      interruptRequested: false,
      status: 0,
      queues: this.device.queueSizes.map((num) => ({
        num,
        ready: false,
        desc: 0n,
        driver: 0n,
        device: 0n,
        lastAvail: 0,
        usedIdx: 0,
      })),
      device: this.device.state,
    };
  }

  get interrupt(): boolean {
    return this.current.interruptStatus !== 0;
  }

  get negotiated(): bigint {
    return this.current.status & STATUS.FEATURES_OK ? this.current.driverFeatures : 0n;
  }

  serves(queue: number): boolean {
    return this.live && (this.current.queues[queue]?.ready ?? false);
  }

  private get offered(): bigint {
    return this.device.features | TRANSPORT_FEATURES;
  }

  take(queue: number, context: DeviceContext, handle: (chain: Chain) => number | undefined): void {
    this.withQueue(queue, context, (ring) => {
      // Read once: a chain may make the device write over the ring itself.
      for (let count = ring.waiting(); count > 0; count--) {
        const chain = ring.peek();
        ring.take();
        const writtenBytes = handle(chain);
        if (writtenBytes !== undefined) this.giveBack(ring, chain, writtenBytes);
      }
    });
  }

  resume(
    queue: number,
    head: number,
    context: DeviceContext,
    handle: (chain: Chain) => number | undefined,
  ): void {
    this.withQueue(queue, context, (ring) => {
      const chain = ring.walk(head);
      const writtenBytes = handle(chain);
      if (writtenBytes !== undefined) this.giveBack(ring, chain, writtenBytes);
    });
  }

  fillNext(queue: number, context: DeviceContext, fill: (chain: Chain) => number | undefined): boolean {
    let filled = false;
    this.withQueue(queue, context, (ring) => {
      if (ring.waiting() === 0) return;
      const chain = ring.peek();
      const writtenBytes = fill(chain);
      if (writtenBytes === undefined) return;
      ring.take();
      this.giveBack(ring, chain, writtenBytes);
      filled = true;
    });
    return filled;
  }

  /** Runs `work` on a queue that may be served; a broken queue sets DEVICE_NEEDS_RESET. */
  private withQueue(queue: number, context: DeviceContext, work: (ring: Virtqueue) => void): void {
    const state = this.current.queues[queue];
    if (state === undefined || !this.serves(queue)) return;
    try {
      const { queueSizes, chainLimitBytes } = this.device;
      work(new Virtqueue(state, context.memory, this.negotiated, chainLimitBytes, queueSizes[queue]!));
    } catch (error) {
      if (!(error instanceof BrokenQueue)) throw error;
      this.needReset(`a queue is broken (${error.message})`, context);
    }
  }

  private giveBack(ring: Virtqueue, chain: Chain, writtenBytes: number): void {
    if (ring.give(chain, writtenBytes)) this.raise(INTERRUPT.USED_BUFFER);
  }

  /** Whether queues may be served: DRIVER_OK is set and DEVICE_NEEDS_RESET is not. */
  get live(): boolean {
    const { DRIVER_OK, DEVICE_NEEDS_RESET } = STATUS;
    return (this.current.status & (DRIVER_OK | DEVICE_NEEDS_RESET)) === DRIVER_OK;
  }

  private needReset(why: string, context: DeviceContext): void {
    context.warn(this.name, `${why}: it does nothing more until its driver resets it`);
    this.current.status |= STATUS.DEVICE_NEEDS_RESET;
    if (this.current.status & STATUS.DRIVER_OK) this.raise(INTERRUPT.CONFIGURATION_CHANGE);
  }

  private raise(cause: number): void {
    this.current.interruptStatus |= cause;
    this.current.interruptRequested = true;
  }

  read(offset: number, sizeBytes: number): bigint | undefined {
    if (offset >= VIRTIO_MMIO_BYTES) return undefined;
    if (sizeBytes === 8) return readHalves(offset, (at) => this.readWord(at, 4));
    return this.readWord(offset, sizeBytes);
  }

  private readWord(offset: number, sizeBytes: number): bigint {
    if (offset >= VIRTIO_MMIO.Config) return this.readConfig(offset - VIRTIO_MMIO.Config, sizeBytes);
    return sizeBytes === 4 ? BigInt(this.register(offset)) : 0n;
  }

  private readConfig(offset: number, sizeBytes: number): bigint {
    const config = this.device.config();
    if (offset + sizeBytes > config.length) return BigInt.asUintN(8 * sizeBytes, -1n);
    let value = 0n;
    for (let i = sizeBytes - 1; i >= 0; i--) value = (value << 8n) | BigInt(config[offset + i]!);
    return value;
  }

  private register(offset: number): number {
    const state = this.current;
    const queue = state.queues[state.queueSel];
    switch (offset) {
      case VIRTIO_MMIO.MagicValue:
        return MAGIC;
      case VIRTIO_MMIO.Version:
        return VERSION;
      case VIRTIO_MMIO.DeviceID:
        return this.device.deviceId;
      case VIRTIO_MMIO.VendorID:
        return VENDOR;
      case VIRTIO_MMIO.DeviceFeatures:
        return bank(this.offered, state.deviceFeaturesSel);
      case VIRTIO_MMIO.QueueNumMax:
        return this.device.queueSizes[state.queueSel] ?? 0;
      case VIRTIO_MMIO.QueueReady:
        return Number(queue?.ready ?? false);
      case VIRTIO_MMIO.InterruptStatus:
        return state.interruptStatus;
      case VIRTIO_MMIO.Status:
        return state.status;
      // No shared memory region: its length reads as all ones (section 4.2.2).
      case VIRTIO_MMIO.SHMLenLow:
      case VIRTIO_MMIO.SHMLenHigh:
      case VIRTIO_MMIO.SHMBaseLow:
      case VIRTIO_MMIO.SHMBaseHigh:
        return 0xffff_ffff;
      default:
        return 0;
    }
  }

  write(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): boolean {
    if (offset >= VIRTIO_MMIO_BYTES) return false;
    if (sizeBytes === 8) {
      this.writeWord(offset, 4, BigInt.asUintN(32, value), context);
      this.writeWord(offset + 4, 4, value >> 32n, context);
    } else {
      this.writeWord(offset, sizeBytes, value, context);
    }
    return true;
  }

  private writeWord(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): void {
    if (offset >= VIRTIO_MMIO.Config) this.device.writeConfig?.(offset - VIRTIO_MMIO.Config, value, context);
    else if (sizeBytes === 4) this.writeRegister(offset, value, context);
  }

  private writeRegister(offset: number, value: bigint, context: DeviceContext): void {
    const state = this.current;
    const word = low32(value);
    switch (offset) {
      case VIRTIO_MMIO.DeviceFeaturesSel:
        state.deviceFeaturesSel = word;
        break;
      case VIRTIO_MMIO.DriverFeaturesSel:
        state.driverFeaturesSel = word;
        break;
      case VIRTIO_MMIO.DriverFeatures:
        this.writeDriverFeatures(word);
        break;
      case VIRTIO_MMIO.QueueSel:
        state.queueSel = word;
        break;
      case VIRTIO_MMIO.QueueNotify:
        if (this.serves(word)) this.device.notify(word, this, context);
        break;
      case VIRTIO_MMIO.InterruptACK:
        state.interruptStatus &= ~word;
        // The line is driven again: a remaining cause requests another interrupt.
        if (this.interrupt) state.interruptRequested = true;
        break;
      case VIRTIO_MMIO.Status:
        this.writeStatus(word & 0xff, context);
        break;
      default:
        this.writeQueue(offset, word, context);
    }
  }

  private writeDriverFeatures(word: number): void {
    const state = this.current;
    if (state.status & STATUS.FEATURES_OK) return;
    if (state.driverFeaturesSel === 0) state.driverFeatures = withLow32(state.driverFeatures, word);
    if (state.driverFeaturesSel === 1) state.driverFeatures = withHigh32(state.driverFeatures, word);
  }

  private writeStatus(value: number, context: DeviceContext): void {
    if (value === 0) {
      this.reset();
      return;
    }
    const { FEATURES_OK, DEVICE_NEEDS_RESET } = STATUS;
    const unknown = this.current.driverFeatures & ~this.offered;
    // The driver reads FEATURES_OK back to learn whether its choice is supported.
    const granted = unknown === 0n ? value : value & ~FEATURES_OK;
    if (granted !== value)
      context.warn(this.name, `its driver wants features that are not offered: 0x${unknown.toString(16)}`);
    const broken = this.current.status & DEVICE_NEEDS_RESET;
    this.current.status = (granted & ~DEVICE_NEEDS_RESET) | broken;
  }

  /** The driver's reset. Selectors and accepted features keep their values, as on QEMU. */
  private reset(): void {
    for (const queue of this.device.queueSizes.keys()) this.device.reset?.(queue);
    const { deviceFeaturesSel, driverFeaturesSel, driverFeatures, interruptRequested } = this.current;
    const kept = { deviceFeaturesSel, driverFeaturesSel, driverFeatures, interruptRequested };
    this.current = { ...this.powerOn(), ...kept };
  }

  /** Writes a register of the queue that QueueSel selects. A ready queue cannot be changed. */
  private writeQueue(offset: number, word: number, context: DeviceContext): void {
    const queue = this.current.queues[this.current.queueSel];
    if (queue === undefined) return;
    if (offset === VIRTIO_MMIO.QueueReady) {
      // A queue starts at the beginning of its rings.
      if (!queue.ready) Object.assign(queue, { lastAvail: 0, usedIdx: 0 });
      queue.ready = word !== 0;
      if (!queue.ready) this.device.reset?.(this.current.queueSel);
    } else if (!queue.ready) {
      this.layOut(queue, offset, word, context);
    }
  }

  private layOut(queue: QueueState, offset: number, word: number, context: DeviceContext): void {
    switch (offset) {
      case VIRTIO_MMIO.QueueNum:
        if (this.fits(word)) queue.num = word;
        else this.needReset(`a queue of ${word} descriptors is asked for`, context);
        break;
      case VIRTIO_MMIO.QueueDescLow:
        queue.desc = withLow32(queue.desc, word);
        break;
      case VIRTIO_MMIO.QueueDescHigh:
        queue.desc = withHigh32(queue.desc, word);
        break;
      case VIRTIO_MMIO.QueueDriverLow:
        queue.driver = withLow32(queue.driver, word);
        break;
      case VIRTIO_MMIO.QueueDriverHigh:
        queue.driver = withHigh32(queue.driver, word);
        break;
      case VIRTIO_MMIO.QueueDeviceLow:
        queue.device = withLow32(queue.device, word);
        break;
      case VIRTIO_MMIO.QueueDeviceHigh:
        queue.device = withHigh32(queue.device, word);
        break;
    }
  }

  /** Whether the selected queue can have `num` descriptors: a power of two up to its maximum. */
  private fits(num: number): boolean {
    const max = this.device.queueSizes[this.current.queueSel] ?? 0;
    return num > 0 && num <= max && (num & (num - 1)) === 0;
  }
}

/** The 32 feature bits of a bank; those above bank 1 are zero. */
function bank(features: bigint, selected: number): number {
  if (selected > 1) return 0;
  return selected === 1 ? high32(features) : low32(features);
}
