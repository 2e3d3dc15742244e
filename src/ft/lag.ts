import type { Tuning } from './rules.ts';

/** The minimum share of processor time of a guest, per mille. */
const MIN_SHARE = 20;
/** The relative change of the share in one step of the feedback. */
const STEP = 0.05;

/**
 * Feedback control of the execution lag (the paper, section 3.2). While the lag exceeds its bound, the guest's share of
 * processor time on the primary is reduced step by step; when it is small again, the share grows in the same way.
 */
export class LagControl {
  /** Positions of the primary, and when it was there. */
  private marks: { icount: number; ns: number }[] = [];
  private changedNs = 0;
  private worstNs = 0;
  private latestNs = 0;
  /** The share of processor time that the guest gets, per mille. */
  perMille = 1000;

  constructor(private readonly tuning: Pick<Tuning, 'lagBoundNs' | 'lagIntervalNs'>) {}

  /** Records that the primary is at position `icount`. */
  mark(icount: number, nowNs: number): void {
    if (this.marks.at(-1)?.icount !== icount) this.marks.push({ icount, ns: nowNs });
  }

  /** The execution lag in ns of a backup at `icount`: how long ago the primary was there. */
  behind(icount: number, nowNs: number): number {
    const passed = this.marks.findIndex((mark) => mark.icount > icount);
    this.marks.splice(0, passed < 0 ? this.marks.length : passed);
    const [next] = this.marks;
    this.latestNs = next ? nowNs - next.ns : 0;
    return this.latestNs;
  }

  /** Whether the lag last measured is less than a quarter of its bound. */
  get isSmall(): boolean {
    return this.latestNs < this.tuning.lagBoundNs / 4;
  }

  /** Whether the guest need not be slowed, and not soon. */
  get isFree(): boolean {
    return this.perMille === 1000 && this.isSmall;
  }

  /** Adjusts the share to a lag; whether it has changed. */
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

  /** Whether a lag exceeds the longest so far by more than 10 %. */
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
