/** A recording that is replayed for a trace: what comes through its doors is told at its place. */
import { type EntrySource, Timeline } from '../../replay/timeline.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { type Entry, isInput } from '../../vmm/entries.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { Output } from '../../vmm/outputs.ts';
import { verifyMarker } from '../../vmm/vmm.ts';

/** A recording: how its machine is built, and what came through its doors. */
export interface TraceSource {
  description: MachineDescription;
  entries: EntrySource;
}

/** Whether the guest gets an entry, or ends with it; the others are markers for replicas. */
export const reachesGuest = (entry: Entry): boolean =>
  isInput(entry) || entry.kind === 'clock' || entry.kind === 'entropy' || entry.kind === 'control';

const NONE: readonly Entry[] = [];

/**
 * The replay: a timeline that only goes forwards, and what it has taken from the log since it was asked last.
 */
export class RecordedSteps {
  readonly timeline: Timeline;
  /** The outputs since {@link takeOutputs}. */
  private outputs: Output[] = [];
  /** The entries that were read and not yet {@link taken}; the last one may not be consumed yet. */
  private readonly read: Entry[] = [];
  private takenCount = 0;

  /** @param applies is called before an input is applied, and at other entries but `clock` and `entropy` */
  constructor({ description, entries }: TraceSource, applies: (entry: Entry) => void) {
    const noted = this.noting(entries);
    this.timeline = new Timeline(description, noted, {
      made: (output) => {
        this.outputs.push(output);
      },
      passed: (entry, machine) => {
        verifyMarker(entry, machine);
        applies(entry);
      },
    });
  }

  private noting(entries: EntrySource): EntrySource {
    const { read } = this;
    return {
      *[Symbol.iterator]() {
        for (const entry of entries) {
          read.push(entry);
          yield entry;
        }
      },
    };
  }

  get machine(): Machine {
    return this.timeline.machine;
  }

  get icount(): number {
    return this.timeline.icount;
  }

  /** The entries that were consumed since the last call, the one that is being applied included. */
  taken(): readonly Entry[] {
    const count = this.timeline.consumed - this.takenCount;
    if (count === 0) return NONE;
    this.takenCount += count;
    return this.read.splice(0, count);
  }

  takeOutputs(): Output[] {
    const { outputs } = this;
    if (outputs.length === 0) return outputs;
    this.outputs = [];
    return outputs;
  }

  /**
   * Whether inputs of the present position are left: a run ends early when the machine has made many outputs.
   */
  get hasInput(): boolean {
    const { next, icount } = this.timeline;
    return next !== undefined && isInput(next) && next.icount === icount;
  }
}
