/** The initial memory of a case, and the addresses that a hostile guest uses. */

import { PAGE_BYTES, RAM_BASE } from '../../src/cpu/layout.ts';
import { memoryMap } from '../../src/vmm/memory-map.ts';
import { EID } from '../../src/vmm/sbi.ts';
import type { Chance } from '../testing/random-words.ts';

const page = (number: number): number => RAM_BASE + number * PAGE_BYTES;

/** Pages by intended use. The guest may use any for anything. */
export const PLACE = {
  code: page(0),
  /** Random bytes, into which programs run. */
  noise: page(1),
  handler: page(2),
  supervisorHandler: page(2) + 0x400,
  root: page(3),
  middle: page(4),
  last: page(5),
  rings: page(6),
  /** Values that instructions load. */
  pool: page(8),
  data: page(9),
} as const;
export const PLACED_PAGES = 16;
export const POOL_WORDS = PAGE_BYTES / 8;
/** The first words of the pool are the numbers of SBI extensions. */
export const EIDS: readonly number[] = [...Object.values(EID), 0x09, 0x7fff_ffff];

export const RING_SLOTS = 4;
const SLOT_BYTES = 0x800;
/** In a queue's memory: descriptors, the available ring, the used ring, an indirect table. */
export const RING = { queueBytes: 0x400, driver: 0x100, device: 0x180, table: 0x240 } as const;
export const DESCRIPTORS = 16;
export const ringsOf = (slot: number): number => PLACE.rings + slot * SLOT_BYTES;

const devicePages: readonly number[] = [
  ...Array<number>(4).fill(memoryMap.uart.base),
  memoryMap.rtc.base,
  memoryMap.clint.base,
  memoryMap.clint.base + 0x4000,
  memoryMap.clint.base + 0xbff8,
  memoryMap.plic.base,
  memoryMap.plic.base + 0x2000,
  memoryMap.plic.base + 0x20_0000,
  memoryMap.finisher.base,
];

/** An address in a device. Those that end the machine are rare. */
export function deviceAddress(chance: Chance): number {
  if (chance.chance(0.6))
    return memoryMap.virtio.base + memoryMap.virtio.sizeBytes * chance.below(RING_SLOTS + 1);
  return devicePages[chance.below(devicePages.length - (chance.chance(0.95) ? 1 : 0))]!;
}

/** An address in RAM, at its ends, in a device, far away, or where 64 bits wrap around. */
export function address(chance: Chance, ramBytes: number): bigint {
  switch (chance.below(10)) {
    case 0:
      return BigInt(RAM_BASE + ramBytes - 1 - chance.below(32));
    case 1:
      return chance.pick([
        0n,
        BigInt(RAM_BASE) - 8n,
        BigInt(RAM_BASE + ramBytes),
        BigInt(RAM_BASE) + (1n << 32n),
        BigInt(RAM_BASE) - (1n << 32n) + (1n << 64n),
        (1n << 38n) + BigInt(RAM_BASE),
        (1n << 53n) + 1n,
        (1n << 56n) - 8n,
        (1n << 64n) - BigInt(1 + chance.below(64)),
        (1n << 64n) - BigInt(RAM_BASE),
      ]);
    case 2:
      return BigInt(deviceAddress(chance));
    case 3:
      return BigInt(PLACE.root + chance.below(3 * PAGE_BYTES));
    case 4:
      return BigInt(PLACE.rings + 2 * chance.below(PAGE_BYTES));
    case 5:
      return BigInt(RAM_BASE + chance.below(ramBytes));
    default:
      return BigInt(PLACE.data + chance.below(7 * PAGE_BYTES));
  }
}

// ── Page tables ─────────────────────────────────────────────────────────────────────────────────────────────────────

const V = 1n;
const AD = 0xc1n;
const RW = 0x6n;
const X = 0x8n;
const U = 0x10n;
const entry = (target: number, bits: bigint): bigint => ((BigInt(target) >> 12n) << 10n) | bits;

function leafBits(chance: Chance, user: bigint): bigint {
  const open = AD | RW | X | user;
  if (chance.chance(0.7)) return open;
  return chance.chance(0.6) ? open ^ (1n << BigInt(chance.below(8))) : BigInt(chance.below(256));
}

/** Any entry: a leaf, a pointer to a table, or random bits. */
export function pageTableEntry(chance: Chance, user: bigint, ramBytes: number): bigint {
  switch (chance.below(8)) {
    case 0:
      return entry(chance.pick([PLACE.root, PLACE.middle, PLACE.last]), V);
    case 1:
      return entry(chance.pick([0, RAM_BASE, 0x4000_0000, 0x1_0000_0000]), leafBits(chance, user));
    case 2:
      return entry(deviceAddress(chance), leafBits(chance, user));
    case 3:
      return entry(Number(address(chance, ramBytes) & 0xff_ffff_ffffn), leafBits(chance, user));
    case 4:
      return chance.word64();
    default:
      return entry(RAM_BASE + PAGE_BYTES * chance.below(ramBytes / PAGE_BYTES), leafBits(chance, user));
  }
}

/** Writes page tables that are mostly identity mappings. `user`: the tables are for user mode. */
export function putTables(memory: DataView, chance: Chance, user: boolean, ramBytes: number): void {
  const own = user ? U : 0n;
  const set = (table: number, index: number, value: bigint) =>
    memory.setBigUint64(table - RAM_BASE + 8 * index, BigInt.asUintN(64, value), true);
  const random = () => pageTableEntry(chance, own, ramBytes);
  set(PLACE.root, 0, chance.chance(0.9) ? entry(0, AD | RW | own) : random());
  set(PLACE.root, 2, chance.chance(0.85) ? entry(PLACE.middle, V) : entry(RAM_BASE, leafBits(chance, own)));
  set(PLACE.middle, 0, chance.chance(0.85) ? entry(PLACE.last, V) : entry(RAM_BASE, leafBits(chance, own)));
  for (let index = 0; index < 24; index++) {
    const to = RAM_BASE + PAGE_BYTES * index;
    const isProgram = to < PLACE.root;
    const bits = isProgram && chance.chance(0.9) ? AD | RW | X | own : leafBits(chance, own);
    const right = index < PLACED_PAGES && chance.chance(isProgram ? 0.97 : 0.8);
    set(PLACE.last, index, right ? entry(to, to === PLACE.handler ? bits & ~U : bits) : random());
  }
  for (const table of [PLACE.root, PLACE.middle])
    for (let count = chance.below(4); count > 0; count--)
      set(table, chance.pick([1, 3, 256, 510, 511]), random());
}

// ── Virtqueues ──────────────────────────────────────────────────────────────────────────────────────────────────────

const LENGTHS = [0, 1, 12, 16, 60, 512, 513, 1530, 4096, 65535, 65536, 0x10_0000, 0x7fff_ffff, 0xffff_ffff];

/** The second half of a descriptor: length, flags and the descriptor that follows. */
export function lengthFlagsNext(chance: Chance): bigint {
  const length = chance.chance(0.6) ? chance.below(600) : chance.pick(LENGTHS);
  const flags = chance.chance(0.9) ? chance.below(8) : chance.below(65536);
  const next = chance.chance(0.9) ? chance.below(DESCRIPTORS + 2) : chance.below(65536);
  return BigInt(length) | (BigInt(flags) << 32n) | (BigInt(next) << 48n);
}

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;

/** Writes the parts of virtqueues. */
class Rings {
  constructor(
    private readonly memory: DataView,
    private readonly chance: Chance,
    private readonly ramBytes: number,
  ) {}

  descriptor(at: number, to: bigint | number, length: number, flags: number, next: number): void {
    const { memory } = this;
    memory.setBigUint64(at - RAM_BASE, BigInt(to), true);
    memory.setUint32(at - RAM_BASE + 8, length, true);
    memory.setUint16(at - RAM_BASE + 12, flags, true);
    memory.setUint16(at - RAM_BASE + 14, next, true);
  }

  anything(at: number): void {
    this.memory.setBigUint64(at - RAM_BASE, address(this.chance, this.ramBytes), true);
    this.memory.setBigUint64(at - RAM_BASE + 8, lengthFlagsNext(this.chance), true);
  }

  /** A request to the disk in three descriptors: header, data, status. */
  request(queue: number, first: number): void {
    const { memory, chance } = this;
    const header = PLACE.data + 0x800 + 16 * first;
    const write = chance.below(2);
    memory.setUint32(header - RAM_BASE, chance.chance(0.8) ? write : chance.below(12), true);
    memory.setUint32(header - RAM_BASE + 8, chance.chance(0.9) ? chance.below(70) : chance.word32(), true);
    const data = chance.chance(0.1) ? PLACE.last : PLACE.data + PAGE_BYTES * (1 + chance.below(6));
    this.descriptor(queue + 16 * first, header, 16, NEXT, first + 1);
    this.descriptor(
      queue + 16 * (first + 1),
      data,
      512 * (1 + chance.below(3)),
      NEXT | (write ? 0 : WRITE),
      first + 2,
    );
    this.descriptor(queue + 16 * (first + 2), header + 15, 1, WRITE, 0);
  }
}

/** What a queue is for. */
export type QueueUse = 'request' | 'send' | 'receive';

/** Fills a queue's memory with chains, half of them what a driver would offer. */
export function putQueue(
  memory: DataView,
  chance: Chance,
  queue: number,
  use: QueueUse,
  ramBytes: number,
): void {
  const rings = new Rings(memory, chance, ramBytes);
  for (let index = 0; index < DESCRIPTORS; index++) {
    const at = queue + 16 * index;
    if (use !== 'request' && chance.chance(0.6)) {
      const length = chance.pick(use === 'send' ? [1, 26, 72, 100, 1530] : [8, 64, 1530, 2048]);
      const flags = use === 'send' ? 0 : WRITE;
      const to = use === 'receive' && chance.chance(0.15) ? PLACE.last : PLACE.data;
      rings.descriptor(at, to + 16 * chance.below(to === PLACE.last ? 4 : 0x600), length, flags, 0);
    } else if (chance.chance(0.15)) {
      rings.descriptor(at, queue + RING.table, 16 * (1 + chance.below(20)), INDIRECT, 0);
    } else rings.anything(at);
  }
  for (let index = 0; index < 24; index++) rings.anything(queue + RING.table + 16 * index);
  // A table that contains itself.
  if (chance.chance(0.1)) rings.descriptor(queue + RING.table, queue + RING.table, 16, INDIRECT, 0);
  if (use === 'request')
    for (let first = 0; first + 3 <= DESCRIPTORS; first += 3)
      if (chance.chance(0.6)) rings.request(queue, first);
  const available = queue + RING.driver - RAM_BASE;
  memory.setUint16(available, chance.below(2), true);
  memory.setUint16(available + 2, chance.chance(0.95) ? chance.below(6) : chance.below(65536), true);
  for (let index = 0; index < DESCRIPTORS; index++) {
    const head = use === 'request' ? 3 * chance.below(5) : chance.below(DESCRIPTORS + 1);
    memory.setUint16(available + 4 + 2 * index, head, true);
  }
}
