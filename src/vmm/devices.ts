import { Clint } from '../devices/clint.ts';
import type { Device, DeviceContext, InterruptingDevice } from '../devices/device.ts';
import { Finisher } from '../devices/finisher.ts';
import { Htif } from '../devices/htif.ts';
import { Plic } from '../devices/plic.ts';
import { Rtc } from '../devices/rtc.ts';
import { Uart } from '../devices/uart.ts';
import { VirtioBlk } from '../devices/virtio/blk.ts';
import { VirtioConsole } from '../devices/virtio/console.ts';
import { EmptySlot } from '../devices/virtio/empty.ts';
import { VirtioEntropy } from '../devices/virtio/entropy.ts';
import { VirtioNet } from '../devices/virtio/net.ts';
import { type VirtioDevice, VirtioMmio } from '../devices/virtio/transport.ts';
import type { DevicesDescription, VirtioDescription } from './description.ts';
import { memoryMap, plicSource, VIRTIO_SLOTS } from './memory-map.ts';

interface Mapping {
  base: number;
  sizeBytes: number;
  device: Device;
}

/** A device's name and its state as it is saved and restored. */
type Stateful = Pick<Device, 'name' | 'schema' | 'state'>;

/** The devices of one machine and where they are mapped. */
export class Devices {
  readonly finisher = new Finisher();
  readonly rtc: Rtc;
  readonly clint = new Clint();
  readonly plic = new Plic();
  readonly uart = new Uart();
  /** The devices in the virtio slots. */
  readonly virtio: readonly (VirtioMmio | EmptySlot)[];
  /** The network card. */
  readonly net: VirtioMmio<VirtioNet> | undefined;
  readonly disks: readonly VirtioMmio<VirtioBlk>[];
  /** The console device, which receives typed bytes; without one the UART does. */
  readonly console: VirtioMmio<VirtioConsole> | undefined;
  /** The host-target interface, if the program has a `tohost`. */
  readonly htif: Htif | undefined;
  /** The PLIC sources and the devices that drive them. */
  readonly lines: readonly { readonly source: number; readonly device: InterruptingDevice }[];
  /** Every device with state, by name, in a fixed order; a virtio device by its kind and slot, like `blk.0`. */
  readonly named: readonly (readonly [string, Stateful])[];
  /** Every memory-mapped region. */
  readonly mappings: readonly Mapping[];

  constructor({ bootEpochNs, virtio, tohost: [tohost], fromhost: [fromhost] }: DevicesDescription) {
    this.rtc = new Rtc(bootEpochNs);
    this.virtio = inSlots(virtio);
    const occupied = [...this.virtio.entries()].flatMap(([slot, device]) =>
      device instanceof VirtioMmio ? [{ slot, device }] : [],
    );
    const all = <D extends VirtioDevice>(kind: new (...built: never[]) => D) =>
      occupied.flatMap(({ device }) =>
        device.device instanceof kind ? [device as unknown as VirtioMmio<D>] : [],
      );
    [this.net] = all(VirtioNet);
    this.disks = all(VirtioBlk);
    [this.console] = all(VirtioConsole);
    this.htif = tohost === undefined ? undefined : new Htif(tohost, fromhost);
    const { finisher, rtc, clint, plic, uart, htif } = this;
    this.lines = [
      { source: plicSource.uart, device: uart },
      { source: plicSource.rtc, device: rtc },
      ...occupied.map(({ slot, device }) => ({ source: plicSource.virtio + slot, device })),
    ];
    this.named = [
      ...Object.entries({ finisher, rtc, clint, plic, uart }),
      ...occupied.map(({ slot, device }) => [`${device.name}.${slot}`, device] as const),
      ...(htif ? [['htif', htif] as const] : []),
    ];
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

  /** The state of the device that receives typed bytes. */
  get typed(): { received: number } {
    return (this.console?.device ?? this.uart).state;
  }

  /** A machine without a card drops the frame, as does one whose driver has made no buffer available. */
  receive(frame: Uint8Array, context: DeviceContext): void {
    this.net?.device.receive(frame, this.net, context);
  }

  /** Offers a completion to each disk: outputs are numbered for the whole machine, so at most one has the operation. */
  complete(id: number, status: number, data: Uint8Array, context: DeviceContext): void {
    for (const disk of this.disks) if (disk.device.complete(id, status, data, disk, context)) return;
  }

  /** Passes typed bytes to the console. */
  type(data: Uint8Array, context: DeviceContext): void {
    const { console, uart, htif } = this;
    if (console) console.device.receive(data, console, context);
    else uart.receive(data);
    htif?.offer(context, () => uart.take());
  }

  at(address: number): Mapping | undefined {
    return this.mappings.find(({ base, sizeBytes }) => address >= base && address < base + sizeBytes);
  }
}

/** The devices in the slots. Disks share one storage, in the order of their slots. */
function inSlots(described: DevicesDescription['virtio']): (VirtioMmio | EmptySlot)[] {
  let firstSector = 0;
  const device = (one: VirtioDescription): VirtioDevice => {
    switch (one.kind) {
      case 'net':
        return new VirtioNet(one.mac);
      case 'entropy':
        return new VirtioEntropy();
      case 'blk': {
        const disk = new VirtioBlk(one.sectors, one.readOnly, firstSector);
        firstSector += one.sectors;
        return disk;
      }
      case 'console':
        return new VirtioConsole();
    }
  };
  return Array.from({ length: VIRTIO_SLOTS }, (_, slot) => {
    const one = described[slot];
    return one ? new VirtioMmio(device(one)) : new EmptySlot();
  });
}
