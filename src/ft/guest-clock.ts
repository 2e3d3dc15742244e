import type { World } from '../vmm/doors.ts';

const NS_PER_TICK = 100;

/**
 * The guest's clock on one host: the host's wall clock, shifted so that it starts at zero with the guest and goes on from the
 * last known value on another host. Within a slice it advances with the steps. A wall clock that is set forward takes the guest's
 * along; one that is set back does not.
 */
export class GuestClock implements World {
  private offsetTicks = 0;
  private sliceNs = 0;
  private sliceIcount = 0;
  private nsPerStep = 1;
  private floor = 0;
  private started = false;

  constructor(readonly entropy: (sizeBytes: number) => Uint8Array) {}

  /** From the next slice on the clock goes on from `ticks`. */
  startAt(ticks: number): void {
    this.floor = ticks;
    this.started = false;
  }

  /** A slice begins now, at `icount`. */
  beginSlice(wallNs: number, icount: number, nsPerStep: number): void {
    this.sliceNs = wallNs;
    this.sliceIcount = icount;
    this.nsPerStep = nsPerStep;
    const shown = Math.floor(wallNs / NS_PER_TICK) + this.offsetTicks;
    if (!this.started || shown < this.floor) this.offsetTicks += this.floor - shown;
    this.started = true;
  }

  clock(icount: number): number {
    const ns = this.sliceEndNs(icount);
    this.floor = Math.max(this.floor, Math.floor(ns / NS_PER_TICK) + this.offsetTicks);
    return this.floor;
  }

  icountAt(ticks: number): number {
    const ns = (ticks - this.offsetTicks) * NS_PER_TICK - this.sliceNs;
    return this.sliceIcount + Math.ceil(ns / this.nsPerStep);
  }

  /** The host's wall clock when the slice has come to a position. */
  sliceEndNs(icount: number): number {
    return this.sliceNs + (icount - this.sliceIcount) * this.nsPerStep;
  }

  /** The host's wall clock when the guest's shows `ticks`. */
  wallNs(ticks: number): number {
    return (ticks - this.offsetTicks) * NS_PER_TICK;
  }
}
