import { assert } from '../../base/assert.ts';
import { list, oneOf, record, u16, uint, type ValueOf } from '../../base/codec.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest, SECTOR_BYTES, type Surroundings } from '../device.ts';
import type { Chain } from './queue.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

export const VIRTIO_BLK_F_SIZE_MAX = 1n << 1n;
export const VIRTIO_BLK_F_SEG_MAX = 1n << 2n;
export const VIRTIO_BLK_F_RO = 1n << 5n;
export const VIRTIO_BLK_F_FLUSH = 1n << 9n;

export const REQUESTQ = 0;

/** Request types. */
export const VIRTIO_BLK_T = { IN: 0, OUT: 1, FLUSH: 4, GET_ID: 8 } as const;
/** The third status, besides DISK_OK and DISK_IOERR. */
export const VIRTIO_BLK_S_UNSUPP = 2;

const QUEUE_SIZE = 128;
/** `type`, `reserved` and `sector`, which come before the data. */
const HEADER_BYTES = 16;
/** The last byte that the device writes. */
const STATUS_BYTES = 1;

/** All descriptors of the queue but those of header and status. */
const SEG_MAX = QUEUE_SIZE - 2;
/** With this size no request of {@link SEG_MAX} segments exceeds {@link MAX_DATA_BYTES}. */
const SIZE_MAX = 8192;
const MAX_DATA_BYTES = 2 ** 20;

const CONFIG_BYTES = 16;

const NO_DATA = new Uint8Array(0);

/** What GET_ID answers, padded with zeros. */
const DEVICE_ID = new Uint8Array(20);
DEVICE_ID.set(new TextEncoder().encode('vmft-disk'));

const schema = record({
  /** The requests in flight, in the order in which the guest has made them. */
  pending: list(
    record({
      /** The number of the output that started it. */
      id: uint,
      /** The head of its descriptor chain. */
      head: u16,
      operation: oneOf('read', 'write', 'flush'),
      /** How much data it moves. */
      sizeBytes: uint,
    }),
    QUEUE_SIZE,
  ),
});

/**
 * The block device (virtio 1.2, section 5.2). The disk itself is outside: a request that can be carried out becomes an
 * output, and stays in flight until its completion comes in as an input, in any order.
 */
export class VirtioBlk implements VirtioDevice<ValueOf<typeof schema>> {
  readonly name = 'blk';
  readonly deviceId = 2;
  readonly features: bigint;
  readonly queueSizes = [QUEUE_SIZE];
  readonly chainLimitBytes = HEADER_BYTES + MAX_DATA_BYTES + STATUS_BYTES;
  readonly schema = schema;
  state: ValueOf<typeof schema> = { pending: [] };

  constructor(
    readonly capacitySectors: number,
    readonly readOnly = false,
    /** Where its first sector lies on the storage, which may hold several disks. */
    private readonly firstSector = 0,
  ) {
    assert(
      Number.isSafeInteger(capacitySectors) && capacitySectors >= 0,
      `a disk of ${capacitySectors} sectors`,
    );
    this.features =
      VIRTIO_BLK_F_SIZE_MAX | VIRTIO_BLK_F_SEG_MAX | VIRTIO_BLK_F_FLUSH | (readOnly ? VIRTIO_BLK_F_RO : 0n);
  }

  /** `capacity`, `size_max` and `seg_max`. The fields after them belong to features that are not offered. */
  config(): Uint8Array {
    const view = new DataView(new ArrayBuffer(CONFIG_BYTES));
    view.setBigUint64(0, BigInt(this.capacitySectors), true);
    view.setUint32(8, SIZE_MAX, true);
    view.setUint32(12, SEG_MAX, true);
    return new Uint8Array(view.buffer);
  }

  notify(queue: number, port: VirtioPort, around: Surroundings): void {
    port.take(queue, around, (chain) => this.handle(chain, around));
  }

  reset(): void {
    this.state.pending = [];
  }

  /** Answers a request, or starts it and leaves it in flight. What can't be answered is given back untouched. */
  private handle(chain: Chain, around: Surroundings): number | undefined {
    if (chain.writableBytes < STATUS_BYTES) return 0;
    if (chain.readableBytes < HEADER_BYTES) return answer(chain, DISK_IOERR);
    const bytes = chain.read();
    const header = new DataView(bytes.buffer);
    // A sector that a number can't hold exactly is far beyond the end, and so is what it is rounded to.
    const sector = Number(header.getBigUint64(8, true));
    switch (header.getUint32(0, true)) {
      case VIRTIO_BLK_T.IN: {
        const sizeBytes = chain.writableBytes - STATUS_BYTES;
        if (!this.holds(sector, sizeBytes)) return answer(chain, DISK_IOERR);
        return this.start(
          chain,
          { operation: 'read', sector: this.firstSector + sector, sizeBytes },
          sizeBytes,
          around,
        );
      }
      case VIRTIO_BLK_T.OUT: {
        const data = bytes.slice(HEADER_BYTES);
        if (this.readOnly || !this.holds(sector, data.length)) return answer(chain, DISK_IOERR);
        return this.start(
          chain,
          { operation: 'write', sector: this.firstSector + sector, data },
          data.length,
          around,
        );
      }
      case VIRTIO_BLK_T.FLUSH:
        return this.start(chain, { operation: 'flush' }, 0, around);
      case VIRTIO_BLK_T.GET_ID:
        return answer(chain, DISK_OK, DEVICE_ID);
      default:
        return answer(chain, VIRTIO_BLK_S_UNSUPP);
    }
  }

  /** Whether so many bytes are whole sectors of the disk. None at all are, as in QEMU. */
  private holds(sector: number, sizeBytes: number): boolean {
    return sizeBytes % SECTOR_BYTES === 0 && sector + sizeBytes / SECTOR_BYTES <= this.capacitySectors;
  }

  private start(chain: Chain, request: DiskRequest, sizeBytes: number, around: Surroundings): undefined {
    const id = around.output({ kind: 'disk', request });
    this.state.pending.push({ id, head: chain.head, operation: request.operation, sizeBytes });
  }

  /**
   * Input from the disk: the request that output `id` started has ended with `status`. `data` is what a read that ended
   * with DISK_OK has read; nothing else has any. False when no such request is in flight, because the driver has reset
   * the device meanwhile: then nothing happens.
   */
  complete(id: number, status: number, data: Uint8Array, port: VirtioPort, around: Surroundings): boolean {
    const { pending } = this.state;
    const index = pending.findIndex((request) => request.id === id);
    const request = pending[index];
    if (request === undefined) return false;
    const { head, operation } = request;
    const sizeBytes = operation === 'read' && status === DISK_OK ? request.sizeBytes : 0;
    assert(
      data.length === sizeBytes,
      () => `${data.length} bytes where ${operation} ${id} gives ${sizeBytes}`,
    );
    pending.splice(index, 1);
    port.give(REQUESTQ, head, around, (chain) => answer(chain, status, data));
    return true;
  }
}

/**
 * Fills what the driver lets the device write, and returns its size: as much of the data as there is room for, zeros,
 * and the status. There is no hole before the status, because the driver may only look at bytes that the used length
 * counts (section 2.7.8). In a chain that the driver has changed in flight there may be no room at all.
 */
function answer(chain: Chain, status: number, data: Uint8Array = NO_DATA): number {
  const bytes = new Uint8Array(chain.writableBytes);
  const room = bytes.length - STATUS_BYTES;
  if (room < 0) return 0;
  bytes.set(data.subarray(0, room));
  bytes[room] = status;
  chain.write(bytes);
  return bytes.length;
}
