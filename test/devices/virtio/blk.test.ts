import fc from 'fast-check';
import { assert, describe, expect, test } from 'vitest';
import { InvariantError } from '../../../src/base/assert.ts';
import { decode, encode } from '../../../src/base/codec.ts';
import { Random } from '../../../src/base/random.ts';
import {
  type DeviceOutput,
  DISK_IOERR,
  DISK_OK,
  MAX_OPERATION_BYTES,
  SECTOR_BYTES,
} from '../../../src/devices/device.ts';
import {
  CONFIG,
  REQUESTQ,
  VIRTIO_BLK_F_BLK_SIZE,
  VIRTIO_BLK_F_FLUSH,
  VIRTIO_BLK_F_GEOMETRY,
  VIRTIO_BLK_F_RO,
  VIRTIO_BLK_F_SEG_MAX,
  VIRTIO_BLK_F_TOPOLOGY,
  VIRTIO_BLK_S_UNSUPP,
  VIRTIO_BLK_T,
  VirtioBlk,
  WINDOW_BYTES,
} from '../../../src/devices/virtio/blk.ts';
import {
  INTERRUPT,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
} from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { blkHeader, Driver, type Piece, ringsOf } from '../../../tools/testing/devices/virtio-driver.ts';
import { Ram, World } from '../../../tools/testing/devices/world.ts';

const { IN, OUT, FLUSH, GET_ID } = VIRTIO_BLK_T;
const CAPACITY = 100;
const NONE = new Uint8Array(0);
/** The value of a status byte that the device has not written. */
const UNTOUCHED = 0xaa;

const fill = (sizeBytes: number, seed = 1) =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => i * seed + seed);

function start({ features = 0n, readOnly = false } = {}) {
  const slot = new VirtioMmio(new VirtioBlk(CAPACITY, readOnly));
  const driver = new Driver(slot).start(VIRTIO_F_VERSION_1 | features);
  const { world } = driver;
  return {
    slot,
    driver,
    /** Makes a request available and notifies; `status` reads the last byte of its last buffer. */
    ask: (pieces: readonly Piece[], indirect = false) => {
      const { head, at } = driver.add(REQUESTQ, pieces, indirect);
      const last = pieces.at(-1);
      const statusAt = at.at(-1)! + (typeof last === 'number' ? last - 1 : 0);
      if (typeof last === 'number') world.memory.bytes[statusAt - 0x8000_0000] = UNTOUCHED;
      driver.notify(REQUESTQ);
      return { head, at, status: () => driver.bytes(statusAt, 1)[0] };
    },
    asked: () => world.outputs.map((output) => (output.kind === 'disk' ? output.request : output)),
    complete: (id: number, status: number, data = NONE) =>
      slot.device.complete(id, status, data, slot, world),
    used: () => driver.used(REQUESTQ),
    underWay: () => slot.device.operations,
  };
}

test('it identifies itself', () => {
  const { driver } = start();
  const features =
    VIRTIO_BLK_F_SEG_MAX |
    VIRTIO_BLK_F_GEOMETRY |
    VIRTIO_BLK_F_BLK_SIZE |
    VIRTIO_BLK_F_FLUSH |
    VIRTIO_BLK_F_TOPOLOGY |
    VIRTIO_F_VERSION_1 |
    VIRTIO_F_INDIRECT_DESC;
  expect(driver.get(VIRTIO_MMIO.DeviceID)).toBe(2);
  expect(driver.offered).toBe(features | VIRTIO_F_EVENT_IDX);
  expect(start({ readOnly: true }).driver.offered).toBe(features | VIRTIO_F_EVENT_IDX | VIRTIO_BLK_F_RO);
  expect(driver.get(VIRTIO_MMIO.QueueNumMax)).toBe(1024);
});

// Each line is what qemu-system-riscv64 7.2 shows for a disk of that size, without `discard` and `write-zeroes`, to the
// end.
test.each([
  [1, '0100000000000000 00000000 fe000000 0200103f 00020000 0000000000000000 01 00 0100'],
  [0x7a2, 'a207000000000000 00000000 fe000000 0200103f 00020000 0000000000000000 01 00 0100'],
  [0x20000, '0000020000000000 00000000 fe000000 8200103f 00020000 0000000000000000 01 00 0100'],
  [0x1e84800, '0048e80100000000 00000000 fe000000 ff3f103f 00020000 0000000000000000 01 00 0100'],
])('the configuration of a disk of %i sectors', (sectors, expected) => {
  const slot = new VirtioMmio(new VirtioBlk(sectors));
  const bytes = Array.from({ length: 36 }, (_, at) => Number(slot.read(VIRTIO_MMIO.Config + at, 1)));
  expect(Buffer.from(bytes).toString('hex')).toBe(expected.replaceAll(' ', ''));
  expect(slot.read(VIRTIO_MMIO.Config + CONFIG.blk_size, 4)).toBe(512n);
});

test('a capacity beyond 32 bits is read as one field, and none is negative', () => {
  const large = new VirtioMmio(new VirtioBlk(2 ** 40 + 5));
  expect(large.read(VIRTIO_MMIO.Config, 8)).toBe(2n ** 40n + 5n);
  expect(() => new VirtioBlk(-1)).toThrow(InvariantError);
});

describe('a read', () => {
  test.each([
    ['in one buffer', [blkHeader(IN, 7), 1024 + 1], false],
    ['in three', [blkHeader(IN, 7), 512, 512, 1], false],
    ['in crumbs', [blkHeader(IN, 7).slice(0, 3), blkHeader(IN, 7).slice(3), 1, 1000, 24], false],
    ['through an indirect table', [blkHeader(IN, 7), 1024, 1], true],
  ])('%s stays in flight until its completion', (_, pieces: Piece[], indirect) => {
    const { driver, ask, asked, complete, used, underWay } = start({ features: VIRTIO_F_INDIRECT_DESC });
    const { head, at, status } = ask(pieces, indirect);
    expect(asked()).toEqual([{ operation: 'read', sector: 7, sizeBytes: 1024 }]);
    expect(underWay()).toEqual([{ id: 1, operation: 'read', sizeBytes: 1024 }]);
    expect([used(), driver.interrupt(), status()]).toEqual([[], 0, UNTOUCHED]);

    expect(complete(1, DISK_OK, fill(1024))).toBe(true);
    expect(used()).toEqual([{ id: head, len: 1025 }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    const buffers = pieces.map((piece, i) =>
      typeof piece === 'number' ? driver.bytes(at[i]!, piece) : NONE,
    );
    expect(Buffer.concat(buffers)).toEqual(Buffer.from([...fill(1024), DISK_OK]));
    expect(underWay()).toEqual([]);
  });

  test('that fails reports it, and leaves the buffer unchanged', () => {
    const { driver, ask, complete, used } = start();
    const { head, at, status } = ask([blkHeader(IN, 0), 512, 1]);
    driver.world.memory.bytes.fill(7, at[1]! - 0x8000_0000, at[1]! - 0x8000_0000 + 512);
    expect(complete(1, DISK_IOERR)).toBe(true);
    expect(status()).toBe(DISK_IOERR);
    expect(driver.bytes(at[1]!, 512)).toEqual(new Uint8Array(512).fill(7));
    expect(used()).toEqual([{ id: head, len: 513 }]);
  });

  test.each([0, 511, 513])('of 512 bytes is not completed with %i', (sizeBytes) => {
    const { ask, complete, used } = start();
    ask([blkHeader(IN, 0), 512, 1]);
    expect(() => complete(1, DISK_OK, fill(sizeBytes))).toThrow(InvariantError);
    expect(used()).toEqual([]);
  });

  test('reaches the last sector', () => {
    const { ask, asked } = start();
    ask([blkHeader(IN, CAPACITY - 2), 1024, 1]);
    expect(asked()).toEqual([{ operation: 'read', sector: CAPACITY - 2, sizeBytes: 1024 }]);
  });
});

describe('a write', () => {
  test.each([
    ['in three buffers', [blkHeader(OUT, 9), fill(512), 1], false],
    ['in crumbs', [Uint8Array.of(...blkHeader(OUT, 9), 1, 2), fill(512).slice(2), 1], false],
    ['through an indirect table', [blkHeader(OUT, 9), fill(512).slice(0, 40), fill(512).slice(40), 1], true],
  ])('%s stays in flight until its completion', (_, pieces: Piece[], indirect) => {
    const { driver, ask, asked, complete, used, underWay } = start({ features: VIRTIO_F_INDIRECT_DESC });
    const { head, status } = ask(pieces, indirect);
    expect(asked()).toEqual([{ operation: 'write', sector: 9, data: fill(512) }]);
    expect(underWay()).toEqual([{ id: 1, operation: 'write', sizeBytes: 512 }]);
    expect([used(), driver.interrupt(), status()]).toEqual([[], 0, UNTOUCHED]);

    expect(complete(1, DISK_OK)).toBe(true);
    expect(used()).toEqual([{ id: head, len: 1 }]);
    expect(status()).toBe(DISK_OK);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    expect(underWay()).toEqual([]);
  });

  test('takes its data when it starts', () => {
    const { driver, ask, asked } = start();
    const { at } = ask([blkHeader(OUT, 9), fill(512), 1]);
    driver.world.memory.bytes.fill(0xee, at[1]! - 0x8000_0000, at[1]! - 0x8000_0000 + 512);
    expect(asked()).toEqual([{ operation: 'write', sector: 9, data: fill(512) }]);
  });

  test('that fails reports it', () => {
    const { ask, complete } = start();
    const { status } = ask([blkHeader(OUT, 9), fill(512), 1]);
    expect(complete(1, DISK_IOERR)).toBe(true);
    expect(status()).toBe(DISK_IOERR);
  });

  test('is not completed with data', () => {
    const { ask, complete } = start();
    ask([blkHeader(OUT, 9), fill(512), 1]);
    expect(() => complete(1, DISK_OK, fill(512))).toThrow(InvariantError);
  });

  test('is refused by a read-only disk, which can be read', () => {
    const { ask, asked, used } = start({ readOnly: true });
    const { head, status } = ask([blkHeader(OUT, 9), fill(512), 1]);
    expect(status()).toBe(DISK_IOERR);
    expect(used()).toEqual([{ id: head, len: 1 }]);
    ask([blkHeader(IN, 9), 512, 1]);
    expect(asked()).toEqual([{ operation: 'read', sector: 9, sizeBytes: 512 }]);
  });
});

test('a flush', () => {
  const { ask, asked, complete, used, underWay } = start({ features: VIRTIO_BLK_F_FLUSH });
  const { head, status } = ask([blkHeader(FLUSH, 0), 1]);
  expect(asked()).toEqual([{ operation: 'flush' }]);
  expect(underWay()).toEqual([{ id: 1, operation: 'flush', sizeBytes: 0 }]);
  expect(status()).toBe(UNTOUCHED);
  expect(complete(1, DISK_OK)).toBe(true);
  expect(status()).toBe(DISK_OK);
  expect(used()).toEqual([{ id: head, len: 1 }]);
});

test.each([
  [20, 'vmft-disk'.padEnd(20, '\0')],
  [4, 'vmft'],
  [24, 'vmft-disk'.padEnd(24, '\0')],
])('its name, for %i bytes', (sizeBytes, name) => {
  const { driver, ask, asked, used } = start();
  const { head, at, status } = ask([blkHeader(GET_ID, 0), sizeBytes, 1]);
  expect(Buffer.from(driver.bytes(at[1]!, sizeBytes)).toString('latin1')).toBe(name);
  expect(status()).toBe(DISK_OK);
  expect(used()).toEqual([{ id: head, len: sizeBytes + 1 }]);
  expect(asked()).toEqual([]);
});

describe('a request of no sectors is read and written like any other', () => {
  test.each([
    ['IN', [blkHeader(IN, CAPACITY), 1], { operation: 'read', sector: CAPACITY, sizeBytes: 0 }],
    ['OUT', [blkHeader(OUT, 0), 1], { operation: 'write', sector: 0, data: NONE }],
  ])('%s', (_, pieces: Piece[], request) => {
    const { ask, asked, complete } = start();
    const { status } = ask(pieces);
    expect(asked()).toEqual([request]);
    expect(complete(1, DISK_OK)).toBe(true);
    expect(status()).toBe(DISK_OK);
  });
});

describe('ends at once', () => {
  const { length: HEADER } = blkHeader(IN, 0);
  test.each<[string, Piece[], number]>([
    ['an unknown type', [blkHeader(2, 0), 512, 1], VIRTIO_BLK_S_UNSUPP],
    ['a discard', [blkHeader(11, 0), fill(16), 1], VIRTIO_BLK_S_UNSUPP],
    ['a type of 32 bits', [blkHeader(0x4000_0000, 0), 512, 1], VIRTIO_BLK_S_UNSUPP],
    ['a read of no whole sectors', [blkHeader(IN, 0), 511, 1], DISK_IOERR],
    ['a write of no whole sectors', [blkHeader(OUT, 0), fill(513), 1], DISK_IOERR],
    ['a read beyond the end', [blkHeader(IN, CAPACITY), 512, 1], DISK_IOERR],
    ['a read over the end', [blkHeader(IN, CAPACITY - 1), 1024, 1], DISK_IOERR],
    ['a write over the end', [blkHeader(OUT, CAPACITY - 1), fill(1024), 1], DISK_IOERR],
    ['a write of nothing beyond the end', [blkHeader(OUT, CAPACITY + 1), 1], DISK_IOERR],
    ['a sector of 2^32', [blkHeader(IN, 2n ** 32n), 512, 1], DISK_IOERR],
    ['the largest sector', [blkHeader(IN, 2n ** 64n - 1n), 512, 1], DISK_IOERR],
  ])('%s', (_, pieces, expected) => {
    const { driver, ask, asked, used, underWay } = start();
    const { head, status } = ask(pieces);
    expect(status()).toBe(expected);
    const len = pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? piece : 0), 0);
    expect(used()).toEqual([{ id: head, len }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    expect([asked(), underWay(), driver.broken]).toEqual([[], [], false]);
  });

  test.each<[string, Piece[]]>([
    ['no header', [513]],
    ['a header too short', [blkHeader(IN, 0).slice(0, HEADER - 1), 513]],
    ['a write with no room for the status', [blkHeader(OUT, 0), fill(512)]],
    ['a flush with no room for the status', [blkHeader(FLUSH, 0)]],
    ['a flush, its room empty', [blkHeader(FLUSH, 0), 0]],
    ['a header too short and no room for the status', [fill(3)]],
  ])('the service, as with QEMU: %s', (_, pieces) => {
    const { driver, ask, asked, used } = start();
    ask(pieces);
    expect([asked(), used(), driver.broken]).toEqual([[], [], true]);
  });
});

// QEMU ignores the direction of the others, and the barrier of drivers before virtio 1.0.
test.each([
  ['IN with a barrier', 0x8000_0000 | IN, { operation: 'read', sector: 3, sizeBytes: 512 }],
  ['FLUSH with OUT', FLUSH | OUT, { operation: 'flush' }],
])('%s', (_, type, request) => {
  const { ask, asked } = start();
  ask([blkHeader(type >>> 0, 3), 512, 1]);
  expect(asked()).toEqual([request]);
});

describe('several requests in flight', () => {
  test('end in any order, each in its own buffers', () => {
    const { driver, ask, asked, complete, used, underWay } = start();
    const first = ask([blkHeader(IN, 1), 512, 1]);
    const second = ask([blkHeader(OUT, 2), fill(512), 1]);
    const third = ask([blkHeader(IN, 3), 513]);
    expect(asked()).toHaveLength(3);
    expect(underWay().map(({ id }) => id)).toEqual([1, 2, 3]);

    expect(complete(3, DISK_OK, fill(512, 3))).toBe(true);
    expect(underWay().map(({ id }) => id)).toEqual([1, 2]);
    expect(complete(1, DISK_OK, fill(512, 5))).toBe(true);
    expect(complete(2, DISK_IOERR)).toBe(true);
    expect(used()).toEqual([
      { id: third.head, len: 513 },
      { id: first.head, len: 513 },
      { id: second.head, len: 1 },
    ]);
    expect(driver.bytes(first.at[1]!, 512)).toEqual(fill(512, 5));
    expect(driver.bytes(third.at[1]!, 512)).toEqual(fill(512, 3));
    expect([first.status(), second.status(), third.status()]).toEqual([DISK_OK, DISK_IOERR, DISK_OK]);
  });

  test('one that ends at once overtakes one in flight', () => {
    const { ask, complete, used } = start();
    const read = ask([blkHeader(IN, 1), 512, 1]);
    const name = ask([blkHeader(GET_ID, 0), 20, 1]);
    expect(used()).toEqual([{ id: name.head, len: 21 }]);
    complete(1, DISK_OK, fill(512));
    expect(used()[1]).toEqual({ id: read.head, len: 513 });
  });

  test('are all taken by one notification', () => {
    const { driver, asked } = start();
    for (const sector of [1, 2, 3]) driver.add(REQUESTQ, [blkHeader(OUT, sector), 1]);
    driver.notify(REQUESTQ);
    expect(asked()).toMatchObject([{ sector: 1 }, { sector: 2 }, { sector: 3 }]);
  });

  test.each([0, 0xfffb])('are at most as many as the queue has descriptors, from index %i on', (index) => {
    const { slot, driver, asked, complete } = start({ features: VIRTIO_F_INDIRECT_DESC });
    Object.assign(slot.state.queues[REQUESTQ]!, { lastAvail: index, usedIdx: index });
    driver.setU16(ringsOf(REQUESTQ).driver + 2, index);
    const flush = () => {
      driver.add(REQUESTQ, [blkHeader(FLUSH, 0), 1], true);
      driver.notify(REQUESTQ);
    };
    for (let i = 0; i < driver.size; i++) flush();
    complete(5, DISK_OK);
    flush();
    expect([asked().length, driver.broken]).toEqual([driver.size + 1, false]);
    flush();
    expect([asked().length, driver.broken]).toEqual([driver.size + 1, true]);
  });
});

test('a completion without a request in flight has no effect', () => {
  const { slot, driver, ask, complete, used } = start();
  ask([blkHeader(IN, 1), 512, 1]);
  const before = encode(slot.schema, slot.state);
  const memory = driver.world.memory.bytes.slice();
  expect(complete(2, DISK_OK, fill(512))).toBe(false);
  expect(encode(slot.schema, slot.state)).toEqual(before);
  expect(Buffer.compare(driver.world.memory.bytes, memory)).toBe(0);
  complete(1, DISK_OK, fill(512));
  expect(complete(1, DISK_OK, fill(512))).toBe(false);
  expect(used()).toHaveLength(1);
});

describe('requests in flight are dropped', () => {
  test.each<[string, (driver: Driver) => void]>([
    ['when the driver resets the device', (driver) => driver.set(VIRTIO_MMIO.Status, 0)],
    ['when the driver stops the queue', (driver) => driver.set(VIRTIO_MMIO.QueueReady, 0)],
  ])('%s', (_, stop) => {
    const { driver, ask, complete, underWay } = start();
    const lost = ask([blkHeader(IN, 1), 512, 1]);
    stop(driver);
    expect(underWay()).toEqual([]);
    driver.setU16(ringsOf(REQUESTQ).driver + 2, 0);
    driver.start(VIRTIO_F_VERSION_1);
    const asked = ask([blkHeader(IN, 1), 512, 1]);

    expect(complete(1, DISK_OK, fill(512))).toBe(false);
    expect(lost.status()).toBe(UNTOUCHED);
    expect(driver.u16(ringsOf(REQUESTQ).device + 2)).toBe(0);
    expect(complete(2, DISK_OK, fill(512))).toBe(true);
    expect(asked.status()).toBe(DISK_OK);
    expect(driver.used(REQUESTQ)).toEqual([{ id: asked.head, len: 513 }]);
  });
});

test('a restored copy completes the requests of the original', () => {
  const { slot, driver, ask } = start();
  const { head, at, status } = ask([blkHeader(IN, 1), 512, 1]);
  const copy = new VirtioMmio(new VirtioBlk(CAPACITY));
  copy.state = decode(copy.schema, encode(slot.schema, slot.state));
  expect(copy.device.complete(1, DISK_OK, fill(512), copy, driver.world)).toBe(true);
  expect(driver.used(REQUESTQ)).toEqual([{ id: head, len: 513 }]);
  expect(driver.bytes(at[1]!, 512)).toEqual(fill(512));
  expect([status(), copy.interrupt, slot.interrupt]).toEqual([DISK_OK, true, false]);
});

describe('interrupts', () => {
  test('are suppressed by NO_INTERRUPT, as it is at the completion', () => {
    const { driver, ask, complete, used } = start();
    ask([blkHeader(IN, 1), 512, 1]);
    ask([blkHeader(IN, 2), 512, 1]);
    driver.setU16(ringsOf(REQUESTQ).driver, 1);
    complete(1, DISK_OK, fill(512));
    expect([used().length, driver.interrupt()]).toEqual([1, 0]);
    driver.setU16(ringsOf(REQUESTQ).driver, 0);
    complete(2, DISK_OK, fill(512));
    expect([used().length, driver.interrupt()]).toEqual([2, INTERRUPT.USED_BUFFER]);
  });

  test('come at used_event with EVENT_IDX, and avail_event follows the requests taken', () => {
    const { driver, ask, complete } = start({ features: VIRTIO_F_EVENT_IDX });
    const { driver: avail, device: used } = ringsOf(REQUESTQ);
    const availEvent = () => driver.u16(used + 4 + 8 * driver.size);
    driver.setU16(avail + 4 + 2 * driver.size, 1);
    for (const sector of [1, 2, 3]) {
      ask([blkHeader(OUT, sector), 1]);
      expect(availEvent()).toBe(sector);
    }
    const interrupts = [3, 1, 2].map((id) => {
      complete(id, DISK_OK);
      return driver.interrupt();
    });
    expect(interrupts).toEqual([0, INTERRUPT.USED_BUFFER, 0]);
    expect(availEvent()).toBe(3);
  });
});

describe('a driver that changes a chain in flight', () => {
  const { desc } = ringsOf(REQUESTQ);
  const RAM = 0x8000_0000n;
  const reading = () => {
    const blk = start();
    const { at } = blk.ask([blkHeader(IN, 1), 512, 1]);
    return { ...blk, at };
  };

  test.each<[string, bigint, number, number, number]>([
    ['out of RAM', 0n, 512, 3, 2],
    ['into a loop', RAM, 1, 3, 1],
    ['beyond the table', RAM, 512, 3, 8],
    ['into one too long', RAM, 2 ** 32 - 16, 3, 2],
  ])('%s breaks the queue', (_, address, length, flags, next) => {
    const { driver, complete, used, underWay } = reading();
    driver.descriptor(desc, 1, address, length, flags, next);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect([driver.broken, used(), underWay()]).toEqual([true, [], []]);
    expect(driver.interrupt()).toBe(INTERRUPT.CONFIGURATION_CHANGE);
  });

  test.each([
    ['a smaller buffer', 1, 100, 2],
    ['no buffer at all', 0, 16, 0],
  ])('that has %s then breaks the queue', (_, index, length, flags) => {
    const { driver, complete, used, at } = reading();
    driver.descriptor(desc, index, BigInt(at[index]!), length, flags, 0);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect([used(), driver.broken]).toEqual([[], true]);
    expect(driver.bytes(at[1]!, 512)).toEqual(new Uint8Array(512));
  });

  test('or moves it gets the data where it is now', () => {
    const { driver, complete, at } = reading();
    const elsewhere = driver.allocate(512);
    driver.descriptor(desc, 1, BigInt(elsewhere), 512, 3, 2);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect(driver.bytes(at[1]!, 512)).toEqual(new Uint8Array(512));
    expect(driver.bytes(elsewhere, 512)).toEqual(fill(512));
  });
});

test('once the queue is broken, completions change nothing in memory', () => {
  const { driver, ask, complete, used, underWay } = start();
  const { status } = ask([blkHeader(IN, 1), 512, 1]);
  driver.offer(REQUESTQ, 8);
  driver.notify(REQUESTQ);
  expect(driver.broken).toBe(true);
  expect(complete(1, DISK_OK, fill(512))).toBe(true);
  expect([status(), used(), underWay()]).toEqual([UNTOUCHED, [], []]);
});

describe('requests of any size', () => {
  const PIECE = MAX_OPERATION_BYTES;
  const WINDOW = WINDOW_BYTES / PIECE;
  const SECTORS = 2 ** 13;
  const RAM_MIB = 32;

  /** A disk of 4 MiB and its driver, in a RAM that holds several requests as large. */
  function large(features = VIRTIO_F_INDIRECT_DESC) {
    const slot = new VirtioMmio(new VirtioBlk(SECTORS));
    const world = new World(new Ram(new Uint8Array(RAM_MIB << 20)));
    const driver = new Driver(slot, world, 64).start(VIRTIO_F_VERSION_1 | features);
    const content = new Uint8Array(
      Uint32Array.from({ length: SECTORS * 128 }, (_, i) => Math.imul(i, 0x9e37_79b1)).buffer,
    );
    /** Carries out an operation on `content`, and completes it. */
    const perform = (id: number, status: number = DISK_OK, on = slot) => {
      const output = world.outputs[id - 1]!;
      const request = output.kind === 'disk' ? output.request : undefined;
      const at = request && request.operation !== 'flush' ? request.sector * SECTOR_BYTES : 0;
      let data = NONE;
      if (request?.operation === 'read' && status === DISK_OK)
        data = content.slice(at, at + request.sizeBytes);
      if (request?.operation === 'write' && status === DISK_OK) content.set(request.data, at);
      return on.device.complete(id, status, data, on, world);
    };
    return { slot, world, driver, content, perform };
  }

  const sizeOf = (output: DeviceOutput) => {
    assert(output.kind === 'disk' && output.request.operation !== 'flush');
    return output.request.operation === 'read' ? output.request.sizeBytes : output.request.data.length;
  };

  test.each([
    [1, 1],
    [PIECE / SECTOR_BYTES, 1],
    [PIECE / SECTOR_BYTES + 1, 2],
    [0x801, 17],
    [SECTORS, 64],
  ])('a read of %i sectors into one buffer is %i operations', (sectors, count) => {
    const { driver, world, content, perform, slot } = large();
    const sizeBytes = sectors * SECTOR_BYTES;
    const { head, at } = driver.add(REQUESTQ, [blkHeader(IN, SECTORS - sectors), sizeBytes, 1]);
    driver.notify(REQUESTQ);
    for (let id = 1; id <= count; id++) {
      expect(driver.used(REQUESTQ)).toEqual([]);
      expect(perform(id)).toBe(true);
    }
    expect(world.outputs.map(sizeOf).reduce((a, b) => a + b)).toBe(sizeBytes);
    expect(Math.max(...world.outputs.map(sizeOf))).toBeLessThanOrEqual(PIECE);
    expect([world.outputs.length, slot.device.isBusy]).toEqual([count, false]);
    expect(driver.used(REQUESTQ)).toEqual([{ id: head, len: sizeBytes + 1 }]);
    expect(Buffer.compare(driver.bytes(at[1]!, sizeBytes), content.subarray(-sizeBytes))).toBe(0);
    expect(driver.bytes(at[2]!, 1)).toEqual(Uint8Array.of(DISK_OK));
  });

  test('a write copies the data of each operation when that one starts', () => {
    const { driver, world, content, perform } = large();
    const data = fill(2 * WINDOW_BYTES, 77);
    const { at } = driver.add(REQUESTQ, [blkHeader(OUT, 0), data, 1]);
    driver.notify(REQUESTQ);
    // The window is full: half of the operations have their data; the guest may overwrite the rest at its own risk.
    expect(world.outputs).toHaveLength(WINDOW);
    world.memory.bytes.fill(7, at[1]! - 0x8000_0000, at[1]! - 0x8000_0000 + data.length);
    for (let id = 1; id <= 2 * WINDOW; id++) perform(id);
    expect(Buffer.compare(content.subarray(0, WINDOW_BYTES), data.subarray(0, WINDOW_BYTES))).toBe(0);
    expect(content.subarray(WINDOW_BYTES, data.length).every((byte) => byte === 7)).toBe(true);
  });

  test('the first error ends a request: no further operation is started', () => {
    const { driver, world, perform } = large();
    const { head, at } = driver.add(REQUESTQ, [blkHeader(IN, 0), 2 * WINDOW_BYTES, 1]);
    driver.notify(REQUESTQ);
    perform(2, DISK_IOERR);
    for (let id = 3; id <= WINDOW; id++) perform(id);
    expect(driver.used(REQUESTQ)).toEqual([]);
    perform(1, VIRTIO_BLK_S_UNSUPP);
    expect(driver.used(REQUESTQ)).toEqual([{ id: head, len: 2 * WINDOW_BYTES + 1 }]);
    expect(driver.bytes(at[2]!, 1)).toEqual(Uint8Array.of(DISK_IOERR));
    expect(world.outputs).toHaveLength(WINDOW);
  });

  test.each([
    ['2^31 bytes', [2 ** 30, 2 ** 30]],
    ['all that a chain holds', [2 ** 31, 2 ** 31 - 512]],
  ])('%s are more than QEMU serves, and get IOERR', (_, sizes) => {
    const slot = new VirtioMmio(new VirtioBlk(2 ** 32));
    const driver = new Driver(slot).start(VIRTIO_F_VERSION_1);
    const { head } = driver.add(REQUESTQ, [blkHeader(IN, 0), 0, 0, 1]);
    const { desc } = ringsOf(REQUESTQ);
    sizes.forEach((size, i) => {
      driver.descriptor(desc, head + 1 + i, 0x8000_0000n, size, 3, head + 2 + i);
    });
    driver.notify(REQUESTQ);
    expect([driver.used(REQUESTQ).length, driver.broken, driver.world.outputs]).toEqual([1, false, []]);
  });

  test('operations in flight at a reset keep their part of the window until they end', () => {
    const { driver, world, perform, slot } = large();
    driver.add(REQUESTQ, [blkHeader(OUT, 0), new Uint8Array(2 * WINDOW_BYTES), 1]);
    driver.notify(REQUESTQ);
    for (let round = 0; round < 20; round++) {
      driver.set(VIRTIO_MMIO.Status, 0);
      driver.setU16(ringsOf(REQUESTQ).driver + 2, 0);
      driver.start(VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC);
      driver.offer(REQUESTQ, 0);
      driver.notify(REQUESTQ);
    }
    // However many resets: no more operations than the window were started.
    expect(world.outputs).toHaveLength(WINDOW);
    for (let id = 1; id <= WINDOW; id++) {
      expect(perform(id)).toBe(false);
      expect(world.outputs).toHaveLength(WINDOW + id);
    }
    for (let id = WINDOW + 1; id <= 3 * WINDOW; id++) expect(perform(id)).toBe(true);
    expect([driver.used(REQUESTQ).length, slot.device.isBusy]).toEqual([1, false]);
  });

  test('a reset machine inherits the operations in flight', () => {
    const { driver, world, perform, slot } = large();
    driver.add(REQUESTQ, [blkHeader(IN, 0), 2 * WINDOW_BYTES, 1]);
    driver.notify(REQUESTQ);
    const next = new VirtioMmio(new VirtioBlk(SECTORS));
    next.device.inherit(slot.device);
    expect(next.device.isBusy).toBe(true);
    for (let id = 1; id <= WINDOW; id++) expect(perform(id, DISK_OK, next)).toBe(false);
    expect([next.device.isBusy, world.outputs.length]).toEqual([false, WINDOW]);
  });

  // Whatever the sizes, the buffers, the order of completions, and the times at which the device is saved and restored:
  // requests read and write what they name, in the order in which the guest has made them.
  test('requests that end in any order take effect in the order of the guest', () => {
    const request = fc.record({
      type: fc.constantFrom(IN, OUT),
      sector: fc.nat(3000),
      sectors: fc.oneof(fc.integer({ min: 0, max: 8 }), fc.integer({ min: 500, max: 3000 })),
      cuts: fc.array(fc.nat(1000), { maxLength: 4 }),
      byte: fc.integer({ min: 1, max: 255 }),
    });
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 6 }), fc.nat(), (requests, seed) => {
        const { driver, world, content, perform, slot: first } = large();
        const random = new Random(`${seed}`);
        let slot = first;
        const expected = content.slice();
        const asked = requests.map(({ type, sector, sectors, cuts, byte }) => {
          const sizeBytes = sectors * SECTOR_BYTES;
          const edges = [0, ...cuts.map((cut) => Math.min(sizeBytes, cut * 1000 + cut)), sizeBytes];
          edges.sort((a, b) => a - b);
          const data = new Uint8Array(sizeBytes).fill(byte);
          const pieces = edges.slice(1).map((edge, i) => ({ from: edges[i]!, to: edge }));
          const buffers = pieces.map(({ from, to }) => (type === IN ? to - from : data.subarray(from, to)));
          const at = sector * SECTOR_BYTES;
          const wanted = type === IN ? expected.slice(at, at + sizeBytes) : NONE;
          if (type === OUT) expected.set(data, at);
          const added = driver.add(REQUESTQ, [blkHeader(type, sector), ...buffers, 1], true);
          return { ...added, pieces, wanted };
        });
        driver.notify(REQUESTQ);
        const operationBytes = () => slot.device.operations.reduce((sum, one) => sum + one.sizeBytes, 0);
        // As the disk does: one operation waits for an earlier one on the same sectors.
        const conflict = (a: number, b: number) => {
          const [one, other] = [a, b].map((id) => world.outputs[id - 1]!) as [DeviceOutput, DeviceOutput];
          assert(one.kind === 'disk' && one.request.operation !== 'flush');
          assert(other.kind === 'disk' && other.request.operation !== 'flush');
          if (one.request.operation === 'read' && other.request.operation === 'read') return false;
          const end = (output: DeviceOutput, start: number) => start + sizeOf(output) / SECTOR_BYTES;
          return (
            one.request.sector < end(other, other.request.sector) &&
            other.request.sector < end(one, one.request.sector)
          );
        };
        while (slot.device.isBusy) {
          expect(operationBytes()).toBeLessThanOrEqual(WINDOW_BYTES);
          const open = slot.device.operations.map(({ id }) => id).sort((a, b) => a - b);
          const free = open.filter((id, i) => !open.slice(0, i).some((earlier) => conflict(earlier, id)));
          perform(free[random.below(free.length)]!, DISK_OK, slot);
          if (random.chance(0.3)) {
            const copy = new VirtioMmio(new VirtioBlk(SECTORS));
            copy.state = decode(copy.schema, encode(slot.schema, slot.state));
            slot = copy;
          }
        }
        expect(Buffer.compare(content, expected)).toBe(0);
        expect(driver.used(REQUESTQ)).toHaveLength(requests.length);
        for (const { at, pieces, wanted } of asked) {
          if (wanted.length === 0) continue;
          const read = Buffer.concat(pieces.map(({ from, to }, i) => driver.bytes(at[i + 1]!, to - from)));
          expect(Buffer.compare(read, wanted)).toBe(0);
        }
      }),
      { numRuns: 15 },
    );
  });
});
