/** What goes into a replica and what comes out, as plain data. Whoever runs the replica performs the effects in order. */
import type { DiskRequest } from '../devices/device.ts';
import type { Divergence } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import type { WorldOutput } from '../vmm/outputs.ts';

/** The name of a place where a VM can run. */
export type HostName = string;

/** A record of shared storage: who runs the VM in a generation, and who is in sync. Created once, by test-and-set. */
export interface GenerationRecord {
  primary: HostName;
  backups: readonly HostName[];
}

export const timerIds = ['heartbeat', 'suspect', 'claim', 'guest', 'retry', 'epoch'] as const;
export type TimerId = (typeof timerIds)[number];

/** What an operator can ask of the live VM. */
export type Command =
  | { kind: 'reset' }
  /** Memory is added: the guest has this much of it from now on. */
  | { kind: 'memory'; sizeBytes: number }
  /** The share of a processor that the VM gets, on every replica. */
  | { kind: 'speed'; perMille: number }
  /** A planned switch-over: a backup goes live (by default the first), and the primary becomes its backup. */
  | { kind: 'switch-over'; to?: HostName }
  /** A backup is let go; another host takes its place. */
  | { kind: 'move-backup'; from: HostName }
  /** End of protection: every backup is let go. */
  | { kind: 'unprotect' }
  /** Protection again. */
  | { kind: 'protect' };

/** The places outside that take outputs. */
export type Edge = 'console' | 'switch';

/** Where a slice ends before its steps are used up: with the step that makes this output, or appends this log entry. */
export interface SliceEnd {
  output?: number | undefined;
  entry?: number | undefined;
}

export type ReplicaInput =
  | { kind: 'start' }
  /** Processor time: run up to `steps` steps from now on, each of which takes `nsPerStep`, and no further than `end`. */
  | { kind: 'cpu'; steps: number; nsPerStep: number; end?: SliceEnd }
  /** A message of another host, from the stream or a datagram. */
  | { kind: 'message'; from: HostName; bytes: Uint8Array }
  /** The stream to a host, to storage or to the world broke and stands again; what was on its way in either direction may be lost. */
  | { kind: 'reset'; peer: HostName }
  | { kind: 'timer'; id: TimerId }
  /** What storage holds for a generation, after a claim or a look. */
  | { kind: 'record'; generation: number; record: GenerationRecord | undefined }
  /** Bytes typed at the console, the first of them at `offset` since boot. */
  | { kind: 'typed'; offset: number; data: Uint8Array }
  | { kind: 'frame'; frame: Uint8Array }
  /** Every output for that edge up to this number has arrived there. */
  | { kind: 'delivered'; edge: Edge; number: number }
  /** A disk operation ended; `refused` by a disk that knows a newer generation. */
  | { kind: 'disk-done'; id: number; status: number | 'refused'; data: Uint8Array }
  | { kind: 'command'; command: Command };

export type CpuInput = Extract<ReplicaInput, { kind: 'cpu' }>;

export type Effect =
  /** The guest took this many steps, then rests: the effects that follow happen when the steps' time has passed. */
  | { do: 'ran'; steps: number; restNs: number }
  /** So many bytes of the guest's state were copied: it stood still for as long as that takes. */
  | { do: 'copied'; sizeBytes: number }
  /** To a host, on the reliable stream. */
  | { do: 'send'; to: HostName; bytes: Uint8Array }
  /** To a host, as a datagram that may be lost. */
  | { do: 'datagram'; to: HostName; bytes: Uint8Array }
  /** To the world. It drops the numbers that it has seen, and says what has arrived. */
  | { do: 'release'; outputs: WorldOutput[]; generation: number }
  /** To the disk. It does a number once, however often it is asked; `lowWater`: numbers below will not come again. */
  | { do: 'disk'; id: number; request: DiskRequest; generation: number; lowWater: number }
  /** Ask the world for console input from this offset on. */
  | { do: 'listen'; offset: number; generation: number }
  /** A frame that tells the switch where the guest's address is now. */
  | { do: 'announce'; frame: Uint8Array; generation: number }
  /** Test-and-set on shared storage. */
  | { do: 'claim'; generation: number; record: GenerationRecord }
  /** Ask storage what it holds for a generation. */
  | { do: 'read-generation'; generation: number }
  /** Wake me at this time. A later call with the same id replaces it. */
  | { do: 'timer'; id: TimerId; atNs: number }
  | { do: 'note'; event: ReplicaEvent }
  /** This replica is done. */
  | { do: 'stop'; reason: StopReason };

export type StopReason = 'completed' | 'diverged';

/** What happened, for people and checkers. Nothing depends on it. */
export type ReplicaEvent =
  | { kind: 'booted'; role: 'primary' | 'backup' | 'spare' }
  | { kind: 'held'; first: number; last: number; text: string; entry: number }
  /** Entries went to a backup: what they take in the log, and the message around them. */
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
  | { kind: 'suspected'; host: HostName; silentNs: number }
  | { kind: 'claimed'; generation: number; record: GenerationRecord }
  | { kind: 'won'; generation: number; record: GenerationRecord }
  | { kind: 'lost'; generation: number; to: HostName }
  | { kind: 'draining'; entries: number; icount: number }
  | { kind: 'live'; icount: number; generation: number; pending: number; from: HostName; history: number }
  /** The primary goes on in a generation that it has claimed. */
  | { kind: 'members'; icount: number; generation: number; record: GenerationRecord }
  | { kind: 'checked'; icount: number; hash: bigint }
  | { kind: 'diverged'; divergence: Divergence }
  /** The machine here is none that the primary has had, and nobody counts on it: it is let go. */
  | { kind: 'void'; why: string }
  | { kind: 'off'; icount: number; code: number }
  | { kind: 'ended' }
  /** Left out of the generation that stands: what this replica has done since is void. */
  | { kind: 'evicted'; generation: number; primary: HostName }
  | { kind: 'following'; primary: HostName; entry: number }
  | { kind: 'joining'; host: HostName; how: 'entries' | 'copy' }
  | { kind: 'copying'; host: HostName; round: number; pages: number }
  | { kind: 'copied'; host: HostName; pages: number; sizeBytes: number; icount: number; entry: number }
  | { kind: 'join-ended'; host: HostName; why: string }
  /** A copy is complete here: the machine is that of `from` when this many entries had come through its doors. */
  | { kind: 'installed'; from: HostName; history: number; icount: number }
  | { kind: 'lag'; steps: number; ns: number }
  | { kind: 'slowed'; perMille: number }
  | { kind: 'disk-issued'; id: number; again: boolean }
  /** A device of the guest has refused or given up something; each thing is told once. */
  | { kind: 'warned'; icount: number; device: string; message: string }
  | { kind: 'switching'; to: HostName }
  | { kind: 'command'; command: Command };
