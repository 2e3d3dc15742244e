import fc from 'fast-check';
import { encode } from '../../src/base/codec.ts';
import type { DiskRequest } from '../../src/devices/device.ts';
import type { Message } from '../../src/ft/messages.ts';
import {
  contextAfter,
  controlActions,
  type Entry,
  entryCodec,
  INITIAL_CONTEXT,
} from '../../src/vmm/entries.ts';
import type { Output } from '../../src/vmm/outputs.ts';

const uint = fc.oneof(fc.nat(300), fc.maxSafeNat());
/** A number that is written as a difference to the one before. */
const counter = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat().map((value) => Math.floor(value / 4)),
);
const u8 = fc.integer({ min: 0, max: 255 });
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const data = fc.uint8Array({ maxLength: 10 });
const text = fc.string({ unit: 'grapheme', maxLength: 6 });

export const diskRequests: fc.Arbitrary<DiskRequest> = fc.oneof(
  fc.record({ operation: fc.constant('read' as const), sector: uint, sizeBytes: uint }),
  fc.record({ operation: fc.constant('write' as const), sector: uint, data }),
  fc.record({ operation: fc.constant('flush' as const) }),
);

/** Outputs of every kind, with arbitrary numbers. */
export const outputs: fc.Arbitrary<Output> = fc.oneof(
  fc.record({ kind: fc.constant('console' as const), first: uint, data }),
  fc.record({ kind: fc.constant('frame' as const), first: uint, frame: data }),
  fc.record({ kind: fc.constant('disk' as const), first: uint, request: diskRequests }),
);
const fewOutputs = fc.array(outputs, { maxLength: 2 });

type Content = Entry extends infer E ? (E extends Entry ? Omit<E, 'icount'> : never) : never;

/** Arbitrary entries, by kind. */
export const entryContent: fc.Arbitrary<Content> = fc.oneof(
  fc.record({ kind: fc.constantFrom('clock' as const, 'timer' as const), ticks: counter }),
  fc.record({ kind: fc.constantFrom('entropy' as const, 'console' as const), data }),
  fc.record({ kind: fc.constant('net' as const), frame: data }),
  fc.record({
    kind: fc.constant('control' as const),
    action: fc.constantFrom(...controlActions),
    value: uint,
  }),
  fc.record({ kind: fc.constant('output' as const), made: counter }),
  fc.record({ kind: fc.constant('progress' as const) }),
  fc.record({ kind: fc.constant('check' as const), hash: u64 }),
  fc.record({
    kind: fc.constant('disk' as const),
    id: uint,
    status: u8,
    data: fc.option(data, { nil: undefined }),
  }),
  fc.record({
    kind: fc.constant('checkpoint' as const),
    history: uint,
    frames: uint,
    delta: data,
    outputs: fewOutputs,
    open: fc.array(uint, { maxLength: 3 }),
  }),
);

/** Entries whose positions never decrease. */
export const entryLists = (maxLength: number, minLength = 0): fc.Arbitrary<Entry[]> =>
  fc
    .array(fc.tuple(fc.oneof(fc.nat(3), fc.nat(100_000)), entryContent), { minLength, maxLength })
    .map((members) => {
      let icount = 0;
      return members.map(([distance, content]) => {
        icount += distance;
        return { ...content, icount } as Entry;
      });
    });

/** The size of each entry in the log, in bytes. */
export function sizesOf(entries: readonly Entry[]): number[] {
  let context = INITIAL_CONTEXT;
  return entries.map((entry) => {
    const { length } = encode(entryCodec(context), entry);
    context = contextAfter(context, entry);
    return length;
  });
}

const starts = fc.array(fc.record({ generation: uint, first: uint }), { maxLength: 3 });

type Fields<K extends Message['kind']> = {
  [F in Exclude<keyof Extract<Message, { kind: K }>, 'kind' | 'generation'>]: fc.Arbitrary<
    Extract<Message, { kind: K }>[F]
  >;
};

/** The fields of every kind of message but its generation. Does not compile until a new kind has its row. */
const fields: { [K in Message['kind']]: Fields<K> } = {
  entries: {
    first: uint,
    delivered: uint,
    lowWater: uint,
    answers: uint,
    ticks: uint,
    entries: entryLists(4),
  },
  ack: { received: uint, consumed: uint, icount: uint },
  heartbeat: { domain: text, ticks: uint },
  available: { load: uint, domain: text },
  members: { record: fc.record({ primary: text, backups: fc.array(text, { maxLength: 3 }) }), starts },
  resume: { log: uint, received: uint, consumed: uint, token: uint },
  prepare: { copy: uint, description: fc.nat(0xffff_ffff) },
  pages: { copy: uint, packed: data },
  'pages-ack': { copy: uint },
  sectors: { copy: uint, sector: uint, data },
  'sectors-ack': {
    sector: uint,
    copy: uint,
  },
  state: {
    copy: uint,
    entry: uint,
    history: uint,
    frames: uint,
    speed: uint,
    ticks: uint,
    delta: data,
    outputs: fewOutputs,
    starts,
    hash: u64,
  },
};

export const messageKinds = Object.keys(fields) as Message['kind'][];

export const messagesOf = (kind: Message['kind']): fc.Arbitrary<Message> =>
  fc.record({ ...fields[kind], kind: fc.constant(kind), generation: uint } as never) as fc.Arbitrary<Message>;

export const messages: fc.Arbitrary<Message> = fc.oneof(...messageKinds.map(messagesOf));
