/**
 * When the primary logs entries without an input: progress markers, and comparisons of the state. By steps, by time, or
 * both.
 */
import type { ReplicaState } from './state.ts';

/** Progress markers come after each slice up to 1/SLOW_START of their maximum distance; from there on it doubles. */
const SLOW_START = 20;

/**
 * Progress markers. A backup runs no further than the log, so while the guest only computes, the log needs entries
 * whose only purpose is to let the backup run on.
 */
export class ProgressPacing {
  /** The last marker: its entry, the distance in steps from the entry before, and its time. */
  private last: { entry: number; steps: number; ns: number };

  constructor(private readonly replica: ReplicaState) {
    this.last = { entry: 0, steps: 0, ns: replica.nowNs };
  }

  private get steps(): number {
    const { vmm, log } = this.replica;
    return vmm.icount - log.lastIcount;
  }

  /**
   * `idle`: the guest waits, so no other entry lets the backups run on. `lags`: a backup is behind, and long distances
   * between markers would add to its lag; markers by time (`progressNs`) come often enough.
   */
  isDue({ idle, lags }: { idle: boolean; lags: boolean }): boolean {
    const { replica, last, steps } = this;
    if (steps === 0) return false;
    if (idle) return true;
    const { progressSteps, progressNs } = replica.options.tuning;
    if (progressNs > 0) return replica.nowNs - last.ns >= progressNs;
    if (lags || last.entry !== replica.log.last) return true;
    return last.steps < progressSteps / SLOW_START || steps >= Math.min(2 * last.steps, progressSteps);
  }

  /** A marker for the present position, which `log` appends to the log. */
  mark(log: (entry: { kind: 'progress'; icount: number }) => void): void {
    const { replica, steps } = this;
    log({ kind: 'progress', icount: replica.vmm.icount });
    this.last = { entry: replica.log.last, steps, ns: replica.nowNs };
  }
}

/** Comparisons of the whole state: `check` entries. Each reads all pages in use, so the distance grows with these. */
export class CheckPacing {
  /** The position and the time before which no comparison is due. */
  private next: { icount: number; ns: number };

  constructor(private readonly replica: ReplicaState) {
    const { tuning } = replica.options;
    this.next = { icount: replica.vmm.icount + tuning.checkSteps, ns: replica.nowNs + tuning.checkNs };
  }

  get isDue(): boolean {
    const { vmm, nowNs } = this.replica;
    return vmm.icount >= this.next.icount && nowNs >= this.next.ns;
  }

  /** Limits `steps` so that a slice ends where a comparison is due: then its position does not depend on the slices. */
  limit(steps: number): number {
    const { vmm, nowNs } = this.replica;
    return nowNs < this.next.ns ? steps : Math.max(0, Math.min(steps, this.next.icount - vmm.icount));
  }

  /** A comparison was made, of `pages` pages. */
  made(pages: number): void {
    const { vmm, nowNs, options } = this.replica;
    const { checkSteps, checkStepsPerPage, checkNs } = options.tuning;
    this.next = {
      icount: vmm.icount + Math.max(checkSteps, checkStepsPerPage * pages),
      ns: nowNs + checkNs,
    };
  }
}
