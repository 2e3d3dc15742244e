/** What a run leaves behind, as plain data: all that the checkers need to judge it, wherever it was made. */
import { bytes, record, uint, type ValueOf } from '../base/codec.ts';
import type { HostName } from '../ft/effects.ts';
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import type { Violation } from './checkers.ts';
import type { Call } from './linearizability.ts';

/** How the run ended: the guest ended; no host was left; a limit or nothing to wait for; the machines differed. */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

/** A frame that left the cluster, and the number of the output that it was. */
export const seenFrame = record({ number: uint, frame: bytes() });
export type SeenFrame = ValueOf<typeof seenFrame>;

/** A write as it reached the medium. */
export const appliedWrite = record({ id: uint, sector: uint, data: bytes() });
export type AppliedWrite = ValueOf<typeof appliedWrite>;

/** Values in their order, of which the last ones may not have been kept. */
export interface Kept<T> extends Iterable<T> {
  readonly isWhole: boolean;
}

/** A position that two machines have both come to, and what had come through their doors. */
export interface Meeting {
  a: Kept<Entry>;
  b: Kept<Entry>;
  icount: number;
  /** The machines themselves, where they stand there still and were found to differ. */
  machines?: { a: Machine | undefined; b: Machine | undefined };
}

export interface Evidence {
  description: MachineDescription;
  outcome: Outcome;
  /** What the checkers found that were there when it happened. */
  found: readonly Violation[];
  /** The machine that ended the run, or lived last: what came through its doors, and where it stands. */
  survivor: { host: HostName; history: Kept<Entry>; icount: number };
  /** Where two machines were the same for the last time, or were found to differ; undefined when there was one only. */
  meeting: Meeting | undefined;
  /** What was typed at the console, and what it printed. */
  typed: Uint8Array;
  console: Kept<Uint8Array>;
  /** Frames that left for the clients. */
  frames: Kept<SeenFrame>;
  /** The survivor's disk: what it held at first and holds now, and the writes that reached it, where others could write, too. */
  medium: { initial: Uint8Array; content: Uint8Array; writes: Kept<AppliedWrite> };
  clients: { calls: readonly Call[]; complaints: readonly string[] };
  /** What still waited for the service when the run ended, in words; nothing where it was ended on purpose. */
  waiting: readonly string[];
  /** The newest generation, and those of its members that have not failed since they became that. */
  generation: number;
  unharmed: readonly HostName[];
}
