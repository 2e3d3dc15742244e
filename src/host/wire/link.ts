/**
 * A link: a reliable, ordered stream of messages between two authenticated processes. A link never drops a message: when
 * it can't deliver, it breaks, and both ends know.
 */

/** What a process is. */
export const processRoles = ['host', 'storage', 'switch', 'control', 'terminal'] as const;
/** See {@link processRoles}. */
export type ProcessRole = (typeof processRoles)[number];

/** A process, whichever of its starts. */
export interface ProcessName {
  role: ProcessRole;
  /** Unique among the processes of a role: letters, digits, `.`, `_` and `-`; at most 64, the first a letter or digit. */
  name: string;
}

/** Who is at one end of a link. */
export interface Identity extends ProcessName {
  /** Another one for each start of the process: a peer with another boot id has restarted empty. */
  bootId: bigint;
}

/** One end of a link. */
export interface Link {
  readonly peer: Identity;
  /** Receives messages in order. Set it before the turn in which the link was made ends, or messages are lost. */
  onMessage: (message: Uint8Array) => void;
  /** Called once, when the link has broken, for whatever reason; no message is received afterwards. */
  onClose: (why: string) => void;
  /**
   * Queues a message, of at most {@link MAX_MESSAGE_BYTES}. A link whose peer reads too slowly breaks when more than
   * its bound is queued. Without effect on a broken link. The message must not be changed afterwards.
   */
  send(message: Uint8Array): void;
  /** The bytes that are queued and not handed to the operating system. */
  readonly queuedBytes: number;
  /** Breaks the link. */
  close(why: string): void;
}

/** The largest message: a copy's state can be large. */
export const MAX_MESSAGE_BYTES = 64 << 20;
