/** A run's evidence as plain data: all that the checkers need to judge it, in any process. */
import { bytes, record, uint, type ValueOf } from '../base/codec.ts';
import type { HostName } from '../ft/effects.ts';
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import type { Violation } from './checkers.ts';
import type { Call } from './linearizability.ts';

/**
 * How the run ended. `completed`: the guest ended. `lost`: no eligible replica was left. `limit`: the run reached a
 * limit, or the guest was idle forever. `diverged`: two machines differed.
 */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

/** A frame that left the cluster, and its output number. */
export const seenFrame = record({ number: uint, frame: bytes() });
/** See {@link seenFrame}. */
export type SeenFrame = ValueOf<typeof seenFrame>;

/** A write that reached the medium. */
export const appliedWrite = record({ id: uint, sector: uint, data: bytes() });
/** See {@link appliedWrite}. */
export type AppliedWrite = ValueOf<typeof appliedWrite>;

/** Values in order; `isWhole`: false if the last ones were not kept. */
export interface Kept<T> extends Iterable<T> {
  readonly isWhole: boolean;
}

/** A position that two machines have both reached, and what had come through their doors. */
export interface Meeting {
  a: Kept<Entry>;
  b: Kept<Entry>;
  icount: number;
  /** The machines themselves, if they diverged and are still at that position. */
  machines?: { a: Machine | undefined; b: Machine | undefined };
}

/** All evidence of a run. */
export interface Evidence {
  description: MachineDescription;
  outcome: Outcome;
  /** The violations found during the run. */
  found: readonly Violation[];
  /** The machine that completed the run, or was live last: what came through its doors, and its position. */
  survivor: { host: HostName; history: Kept<Entry>; icount: number };
  /** Where two machines were the same for the last time, or diverged; undefined if there was only one. */
  meeting: Meeting | undefined;
  /** The console's input, and what it printed. */
  typed: Uint8Array;
  console: Kept<Uint8Array>;
  /** Frames from outside that the switch accepted for the guest. */
  inbound: Kept<Uint8Array>;
  /** Frames that the switch sent to the clients. */
  frames: Kept<SeenFrame>;
  /** The survivor's disk: its initial and final content, and, on a shared disk, the writes that reached it. */
  medium: { initial: Uint8Array; content: Uint8Array; writes: Kept<AppliedWrite> };
  clients: { calls: readonly Call[]; errors: readonly string[] };
  /** What still waited for the service at the end, in words; empty if the run was ended on purpose. */
  waiting: readonly string[];
  /** The newest generation, and those of its members that have not failed since they became members. */
  generation: number;
  unharmed: readonly HostName[];
}
