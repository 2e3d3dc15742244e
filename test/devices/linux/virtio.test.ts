import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Random } from '../../../src/base/random.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest } from '../../../src/devices/device.ts';
import { REQUESTQ, VIRTIO_BLK_T, VirtioBlk } from '../../../src/devices/virtio/blk.ts';
import { VIRTIO_CONSOLE_F_SIZE, VirtioConsole } from '../../../src/devices/virtio/console.ts';
import { VirtioEntropy } from '../../../src/devices/virtio/entropy.ts';
import { VIRTIO_NET_F_MAC, VIRTIO_NET_F_STATUS, VirtioNet } from '../../../src/devices/virtio/net.ts';
import { STATUS, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC } from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { blkHeader } from '../../../tools/testing/devices/virtio-driver.ts';
import { examples } from '../../thorough.ts';
import { LinuxDriver } from './driver.ts';

/** Every feature in the table of one of the drivers: a driver accepts those of them that are offered. */
const ALL_FEATURES = (1n << 28n) - 1n;
const MAC = Uint8Array.of(0x52, 0x54, 0, 0x12, 0x34, 0x56);
const CAPACITY = 4096;
/** The size of `struct virtio_net_hdr_mrg_rxbuf` before a frame, and of Linux's receive buffers. */
const NET_HEADER = new Uint8Array(12);
const GOOD_PACKET_BYTES = 1518;
const PAGE_BYTES = 4096;

const kernels = [0n, VIRTIO_F_EVENT_IDX, VIRTIO_F_INDIRECT_DESC, VIRTIO_F_EVENT_IDX | VIRTIO_F_INDIRECT_DESC];
const anyKernel = fc.record({
  without: fc.constantFrom(...kernels),
  largest: fc.constantFrom(8, 1024),
  seed: fc.string(),
});

const frameOf = (sizeBytes: number, seed: number) =>
  Uint8Array.from({ length: sizeBytes }, (_, i) => i * 7 + seed);

describe('virtio_net', () => {
  const start = (without = 0n, largest = 1024) => {
    const slot = new VirtioMmio(new VirtioNet(MAC));
    const driver = new LinuxDriver(slot).probe(1, ALL_FEATURES, without);
    return { slot, driver: driver.findQueues(2, largest).ready() };
  };

  test('reads its address byte by byte and the link as a half word, and has one pair of queues', () => {
    const { driver } = start();
    expect(driver.features & ALL_FEATURES).toBe(VIRTIO_NET_F_MAC | VIRTIO_NET_F_STATUS);
    expect(Array.from(MAC, (_, i) => Number(driver.config(i, 1)))).toEqual([...MAC]);
    expect(driver.config(6, 2)).toBe(1n);
    expect(driver.queues.map(({ num }) => num)).toEqual([1024, 1024]);
  });

  test('fills its receive queue with buffers for the largest frame, and gets each frame once, in order', () => {
    for (const without of kernels) {
      const { slot, driver } = start(without, 16);
      const [receiveq] = driver.queues;
      const fill = () => {
        while (receiveq!.add([], [NET_HEADER.length + GOOD_PACKET_BYTES], undefined)) {}
        receiveq!.kick();
      };
      fill();
      const sizes = [60, GOOD_PACKET_BYTES, 14, 1000];
      for (let i = 0; i < 100; i++) {
        const frame = frameOf(sizes[i % sizes.length]!, i);
        expect(slot.device.receive(frame, slot, driver.world)).toBe(true);
        expect(slot.interrupt).toBe(true);
        driver.interrupt();
        const [packet, ...more] = receiveq!.drain();
        expect(more).toEqual([]);
        expect(packet!.written.slice(NET_HEADER.length)).toEqual(frame);
        expect(packet!.written[10]).toBe(1);
        fill();
      }
    }
  });

  test('sends a frame with its header in one buffer, and the queue is reclaimed however rarely the driver asks', () => {
    fc.assert(
      fc.property(anyKernel, ({ without, largest, seed }) => {
        const { driver } = start(without, largest);
        const [, transmitq] = driver.queues;
        const random = new Random(seed);
        let sent = 0;
        for (let turn = 0; turn < 40; turn++) {
          for (let i = random.below(12); i > 0; i--) {
            const packet = Uint8Array.from([...NET_HEADER, ...frameOf(60, sent)]);
            if (transmitq!.add([packet], [], sent)) sent++;
          }
          transmitq!.kick();
          if (random.chance(0.5)) transmitq!.drain();
        }
        transmitq!.drain();
        expect(transmitq!.outstanding).toBe(0);
        expect(driver.world.outputs).toEqual(
          Array.from({ length: sent }, (_, i) => ({ kind: 'frame', frame: frameOf(60, i) })),
        );
      }),
      { numRuns: examples(40) },
    );
  });
});

describe('virtio_blk', () => {
  const start = ({ without = 0n, largest = 1024, readOnly = false } = {}) => {
    const slot = new VirtioMmio(new VirtioBlk(CAPACITY, readOnly));
    const driver = new LinuxDriver(slot).probe(2, ALL_FEATURES, without);
    return { slot, driver: driver.findQueues(1, largest).ready() };
  };

  test('reads capacity, block size and the number of segments; one queue, a flush and read-only', () => {
    const { driver } = start({ readOnly: true });
    const [SEG_MAX, GEOMETRY, RO, BLK_SIZE, FLUSH, TOPOLOGY] = [2n, 4n, 5n, 6n, 9n, 10n].map(
      (bit) => 1n << bit,
    );
    const offered = SEG_MAX! | GEOMETRY! | RO! | BLK_SIZE! | FLUSH! | TOPOLOGY!;
    expect(driver.features & ALL_FEATURES).toBe(offered);
    expect(driver.config(0, 8)).toBe(BigInt(CAPACITY));
    expect(driver.config(12, 4)).toBe(254n);
    expect(driver.config(20, 4)).toBe(512n);
  });

  test.each([1024, 16])(
    'reads a request with the largest number of segments, in a queue of %i, too',
    (largest) => {
      const { slot, driver } = start({ largest });
      const segments = Number(driver.config(12, 4));
      driver.queues[0]!.add(
        [blkHeader(VIRTIO_BLK_T.IN, 0)],
        [...Array<number>(segments).fill(PAGE_BYTES), 1],
        0,
      );
      driver.queues[0]!.kick();
      while (slot.device.isBusy) {
        const [{ id, sizeBytes } = { id: 0, sizeBytes: 0 }] = slot.device.operations;
        slot.device.complete(id, DISK_OK, new Uint8Array(sizeBytes).fill(id), slot, driver.world);
      }
      const [done] = driver.queues[0]!.drain();
      expect([done!.written.length, done!.written.at(-1)]).toEqual([segments * PAGE_BYTES + 1, DISK_OK]);
      expect(driver.world.outputs).toHaveLength(Math.ceil((segments * PAGE_BYTES) / 2 ** 16));
    },
  );

  test('reads the serial number into 20 bytes', () => {
    const { driver } = start();
    driver.queues[0]!.add([blkHeader(VIRTIO_BLK_T.GET_ID, 0)], [20, 1], 0);
    driver.queues[0]!.kick();
    const [done] = driver.queues[0]!.drain();
    expect(new TextDecoder().decode(done!.written).split('\0')[0]).toBe('vmft-disk');
    expect(done!.written[20]).toBe(DISK_OK);
  });

  test('a read-only disk fails writes and starts none', () => {
    const { driver } = start({ readOnly: true });
    driver.queues[0]!.add([blkHeader(VIRTIO_BLK_T.OUT, 0), new Uint8Array(PAGE_BYTES)], [1], 0);
    driver.queues[0]!.kick();
    expect(driver.queues[0]!.drain()[0]!.written).toEqual(Uint8Array.of(DISK_IOERR));
    expect(driver.world.outputs).toEqual([]);
  });

  test('gives each request its own completion, in any order, and misses no interrupt', () => {
    fc.assert(
      fc.property(anyKernel, ({ without, largest, seed }) => {
        const { slot, driver } = start({ without, largest });
        const [queue] = driver.queues;
        const random = new Random(seed);
        const expected = new Map<number, number[]>();
        let started = 0;
        const finish = (all: boolean) => {
          while (slot.device.isBusy && (all || random.chance(0.7))) {
            const { operations } = slot.device;
            const { id, operation, sizeBytes } = operations[random.below(operations.length)]!;
            const status = random.chance(0.1) ? DISK_IOERR : DISK_OK;
            const data = random.bytes(operation === 'read' && status === DISK_OK ? sizeBytes : 0);
            const { request } = driver.world.outputs[id - 1] as { request: DiskRequest };
            const sector = 'sector' in request ? request.sector : -1;
            if (sector >= 0) expected.set(sector, status === DISK_OK ? [...data, status] : [status]);
            slot.device.complete(id, status, data, slot, driver.world);
          }
        };
        const handle = () => {
          // The driver polls only after an interrupt.
          if (!slot.interrupt) return;
          driver.interrupt();
          for (const { token, written } of queue!.drain()) {
            const sector = token as number;
            if (sector < 0) continue;
            const want = expected.get(sector)!;
            expect([...written].slice(-want.length)).toEqual(want);
          }
        };
        for (let turn = 0; turn < 30; turn++) {
          for (let i = random.below(4); i > 0; i--) {
            const sector = started++;
            const kind = random.below(3);
            if (kind === 0) queue!.add([blkHeader(VIRTIO_BLK_T.IN, sector)], [512, 512, 1], sector);
            else if (kind === 1)
              queue!.add([blkHeader(VIRTIO_BLK_T.OUT, sector), random.bytes(512)], [1], sector);
            else queue!.add([blkHeader(VIRTIO_BLK_T.FLUSH, 0)], [1], -1);
          }
          queue!.kick();
          finish(false);
          handle();
        }
        finish(true);
        handle();
        expect(queue!.outstanding).toBe(0);
        expect(slot.interrupt).toBe(false);
      }),
      { numRuns: examples(60) },
    );
  });
});

test('virtio_rng always has one buffer with the device', () => {
  for (const without of kernels) {
    const slot = new VirtioMmio(new VirtioEntropy());
    const driver = new LinuxDriver(slot).probe(4, ALL_FEATURES, without).findQueues(1).ready();
    const [queue] = driver.queues;
    for (let i = 0; i < 200; i++) {
      queue!.add([], [64], i);
      queue!.kick();
      expect(slot.interrupt).toBe(true);
      driver.interrupt();
      expect(queue!.get()).toMatchObject({ token: i });
      expect(queue!.get()).toBeUndefined();
    }
  }
});

describe('virtio_console', () => {
  const start = (without = 0n) => {
    const slot = new VirtioMmio(new VirtioConsole());
    const driver = new LinuxDriver(slot).probe(3, ALL_FEATURES, without).findQueues(2, 64).ready();
    const [receiveq] = driver.queues;
    // Its own table of features ends with MULTIPORT; it does not write to what it does not know.
    while (receiveq!.add([], [PAGE_BYTES], undefined)) receiveq!.kick();
    return { slot, driver, receiveq: receiveq!, transmitq: driver.queues[1]! };
  };

  test('has one port and its size', () => {
    const { driver } = start();
    expect(driver.features & 3n).toBe(VIRTIO_CONSOLE_F_SIZE);
    expect([driver.config(0, 2), driver.config(2, 2)]).toEqual([80n, 25n]);
  });

  test('waits with interrupts off until a line is printed', () => {
    for (const without of kernels) {
      const { driver, transmitq } = start(without);
      for (let i = 0; i < 200; i++) {
        expect(transmitq.add([Uint8Array.of(i, 10)], [], i)).toBe(true);
        transmitq.kick();
        expect(transmitq.get()).toMatchObject({ token: i });
      }
      expect(driver.world.outputs.flatMap((o) => (o.kind === 'console' ? o.byte : []))).toEqual(
        Array.from({ length: 200 }, (_, i) => [i, 10]).flat(),
      );
    }
  });

  test('reads typed bytes once each, and returns its pages to the device', () => {
    fc.assert(
      fc.property(anyKernel, ({ without, seed }) => {
        const { slot, driver, receiveq } = start(without);
        const random = new Random(seed);
        const typed: number[] = [];
        const got: number[] = [];
        for (let turn = 0; turn < 60; turn++) {
          if (random.chance(0.7)) {
            const bytes = random.bytes(1 + random.below(100));
            const taken = slot.device.receive(bytes, slot, driver.world);
            typed.push(...bytes.subarray(0, taken));
          }
          if (!slot.interrupt || random.chance(0.8)) continue;
          driver.interrupt();
          for (const { written } of receiveq.drain()) {
            got.push(...written);
            receiveq.add([], [64], undefined);
            receiveq.kick();
          }
        }
        while (slot.interrupt) {
          driver.interrupt();
          for (const { written } of receiveq.drain()) {
            got.push(...written);
            receiveq.add([], [64], undefined);
            receiveq.kick();
          }
        }
        expect(got).toEqual(typed);
      }),
      { numRuns: examples(40) },
    );
  });
});

test.each([
  ['net', () => new VirtioNet(MAC), 1, 2],
  ['blk', () => new VirtioBlk(CAPACITY), 2, 1],
  ['console', () => new VirtioConsole(), 3, 2],
  ['entropy', () => new VirtioEntropy(), 4, 1],
] as const)('%s is removed with requests in flight, and comes up again', (_, make, deviceId, queues) => {
  const slot = new VirtioMmio(make());
  const driver = new LinuxDriver(slot);
  for (let round = 0; round < 3; round++) {
    driver.probe(deviceId, ALL_FEATURES).findQueues(queues).ready();
    for (const queue of driver.queues) {
      queue.add([blkHeader(VIRTIO_BLK_T.IN, 0)], [512, 1], 0);
      queue.kick();
    }
    expect(driver.status).toBe(15);
    driver.remove();
    expect([driver.status, slot.interrupt]).toEqual([0, false]);
  }
  if (slot.device instanceof VirtioBlk) {
    // The disk answers the requests of the first driver, which are dropped.
    expect(slot.device.complete(1, DISK_OK, new Uint8Array(512), slot, driver.world)).toBe(false);
    for (const id of [2, 3]) slot.device.complete(id, DISK_OK, new Uint8Array(512), slot, driver.world);
    expect(slot.device.state).toEqual({ requests: [], orphans: [] });
  }
});

test('a driver that shuts down with FAILED starts again after a reset', () => {
  const slot = new VirtioMmio(new VirtioEntropy());
  const driver = new LinuxDriver(slot).probe(4, 0n).findQueues(1).ready();
  driver.writel(0x70, driver.status | STATUS.FAILED);
  driver.remove();
  driver.probe(4, 0n).findQueues(1).ready();
  driver.queues[REQUESTQ]!.add([], [8], 0);
  driver.queues[REQUESTQ]!.kick();
  expect(driver.queues[REQUESTQ]!.drain()).toHaveLength(1);
});
