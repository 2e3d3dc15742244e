import { Clint } from '../devices/clint.ts';
import type { Device, InterruptingDevice } from '../devices/device.ts';
import { Finisher } from '../devices/finisher.ts';
import { Plic } from '../devices/plic.ts';
import { Rtc } from '../devices/rtc.ts';
import { Uart } from '../devices/uart.ts';
import { VirtioBlk } from '../devices/virtio/blk.ts';
import { VirtioConsole } from '../devices/virtio/console.ts';
import { EmptySlot } from '../devices/virtio/empty.ts';
import { VirtioEntropy } from '../devices/virtio/entropy.ts';
import { VirtioNet } from '../devices/virtio/net.ts';
import { VirtioMmio } from '../devices/virtio/transport.ts';
import { memoryMap, plicSource, VIRTIO_SLOTS } from './memory-map.ts';

/** What the devices are built with: that part of the machine's description. */
export interface DevicesDescription {
  bootEpochNs: bigint;
  mac: Uint8Array;
  diskSectors: number;
  diskReadOnly: boolean;
  console: 'uart' | 'virtio';
}

interface Mapping {
  base: number;
  sizeBytes: number;
  device: Device;
}

/** The devices of one machine and where they are mapped. */
export class Devices {
  readonly finisher = new Finisher();
  readonly rtc: Rtc;
  readonly clint = new Clint();
  readonly plic = new Plic();
  readonly uart = new Uart();
  readonly net: VirtioMmio<VirtioNet>;
  readonly blk: VirtioMmio<VirtioBlk> | undefined;
  readonly console: VirtioMmio<VirtioConsole> | undefined;
  readonly virtio: readonly Device[];
  /** Whose interrupt line goes to which source of the PLIC. */
  readonly lines: readonly { readonly source: number; readonly device: InterruptingDevice }[];
  /** Every device with state, by name, in a fixed order. */
  readonly named: readonly (readonly [string, Device])[];
  private readonly mappings: readonly Mapping[];

  constructor({ bootEpochNs, mac, diskSectors, diskReadOnly, console }: DevicesDescription) {
    this.rtc = new Rtc(bootEpochNs);
    this.net = new VirtioMmio(new VirtioNet(mac));
    const entropy = new VirtioMmio(new VirtioEntropy());
    this.blk = diskSectors > 0 ? new VirtioMmio(new VirtioBlk(diskSectors, diskReadOnly)) : undefined;
    this.console = console === 'virtio' ? new VirtioMmio(new VirtioConsole()) : undefined;
    const cards: (Device | undefined)[] = [this.net, entropy, this.blk, this.console];
    this.virtio = Array.from({ length: VIRTIO_SLOTS }, (_, slot) => cards[slot] ?? new EmptySlot());
    const { finisher, rtc, clint, plic, uart, net, blk } = this;
    this.lines = [
      { source: plicSource.uart, device: uart },
      ...this.virtio.flatMap((device, slot) =>
        device instanceof VirtioMmio ? [{ source: plicSource.virtio + slot, device }] : [],
      ),
    ];
    this.named = Object.entries({
      ...{ finisher, rtc, clint, plic, uart, net, entropy },
      ...(blk && { blk }),
      ...(this.console && { console: this.console }),
    });
    this.mappings = [
      ...(['uart', 'clint', 'plic', 'rtc', 'finisher'] as const).map((name) => ({
        ...memoryMap[name],
        device: this[name],
      })),
      ...this.virtio.map((device, slot) => ({
        base: memoryMap.virtio.base + slot * memoryMap.virtio.sizeBytes,
        sizeBytes: memoryMap.virtio.sizeBytes,
        device,
      })),
    ];
  }

  /** The state of the device that gets what is typed. */
  get typed(): { received: number } {
    return (this.console?.device ?? this.uart).state;
  }

  at(address: number): Mapping | undefined {
    return this.mappings.find(({ base, sizeBytes }) => address >= base && address < base + sizeBytes);
  }
}
