import fc from 'fast-check';
import { expect, test } from 'vitest';
import { DISK_IOERR, DISK_OK } from '../../../src/devices/device.ts';
import { REQUESTQ, VIRTIO_BLK_T, VirtioBlk } from '../../../src/devices/virtio/blk.ts';
import { VirtioEntropy } from '../../../src/devices/virtio/entropy.ts';
import { RECEIVEQ, TRANSMITQ, VirtioNet } from '../../../src/devices/virtio/net.ts';
import {
  INTERRUPT,
  MAX_QUEUE_SIZE,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_VERSION_1,
} from '../../../src/devices/virtio/registers.ts';
import { VirtioMmio } from '../../../src/devices/virtio/transport.ts';
import { blkHeader, Driver, type Piece, ringsOf } from '../../../tools/testing/devices/virtio-driver.ts';
import { RAM_BASE, RAM_BYTES } from '../../../tools/testing/devices/world.ts';
import { examples } from '../../thorough.ts';
import { hostileQueue, infest } from './hostile.ts';

const NEXT = 1;
const WRITE = 2;
const INDIRECT = 4;
const RAM = BigInt(RAM_BASE);
const { desc, driver: avail, device: used } = ringsOf(TRANSMITQ);

const FRAME_PACKET = 12 + 60;
const net = (features = VIRTIO_F_VERSION_1 | VIRTIO_F_INDIRECT_DESC) => {
  const slot = new VirtioMmio(new VirtioNet(new Uint8Array(6)));
  return { slot, guest: new Driver(slot).start(features) };
};

type Attack = (guest: Driver) => void;
const one =
  (address: bigint, length: number, flags = 0, next = 0): Attack =>
  (guest) =>
    guest.descriptor(desc, 0, address, length, flags, next);

const attacks: Record<string, Attack> = {
  'a loop of one': one(RAM, 1, NEXT, 0),
  'a loop of two': (guest) => {
    guest.descriptor(desc, 0, RAM, 1, NEXT, 1);
    guest.descriptor(desc, 1, RAM, 1, NEXT, 0);
  },
  'a loop in an indirect table': (guest) => {
    guest.descriptor(desc, 0, RAM + 0x8000n, 16, INDIRECT, 0);
    guest.descriptor(RAM_BASE + 0x8000, 0, RAM, 1, NEXT, 0);
  },
  'a next descriptor beyond the table': one(RAM, 1, NEXT, 8),
  'an address before RAM': one(RAM - 8n, FRAME_PACKET),
  'an address after RAM': one(RAM + BigInt(RAM_BYTES), FRAME_PACKET),
  'a buffer over the end of RAM': one(RAM + BigInt(RAM_BYTES - 8), FRAME_PACKET),
  'an address that wraps around': one(2n ** 64n - 8n, FRAME_PACKET),
  'a chain of 4 GiB': one(RAM, 0xffff_ffff),
  'a chain over 64 KiB': one(RAM, 65536 + 12 + 1),
  'a buffer to read after one to write': (guest) => {
    guest.descriptor(desc, 0, RAM, 12, NEXT | WRITE, 1);
    guest.descriptor(desc, 1, RAM, 60, 0, 0);
  },
  'an indirect table in an indirect table': (guest) => {
    guest.descriptor(desc, 0, RAM + 0x8000n, 16, INDIRECT, 0);
    guest.descriptor(RAM_BASE + 0x8000, 0, RAM + 0x8000n, 16, INDIRECT, 0);
  },
  'a descriptor both indirect and chained': one(RAM + 0x8000n, 16, INDIRECT | NEXT, 1),
  'half an indirect table': one(RAM + 0x8000n, 24, INDIRECT),
  'an empty indirect table': one(RAM + 0x8000n, 0, INDIRECT),
  'an indirect table outside of RAM': one(0n, 16, INDIRECT),
  'a head beyond the table': (guest) => guest.setU16(avail + 4, 8),
  'more chains than the queue has descriptors': (guest) => guest.setU16(avail + 2, 9),
  'a descriptor table outside of RAM': (guest) => {
    guest.slot.state.queues[TRANSMITQ]!.desc = 2n ** 53n + 1n;
  },
  'an available ring outside of RAM': (guest) => {
    guest.slot.state.queues[TRANSMITQ]!.driver = 0n;
  },
  'a used ring outside of RAM': (guest) => {
    guest.slot.state.queues[TRANSMITQ]!.device = RAM + BigInt(RAM_BYTES) - 8n;
  },
};

test.each(Object.entries(attacks))('%s breaks the queue', (_, attack) => {
  const { guest } = net();
  guest.add(
    TRANSMITQ,
    [FRAME_PACKET].map((size) => new Uint8Array(size)),
  );
  attack(guest);
  guest.notify(TRANSMITQ);
  expect(guest.broken).toBe(true);
  expect(guest.interrupt() & INTERRUPT.CONFIGURATION_CHANGE).not.toBe(0);
  expect(guest.u16(used + 2)).toBe(0);
});

test('an indirect table that was not negotiated breaks the queue', () => {
  const { guest } = net(VIRTIO_F_VERSION_1);
  guest.add(TRANSMITQ, [new Uint8Array(12), new Uint8Array(60)], true);
  guest.notify(TRANSMITQ);
  expect(guest.broken).toBe(true);
});

test('an indirect table as long as the largest queue is served, also in a smaller one; a longer one is not', () => {
  for (const [pieces, broken] of [
    [MAX_QUEUE_SIZE, false],
    [MAX_QUEUE_SIZE + 1, true],
  ] as const) {
    const { guest } = net();
    guest.add(TRANSMITQ, Array(pieces).fill(new Uint8Array(1)), true);
    guest.notify(TRANSMITQ);
    expect([guest.broken, guest.world.outputs.length]).toEqual([broken, broken ? 0 : 1]);
  }
});

test('a device that is made to fill avail.idx serves only the chains that were available before', () => {
  const guest = new Driver(new VirtioMmio(new VirtioEntropy())).start(VIRTIO_F_VERSION_1);
  const rings = ringsOf(0);
  guest.add(0, [2]);
  guest.notify(0);
  // The entropy of this world counts up: each of these chains would make one more available.
  guest.descriptor(rings.desc, 1, BigInt(rings.driver + 2), 1, WRITE, 0);
  for (let entry = 0; entry < 8; entry++) guest.setU16(rings.driver + 4 + 2 * entry, 1);
  guest.setU16(rings.driver + 2, 2);
  guest.notify(0);
  expect(guest.u16(rings.driver + 2)).toBe(3);
  expect(guest.u16(rings.device + 2)).toBe(2);
});

test('a receive buffer outside of RAM breaks the queue, and the frame is dropped', () => {
  const { slot, guest } = net();
  guest.add(RECEIVEQ, [2000]);
  guest.descriptor(ringsOf(RECEIVEQ).desc, 0, 8n, 2000, WRITE, 0);
  expect(slot.device.receive(new Uint8Array(60), slot, guest.world)).toBe(false);
  expect(guest.broken).toBe(true);
});

/** Accesses of one walk and its service, of a write's data once more, for each of at most 8 chains. */
const WORK_BOUND = 8 * (MAX_QUEUE_SIZE * 4 + 8);

const features = fc.constantFrom(
  0n,
  VIRTIO_F_INDIRECT_DESC,
  VIRTIO_F_EVENT_IDX,
  VIRTIO_F_INDIRECT_DESC | VIRTIO_F_EVENT_IDX,
);

test('any content of the rings: no exception, bounded work, and a request for a reset when an address is outside RAM', () => {
  fc.assert(
    fc.property(
      hostileQueue,
      features,
      fc.constantFrom('send' as const, 'receive' as const, 'entropy' as const, 'disk' as const),
      (hostile, features, what) => {
        const card = new VirtioMmio(new VirtioNet(new Uint8Array(6)));
        const others = { entropy: new VirtioEntropy(), disk: new VirtioBlk(100) };
        const slot = what === 'entropy' || what === 'disk' ? new VirtioMmio(others[what]) : card;
        const guest = new Driver(slot).start(VIRTIO_F_VERSION_1 | features);
        const queue = what === 'send' ? TRANSMITQ : 0;
        infest(guest, queue, hostile);
        guest.world.memory.accesses = 0;
        if (what === 'receive') card.device.receive(new Uint8Array(600), card, guest.world);
        else guest.notify(queue);
        const { accesses, refused } = guest.world.memory;
        expect(accesses).toBeLessThan(WORK_BOUND);
        expect(refused).toBeLessThanOrEqual(1);
        if (refused > 0) expect(guest.broken).toBe(true);
      },
    ),
    { numRuns: examples(3000) },
  );
});

const diskRequests: readonly Piece[][] = [
  [blkHeader(VIRTIO_BLK_T.IN, 5), 512, 512, 1],
  [blkHeader(VIRTIO_BLK_T.IN, 0), 513],
  [blkHeader(VIRTIO_BLK_T.OUT, 7), new Uint8Array(512), 1],
  [blkHeader(VIRTIO_BLK_T.FLUSH, 0), 1],
];
const QUEUE = 16;
/** Accesses to walk a chain of the largest queue's length, fill it, and put it into the used ring. */
const GIVE_BOUND = 2 * MAX_QUEUE_SIZE + 8;

test('any change of the rings while requests are in flight: completions do no harm', () => {
  const completion = fc.record({ index: fc.nat(2), status: fc.constantFrom(DISK_OK, DISK_IOERR) });
  const run = fc.record({
    features,
    requests: fc.array(fc.constantFrom(...diskRequests), { minLength: 1, maxLength: 3 }),
    hostile: hostileQueue,
    completions: fc.array(completion, { minLength: 3, maxLength: 3 }),
  });
  fc.assert(
    fc.property(run, ({ features, requests, hostile, completions }) => {
      const slot = new VirtioMmio(new VirtioBlk(100));
      const guest = new Driver(slot, undefined, QUEUE).start(VIRTIO_F_VERSION_1 | features);
      for (const pieces of requests) guest.add(REQUESTQ, pieces, (features & VIRTIO_F_INDIRECT_DESC) !== 0n);
      guest.notify(REQUESTQ);
      expect(slot.device.state.requests).toHaveLength(requests.length);
      infest(guest, REQUESTQ, hostile);
      const { memory } = guest.world;
      for (const { index, status } of completions) {
        const { operations } = slot.device;
        const request = operations[index % Math.max(operations.length, 1)];
        if (request === undefined) return;
        const { id, operation } = request;
        const data = new Uint8Array(operation === 'read' && status === DISK_OK ? request.sizeBytes : 0);
        const brokenBefore = guest.broken;
        memory.accesses = 0;
        memory.refused = 0;
        expect(slot.device.complete(id, status, data, slot, guest.world)).toBe(true);
        expect(memory.accesses).toBeLessThan(brokenBefore ? 1 : GIVE_BOUND);
        expect(memory.refused).toBeLessThanOrEqual(1);
        if (memory.refused > 0) expect(guest.broken).toBe(true);
      }
    }),
    { numRuns: examples(2000) },
  );
});
