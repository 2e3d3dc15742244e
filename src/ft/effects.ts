/** What goes into a replica and what comes out, as plain data. Whoever runs the replica performs the effects in order. */
import type { Divergence } from '../vmm/doors.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Output } from '../vmm/outputs.ts';

/** Names of the two places where a VM can run. */
export type HostName = string;

/** A record of shared storage: who runs the VM in a generation. Created once, by test-and-set. */
export interface GenerationRecord {
  primary: HostName;
  backups: readonly HostName[];
}

export type TimerId = 'heartbeat' | 'suspect' | 'claim' | 'guest';

export type ReplicaInput =
  | { kind: 'start' }
  /** Processor time: run up to `steps` steps from now on, each of which takes `nsPerStep`. */
  | { kind: 'cpu'; steps: number; nsPerStep: number }
  /** A message of the peer, from the stream or a datagram. */
  | { kind: 'message'; bytes: Uint8Array }
  | { kind: 'timer'; id: TimerId }
  /** What storage holds for a generation after a claim. */
  | { kind: 'claim-answer'; generation: number; record: GenerationRecord }
  /** Bytes typed at the console, the first of them at `offset` since boot. */
  | { kind: 'typed'; offset: number; data: Uint8Array }
  | { kind: 'frame'; frame: Uint8Array };

export type Effect =
  /** The guest took this many steps: the effects that follow happen when their time has passed. */
  | { do: 'ran'; steps: number }
  /** To the peer, on the reliable stream. */
  | { do: 'send'; bytes: Uint8Array }
  /** To the peer, as a datagram. */
  | { do: 'datagram'; bytes: Uint8Array }
  /** To the world. It drops the numbers that it has seen. */
  | { do: 'release'; outputs: Output[]; generation: number }
  /** Ask the world for console input from this offset on. */
  | { do: 'listen'; offset: number }
  /** A frame that tells the switch where the guest's address is now. */
  | { do: 'announce'; frame: Uint8Array }
  /** Test-and-set on shared storage. */
  | { do: 'claim'; generation: number; record: GenerationRecord }
  /** Wake me at this time. A later call with the same id replaces it. */
  | { do: 'timer'; id: TimerId; atNs: number }
  | { do: 'note'; event: ReplicaEvent }
  /** This replica is done. */
  | { do: 'stop'; reason: StopReason };

export type StopReason = 'completed' | 'halted' | 'diverged';

/** What happened, for people and checkers. Nothing depends on it. */
export type ReplicaEvent =
  | { kind: 'booted'; role: 'primary' | 'backup' }
  | { kind: 'held'; first: number; last: number; text: string; entry: number }
  | { kind: 'sent'; first: number; last: number; sizeBytes: number; entries: readonly Entry[] }
  | { kind: 'received'; last: number; consumed: number }
  | { kind: 'acknowledged'; received: number; consumed: number }
  | { kind: 'released'; first: number; last: number; text: string }
  | { kind: 'full' }
  | { kind: 'suspected'; silentNs: number }
  | { kind: 'claimed'; generation: number }
  | { kind: 'won'; generation: number }
  | { kind: 'lost'; generation: number; to: HostName }
  | { kind: 'draining'; entries: number; icount: number }
  | { kind: 'live'; icount: number; generation: number; pending: number }
  | { kind: 'alone'; icount: number; generation: number }
  | { kind: 'checked'; icount: number; hash: bigint }
  | { kind: 'diverged'; divergence: Divergence }
  | { kind: 'off'; icount: number; code: number }
  | { kind: 'ended' }
  | { kind: 'halted'; why: string };
