import { assert } from '../../base/assert.ts';
import { list, oneOf, record, u8, u16, uint, type ValueOf } from '../../base/codec.ts';
import {
  type DeviceContext,
  DISK_IOERR,
  DISK_OK,
  type DiskRequest,
  MAX_OPERATION_BYTES,
  SECTOR_BYTES,
} from '../device.ts';
import { BrokenQueue, type Chain } from './queue.ts';
import { MAX_QUEUE_SIZE } from './registers.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

export const VIRTIO_BLK_F_SEG_MAX = 1n << 2n;
export const VIRTIO_BLK_F_GEOMETRY = 1n << 4n;
export const VIRTIO_BLK_F_RO = 1n << 5n;
export const VIRTIO_BLK_F_BLK_SIZE = 1n << 6n;
export const VIRTIO_BLK_F_FLUSH = 1n << 9n;
export const VIRTIO_BLK_F_TOPOLOGY = 1n << 10n;
const FEATURES =
  VIRTIO_BLK_F_SEG_MAX |
  VIRTIO_BLK_F_GEOMETRY |
  VIRTIO_BLK_F_BLK_SIZE |
  VIRTIO_BLK_F_FLUSH |
  VIRTIO_BLK_F_TOPOLOGY;

export const REQUESTQ = 0;

/** Request types. */
export const VIRTIO_BLK_T = { IN: 0, OUT: 1, FLUSH: 4, GET_ID: 8 } as const;
/** A type without its direction, OUT, and without the barrier that drivers had before virtio 1.0: QEMU looks at neither. */
const TYPE_MASK = 0x7fff_fffe;
/** The third status, besides DISK_OK and DISK_IOERR. */
export const VIRTIO_BLK_S_UNSUPP = 2;

/** `type`, `reserved` and `sector`, which come before the data. */
const HEADER_BYTES = 16;
/** The last byte that the device writes. */
const STATUS_BYTES = 1;

/** What QEMU says, whose own queue has 256 descriptors, of which header and status take two. */
const SEG_MAX = 254;
/** The geometry that QEMU gives a disk without a partition table: a PC's, for drivers that want one. */
const HEADS = 16;
const SECTORS_PER_TRACK = 63;
const MAX_CYLINDERS = 16383;
/** No chain has more (virtio 1.2, section 2.7.4). */
const MAX_CHAIN_BYTES = 2 ** 32;
/** The largest request that QEMU carries out: whole sectors, no more bytes than an `int` counts. */
const MAX_REQUEST_BYTES = 2 ** 31 - SECTOR_BYTES;

/**
 * Operations under way move no more than this, where a small one counts as {@link MIN_BYTES}. What they read fits into the buffers
 * of the logging channel, and takes a link of a gigabit a second 4 ms.
 */
export const WINDOW_BYTES = 8 * MAX_OPERATION_BYTES;
const MIN_BYTES = 4096;
const MAX_OPERATIONS = WINDOW_BYTES / MIN_BYTES;

/** Offsets in the configuration space (section 5.2.4), which ends where fields begin that nothing offered here has. */
export const CONFIG = {
  ...{ capacity: 0, seg_max: 12, cylinders: 16, heads: 18, sectors: 19, blk_size: 20, writeback: 32 },
  num_queues: 34,
} as const;
const CONFIG_BYTES = 36;

/** What GET_ID answers, padded with zeros. */
const DEVICE_ID = new Uint8Array(20);
DEVICE_ID.set(new TextEncoder().encode('vmft-disk'));

/** A request in flight: one operation for each {@link MAX_OPERATION_BYTES} of its data, or for none at all. */
const requestSchema = record({
  /** The head of its descriptor chain. */
  head: u16,
  operation: oneOf('read', 'write', 'flush'),
  /** Where on the disk it begins, and how much data it moves. */
  sector: uint,
  sizeBytes: uint,
  /** How many of its operations were started, in the order of its data. */
  started: uint,
  /** Those under way: the number of the output that started it, and which one of the request's it is, from 0 on. */
  operations: list(record({ id: uint, index: uint }), MAX_OPERATIONS),
  /** DISK_OK, or how the first that failed has ended: no more are started then. */
  status: u8,
});
type Request = ValueOf<typeof requestSchema>;

const schema = record({
  /** The requests in flight, in the order in which the guest has made them. */
  requests: list(requestSchema, MAX_QUEUE_SIZE),
  /** Operations under way whose request was forgotten by a reset: until they end the window is that much smaller. */
  orphans: list(record({ id: uint, sizeBytes: uint }), MAX_OPERATIONS),
});

/**
 * The block device (virtio 1.2, section 5.2). The disk itself is outside: a request that can be carried out becomes one or more
 * operations, each of which is an output, and stays in flight until the last of their completions has come in as an input.
 *
 * Operations are started strictly in the order of the requests and of their data, whenever the window has room. So of two requests
 * for the same sectors the earlier one's operations all have the lower numbers, which is the order that the disk keeps. What a
 * write carries is taken from guest memory in the step, or at the completion, that starts its operation.
 */
export class VirtioBlk implements VirtioDevice<ValueOf<typeof schema>> {
  readonly name = 'blk';
  readonly deviceId = 2;
  readonly features: bigint;
  readonly queueSizes = [MAX_QUEUE_SIZE];
  readonly chainLimitBytes = MAX_CHAIN_BYTES;
  readonly schema = schema;
  state: ValueOf<typeof schema> = { requests: [], orphans: [] };

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
    this.features = FEATURES | (readOnly ? VIRTIO_BLK_F_RO : 0n);
  }

  /** As QEMU's, which says also without CONFIG_WCE and MQ that there is a cache and one queue. The topology is all zeros. */
  config(): Uint8Array {
    const view = new DataView(new ArrayBuffer(CONFIG_BYTES));
    const cylinders = Math.floor(this.capacitySectors / (HEADS * SECTORS_PER_TRACK));
    view.setBigUint64(CONFIG.capacity, BigInt(this.capacitySectors), true);
    view.setUint32(CONFIG.seg_max, SEG_MAX, true);
    view.setUint16(CONFIG.cylinders, Math.min(MAX_CYLINDERS, Math.max(2, cylinders)), true);
    view.setUint8(CONFIG.heads, HEADS);
    view.setUint8(CONFIG.sectors, SECTORS_PER_TRACK);
    view.setUint32(CONFIG.blk_size, SECTOR_BYTES, true);
    view.setUint8(CONFIG.writeback, 1);
    view.setUint16(CONFIG.num_queues, 1, true);
    return new Uint8Array(view.buffer);
  }

  /** The operations under way of the requests in flight. */
  get operations(): { id: number; operation: Request['operation']; sizeBytes: number }[] {
    return this.state.requests.flatMap((request) =>
      request.operations.map(({ id, index }) => ({
        id,
        operation: request.operation,
        sizeBytes: pieceBytes(request, index),
      })),
    );
  }

  /** Whether the disk has operations to do, for the driver or for one that was before it. */
  get isBusy(): boolean {
    return this.state.orphans.length > 0 || this.operations.length > 0;
  }

  notify(queue: number, port: VirtioPort, around: DeviceContext): void {
    port.take(queue, around, (chain) => this.handle(chain));
    this.startOperations(port, around);
  }

  reset(): void {
    const { state } = this;
    state.orphans.push(...this.operations.map(({ id, sizeBytes }) => ({ id, sizeBytes })));
    state.requests = [];
  }

  /** Takes over the operations under way of a device that was here before the machine's reset. */
  inherit(before: VirtioBlk): void {
    before.reset();
    this.state.orphans = before.state.orphans;
  }

  /** Answers a request, or notes it and leaves it in flight. */
  private handle(chain: Chain): number | undefined {
    if (chain.readableBytes < HEADER_BYTES) throw new BrokenQueue('a request with no whole header');
    if (chain.writableBytes < STATUS_BYTES) throw new BrokenQueue('a request with no room for its status');
    const header = new DataView(chain.read(0, HEADER_BYTES).buffer);
    const type = header.getUint32(0, true);
    // A sector that a number can't hold exactly is far beyond the end, and so is what it is rounded to.
    const sector = Number(header.getBigUint64(8, true));
    const sentBytes = chain.readableBytes - HEADER_BYTES;
    const wantedBytes = chain.writableBytes - STATUS_BYTES;
    switch (type & TYPE_MASK) {
      case VIRTIO_BLK_T.IN: {
        const operation = type & VIRTIO_BLK_T.OUT ? 'write' : 'read';
        const sizeBytes = operation === 'write' ? sentBytes : wantedBytes;
        if ((this.readOnly && operation === 'write') || !this.holds(sector, sizeBytes))
          return answer(chain, DISK_IOERR);
        return this.accept({ head: chain.head, operation, sector, sizeBytes });
      }
      case VIRTIO_BLK_T.FLUSH:
        return this.accept({ head: chain.head, operation: 'flush', sector: 0, sizeBytes: 0 });
      case VIRTIO_BLK_T.GET_ID:
        chain.write(DEVICE_ID.subarray(0, wantedBytes));
        return answer(chain, DISK_OK);
      default:
        return answer(chain, VIRTIO_BLK_S_UNSUPP);
    }
  }

  /** Whether so many bytes are whole sectors of the disk. None at all are, as in QEMU. */
  private holds(sector: number, sizeBytes: number): boolean {
    return (
      sizeBytes <= MAX_REQUEST_BYTES &&
      sizeBytes % SECTOR_BYTES === 0 &&
      sector + sizeBytes / SECTOR_BYTES <= this.capacitySectors
    );
  }

  private accept(request: Pick<Request, 'head' | 'operation' | 'sector' | 'sizeBytes'>): undefined {
    this.state.requests.push({ ...request, started: 0, operations: [], status: DISK_OK });
  }

  /** Starts operations, in order, as many as the window has room for. */
  private startOperations(port: VirtioPort, around: DeviceContext): void {
    let roomBytes = WINDOW_BYTES - this.underWayBytes();
    for (const request of this.state.requests) {
      while (hasMoreToStart(request)) {
        const index = request.started;
        roomBytes -= shareOf(pieceBytes(request, index));
        if (roomBytes < 0) return;
        const operation = this.operation(request, index, port, around);
        if (!operation) return;
        const id = around.output({ kind: 'disk', request: operation });
        request.operations.push({ id, index });
        request.started++;
      }
    }
  }

  /** What the operations under way take of the window. */
  private underWayBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of [...this.state.orphans, ...this.operations]) sum += shareOf(sizeBytes);
    return sum;
  }

  /** One operation of a request, with the data that the guest has in its buffers now; undefined when the queue is broken. */
  private operation(
    request: Request,
    index: number,
    port: VirtioPort,
    around: DeviceContext,
  ): DiskRequest | undefined {
    if (!port.serves(REQUESTQ)) return undefined;
    const sizeBytes = pieceBytes(request, index);
    const offset = index * MAX_OPERATION_BYTES;
    const sector = this.firstSector + request.sector + offset / SECTOR_BYTES;
    if (request.operation === 'flush') return { operation: 'flush' };
    if (request.operation === 'read') return { operation: 'read', sector, sizeBytes };
    let data: Uint8Array | undefined;
    port.revisit(REQUESTQ, request.head, around, (chain) => {
      mustHaveRoom(chain, request);
      data = chain.read(HEADER_BYTES + offset, sizeBytes);
      return undefined;
    });
    return data && { operation: 'write', sector, data };
  }

  /**
   * Input from the disk: the operation that output `id` started has ended with `status`. `data` is what a read that ended
   * with DISK_OK has read; nothing else has any. False when no request in flight waits for it, because the driver has reset
   * the device meanwhile: then nothing is given to the driver.
   */
  complete(id: number, status: number, data: Uint8Array, port: VirtioPort, around: DeviceContext): boolean {
    const { state } = this;
    const request = state.requests.find(({ operations }) => operations.some((one) => one.id === id));
    if (request) this.end(request, { id, status, data }, port, around);
    else state.orphans = state.orphans.filter((orphan) => orphan.id !== id);
    this.startOperations(port, around);
    return request !== undefined;
  }

  /**
   * Puts what an operation has read into guest memory ahead of its completion, as a disk does that writes there by itself: the race
   * that bounce buffers prevent (the paper, section 3.4).
   */
  land(id: number, data: Uint8Array, port: VirtioPort, around: DeviceContext): void {
    for (const { head, operations } of this.state.requests) {
      const { index } = operations.find((one) => one.id === id) ?? {};
      if (index === undefined) continue;
      port.revisit(REQUESTQ, head, around, (chain) => {
        chain.write(data, index * MAX_OPERATION_BYTES);
        return undefined;
      });
    }
  }

  /** An operation of a request has ended: its data go to the driver, and with the last one the request. */
  private end(
    request: Request,
    { id, status, data }: { id: number; status: number; data: Uint8Array },
    port: VirtioPort,
    around: DeviceContext,
  ): void {
    const at = request.operations.findIndex((one) => one.id === id);
    const { index } = request.operations[at]!;
    const readBytes = request.operation === 'read' && status === DISK_OK ? pieceBytes(request, index) : 0;
    assert(
      data.length === readBytes,
      () => `${data.length} bytes where ${request.operation} ${id} gives ${readBytes}`,
    );
    request.operations.splice(at, 1);
    if (request.status === DISK_OK) request.status = status;
    const isLast = request.operations.length === 0 && !hasMoreToStart(request);
    if (isLast) this.state.requests.splice(this.state.requests.indexOf(request), 1);
    port.revisit(REQUESTQ, request.head, around, (chain) => {
      mustHaveRoom(chain, request);
      chain.write(data, index * MAX_OPERATION_BYTES);
      return isLast ? answer(chain, request.status) : undefined;
    });
  }
}

/** Into how many operations a request is cut: at least one. */
const pieceCount = ({ sizeBytes }: Request): number =>
  Math.max(1, Math.ceil(sizeBytes / MAX_OPERATION_BYTES));

const pieceBytes = ({ sizeBytes }: Request, index: number): number =>
  Math.min(MAX_OPERATION_BYTES, sizeBytes - index * MAX_OPERATION_BYTES);

const hasMoreToStart = (request: Request): boolean =>
  request.status === DISK_OK && request.started < pieceCount(request);

/** What an operation takes of the window. */
const shareOf = (sizeBytes: number): number => Math.max(MIN_BYTES, sizeBytes);

/** The driver may move what is in flight, but not make it too small. */
function mustHaveRoom(chain: Chain, { operation, sizeBytes }: Request): void {
  const sentBytes = operation === 'write' ? sizeBytes : 0;
  const wantedBytes = operation === 'read' ? sizeBytes : 0;
  if (chain.readableBytes < HEADER_BYTES + sentBytes || chain.writableBytes < wantedBytes + STATUS_BYTES)
    throw new BrokenQueue(
      `a chain in flight that has no room any more for a ${operation} of ${sizeBytes} bytes`,
    );
}

/**
 * Puts the status into the last byte that the driver lets the device write, and returns the size of all of them. After an error
 * that counts data which were not written, as in QEMU: a driver may only look at bytes that are counted (virtio 1.2, section
 * 2.7.8), and the status is the last.
 */
function answer(chain: Chain, status: number): number {
  chain.write(Uint8Array.of(status), chain.writableBytes - STATUS_BYTES);
  return chain.writableBytes;
}
