import fc from 'fast-check';
import type { Driver } from '../../../tools/testing/devices/virtio-driver.ts';
import { ringsOf } from '../../../tools/testing/devices/virtio-driver.ts';

/** What a hostile or broken driver leaves in the memory of one queue. */
export interface HostileQueue {
  descriptors: { address: bigint; length: number; flags: number; next: number }[];
  ring: number[];
  availFlags: number;
  availIdx: number;
  /** The addresses of the rings; undefined for the usual ones. */
  desc: bigint | undefined;
  driver: bigint | undefined;
  device: bigint | undefined;
}

const DESCRIPTORS = 24;

/** Addresses in RAM, on the rings themselves, across the ends of RAM and far away. */
const address = fc.oneof(
  { arbitrary: fc.integer({ min: 0x8000_0000, max: 0x8000_ffff }).map(BigInt), weight: 4 },
  { arbitrary: fc.integer({ min: 0, max: 256 }).map((n) => 0x8000_0000n + 16n * BigInt(n)), weight: 3 },
  fc.constantFrom(0n, 0x7fff_fff8n, 0x8000_fff8n, 0x8001_0000n, 2n ** 53n, 2n ** 64n - 8n, 0x1_8000_0000n),
);
const length = fc.oneof(
  { arbitrary: fc.integer({ min: 0, max: 2000 }), weight: 3 },
  { arbitrary: fc.integer({ min: 0, max: 20 }).map((n) => 16 * n), weight: 3 },
  fc.constantFrom(0x1_0000, 0x7fff_ffff, 0xffff_ffff),
);
/** Mostly the usual value, so that most walks get past their first step. */
const place = fc.option(address, { freq: 8, nil: undefined });

export const hostileQueue: fc.Arbitrary<HostileQueue> = fc.record({
  descriptors: fc.array(fc.record({ address, length, flags: fc.nat(7), next: fc.nat(DESCRIPTORS) }), {
    minLength: DESCRIPTORS,
    maxLength: DESCRIPTORS,
  }),
  ring: fc.array(fc.nat(9), { minLength: 8, maxLength: 8 }),
  availFlags: fc.nat(1),
  availIdx: fc.oneof({ arbitrary: fc.nat(8), weight: 5 }, fc.nat(0xffff)),
  desc: place,
  driver: place,
  device: place,
});

/** Puts it into RAM and into the queue's registers. More descriptors than the queue has: they serve as tables. */
export function infest(guest: Driver, queue: number, hostile: HostileQueue): void {
  const rings = ringsOf(queue);
  hostile.descriptors.forEach((d, i) => {
    guest.descriptor(rings.desc, i, d.address, d.length, d.flags, d.next);
  });
  guest.setU16(rings.driver, hostile.availFlags);
  guest.setU16(rings.driver + 2, hostile.availIdx);
  hostile.ring.forEach((head, i) => {
    guest.setU16(rings.driver + 4 + 2 * i, head);
  });
  const state = guest.slot.state.queues[queue];
  if (state === undefined) return;
  state.desc = hostile.desc ?? state.desc;
  state.driver = hostile.driver ?? state.driver;
  state.device = hostile.device ?? state.device;
}
