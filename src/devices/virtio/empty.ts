import { record } from '../../base/codec.ts';
import type { Device } from '../device.ts';
import { MAGIC, VENDOR, VERSION, VIRTIO_MMIO } from './registers.ts';

/** A virtio-mmio slot with nothing in it: DeviceID 0 has drivers pass it by (virtio 1.2, section 4.2.2). */
export class EmptySlot implements Device {
  readonly name = 'empty';
  readonly schema = record<object>({});
  state: object = {};

  read(offset: number, sizeBytes: number): bigint {
    if (sizeBytes !== 4) return 0n;
    if (offset === VIRTIO_MMIO.MagicValue) return BigInt(MAGIC);
    if (offset === VIRTIO_MMIO.Version) return BigInt(VERSION);
    return offset === VIRTIO_MMIO.VendorID ? BigInt(VENDOR) : 0n;
  }

  write(): boolean {
    return true;
  }
}
