/** When the primary logs what no input asks for: progress markers, and comparisons of the state. By steps, by time, or both. */
import type { ReplicaState } from './state.ts';

/** The distance between progress markers doubles from this part of the longest on; below it there is one after each slice. */
const SLOW_START = 20;

/** Progress markers: a backup runs no further than the log, so a computing guest needs entries that only move it on. */
export class ProgressPacing {
  /** The marker that was logged last: its entry, how many steps it came after the entry before, and when. */
  private last: { entry: number; steps: number; ns: number };

  constructor(private readonly replica: ReplicaState) {
    this.last = { entry: 0, steps: 0, ns: replica.nowNs };
  }

  private get steps(): number {
    const { vmm, log } = this.replica;
    return vmm.icount - log.lastIcount;
  }

  /** `atOnce`: the guest waits, or a backup lags. Else the distance between markers grows, or is `progressNs`. */
  isDue(atOnce: boolean): boolean {
    const { replica, last, steps } = this;
    if (steps === 0) return false;
    if (atOnce || last.entry !== replica.log.last) return true;
    const { progressSteps, progressNs } = replica.options.tuning;
    if (progressNs > 0) return replica.nowNs - last.ns >= progressNs;
    return last.steps < progressSteps / SLOW_START || steps >= Math.min(2 * last.steps, progressSteps);
  }

  /** A marker for the present position, which `log` appends to the log. */
  mark(log: (entry: { kind: 'progress'; icount: number }) => void): void {
    const { replica, steps } = this;
    log({ kind: 'progress', icount: replica.vmm.icount });
    this.last = { entry: replica.log.last, steps, ns: replica.nowNs };
  }
}

/** Comparisons of the whole state. They read every page in use, and so their distance grows with those. */
export class CheckPacing {
  /** The next one is due when the guest has come here and this time has come. */
  private next: { icount: number; ns: number };

  constructor(private readonly replica: ReplicaState) {
    const { tuning } = replica.options;
    this.next = { icount: replica.vmm.icount + tuning.checkSteps, ns: replica.nowNs + tuning.checkNs };
  }

  get isDue(): boolean {
    const { vmm, nowNs } = this.replica;
    return vmm.icount >= this.next.icount && nowNs >= this.next.ns;
  }

  /** Of these steps those up to the next comparison, where its time has come: then its position does not depend on the slice. */
  limit(steps: number): number {
    const { vmm, nowNs } = this.replica;
    return nowNs < this.next.ns ? steps : Math.max(0, Math.min(steps, this.next.icount - vmm.icount));
  }

  /** One was made, of so many pages. */
  made(pages: number): void {
    const { vmm, nowNs, options } = this.replica;
    const { checkSteps, checkStepsPerPage, checkNs } = options.tuning;
    this.next = {
      icount: vmm.icount + Math.max(checkSteps, checkStepsPerPage * pages),
      ns: nowNs + checkNs,
    };
  }
}
