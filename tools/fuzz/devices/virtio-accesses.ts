/** A driver of a virtio device that accesses its registers in random order. */
import { STATUS, VIRTIO_MMIO } from '../../../src/devices/virtio/registers.ts';
import { memoryMap, VIRTIO_SLOTS } from '../../../src/vmm/memory-map.ts';
import type { Piece } from './access.ts';
import { load, type Script, store } from './script.ts';

const REGISTERS = Object.values(VIRTIO_MMIO).filter((offset) => offset < VIRTIO_MMIO.Config);
/** Registers that hold addresses: nothing is read from them, and no queue is notified. */
const ADDRESSES = REGISTERS.filter(
  (offset) => offset >= VIRTIO_MMIO.QueueDescLow && offset <= VIRTIO_MMIO.QueueDeviceHigh,
);
/** The size of the registers, including the configuration space. */
const SLOT_BYTES = 0x200;

/** Bits that drivers write to Status; the device's own is not theirs. */
const { ACKNOWLEDGE, DRIVER, DRIVER_OK, FEATURES_OK, FAILED } = STATUS;
const STEPS = [
  0,
  ACKNOWLEDGE,
  ACKNOWLEDGE | DRIVER,
  ACKNOWLEDGE | DRIVER | FEATURES_OK,
  ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK,
];

export class VirtioAccesses {
  private readonly base: number;

  constructor(private readonly script: Script) {
    const slot = script.chance.below(VIRTIO_SLOTS);
    this.base = memoryMap.virtio.base + slot * memoryMap.virtio.sizeBytes;
  }

  next(): Piece {
    const { chance } = this.script;
    const { base } = this;
    const write = (offset: number, value: number | bigint) => store(base + offset, 4, value);
    return chance.weighted<() => Piece>([
      [4, () => [load(base + chance.pick(REGISTERS), 4)]],
      [1, () => [load(base + chance.pick(REGISTERS), chance.pick([1, 2, 8]))]],
      [
        3,
        () => [
          write(VIRTIO_MMIO.DeviceFeaturesSel, chance.below(2)),
          load(base + VIRTIO_MMIO.DeviceFeatures, 4),
        ],
      ],
      [4, () => this.acceptFeatures()],
      [6, () => this.writeStatus()],
      [3, () => [write(VIRTIO_MMIO.QueueSel, this.queue()), load(base + VIRTIO_MMIO.QueueNumMax, 4)]],
      [
        2,
        () => [
          write(
            VIRTIO_MMIO.QueueNum,
            chance.pick(chance.chance(0.95) ? [1, 2, 16, 32, 64, 128, 256, 512, 1024] : [0, 3, 1000, 65536]),
          ),
        ],
      ],
      [2, () => this.readyQueue()],
      [2, () => [write(chance.pick(ADDRESSES), chance.value())]],
      [
        2,
        () => [write(VIRTIO_MMIO.InterruptACK, chance.below(4)), load(base + VIRTIO_MMIO.InterruptStatus, 4)],
      ],
      [4, () => this.readConfig()],
      [1, () => [store(base + VIRTIO_MMIO.Config + 12 + chance.below(200), 1, chance.value())]],
      [1, () => [store(base + chance.pick(REGISTERS), chance.pick([1, 2]), chance.value())]],
      [1, () => this.script.wild(base + SLOT_BYTES - 16, 32)],
    ])();
  }

  private queue(): number {
    const { chance } = this.script;
    return chance.chance(0.8) ? chance.below(2) : chance.pick([2, 3, 64, 1023, 1024, 2 ** 31]);
  }

  /** Accepts a subset of the offered features. */
  private acceptFeatures(): Piece {
    const { chance } = this.script;
    const banks = chance.chance(0.7) ? [0, 1] : [chance.below(2)];
    // VERSION_1, INDIRECT_DESC and EVENT_IDX are offered by every device.
    const value = (bank: number) => (bank === 1 ? chance.below(2) : chance.below(4) << 28);
    return banks.flatMap((bank) => [
      store(this.base + VIRTIO_MMIO.DriverFeaturesSel, 4, bank),
      store(this.base + VIRTIO_MMIO.DriverFeatures, 4, value(bank)),
    ]);
  }

  private writeStatus(): Piece {
    const { chance } = this.script;
    const value = chance.chance(0.8)
      ? chance.pick(STEPS)
      : chance.below(64) | (chance.chance(0.3) ? FAILED : 0);
    return [store(this.base + VIRTIO_MMIO.Status, 4, value), load(this.base + VIRTIO_MMIO.Status, 4)];
  }

  /** Every device has queue 0. */
  private readyQueue(): Piece {
    const { chance } = this.script;
    return [
      store(this.base + VIRTIO_MMIO.QueueSel, 4, 0),
      store(this.base + VIRTIO_MMIO.QueueReady, 4, chance.pick([0, 0, 1, 1, 2, 3])),
      load(this.base + VIRTIO_MMIO.QueueReady, 4),
    ];
  }

  private readConfig(): Piece {
    const { chance } = this.script;
    const size = chance.pick([1, 2, 4, 8]);
    const offset = chance.below(chance.chance(0.8) ? 64 : 256);
    return [load(this.base + VIRTIO_MMIO.Config + offset - (offset % size), size)];
  }
}
