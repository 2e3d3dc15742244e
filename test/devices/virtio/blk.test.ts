import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../../src/base/assert.ts';
import { decode, encode } from '../../../src/base/codec.ts';
import { DISK_IOERR, DISK_OK } from '../../../src/devices/device.ts';
import {
  REQUESTQ,
  VIRTIO_BLK_F_FLUSH,
  VIRTIO_BLK_F_RO,
  VIRTIO_BLK_F_SEG_MAX,
  VIRTIO_BLK_F_SIZE_MAX,
  VIRTIO_BLK_S_UNSUPP,
  VIRTIO_BLK_T,
  VirtioBlk,
} from '../../../src/devices/virtio/blk.ts';
import {
  INTERRUPT,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
  VIRTIO_MMIO,
} from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { blkHeader, Driver, type Piece, ringsOf } from './driver.ts';

const { IN, OUT, FLUSH, GET_ID } = VIRTIO_BLK_T;
const CAPACITY = 100;
const NONE = new Uint8Array(0);
/** What the driver finds in a status byte that the device has not written. */
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
    /** Makes a request available and notifies; `status` shows the last byte of its last buffer. */
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
    pending: () => slot.device.state.pending,
  };
}

test('it tells what it is', () => {
  const { driver } = start();
  const features =
    VIRTIO_BLK_F_SIZE_MAX |
    VIRTIO_BLK_F_SEG_MAX |
    VIRTIO_BLK_F_FLUSH |
    VIRTIO_F_VERSION_1 |
    VIRTIO_F_INDIRECT_DESC;
  expect(driver.get(VIRTIO_MMIO.DeviceID)).toBe(2);
  expect(driver.offered).toBe(features | VIRTIO_F_EVENT_IDX);
  expect(start({ readOnly: true }).driver.offered).toBe(features | VIRTIO_F_EVENT_IDX | VIRTIO_BLK_F_RO);
  expect(driver.get(VIRTIO_MMIO.QueueNumMax)).toBe(128);
});

test('the configuration: capacity, the size of a segment and how many a request has', () => {
  const { driver, slot } = start();
  const words = [0, 4, 8, 12, 16, 20].map((offset) => driver.get(VIRTIO_MMIO.Config + offset));
  expect(words).toEqual([CAPACITY, 0, 8192, 126, 0, 0]);
  // A driver that keeps to both never exceeds the longest chain.
  expect(16 + 8192 * 126 + 1).toBeLessThanOrEqual(slot.device.chainLimitBytes);
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
    const { driver, ask, asked, complete, used, pending } = start({ features: VIRTIO_F_INDIRECT_DESC });
    const { head, at, status } = ask(pieces, indirect);
    expect(asked()).toEqual([{ operation: 'read', sector: 7, sizeBytes: 1024 }]);
    expect(pending()).toEqual([{ id: 1, head, operation: 'read', sizeBytes: 1024 }]);
    expect([used(), driver.interrupt(), status()]).toEqual([[], 0, UNTOUCHED]);

    expect(complete(1, DISK_OK, fill(1024))).toBe(true);
    expect(used()).toEqual([{ id: head, len: 1025 }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    const buffers = pieces.map((piece, i) =>
      typeof piece === 'number' ? driver.bytes(at[i]!, piece) : NONE,
    );
    expect(Buffer.concat(buffers)).toEqual(Buffer.from([...fill(1024), DISK_OK]));
    expect(pending()).toEqual([]);
  });

  test('that fails leaves zeros and says so', () => {
    const { driver, ask, complete, used } = start();
    const { head, at, status } = ask([blkHeader(IN, 0), 512, 1]);
    expect(complete(1, DISK_IOERR)).toBe(true);
    expect(status()).toBe(DISK_IOERR);
    expect(driver.bytes(at[1]!, 512)).toEqual(new Uint8Array(512));
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
    const { driver, ask, asked, complete, used, pending } = start({ features: VIRTIO_F_INDIRECT_DESC });
    const { head, status } = ask(pieces, indirect);
    expect(asked()).toEqual([{ operation: 'write', sector: 9, data: fill(512) }]);
    expect(pending()).toEqual([{ id: 1, head, operation: 'write', sizeBytes: 512 }]);
    expect([used(), driver.interrupt(), status()]).toEqual([[], 0, UNTOUCHED]);

    expect(complete(1, DISK_OK)).toBe(true);
    expect(used()).toEqual([{ id: head, len: 1 }]);
    expect(status()).toBe(DISK_OK);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    expect(pending()).toEqual([]);
  });

  test('takes its data when it starts', () => {
    const { driver, ask, asked } = start();
    const { at } = ask([blkHeader(OUT, 9), fill(512), 1]);
    driver.world.memory.bytes.fill(0xee, at[1]! - 0x8000_0000, at[1]! - 0x8000_0000 + 512);
    expect(asked()).toEqual([{ operation: 'write', sector: 9, data: fill(512) }]);
  });

  test('that fails says so', () => {
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
  const { ask, asked, complete, used, pending } = start({ features: VIRTIO_BLK_F_FLUSH });
  const { head, status } = ask([blkHeader(FLUSH, 0), 1]);
  expect(asked()).toEqual([{ operation: 'flush' }]);
  expect(pending()).toEqual([{ id: 1, head, operation: 'flush', sizeBytes: 0 }]);
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

describe('nothing at all is read, and written, like anything else', () => {
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
    ['a type of 32 bits', [blkHeader(0x8000_0000, 0), 512, 1], VIRTIO_BLK_S_UNSUPP],
    ['no header', [513], DISK_IOERR],
    ['a header too short', [blkHeader(IN, 0).slice(0, HEADER - 1), 513], DISK_IOERR],
    ['a read of no whole sectors', [blkHeader(IN, 0), 511, 1], DISK_IOERR],
    ['a write of no whole sectors', [blkHeader(OUT, 0), fill(513), 1], DISK_IOERR],
    ['a read beyond the end', [blkHeader(IN, CAPACITY), 512, 1], DISK_IOERR],
    ['a read over the end', [blkHeader(IN, CAPACITY - 1), 1024, 1], DISK_IOERR],
    ['a write over the end', [blkHeader(OUT, CAPACITY - 1), fill(1024), 1], DISK_IOERR],
    ['a write of nothing beyond the end', [blkHeader(OUT, CAPACITY + 1), 1], DISK_IOERR],
    ['a sector of 2^32', [blkHeader(IN, 2n ** 32n), 512, 1], DISK_IOERR],
    ['the largest sector', [blkHeader(IN, 2n ** 64n - 1n), 512, 1], DISK_IOERR],
  ])('%s', (_, pieces, expected) => {
    const { driver, ask, asked, used, pending } = start();
    const { head, status } = ask(pieces);
    expect(status()).toBe(expected);
    const len = pieces.reduce<number>((sum, piece) => sum + (typeof piece === 'number' ? piece : 0), 0);
    expect(used()).toEqual([{ id: head, len }]);
    expect(driver.interrupt()).toBe(INTERRUPT.USED_BUFFER);
    expect([asked(), pending(), driver.broken]).toEqual([[], [], false]);
  });

  test.each<[string, Piece[]]>([
    ['a write', [blkHeader(OUT, 0), fill(512)]],
    ['a flush', [blkHeader(FLUSH, 0)]],
    ['a flush, its room empty', [blkHeader(FLUSH, 0), 0]],
    ['a header too short', [fill(3)]],
  ])('%s with no room for the status', (_, pieces) => {
    const { driver, ask, asked, used } = start();
    const { head } = ask(pieces);
    expect(used()).toEqual([{ id: head, len: 0 }]);
    expect([asked(), driver.broken]).toEqual([[], false]);
  });
});

describe('several requests in flight', () => {
  test('end in any order, each in its own buffers', () => {
    const { driver, ask, asked, complete, used, pending } = start();
    const first = ask([blkHeader(IN, 1), 512, 1]);
    const second = ask([blkHeader(OUT, 2), fill(512), 1]);
    const third = ask([blkHeader(IN, 3), 513]);
    expect(asked()).toHaveLength(3);
    expect(pending().map(({ id }) => id)).toEqual([1, 2, 3]);

    expect(complete(3, DISK_OK, fill(512, 3))).toBe(true);
    expect(pending().map(({ id }) => id)).toEqual([1, 2]);
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

  test('one that ends at once passes by one in flight', () => {
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

  test.each([0, 0xfffb])('as many as the queue has descriptors, and no more, from index %i on', (index) => {
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

test('a completion that nobody waits for does nothing', () => {
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

describe('requests in flight are forgotten', () => {
  test.each<[string, (driver: Driver) => void]>([
    ['when the driver resets the device', (driver) => driver.set(VIRTIO_MMIO.Status, 0)],
    ['when the driver stops the queue', (driver) => driver.set(VIRTIO_MMIO.QueueReady, 0)],
  ])('%s', (_, stop) => {
    const { driver, ask, complete, pending } = start();
    const lost = ask([blkHeader(IN, 1), 512, 1]);
    stop(driver);
    expect(pending()).toEqual([]);
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

test('a restored copy completes what the original has started', () => {
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
  test('NO_INTERRUPT holds them back, as it stands at the completion', () => {
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

  test('with EVENT_IDX they come at used_event, and avail_event follows what is taken', () => {
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
    ['into one too long', RAM, 2 ** 20, 3, 2],
  ])('%s breaks the queue', (_, address, length, flags, next) => {
    const { driver, complete, used, pending } = reading();
    driver.descriptor(desc, 1, address, length, flags, next);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect([driver.broken, used(), pending()]).toEqual([true, [], []]);
    expect(driver.interrupt()).toBe(INTERRUPT.CONFIGURATION_CHANGE);
  });

  test('gets what there is room for, the status last', () => {
    const { driver, complete, used, at } = reading();
    driver.descriptor(desc, 1, BigInt(at[1]!), 100, 2, 0);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect(driver.bytes(at[1]!, 101)).toEqual(Uint8Array.of(...fill(99), DISK_OK, 0));
    expect(used()).toEqual([{ id: 0, len: 100 }]);
  });

  test('gets nothing where there is no room', () => {
    const { driver, complete, used, at } = reading();
    driver.descriptor(desc, 0, BigInt(at[0]!), 16, 0, 0);
    expect(complete(1, DISK_OK, fill(512))).toBe(true);
    expect([used(), driver.broken]).toEqual([[{ id: 0, len: 0 }], false]);
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
  const { driver, ask, complete, used, pending } = start();
  const { status } = ask([blkHeader(IN, 1), 512, 1]);
  driver.offer(REQUESTQ, 8);
  driver.notify(REQUESTQ);
  expect(driver.broken).toBe(true);
  expect(complete(1, DISK_OK, fill(512))).toBe(true);
  expect([status(), used(), pending()]).toEqual([UNTOUCHED, [], []]);
});
