/** What a trace is told about links. Without one nothing is recorded, and a run is the same with and without. */

import type { DiskRequest } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { EdgeOutput } from '../../vmm/outputs.ts';
import type { NodeId } from '../faults/faults.ts';
import type { LossReason } from './link.ts';

/** What is sent over a link. */
export type Cargo =
  /** Between hosts, encoded. */
  | { kind: 'bytes'; bytes: Uint8Array }
  | { kind: 'release'; outputs: readonly EdgeOutput[] }
  | { kind: 'delivered'; output: EdgeOutput }
  | { kind: 'listen'; offset: number }
  | { kind: 'announce' }
  | { kind: 'inputs-held' }
  | { kind: 'typed'; offset: number; data: Uint8Array }
  | { kind: 'frame'; number: number; frame: Uint8Array }
  | { kind: 'claim'; generation: number; record: GenerationRecord }
  | { kind: 'read-generation'; generation: number }
  | { kind: 'record'; generation: number; record: GenerationRecord | undefined }
  | { kind: 'disk'; id: number; request: DiskRequest }
  | { kind: 'disk-done'; id: number; status: number | 'refused' };

/** A message at its departure. */
export interface Departure {
  from: NodeId;
  to: NodeId;
  way: 'stream' | 'datagram';
  sizeBytes: number;
  cargo: Cargo;
  /** The message that it answers; by default the one whose arrival is being handled. */
  cause?: number | undefined;
}

/** A message on its way. */
export interface Flight {
  /** It arrives; `deliver` handles it. */
  arrives(deliver: () => void): void;
  lost(why: LossReason): void;
}

/** Receives every message. */
export interface LinkTrace {
  departs(message: Departure): Flight;
  /** The message whose arrival is being handled. */
  readonly arriving: number | undefined;
  /** The receiver does not take the message whose arrival is being handled. */
  refused(why: 'no-power' | 'outage'): void;
}
