/**
 * The trace of a run as plain data: what every host did when, and what caused it. The chain of causes of an output that
 * has left: the slice that made it → the message with its log entry → the acknowledgement → the release.
 */

import type { SimEvent } from '../cluster/cluster.ts';
import type { HostId, NodeId } from '../faults/faults.ts';
import type { LossReason } from '../world/link.ts';
import type { BinsData } from './bins.ts';

/** What all events of a trace have. */
interface Traced {
  /** Counts the events of the run, from 1; a gap is where events were not kept. */
  id: number;
  /** When it began: in virtual time, or since the begin of a real run. */
  atNs: number;
  /** The event that caused it, if that is known: an earlier one. */
  cause?: number | undefined;
}

/** A host has given its guest processor time. */
export interface SliceEvent extends Traced {
  kind: 'slice';
  host: HostId;
  role: 'live' | 'following';
  /** When the steps' time had passed, or the host lost its power. */
  endNs: number;
  /** The positions (`icount`) before and after. */
  from: number;
  to: number;
}

/** Something was sent over a link. */
export interface MessageEvent extends Traced {
  kind: 'message';
  from: NodeId;
  to: NodeId;
  /** In order and without loss unless the connection breaks, or as a datagram. */
  way: 'stream' | 'datagram';
  what: MessageKind;
  /** Undefined where it was not recorded: in a real run. */
  sizeBytes?: number;
  /** When it arrived: several times if it was duplicated, not at all if it was lost. */
  arrivedNs: number[];
  /** When it was lost, and why; undefined for one that has arrived, or was on its way at the end of the run. */
  lost?: { atNs: number; why: LossReason | 'no-power' | 'outage' };
  /** The numbers of what it carries: log entries, outputs, a generation, a frame, a disk operation. */
  first?: number;
  last?: number;
  /** What it carries, in words. */
  text?: string;
}

/** The kinds of messages: those between hosts, and those to and from storage and edge. */
export type MessageKind = string;

/** An event of a replica, of a fault, or of the edge. What messages and slices show already is left out. */
export interface NoteEvent extends Traced {
  kind: 'note';
  /** Empty for links, storage and edge. */
  host: HostId;
  event: Exclude<SimEvent['event'], { kind: 'sent' | 'received' | 'acknowledged' }> | FoundEvent;
  /** Of `delivered`: the new output of the console. */
  text?: string;
}

/** What the evidence of a real run shows, which no process has said. */
export type FoundEvent =
  /** A life of a process has ended: killed, in order, or at least what is recorded of it. `icount`: its last position. */
  | { kind: 'ends'; how: 'killed' | 'closed' | 'unrecorded'; icount: number | undefined; why?: string }
  /** Storage or switch has begun anew after it was killed. */
  | { kind: 'restarted'; what: string }
  /** A machine differs from its log. */
  | { kind: 'differs' }
  /** Bytes were typed at the console: their offsets since boot. */
  | { kind: 'typed'; first: number; last: number; text: string }
  /** The switch has accepted a frame for the guest. */
  | { kind: 'inbound'; number: number; sizeBytes: number };

/** One event of a trace. */
export type TraceEvent = SliceEvent | MessageEvent | NoteEvent;

/** The trace of a run. */
export interface Trace {
  hosts: readonly HostId[];
  endNs: number;
  /** In the order of their ids, which is that of their times. */
  events: TraceEvent[];
  /** The number of events of the run, which may be more than were kept. */
  total: number;
  /** The whole run in bins, whatever was kept of its events. */
  bins: BinsData;
}
