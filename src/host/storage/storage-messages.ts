/** The messages between the storage service and its clients. Every length is bounded. */
import {
  bool,
  bytes,
  type Codec,
  list,
  optional,
  type Reader,
  record,
  text,
  u8,
  uint,
  union,
  type ValueOf,
  type Writer,
} from '../../base/codec.ts';
import { MAX_OPERATION_BYTES } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import { groupName } from '../groups.ts';

/** The most requests of one link that may be unanswered. */
export const MAX_OUTSTANDING = 256;
/** The largest description of a group: opaque to the service, for instance the options that it runs with. */
export const MAX_DESCRIPTION_BYTES = 1 << 20;
/** The largest piece of a disk's initial content. */
export const MAX_PIECE_BYTES = 1 << 20;
/** The largest request: a piece or a description, and what stands before it. */
export const MAX_REQUEST_BYTES = Math.max(MAX_DESCRIPTION_BYTES, MAX_PIECE_BYTES) + (64 << 10);
/** The most groups of one service. */
export const MAX_GROUPS = 256;
/** The most generations of one group: as many as the log of the protocol can tell apart. */
export const MAX_GENERATIONS = 1 << 16;

/** Text of which only some is allowed. */
const checkedText = (isAllowed: (value: string) => boolean, what: string): Codec<string> => ({
  write: (out: Writer, value) => text.write(out, value),
  read: (input: Reader) => {
    const value = text.read(input);
    return isAllowed(value) ? value : input.fail(what);
  },
});

const hostName = checkedText((name) => name.length > 0 && name.length <= 255, 'not the name of a host');
const reason = checkedText((why) => why.length <= 1000, 'too long a reason');

/** A generation's record. */
export const generationRecord = record<GenerationRecord>({
  primary: hostName,
  backups: list(hostName, 16) as Codec<readonly string[]>,
});
/** A group's description. */
export const groupDescription = bytes(MAX_DESCRIPTION_BYTES);

/** What the service knows of a group: its newest generation. */
export const groupSummary = record({
  group: groupName,
  generation: uint,
  record: generationRecord,
  /** The size of its disk in bytes; 0 if it has none. */
  diskBytes: uint,
});
/** See {@link groupSummary}. */
export type GroupSummary = ValueOf<typeof groupSummary>;

const requestBody = union({
  /** Creates generation 1 of a group by test-and-set. */
  create: record({ group: groupName, record: generationRecord, description: groupDescription }),
  /** Forgets a group, with its disk. */
  remove: record({ group: groupName }),
  groups: record({}),
  describe: record({ group: groupName }),
  claim: record({ group: groupName, generation: uint, record: generationRecord }),
  read: record({ group: groupName, generation: uint }),
  'disk-read': record({ group: groupName, generation: uint, sector: uint, sizeBytes: uint }),
  /** `number`: of the operation, counted since boot; numbers below `lowWater` will not come again. */
  'disk-write': record({
    group: groupName,
    generation: uint,
    number: uint,
    lowWater: uint,
    sector: uint,
    data: bytes(MAX_OPERATION_BYTES),
  }),
  'disk-flush': record({ group: groupName, generation: uint }),
  /** Begins the upload of a group's disk over this link: what is not uploaded is zero. */
  'disk-create': record({ group: groupName, sizeBytes: uint }),
  'disk-piece': record({ group: groupName, position: uint, data: bytes(MAX_PIECE_BYTES) }),
  /** Ends the upload: from now on the group has a disk. */
  'disk-finish': record({ group: groupName }),
});
/** What a client asks. */
export type RequestBody = ValueOf<typeof requestBody>;

/** A request. `id`: chosen by the client, and named in the answer. */
export const storageRequest = record({ id: uint, body: requestBody });

const answerBody = union({
  done: record({}),
  /** Whether the group was created, or existed with the same record and description. */
  created: record({ isSame: bool }),
  groups: record({ groups: list(groupSummary, MAX_GROUPS) }),
  description: record({ description: groupDescription }),
  record: record({ record: optional(generationRecord) }),
  disk: record({ status: u8, data: bytes(MAX_OPERATION_BYTES) }),
  /** The group has a newer generation. */
  fenced: record({}),
  /** The request can't be granted. */
  refused: record({ why: reason }),
  /** Nothing is known about the request's effect: it may be repeated. */
  failed: record({ why: reason }),
});
/** What the service answers. */
export type AnswerBody = ValueOf<typeof answerBody>;

/** An answer to the request `id`. */
export const storageAnswer = record({ id: uint, body: answerBody });
