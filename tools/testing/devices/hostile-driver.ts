/** A hostile or broken driver of a virtio device. Half of its steps are valid, so that the others are reached. */
import type { Random } from '../../../src/base/random.ts';
import { STATUS, VIRTIO_F_VERSION_1, VIRTIO_MMIO } from '../../../src/devices/virtio/registers.ts';
import type { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import type { Bench, Step } from './bench.ts';
import { ringsOf } from './virtio-driver.ts';
import { RAM_BASE, RAM_BYTES } from './world.ts';

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
/** Where buffers and tables are, most of the time: behind the rings. */
const BUFFERS = RAM_BASE + 0x4000;
const BUFFER_BYTES = 0x6000;
const TABLES = RAM_BASE + 0xa000;

const pick = <T>(random: Random, from: readonly T[]): T => from[random.below(from.length)]!;

/** In RAM, on the rings themselves, across the ends of RAM, far away, and where 64 bits wrap around. */
function address(random: Random): bigint {
  if (random.chance(0.5)) return BigInt(BUFFERS + random.below(BUFFER_BYTES));
  if (random.chance(0.6)) return BigInt(RAM_BASE + 16 * random.below(0x400));
  return pick(random, [
    0n,
    BigInt(RAM_BASE) - 8n,
    BigInt(RAM_BASE + RAM_BYTES - random.below(32)),
    BigInt(RAM_BASE + RAM_BYTES),
    BigInt(RAM_BASE) + (1n << 32n),
    (1n << 53n) + 1n,
    (1n << 64n) - BigInt(1 + random.below(64)),
    (1n << 64n) - BigInt(RAM_BASE),
  ]);
}

function length(random: Random): number {
  if (random.chance(0.5)) return random.below(64);
  if (random.chance(0.5)) return 16 * random.below(40);
  return pick(
    random,
    [0, 512, 513, 1530, 4096, 65535, 65536, 0x10_0000, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff],
  );
}

interface Descriptor {
  address: bigint;
  length: number;
  flags: number;
  next: number;
}

const descriptor = (random: Random): Descriptor => ({
  address: address(random),
  length: length(random),
  flags: random.chance(0.9) ? random.below(8) : random.below(65536),
  next: random.chance(0.9) ? random.below(20) : random.below(65536),
});

/** Guest memory, written by the guest. */
class Guest {
  private readonly view: DataView;

  constructor({ world }: Bench) {
    this.view = new DataView(world.memory.bytes.buffer);
  }

  u16(at: number): number {
    return this.view.getUint16(at - RAM_BASE, true);
  }
  setU16(at: number, value: number): void {
    this.view.setUint16(at - RAM_BASE, value, true);
  }
  setU32(at: number, value: number): void {
    this.view.setUint32(at - RAM_BASE, value, true);
  }
  setU64(at: number, value: bigint): void {
    this.view.setBigUint64(at - RAM_BASE, BigInt.asUintN(64, value), true);
  }
  setDescriptor(table: number, index: number, one: Descriptor): void {
    const at = table + 16 * index;
    this.setU64(at, one.address);
    this.setU32(at + 8, one.length);
    this.setU16(at + 12, one.flags);
    this.setU16(at + 14, one.next);
  }
}

const writel = ({ device, world }: Bench, offset: number, value: number): boolean =>
  device.write(offset, 4, BigInt(value >>> 0), world);

/** Brings the device up, mostly as one should. */
function restart(random: Random, slot: VirtioMmio): Step {
  const offered = slot.device.features | VIRTIO_F_VERSION_1 | (BigInt(random.below(4)) << 28n);
  const features = random.chance(0.9)
    ? offered
    : BigInt.asUintN(64, offered ^ (1n << BigInt(random.below(64))));
  const queues = slot.device.queueSizes.map((max, queue) => {
    const rings = ringsOf(queue);
    const place = (right: number) => (random.chance(0.95) ? BigInt(right) : address(random));
    const num = random.chance(0.9)
      ? pick(random, [1, 2, 8, 8, 8, 16, 32])
      : pick(random, [max, 0, 3, max * 2, 65536]);
    return { queue, num, places: [place(rings.desc), place(rings.driver), place(rings.device)] };
  });
  const clear = random.chance(0.7);
  const reset = random.chance(0.9);
  const last = random.chance(0.95) ? STATUS.DRIVER_OK : 0;
  return {
    name: `restart with features 0x${features.toString(16)}${reset ? '' : ', no reset'}`,
    run: (bench) => {
      if (clear) bench.world.memory.bytes.fill(0, 0, 0x4000);
      if (reset) writel(bench, VIRTIO_MMIO.Status, 0);
      writel(bench, VIRTIO_MMIO.Status, STATUS.ACKNOWLEDGE | STATUS.DRIVER);
      for (const half of [0, 1]) {
        writel(bench, VIRTIO_MMIO.DriverFeaturesSel, half);
        writel(bench, VIRTIO_MMIO.DriverFeatures, Number((features >> BigInt(32 * half)) & 0xffff_ffffn));
      }
      writel(bench, VIRTIO_MMIO.Status, STATUS.ACKNOWLEDGE | STATUS.DRIVER | STATUS.FEATURES_OK);
      for (const { queue, num, places } of queues) {
        writel(bench, VIRTIO_MMIO.QueueSel, queue);
        writel(bench, VIRTIO_MMIO.QueueNum, num);
        places.forEach((place, i) => {
          writel(bench, VIRTIO_MMIO.QueueDescLow + 16 * i, Number(place & 0xffff_ffffn));
          writel(bench, VIRTIO_MMIO.QueueDescHigh + 16 * i, Number(place >> 32n));
        });
        writel(bench, VIRTIO_MMIO.QueueReady, 1);
      }
      return writel(bench, VIRTIO_MMIO.Status, 11 | last);
    },
  };
}

/** A request: the first words of what the device reads, the sizes of what it reads, and of what it writes. */
interface Shape {
  head: number[];
  out: number[];
  room: number[];
}

function diskShape(random: Random): Shape {
  const type = pick(random, [0, 0, 1, 1, 4, 8, 11, 0xffff_ffff]);
  const sector = random.chance(0.8) ? random.below(66) : 0xffff_ffff;
  const data = 512 * random.below(4) + (random.chance(0.1) ? 1 : 0);
  const head = [type, 0, sector, random.chance(0.9) ? 0 : 0xffff_ffff];
  return type === 1
    ? { head, out: [16, data], room: [1] }
    : { head, out: [16], room: data ? [data, 1] : [1] };
}

/** Mostly what a driver of the device asks for in that queue. */
function shape(random: Random, name: string, queue: number): Shape {
  if (random.chance(0.2)) {
    const some = () => Array.from({ length: random.below(4) }, () => random.below(100));
    return { head: [], out: some(), room: some() };
  }
  if (name === 'blk') return diskShape(random);
  if (queue === 0) return { head: [], out: [], room: [pick(random, [0, 1, 64, 1530, 4096])] };
  return {
    head: [],
    out: [12, pick(random, name === 'net' ? [13, 14, 60, 1518, 1519] : [0, 1, 80])],
    room: [],
  };
}

/** Makes a chain available, right or with one descriptor made up. */
function offer(random: Random, slot: VirtioMmio): Step {
  const queue = random.below(slot.device.queueSizes.length);
  const num = slot.state.queues[queue]!.num;
  const { head, out, room } = shape(random, slot.device.name, queue);
  const first = random.below(Math.min(num, 32));
  const indirect = random.chance(0.3);
  const sizes = [...out, ...room];
  const place = (i: number) => (indirect ? i : (first + i) % Math.min(num, 32));
  const chain = sizes.map((sizeBytes, i) => ({
    at: place(i),
    address: BigInt(BUFFERS + 16 * random.below((BUFFER_BYTES >> 4) - 0x100)),
    length: sizeBytes,
    flags: (i < out.length ? 0 : WRITE) | (i + 1 < sizes.length ? NEXT : 0),
    next: i + 1 < sizes.length ? place(i + 1) : 0,
  }));
  if (chain.length > 0 && random.chance(0.1)) Object.assign(pick(random, chain), descriptor(random));
  const table = TABLES + 16 * random.below(0x100);
  const tableBytes = random.chance(0.95) ? 16 * sizes.length : length(random);
  const notified = random.chance(0.5);
  return {
    name: `offer ${chain.length} buffers${indirect ? ' in a table' : ''} in queue ${queue}${notified ? ', notify' : ''}`,
    run: (bench) => {
      const guest = new Guest(bench);
      const { desc, driver } = ringsOf(queue);
      for (const one of chain) guest.setDescriptor(indirect ? table : desc, one.at, one);
      if (indirect)
        guest.setDescriptor(desc, first, {
          address: BigInt(table),
          length: tableBytes,
          flags: INDIRECT,
          next: 0,
        });
      const start = Number(chain[0]?.address ?? 0n) - RAM_BASE;
      if (start >= 0 && start + 16 <= RAM_BYTES)
        for (const [i, word] of head.entries()) guest.setU32(RAM_BASE + start + 4 * i, word);
      const index = guest.u16(driver + 2);
      guest.setU16(driver + 4 + 2 * (index % num), first);
      guest.setU16(driver + 2, (index + 1) & 0xffff);
      return notified ? writel(bench, VIRTIO_MMIO.QueueNotify, queue) : undefined;
    },
  };
}

/** Which descriptor comes next may be one that was there before, and a table may be in itself. */
function circle(guest: Guest, desc: number, index: number, indirect: boolean): void {
  const table = TABLES + 16 * index;
  const one = { address: BigInt(table), length: 16, flags: INDIRECT, next: 0 };
  if (!indirect) return guest.setDescriptor(desc, index, { ...one, flags: NEXT, next: index });
  guest.setDescriptor(desc, index, one);
  guest.setDescriptor(table, 0, one);
}

/** Changes one thing in the rings or in a table. */
function poke(random: Random, slot: VirtioMmio): Step {
  const queue = random.below(slot.device.queueSizes.length);
  const { desc, driver, device } = ringsOf(queue);
  const one = descriptor(random);
  const index = random.below(24);
  const jump = random.chance(0.6) ? random.below(12) : random.below(65536);
  const value = random.below(65536);
  const small = random.below(20);
  const pokes: [string, (guest: Guest) => void][] = [
    ['a descriptor', (guest) => guest.setDescriptor(desc, index, one)],
    ['a descriptor of a table', (guest) => guest.setDescriptor(TABLES, index * 4, one)],
    ['a circle', (guest) => circle(guest, desc, small, value % 2 === 0)],
    ['avail.idx', (guest) => guest.setU16(driver + 2, (guest.u16(driver + 2) + jump) & 0xffff)],
    ['an entry of the available ring', (guest) => guest.setU16(driver + 4 + 2 * index, small)],
    ['avail.flags', (guest) => guest.setU16(driver, value & 3)],
    ['used_event', (guest) => guest.setU16(driver + 4 + 16, small)],
    ['used.idx', (guest) => guest.setU16(device + 2, value)],
  ];
  const [name, change] = pick(random, pokes);
  return { name: `change ${name} of queue ${queue}`, run: (bench) => change(new Guest(bench)) };
}

/** Moves a queue that is not running, or runs it again where it was. */
function move(random: Random, slot: VirtioMmio): Step {
  const queue = random.below(slot.device.queueSizes.length);
  const register = VIRTIO_MMIO.QueueDescLow + 16 * random.below(3);
  const place = address(random);
  return {
    name: `move queue ${queue}`,
    run: (bench) => {
      writel(bench, VIRTIO_MMIO.QueueSel, queue);
      writel(bench, VIRTIO_MMIO.QueueReady, 0);
      writel(bench, register, Number(place & 0xffff_ffffn));
      writel(bench, register + 4, Number(place >> 32n));
      return writel(bench, VIRTIO_MMIO.QueueReady, 1);
    },
  };
}

function notify(random: Random, slot: VirtioMmio): Step {
  const queue = random.chance(0.9)
    ? random.below(slot.device.queueSizes.length)
    : pick(random, [2, 3, 65535, 2 ** 32 - 1]);
  return { name: `notify queue ${queue}`, run: (bench) => writel(bench, VIRTIO_MMIO.QueueNotify, queue) };
}

export function hostileStep(random: Random, slot: VirtioMmio): Step {
  // A device that isn't initialized, or is broken, is usually restarted.
  const { status } = slot.state;
  const up = (status & (STATUS.DRIVER_OK | STATUS.DEVICE_NEEDS_RESET)) === STATUS.DRIVER_OK;
  if (random.chance(up ? 0.02 : 0.7)) return restart(random, slot);
  const drawn = random.below(100);
  if (drawn < 60) return offer(random, slot);
  if (drawn < 72) return poke(random, slot);
  if (drawn < 95) return notify(random, slot);
  return move(random, slot);
}
