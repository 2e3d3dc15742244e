import type { Environment } from '../vmm/doors.ts';

const NS_PER_TICK = 100;

/** Two hosts' clocks drift apart by less than this: each may be slewed by up to 500 ppm (adjtimex(2)). */
const MAX_DRIFT = 1e-3;

/**
 * The guest's clock on one host: the host's monotonic clock, shifted. Who is live tells the others what the guest's clock shows, with every
 * message; each of them knows so by its own clock how the guest's goes on, and continues it when it goes live. Hosts' clocks are
 * never compared with each other. Within a slice the clock advances with the steps.
 */
export class GuestClock implements Environment {
  /** The guest's clock less the host's; nothing is known of it at first. */
  private offsetTicks = Number.NEGATIVE_INFINITY;
  /** When the offset was told, by the host's clock. */
  private heardNs = 0;
  /** The latest time that the guest has been told. */
  private latestTicks = 0;
  private sliceNs = 0;
  private sliceIcount = 0;
  private nsPerStep = 1;
  /** The end of the last slice: it is computed before its time has passed. */
  private reachedNs = 0;

  constructor(readonly entropy: (sizeBytes: number) => Uint8Array) {}

  /** The guest's clock shows `ticks` now. */
  startAt(ticks: number, nowNs: number): void {
    this.offsetTicks = ticks - Math.floor(nowNs / NS_PER_TICK);
    this.latestTicks = ticks;
  }

  /** The guest goes on here. `ticks` is the latest time that it has been told: it is not told an earlier one. */
  continueFrom(ticks: number, nowNs: number): void {
    this.startAt(Math.max(ticks, this.shownAt(nowNs)), nowNs);
  }

  /**
   * Who is live says what the guest's clock showed when it sent this. The message has been under way for an unknown time, so of two
   * that disagree the later clock is right, unless the hosts' clocks can have drifted apart by so much since.
   */
  heard(ticks: number, nowNs: number): void {
    const offset = ticks - Math.floor(nowNs / NS_PER_TICK);
    const drift = ((nowNs - this.heardNs) * MAX_DRIFT) / NS_PER_TICK;
    if (offset < this.offsetTicks - drift) return;
    this.offsetTicks = offset;
    this.heardNs = nowNs;
  }

  /** What the guest's clock shows, as far as this host knows: for those who follow. */
  reading(nowNs: number): number {
    return Math.max(0, this.latestTicks, this.shownAt(Math.max(nowNs, this.reachedNs)));
  }

  /** A slice begins now, at `icount`. */
  beginSlice(nowNs: number, icount: number, nsPerStep: number): void {
    this.sliceNs = nowNs;
    this.sliceIcount = icount;
    this.nsPerStep = nsPerStep;
  }

  /** The slice has ended at `icount`. */
  endSlice(icount: number): void {
    this.reachedNs = this.nsAtStep(icount);
  }

  clock(icount: number): number {
    this.latestTicks = Math.max(this.latestTicks, this.shownAt(this.nsAtStep(icount)));
    return this.latestTicks;
  }

  icountAt(ticks: number): number {
    return this.sliceIcount + Math.ceil((this.nsAt(ticks) - this.sliceNs) / this.nsPerStep);
  }

  /** The host's clock when the guest's shows `ticks`. */
  nsAt(ticks: number): number {
    return (ticks - this.offsetTicks) * NS_PER_TICK;
  }

  private nsAtStep(icount: number): number {
    return this.sliceNs + (icount - this.sliceIcount) * this.nsPerStep;
  }

  private shownAt(ns: number): number {
    return Math.floor(ns / NS_PER_TICK) + this.offsetTicks;
  }
}
