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
import { doubleword, word } from '../words.ts';
import { BrokenQueue, type Chain } from './queue.ts';
import { MAX_QUEUE_SIZE } from './registers.ts';
import type { VirtioDevice, VirtioPort } from './transport.ts';

/** Feature bit (virtio 1.2, section 5.2.3): `seg_max` is the largest number of segments in a request. */
export const VIRTIO_BLK_F_SEG_MAX = 1n << 2n;
/** Feature bit: the configuration has a geometry of cylinders, heads and sectors. */
export const VIRTIO_BLK_F_GEOMETRY = 1n << 4n;
/** Feature bit: the disk is read-only. */
export const VIRTIO_BLK_F_RO = 1n << 5n;
/** Feature bit: `blk_size` is the size of a block. */
export const VIRTIO_BLK_F_BLK_SIZE = 1n << 6n;
/** Feature bit: the device takes flush requests. */
export const VIRTIO_BLK_F_FLUSH = 1n << 9n;
/** Feature bit: the configuration has the optimal alignment of requests. */
export const VIRTIO_BLK_F_TOPOLOGY = 1n << 10n;
const FEATURES =
  VIRTIO_BLK_F_SEG_MAX |
  VIRTIO_BLK_F_GEOMETRY |
  VIRTIO_BLK_F_BLK_SIZE |
  VIRTIO_BLK_F_FLUSH |
  VIRTIO_BLK_F_TOPOLOGY;

/** The only queue. */
export const REQUESTQ = 0;

/** Request types. */
export const VIRTIO_BLK_T = { IN: 0, OUT: 1, FLUSH: 4, GET_ID: 8 } as const;
/** Masks the direction bit, OUT, and the barrier bit of drivers before virtio 1.0: QEMU ignores both. */
const TYPE_MASK = 0x7fff_fffe;
/** The third status, besides DISK_OK and DISK_IOERR. */
export const VIRTIO_BLK_S_UNSUPP = 2;

/** `type`, `reserved` and `sector`, before the data. */
const HEADER_BYTES = 16;
/** The status, the last byte that the device writes. */
const STATUS_BYTES = 1;

/** QEMU's value: its queue has 256 descriptors, of which header and status take two. */
const SEG_MAX = 254;
/** The geometry that QEMU gives a disk without a partition table: a PC's. */
const HEADS = 16;
const SECTORS_PER_TRACK = 63;
const MAX_CYLINDERS = 16383;
/** The limit of a chain (virtio 1.2, section 2.7.4). */
const MAX_CHAIN_BYTES = 2 ** 32;
/** The largest request that QEMU executes: whole sectors, in an `int` number of bytes. */
const MAX_REQUEST_BYTES = 2 ** 31 - SECTOR_BYTES;

/**
 * The window: operations under way move at most this many bytes, where a small one counts as {@link MIN_BYTES}. Their
 * data fits into the buffers of the logging channel, and takes 4 ms on a link of 1 Gbit/s.
 */
export const WINDOW_BYTES = 8 * MAX_OPERATION_BYTES;
const MIN_BYTES = 4096;
const MAX_OPERATIONS = WINDOW_BYTES / MIN_BYTES;

/**
 * Offsets in the configuration space (section 5.2.4), which ends before the fields of features that are not offered.
 */
export const CONFIG = {
  ...{ capacity: 0, seg_max: 12, cylinders: 16, heads: 18, sectors: 19, blk_size: 20, writeback: 32 },
  num_queues: 34,
} as const;
const CONFIG_BYTES = 36;

/** The result of GET_ID, padded with zeros. */
const DEVICE_ID = new Uint8Array(20);
DEVICE_ID.set(new TextEncoder().encode('vmft-disk'));

/**
 * A request in flight: one operation for each {@link MAX_OPERATION_BYTES} of its data, and one for a request without
 * data.
 */
const requestSchema = record({
  /** The head of its descriptor chain. */
  head: u16,
  operation: oneOf('read', 'write', 'flush'),
  /** The first sector, and the amount of data. */
  sector: uint,
  sizeBytes: uint,
  /** The number of its operations that were started, in the order of its data. */
  started: uint,
  /** Its operations under way: the number of the output that started it, and its index in the request. */
  operations: list(record({ id: uint, index: uint }), MAX_OPERATIONS),
  /** DISK_OK, or the status of the first operation that failed: then no more are started. */
  status: u8,
});
type Request = ValueOf<typeof requestSchema>;

const schema = record({
  /** The requests in flight, in the order of the available ring. */
  requests: list(requestSchema, MAX_QUEUE_SIZE),
  /** Operations under way whose request was discarded by a reset: they take part of the window until they end. */
  orphans: list(record({ id: uint, sizeBytes: uint }), MAX_OPERATIONS),
});

/**
 * The block device (virtio 1.2, section 5.2). The disk itself is outside: a valid request becomes one or more
 * operations, each of which is an output, and stays in flight until the last of their completions has come in as an
 * input.
 *
 * Operations are started strictly in the order of the requests and of their data, whenever the window has room. So of
 * two requests for the same sectors the earlier one's operations all have lower numbers, which is the order that the
 * disk keeps. A write's data is read from guest memory in the step, or at the completion, that starts its operation.
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
    /** The disk's first sector on the storage, which may hold several disks. */
    private readonly firstSector = 0,
  ) {
    assert(
      Number.isSafeInteger(capacitySectors) && capacitySectors >= 0,
      `a disk of ${capacitySectors} sectors`,
    );
    this.features = FEATURES | (readOnly ? VIRTIO_BLK_F_RO : 0n);
  }

  /** As in QEMU, which reports a cache and one queue even without CONFIG_WCE and MQ. The topology is all zeros. */
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

  /** Whether operations are under way, including those from before a reset. */
  get isBusy(): boolean {
    const { orphans, requests } = this.state;
    return orphans.length > 0 || requests.some(({ operations }) => operations.length > 0);
  }

  notify(queue: number, port: VirtioPort, context: DeviceContext): void {
    port.take(queue, context, (chain) => this.handle(chain));
    this.startOperations(port, context);
  }

  reset(): void {
    const { state } = this;
    state.orphans.push(...this.operations.map(({ id, sizeBytes }) => ({ id, sizeBytes })));
    state.requests = [];
  }

  /** Takes over the operations under way of this slot's device from before the machine's reset. */
  inherit(before: VirtioBlk): void {
    before.reset();
    this.state.orphans = before.state.orphans;
  }

  /** Completes a request, or records it and leaves it in flight. */
  private handle(chain: Chain): number | undefined {
    if (chain.readableBytes < HEADER_BYTES) throw new BrokenQueue('a request with no whole header');
    if (chain.writableBytes < STATUS_BYTES) throw new BrokenQueue('a request with no room for its status');
    const header = chain.read(0, HEADER_BYTES);
    const type = word(header, 0);
    // A sector above 2^53 is rounded, and far beyond the end either way.
    const sector = doubleword(header, 8);
    const sentBytes = chain.readableBytes - HEADER_BYTES;
    const wantedBytes = chain.writableBytes - STATUS_BYTES;
    switch (type & TYPE_MASK) {
      case VIRTIO_BLK_T.IN: {
        const operation = type & VIRTIO_BLK_T.OUT ? 'write' : 'read';
        const sizeBytes = operation === 'write' ? sentBytes : wantedBytes;
        if ((this.readOnly && operation === 'write') || !this.holds(sector, sizeBytes))
          return answer(chain, DISK_IOERR);
        return this.accept(chain.head, operation, sector, sizeBytes);
      }
      case VIRTIO_BLK_T.FLUSH:
        return this.accept(chain.head, 'flush', 0, 0);
      case VIRTIO_BLK_T.GET_ID:
        chain.write(DEVICE_ID.subarray(0, wantedBytes));
        return answer(chain, DISK_OK);
      default:
        return answer(chain, VIRTIO_BLK_S_UNSUPP);
    }
  }

  /** Whether the range is whole sectors of the disk. An empty one is, as in QEMU. */
  private holds(sector: number, sizeBytes: number): boolean {
    return (
      sizeBytes <= MAX_REQUEST_BYTES &&
      sizeBytes % SECTOR_BYTES === 0 &&
      sector + sizeBytes / SECTOR_BYTES <= this.capacitySectors
    );
  }

  private accept(
    head: number,
    operation: Request['operation'],
    sector: number,
    sizeBytes: number,
  ): undefined {
    const begun = { started: 0, operations: [], status: DISK_OK };
    this.state.requests.push({ head, operation, sector, sizeBytes, ...begun });
  }

  /** Starts operations, in order, as many as the window has room for. */
  private startOperations(port: VirtioPort, context: DeviceContext): void {
    let roomBytes = WINDOW_BYTES - this.underWayBytes();
    for (const request of this.state.requests) {
      while (hasMoreToStart(request)) {
        const index = request.started;
        roomBytes -= shareOf(pieceBytes(request, index));
        if (roomBytes < 0) return;
        const operation = this.operation(request, index, port, context);
        if (!operation) return;
        const id = context.output({ kind: 'disk', request: operation });
        request.operations.push({ id, index });
        request.started++;
      }
    }
  }

  /** The part of the window that the operations under way take, in bytes. */
  private underWayBytes(): number {
    let sum = 0;
    for (const { sizeBytes } of this.state.orphans) sum += shareOf(sizeBytes);
    for (const request of this.state.requests)
      for (const { index } of request.operations) sum += shareOf(pieceBytes(request, index));
    return sum;
  }

  /** One operation of a request, with the data in the guest's buffers now; undefined when the queue is broken. */
  private operation(
    request: Request,
    index: number,
    port: VirtioPort,
    context: DeviceContext,
  ): DiskRequest | undefined {
    if (!port.serves(REQUESTQ)) return undefined;
    const sizeBytes = pieceBytes(request, index);
    const offset = index * MAX_OPERATION_BYTES;
    const sector = this.firstSector + request.sector + offset / SECTOR_BYTES;
    if (request.operation === 'flush') return { operation: 'flush' };
    if (request.operation === 'read') return { operation: 'read', sector, sizeBytes };
    let data: Uint8Array | undefined;
    port.resume(REQUESTQ, request.head, context, (chain) => {
      mustHaveRoom(chain, request);
      data = chain.read(HEADER_BYTES + offset, sizeBytes);
      return undefined;
    });
    return data && { operation: 'write', sector, data };
  }

  /**
   * Input from the disk: the operation that output `id` started has ended with `status`. `data` is the data of a read
   * that ended with DISK_OK, and empty otherwise. Returns false when no request in flight has this operation, because
   * the driver has reset the device meanwhile: the driver then sees nothing of it.
   */
  complete(id: number, status: number, data: Uint8Array, port: VirtioPort, context: DeviceContext): boolean {
    const { state } = this;
    const request = state.requests.find(({ operations }) => operations.some((one) => one.id === id));
    if (request) this.end(request, { id, status, data }, port, context);
    else state.orphans = state.orphans.filter((orphan) => orphan.id !== id);
    this.startOperations(port, context);
    return request !== undefined;
  }

  /**
   * Study only: writes an operation's data into guest memory before its completion, as a disk with DMA does: the race
   * that bounce buffers prevent (the paper, section 3.4).
   */
  writeEarly(id: number, data: Uint8Array, port: VirtioPort, context: DeviceContext): void {
    for (const { head, operations } of this.state.requests) {
      const { index } = operations.find((one) => one.id === id) ?? {};
      if (index === undefined) continue;
      port.resume(REQUESTQ, head, context, (chain) => {
        chain.write(data, index * MAX_OPERATION_BYTES);
        return undefined;
      });
    }
  }

  /** An operation has ended: its data goes to the driver, and with the last one the whole request. */
  private end(
    request: Request,
    { id, status, data }: { id: number; status: number; data: Uint8Array },
    port: VirtioPort,
    context: DeviceContext,
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
    port.resume(REQUESTQ, request.head, context, (chain) => {
      mustHaveRoom(chain, request);
      chain.write(data, index * MAX_OPERATION_BYTES);
      return isLast ? answer(chain, request.status) : undefined;
    });
  }
}

/** The number of operations of a request: at least one. */
const pieceCount = ({ sizeBytes }: Request): number =>
  Math.max(1, Math.ceil(sizeBytes / MAX_OPERATION_BYTES));

const pieceBytes = ({ sizeBytes }: Request, index: number): number =>
  Math.min(MAX_OPERATION_BYTES, sizeBytes - index * MAX_OPERATION_BYTES);

const hasMoreToStart = (request: Request): boolean =>
  request.status === DISK_OK && request.started < pieceCount(request);

/** The part of the window that an operation takes, in bytes. */
const shareOf = (sizeBytes: number): number => Math.max(MIN_BYTES, sizeBytes);

/** The driver may move the buffers of a chain in flight, but not make them too small. @throws {BrokenQueue} */
function mustHaveRoom(chain: Chain, { operation, sizeBytes }: Request): void {
  const sentBytes = operation === 'write' ? sizeBytes : 0;
  const wantedBytes = operation === 'read' ? sizeBytes : 0;
  if (chain.readableBytes < HEADER_BYTES + sentBytes || chain.writableBytes < wantedBytes + STATUS_BYTES)
    throw new BrokenQueue(
      `a chain in flight that has no room any more for a ${operation} of ${sizeBytes} bytes`,
    );
}

/**
 * Writes the status into the last writable byte of the chain, and returns the number of writable bytes. After an error
 * that includes data that was not written, as in QEMU: a driver may only read bytes that are counted (virtio 1.2,
 * section 2.7.8), and the status is the last.
 */
function answer(chain: Chain, status: number): number {
  chain.write(Uint8Array.of(status), chain.writableBytes - STATUS_BYTES);
  return chain.writableBytes;
}
