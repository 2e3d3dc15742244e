import fc from 'fast-check';
import { encode } from '../../src/base/codec.ts';
import type { Message } from '../../src/ft/messages.ts';
import { type Entry, entryAfter } from '../../src/vmm/entries.ts';

const uint = fc.oneof(fc.nat(300), fc.maxSafeNat());
const data = fc.uint8Array({ maxLength: 10 });

type Content = Entry extends infer E ? (E extends Entry ? Omit<E, 'icount'> : never) : never;

/** What an entry of each kind can hold. */
export const entryContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constantFrom('clock' as const, 'timer' as const), ticks: uint }),
  fc.record({ kind: fc.constantFrom('entropy' as const, 'console' as const), data }),
  fc.record({ kind: fc.constant('net' as const), frame: data }),
  fc.record({
    kind: fc.constant('control' as const),
    action: fc.constantFrom('power-off' as const, 'end' as const),
    code: uint,
  }),
  fc.record({ kind: fc.constant('output' as const), made: uint }),
  fc.record({ kind: fc.constant('horizon' as const) }),
  fc.record({ kind: fc.constant('check' as const), hash: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) }),
);

/** Entries whose positions never go back. */
export const entryLists = (maxLength: number): fc.Arbitrary<Entry[]> =>
  fc.array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(100_000)), entryContent), { maxLength }).map((members) => {
    let icount = 0;
    return members.map(([distance, content]) => {
      icount += distance;
      return { ...content, icount } as Entry;
    });
  });

/** How many bytes each entry takes in the log. */
export function sizesOf(entries: readonly Entry[]): number[] {
  return entries.map((entry, index) => encode(entryAfter(entries[index - 1]?.icount ?? 0), entry).length);
}

export const messages: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('entries' as const),
    generation: uint,
    first: uint,
    released: uint,
    entries: entryLists(4),
  }),
  fc.record({
    kind: fc.constant('ack' as const),
    generation: uint,
    received: uint,
    consumed: uint,
    icount: uint,
  }),
  fc.record({ kind: fc.constant('heartbeat' as const), generation: uint }),
);
