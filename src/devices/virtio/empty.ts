import { record } from '../../base/codec.ts';
import type { Device } from '../device.ts';
import { readHalves } from '../words.ts';
import { MAGIC, VENDOR, VERSION, VIRTIO_MMIO, VIRTIO_MMIO_BYTES } from './registers.ts';

const registers: ReadonlyMap<number, number> = new Map([
  [VIRTIO_MMIO.MagicValue, MAGIC],
  [VIRTIO_MMIO.Version, VERSION],
  [VIRTIO_MMIO.VendorID, VENDOR],
]);

/**
 * An empty virtio-mmio slot: drivers ignore DeviceID 0 (virtio 1.2, section 4.2.2). Unlike a device's, its registers
 * can be read with any size, as on QEMU.
 */
export class EmptySlot implements Device {
  readonly name = 'empty';
  readonly schema = record<object>({});
  state: object = {};

  read(offset: number, sizeBytes: number): bigint | undefined {
    if (offset >= VIRTIO_MMIO_BYTES) return undefined;
    const register = (at: number) => BigInt(registers.get(at) ?? 0);
    return sizeBytes === 8 ? readHalves(offset, register) : BigInt.asUintN(8 * sizeBytes, register(offset));
  }

  write(offset: number): boolean {
    return offset < VIRTIO_MMIO_BYTES;
  }
}
