/** A replica's inputs and effects as plain data. The driver performs the effects in order. */
import type { DiskRequest } from '../devices/device.ts';
import type { Divergence } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import type { EdgeOutput } from '../vmm/outputs.ts';

/** The name of a host. */
export type HostName = string;

/** A record of shared storage: a generation's primary and backups. Created once, by test-and-set. */
export interface GenerationRecord {
  primary: HostName;
  backups: readonly HostName[];
}

/** The timers of a replica. `claim`: a request to storage is unanswered; `guest`: the guest's own timer expires. */
export const timerIds = ['heartbeat', 'suspect', 'claim', 'guest', 'retry', 'epoch'] as const;
/** See {@link timerIds}. */
export type TimerId = (typeof timerIds)[number];

/** An operator's commands to the primary. */
export type Command =
  | { kind: 'reset' }
  /** Adds memory: the guest has `sizeBytes` in all from now on. */
  | { kind: 'memory'; sizeBytes: number }
  /** Sets the share of a processor that the VM gets, on every replica. */
  | { kind: 'speed'; perMille: number }
  /** Planned switch-over: a backup goes live (by default the first), and the primary becomes its backup. */
  | { kind: 'switch-over'; to?: HostName }
  /** Replaces a backup by another host, then evicts it. */
  | { kind: 'move-backup'; from: HostName }
  /** Ends protection: every backup is evicted. */
  | { kind: 'unprotect' }
  /** Ends `unprotect`: re-protection starts. */
  | { kind: 'protect' };

/** The receivers of outputs. */
export type Edge = 'console' | 'switch';

/** Ends a slice before its steps are used up: with the step that makes this output, or appends this log entry. */
export interface SliceEnd {
  output?: number | undefined;
  entry?: number | undefined;
}

/** What a replica is told, one at a time. */
export type ReplicaInput =
  | { kind: 'start' }
  /**
   * Processor time: run up to `steps` steps of `nsPerStep` each, no further than `end`; a primary up to `afterOutput`
   * steps after the first output.
   */
  | { kind: 'cpu'; steps: number; nsPerStep: number; end?: SliceEnd; afterOutput?: number | undefined }
  /** A message of another host, from the stream or as a datagram. */
  | { kind: 'message'; from: HostName; bytes: Uint8Array }
  /** The stream to a host, to storage or to the edge broke and was re-established; data in flight may be lost. */
  | { kind: 'reset'; peer: HostName }
  /**
   * A host's process is said to have ended: its operating system has closed the stream, and nothing more comes from it.
   * This input is a hint: it may be wrong, or never come.
   */
  | { kind: 'closed'; peer: HostName }
  | { kind: 'timer'; id: TimerId }
  /** Storage's record of a generation, in answer to `claim` or `read-generation`. */
  | { kind: 'record'; generation: number; record: GenerationRecord | undefined }
  /** Bytes typed at the console, the first of them at `offset` since boot. */
  | { kind: 'typed'; offset: number; data: Uint8Array }
  /** A frame from the switch, which numbers frames for the VM since boot, from 1. */
  | { kind: 'frame'; number: number; frame: Uint8Array }
  /** Every output for that edge up to this number is delivered. */
  | { kind: 'delivered'; edge: Edge; number: number }
  /** A disk operation ended; `refused`: the disk has seen a newer generation. */
  | { kind: 'disk-done'; id: number; status: number | 'refused'; data: Uint8Array }
  | { kind: 'command'; command: Command };

/** The input that gives the guest processor time. */
export type CpuInput = Extract<ReplicaInput, { kind: 'cpu' }>;

/** What a replica asks its host to do. The order is part of the protocol: an output comes after what it depends on. */
export type Effect =
  /**
   * The guest took this many steps, and gets no processor time for `restNs` afterwards. The effects that follow are
   * performed when the steps' time has passed.
   */
  | { do: 'ran'; steps: number; restNs: number }
  /** This much of the guest's state was copied, with the guest paused for as long as that takes. */
  | { do: 'copied'; sizeBytes: number }
  /** To a host, on the reliable stream. */
  | { do: 'send'; to: HostName; bytes: Uint8Array }
  /** To a host, as a datagram that may be lost. */
  | { do: 'datagram'; to: HostName; bytes: Uint8Array }
  /** To the edge, which drops numbers that it has seen and answers with `delivered`. */
  | { do: 'release'; outputs: EdgeOutput[]; generation: number }
  /** To the disk, which performs each number once. `lowWater`: numbers below will not be issued again. */
  | { do: 'disk'; id: number; request: DiskRequest; generation: number; lowWater: number }
  /** Requests console input from this offset on. */
  | { do: 'listen'; offset: number; generation: number }
  /**
   * `frame` tells the switch the guest's port. The switch then sends the frames for the VM from `nextFrame` on again.
   */
  | { do: 'announce'; frame: Uint8Array; nextFrame: number; generation: number }
  /**
   * To the edge: every backup holds the log entries of the frames up to number `frames` and of the first `typed` bytes.
   */
  | { do: 'inputs-held'; frames: number; typed: number; generation: number }
  /** Test-and-set on shared storage. */
  | { do: 'claim'; generation: number; record: GenerationRecord }
  /** Reads the record of a generation from shared storage. */
  | { do: 'read-generation'; generation: number }
  /** Sets a timer, in the host's monotonic time. A later one with the same id replaces it. */
  | { do: 'timer'; id: TimerId; atNs: number }
  | { do: 'note'; event: ReplicaEvent }
  /** This replica has stopped, and takes no inputs any more. */
  | { do: 'stop'; reason: StopReason };

/** Why a replica has stopped: the guest has ended in order, or its machine differs from the log. */
export type StopReason = 'completed' | 'diverged';

/** What happened, for reports and checkers. The protocol does not depend on it. */
export type ReplicaEvent =
  | { kind: 'booted'; role: 'primary' | 'backup' | 'spare' }
  | { kind: 'held'; first: number; last: number; text: string; entry: number }
  /** Entries were sent to a backup: their size in the log, and that of the message. */
  | {
      kind: 'sent';
      to: HostName;
      first: number;
      last: number;
      logBytes: number;
      sizeBytes: number;
      entries: readonly Entry[];
    }
  | { kind: 'received'; last: number; consumed: number }
  | { kind: 'acknowledged'; by: HostName; received: number; consumed: number }
  | { kind: 'released'; first: number; last: number; text: string }
  | { kind: 'full'; what: 'log' | 'outputs' }
  /**
   * `heard`: the silence began with a message of the host, see `Silence`. `closed`: the reason is that the host's
   * process is said to have ended, not its silence.
   */
  | { kind: 'suspected'; host: HostName; silentNs: number; heard: boolean; closed: boolean }
  | { kind: 'claimed'; generation: number; record: GenerationRecord }
  | { kind: 'won'; generation: number; record: GenerationRecord }
  | { kind: 'lost'; generation: number; to: HostName }
  | { kind: 'draining'; entries: number; icount: number }
  | { kind: 'live'; icount: number; generation: number; pending: number; from: HostName; history: number }
  /** The primary continues in a generation that it has claimed. */
  | { kind: 'members'; icount: number; generation: number; record: GenerationRecord }
  | { kind: 'checked'; icount: number; hash: bigint }
  | { kind: 'diverged'; divergence: Divergence }
  /** The machine diverged from the primary's, and is not eligible: it was discarded. */
  | { kind: 'void'; why: string }
  | { kind: 'off'; icount: number; code: number }
  | { kind: 'ended' }
  /** The record of the new generation does not name this replica: what it has done since that record is void. */
  | { kind: 'evicted'; generation: number; primary: HostName }
  | { kind: 'following'; primary: HostName; entry: number }
  | { kind: 'joining'; host: HostName; how: 'entries' | 'copy' }
  | { kind: 'copying'; host: HostName; round: number; pages: number }
  | { kind: 'copied'; host: HostName; pages: number; sizeBytes: number; icount: number; entry: number }
  | { kind: 'join-ended'; host: HostName; why: string }
  /** A copy is complete: the machine equals that of `from` after this many entries had come through its doors. */
  | { kind: 'installed'; from: HostName; history: number; icount: number }
  | { kind: 'lag'; steps: number; ns: number }
  | { kind: 'slowed'; perMille: number }
  | { kind: 'disk-issued'; id: number; again: boolean }
  /** A device has reported misuse by the guest; each distinct warning once per generation. */
  | { kind: 'warned'; icount: number; device: string; message: string }
  | { kind: 'switching'; to: HostName }
  | { kind: 'command'; command: Command };
