import type { World } from '../vmm/doors.ts';

const NS_PER_TICK = 100;

/**
 * The guest's clock on one host: the host's clock, shifted so that it starts at zero with the guest and goes on from the last
 * known value on another host. Within a slice it advances with the steps.
 */
export class GuestClock implements World {
  private offsetTicks = 0;
  private sliceNs = 0;
  private sliceIcount = 0;
  private nsPerStep = 1;
  private floor = 0;

  constructor(readonly entropy: (sizeBytes: number) => Uint8Array) {}

  /** From now on the clock goes on from `ticks`. */
  startAt(nowNs: number, ticks: number): void {
    this.offsetTicks = ticks - Math.floor(nowNs / NS_PER_TICK);
    this.floor = ticks;
  }

  /** A slice begins now, at `icount`. */
  beginSlice(nowNs: number, icount: number, nsPerStep: number): void {
    this.sliceNs = nowNs;
    this.sliceIcount = icount;
    this.nsPerStep = nsPerStep;
  }

  /** Never runs backwards, even where the host's clock does. */
  clock(icount: number): number {
    const ns = this.sliceNs + (icount - this.sliceIcount) * this.nsPerStep;
    this.floor = Math.max(this.floor, Math.floor(ns / NS_PER_TICK) + this.offsetTicks);
    return this.floor;
  }

  icountAt(ticks: number): number {
    const ns = (ticks - this.offsetTicks) * NS_PER_TICK - this.sliceNs;
    return this.sliceIcount + Math.ceil(ns / this.nsPerStep);
  }

  /** The host's time at which the guest's clock shows `ticks`. */
  hostNs(ticks: number): number {
    return (ticks - this.offsetTicks) * NS_PER_TICK;
  }
}
