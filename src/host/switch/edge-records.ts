/**
 * What the switch writes down to survive a `kill -9`, and what that gives:
 *
 * - *Console output* is written before it is shown or confirmed: a client that attaches again within the tail shows it
 *   exactly once.
 * - *Typed bytes* are written before they are acknowledged or sent to a host: none is lost or doubled, if the typist's
 *   client attaches again.
 * - The *generation* is not waited for, but written ahead of all that depends on it. An older primary may be heard until
 *   the newest one, whose link broke too, has announced itself again.
 * - *Frames from the guest* are noted afterwards, once for {@link FRAMES_PER_NOTE} output numbers, for a note before
 *   each would cost every reply a write to disk. They are forwarded at least once: after a kill some that were not
 *   confirmed go out twice, which a network may do and TCP discards.
 * - *Frames to the guest* are not written: they are lost, as on any network. Their numbering continues from the
 *   primary's next.
 */
import { bytes, list, record, u64, uint, union, type ValueOf } from '../../base/codec.ts';
import { groupName } from '../groups.ts';

/** How far the note of frames from the guest may be behind, in output numbers. */
export const FRAMES_PER_NOTE = 1024;

/** More than a group's console keeps, with what waits for the journal. */
const MAX_BYTES = 16 << 20;
/** Typists' sessions that a group remembers. */
export const MAX_SESSIONS = 256;

const sessions = list(record({ id: u64, typed: uint }), MAX_SESSIONS);

/** A record of the switch's journal. */
export const edgeRecord = union({
  /** The group has seen this generation. */
  generation: record({ group: groupName, generation: uint }),
  /** Console bytes with the output numbers from `first` on. */
  output: record({ group: groupName, first: uint, data: bytes(MAX_BYTES) }),
  /** Frames up to this output number were forwarded. */
  frames: record({ group: groupName, number: uint }),
  /** Bytes taken from a typist's session. */
  typed: record({ group: groupName, session: u64, data: bytes(MAX_BYTES) }),
  /** Typed bytes before this offset are not kept any longer. */
  'typed-held': record({ group: groupName, upTo: uint }),
  /** The next byte typed has this offset: a primary knew of more bytes than this journal. */
  'typed-moved': record({ group: groupName, offset: uint }),
  /** The group has ended: its name is free. */
  ended: record({ group: groupName }),
  /** A group's whole state, which replaces the records before it. */
  state: record({
    group: groupName,
    generation: uint,
    consoleNumber: uint,
    frameNumber: uint,
    /** The end of the console's output, and its offset since boot. */
    tailOffset: uint,
    tail: bytes(MAX_BYTES),
    typedOffset: uint,
    typed: bytes(MAX_BYTES),
    sessions,
  }),
});
/** See {@link edgeRecord}. */
export type EdgeRecord = ValueOf<typeof edgeRecord>;

/** Where the switch's journal is written: `src/host/storage/journal.ts`, or memory in tests. */
export interface Persist {
  /** Resolves when the record, and all before it, are durable. */
  append(record: Uint8Array): Promise<void>;
  /** Replaces all records by these, at once; resolves when that is durable. Without it the journal only grows. */
  rewrite?(records: readonly Uint8Array[]): Promise<void>;
}
