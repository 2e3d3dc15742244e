import type { Tuning } from './rules.ts';

/** The share of processor time that is left to a guest at the least, per mille. */
const MIN_SHARE = 20;
/** One step of the feedback: by so much the share falls or rises. */
const STEP = 0.05;

/**
 * Execution lag: how far the backup's machine is behind the primary's (the paper, section 3.2). When it grows past its bound
 * the primary's guest is given a little less processor time, again and again until the backup keeps up; then more in the same way.
 */
export class LagControl {
  /** Where the primary stood, and when. */
  private marks: { icount: number; ns: number }[] = [];
  private changedNs = 0;
  private worstNs = 0;
  private latestNs = 0;
  /** The share of processor time that the guest gets, per mille. */
  perMille = 1000;

  constructor(private readonly tuning: Pick<Tuning, 'lagBoundNs' | 'lagIntervalNs'>) {}

  /** The primary stands at `icount`. */
  mark(icount: number, nowNs: number): void {
    if (this.marks.at(-1)?.icount !== icount) this.marks.push({ icount, ns: nowNs });
  }

  /** How long ago the primary was where the slowest backup is now. */
  behind(icount: number, nowNs: number): number {
    const passed = this.marks.findIndex((mark) => mark.icount > icount);
    this.marks.splice(0, passed < 0 ? this.marks.length : passed);
    const [next] = this.marks;
    this.latestNs = next ? nowNs - next.ns : 0;
    return this.latestNs;
  }

  /** Whether the slowest backup is close behind, as far as was heard. */
  get isSmall(): boolean {
    return this.latestNs < this.tuning.lagBoundNs / 4;
  }

  /** Adjusts the share to a lag; true when it has changed. */
  adjust(lagNs: number, nowNs: number): boolean {
    const { lagBoundNs, lagIntervalNs } = this.tuning;
    const slower = lagNs > lagBoundNs;
    const faster = lagNs < lagBoundNs / 2 && this.perMille < 1000;
    if ((!slower && !faster) || nowNs - this.changedNs < lagIntervalNs) return false;
    this.changedNs = nowNs;
    const next = Math.round(this.perMille * (slower ? 1 - STEP : 1 + STEP));
    this.perMille = Math.min(1000, Math.max(MIN_SHARE, next));
    return true;
  }

  /** Whether a lag is clearly the longest so far. */
  isWorst(lagNs: number): boolean {
    if (lagNs <= this.worstNs * 1.1) return false;
    this.worstNs = lagNs;
    return true;
  }

  reset(): void {
    this.marks = [];
    this.latestNs = 0;
    this.perMille = 1000;
  }
}
