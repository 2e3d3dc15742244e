/** What a terminal and the switch say to each other. */
import { bytes, record, u64, uint, union, type ValueOf } from '../../base/codec.ts';
import { groupName } from '../groups.ts';

/** Bytes that a terminal may send without an answer. */
export const TYPE_WINDOW_BYTES = 4096;
/** Output that may be on its way to a terminal that has not said that it is shown. */
export const OUTPUT_WINDOW_BYTES = 64 << 10;
/** Output bytes in one message. */
export const OUTPUT_PIECE_BYTES = 16 << 10;

/** From a terminal. */
export const consoleRequest = union({
  /**
   * Attaches to a group's console. `session`: random, the same when the terminal attaches again. `shown`: the offset
   * before which it has shown all output; output from before the tail is gone.
   */
  attach: record({ group: groupName, session: u64, shown: uint }),
  /** Typed bytes, the first of them at `from` since the session began. */
  type: record({ group: groupName, from: uint, data: bytes(TYPE_WINDOW_BYTES) }),
  /** All output before this offset is shown. */
  shown: record({ group: groupName, upTo: uint }),
});
/** See {@link consoleRequest}. */
export type ConsoleRequest = ValueOf<typeof consoleRequest>;

/** From the switch. */
export const consolePush = union({
  /** Output follows from this offset on; the session's bytes before `taken` will reach the guest. */
  attached: record({ group: groupName, offset: uint, taken: uint }),
  /** Output of the guest. A gap: the terminal was too slow, or away for too long. */
  output: record({ group: groupName, offset: uint, data: bytes(OUTPUT_PIECE_BYTES) }),
  /** The session's bytes before `upTo` are kept for the guest, whatever fails. */
  taken: record({ group: groupName, upTo: uint }),
});
/** See {@link consolePush}. */
export type ConsolePush = ValueOf<typeof consolePush>;
