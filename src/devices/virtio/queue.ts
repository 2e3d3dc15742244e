import { bool, record, u16, u64, type ValueOf } from '../../base/codec.ts';
import type { GuestMemory } from '../device.ts';
import { doubleword, halfword, word, wordsOf } from '../words.ts';
import { VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC } from './registers.ts';

const VIRTQ_DESC_F_NEXT = 1;
const VIRTQ_DESC_F_WRITE = 2;
const VIRTQ_DESC_F_INDIRECT = 4;
const VIRTQ_AVAIL_F_NO_INTERRUPT = 1;

const DESC_BYTES = 16;
const USED_ELEM_BYTES = 8;
/** `flags` and `idx`, before the entries of both rings. */
const RING_HEADER_BYTES = 4;

/** The encoding of the state of a queue. */
export const queueSchema = record({
  /** The size of the queue in descriptors: a power of two. */
  num: u16,
  ready: bool,
  /** Guest addresses of the descriptor table, the available ring and the used ring. */
  desc: u64,
  driver: u64,
  device: u64,
  /** The `avail.idx` up to which chains were taken. */
  lastAvail: u16,
  /** `used.idx`: the number of chains returned to the driver, modulo 2^16. */
  usedIdx: u16,
});
/** The state of a queue: see {@link queueSchema}. */
export type QueueState = ValueOf<typeof queueSchema>;

/** The driver violated the rules of a queue: the transport sets DEVICE_NEEDS_RESET. */
export class BrokenQueue extends Error {
  override name = 'BrokenQueue';
}

interface Buffer {
  address: number;
  sizeBytes: number;
}

/** A descriptor chain: buffers for the device to read, then buffers for it to write. */
export class Chain {
  private readonly readable: Buffer[] = [];
  private readonly writable: Buffer[] = [];
  readableBytes = 0;
  writableBytes = 0;

  constructor(
    readonly head: number,
    private readonly memory: GuestMemory,
  ) {}

  get length(): number {
    return this.readable.length + this.writable.length;
  }

  add(buffer: Buffer, writable: boolean): void {
    if (writable) {
      this.writable.push(buffer);
      this.writableBytes += buffer.sizeBytes;
    } else {
      if (this.writable.length > 0) throw new BrokenQueue('a buffer to read after one to write');
      this.readable.push(buffer);
      this.readableBytes += buffer.sizeBytes;
    }
  }

  /**
   * The driver's bytes from offset `from` on. The caller has checked `readableBytes`.
   * @throws {BrokenQueue} outside RAM
   */
  read(from = 0, sizeBytes = this.readableBytes - from): Uint8Array {
    let all: Uint8Array | undefined;
    eachPart(this.readable, from, sizeBytes, (address, at, length) => {
      const part = readRam(this.memory, address, length);
      if (length === sizeBytes) all = part;
      else {
        all ??= new Uint8Array(sizeBytes);
        all.set(part, at);
      }
    });
    return all ?? new Uint8Array(sizeBytes);
  }

  /**
   * Writes to the driver's buffers from offset `from` on. The caller has checked `writableBytes`.
   * @throws {BrokenQueue} outside RAM
   */
  write(bytes: Uint8Array, from = 0): void {
    eachPart(this.writable, from, bytes.length, (address, at, length) => {
      writeRam(this.memory, address, length === bytes.length ? bytes : bytes.subarray(at, at + length));
    });
  }
}

/**
 * Passes on the parts of these buffers that hold `sizeBytes` bytes from offset `from` on, in order; `at`: a part's
 * offset among those bytes.
 */
function eachPart(
  buffers: readonly Buffer[],
  from: number,
  sizeBytes: number,
  use: (address: number, at: number, length: number) => void,
): void {
  let start = 0;
  for (const buffer of buffers) {
    const first = Math.max(start, from);
    const end = Math.min(start + buffer.sizeBytes, from + sizeBytes);
    if (first < end) use(buffer.address + first - start, first - from, end - first);
    start += buffer.sizeBytes;
  }
}

/**
 * The device part of a split virtqueue (virtio 1.2, section 2.7). Everything in the rings comes from the guest and is
 * checked; a violation throws {@link BrokenQueue}. The work of one call is bounded by the queue's maximum size.
 */
export class Virtqueue {
  private readonly desc: number;
  private readonly driver: number;
  private readonly device: number;
  private readonly eventIdx: boolean;

  constructor(
    private readonly state: QueueState,
    private readonly memory: GuestMemory,
    private readonly features: bigint,
    private readonly chainLimitBytes: number,
    /** The most buffers that an indirect table may have. */
    private readonly chainLimit: number,
  ) {
    // An address above 2^53 is rounded, and far outside RAM either way.
    this.desc = Number(state.desc);
    this.driver = Number(state.driver);
    this.device = Number(state.device);
    this.eventIdx = (features & VIRTIO_F_EVENT_IDX) !== 0n;
  }

  /** The number of available chains that were not taken yet. @throws {BrokenQueue} when there are more than fit */
  waiting(): number {
    const { num, lastAvail, usedIdx } = this.state;
    const count = (this.u16(this.driver + 2) - lastAvail) & 0xffff;
    const inFlight = (lastAvail - usedIdx) & 0xffff;
    // Each chain has at least one descriptor.
    if (inFlight + count > num) throw new BrokenQueue(`${inFlight} + ${count} chains in a queue of ${num}`);
    return count;
  }

  /** The next available chain; there must be one ({@link waiting}). It stays available until {@link take}. */
  peek(): Chain {
    const { num, lastAvail } = this.state;
    return this.walk(this.u16(this.driver + RING_HEADER_BYTES + 2 * (lastAvail % num)));
  }

  /** Takes the chain that {@link peek} returns. It is in flight until {@link give}. */
  take(): void {
    const { state } = this;
    state.lastAvail = (state.lastAvail + 1) & 0xffff;
    // avail_event, after the used ring's entries: requests a notification for the next chain.
    if (this.eventIdx) this.setU16(this.usedAt(state.num), state.lastAvail);
  }

  /**
   * Returns a chain to the driver with the number of bytes written to it. Returns whether the driver wants an
   * interrupt.
   */
  give(chain: Chain, writtenBytes: number): boolean {
    const { state } = this;
    const index = state.usedIdx;
    writeRam(this.memory, this.usedAt(index % state.num), wordsOf(chain.head, writtenBytes));
    state.usedIdx = (index + 1) & 0xffff;
    this.setU16(this.device + 2, state.usedIdx);
    // used_event, after the available ring's entries: the used entry at which the driver wants an interrupt.
    if (this.eventIdx) return this.u16(this.driver + RING_HEADER_BYTES + 2 * state.num) === index;
    return (this.u16(this.driver) & VIRTQ_AVAIL_F_NO_INTERRUPT) === 0;
  }

  /**
   * Follows a chain from its head, through at most one indirect table, which may have more buffers than the queue has
   * descriptors: Linux, when short of memory, makes its queues smaller but not its requests.
   * @throws {BrokenQueue} when the chain violates the rules
   */
  walk(head: number): Chain {
    const chain = new Chain(head, this.memory);
    let table = { address: this.desc, entries: this.state.num, indirect: false };
    let index = head;
    for (;;) {
      if (index >= table.entries) throw new BrokenQueue(`descriptor ${index} of ${table.entries}`);
      const { buffer, flags, next } = this.descriptor(table.address, index);
      if (flags & VIRTQ_DESC_F_INDIRECT) {
        if (table.indirect) throw new BrokenQueue('an indirect table in an indirect table');
        table = this.indirect(buffer, flags);
        index = 0;
        continue;
      }
      const limit = table.indirect ? this.chainLimit : this.state.num;
      if (chain.length >= limit) throw new BrokenQueue(`a chain of more than ${limit} buffers`);
      chain.add(buffer, (flags & VIRTQ_DESC_F_WRITE) !== 0);
      if (chain.readableBytes + chain.writableBytes > this.chainLimitBytes) {
        throw new BrokenQueue(`a chain of more than ${this.chainLimitBytes} bytes`);
      }
      if ((flags & VIRTQ_DESC_F_NEXT) === 0) return chain;
      index = next;
    }
  }

  private indirect(buffer: Buffer, flags: number): { address: number; entries: number; indirect: boolean } {
    if ((this.features & VIRTIO_F_INDIRECT_DESC) === 0n) throw new BrokenQueue('indirect was not negotiated');
    if (flags & VIRTQ_DESC_F_NEXT) throw new BrokenQueue('a descriptor both indirect and chained');
    if (buffer.sizeBytes % DESC_BYTES !== 0) throw new BrokenQueue(`${buffer.sizeBytes} bytes of table`);
    return { address: buffer.address, entries: buffer.sizeBytes / DESC_BYTES, indirect: true };
  }

  private descriptor(table: number, index: number): { buffer: Buffer; flags: number; next: number } {
    const bytes = readRam(this.memory, table + index * DESC_BYTES, DESC_BYTES);
    return {
      // An address above 2^53 is rounded, and far outside RAM either way.
      buffer: { address: doubleword(bytes, 0), sizeBytes: word(bytes, 8) },
      flags: halfword(bytes, 12),
      next: halfword(bytes, 14),
    };
  }

  private usedAt(entry: number): number {
    return this.device + RING_HEADER_BYTES + entry * USED_ELEM_BYTES;
  }

  private u16(address: number): number {
    return halfword(readRam(this.memory, address, 2), 0);
  }

  private setU16(address: number, value: number): void {
    writeRam(this.memory, address, Uint8Array.of(value & 0xff, value >> 8));
  }
}

function readRam(memory: GuestMemory, address: number, sizeBytes: number): Uint8Array {
  const bytes = memory.read(address, sizeBytes);
  if (bytes === undefined) throw new BrokenQueue(`${sizeBytes} bytes at ${address} are not RAM`);
  return bytes;
}

function writeRam(memory: GuestMemory, address: number, bytes: Uint8Array): void {
  if (!memory.write(address, bytes)) {
    throw new BrokenQueue(`${bytes.length} bytes at ${address} are not RAM`);
  }
}
