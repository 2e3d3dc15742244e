/** Whether a replay meets what its recording says about the machine: hashes of its state, and counts of its outputs. */
import { Divergence } from '../../vmm/doors.ts';
import type { Entry } from '../../vmm/entries.ts';
import type { Machine } from '../../vmm/machine.ts';
import { verifyMarker } from '../../vmm/vmm.ts';

/** A marker that a replay does not meet. */
export interface Unmet {
  entry: Entry;
  /** What the replayed machine is instead. */
  message: string;
}

/** Verifies markers as a replay passes them, and remembers instead of ending it. */
export class Checks {
  /** The last marker that holds before the first that does not. */
  met: Entry | undefined;
  /** The first that does not hold. */
  unmet: Unmet | undefined;
  /** How many hold. */
  count = 0;
  /** Markers before this position are verified: a replay passes them again when it goes back. In steps. */
  private seen = -1;

  /** For `passed` of a timeline. */
  readonly passed = (entry: Entry, machine: Machine): void => {
    if ((entry.kind !== 'check' && entry.kind !== 'output') || entry.icount < this.seen) return;
    const isNew = entry.icount > this.seen;
    this.seen = entry.icount;
    try {
      verifyMarker(entry, machine);
      if (this.unmet && entry.icount >= this.unmet.entry.icount) return;
      // Only a state hash says that all is as recorded.
      if (entry.kind !== 'check') return;
      if (isNew) this.count++;
      this.met = entry;
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      if (!this.unmet || entry.icount < this.unmet.entry.icount)
        this.unmet = { entry, message: error.message };
    }
  };
}
