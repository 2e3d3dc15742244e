import type { Environment } from '../vmm/doors.ts';

const NS_PER_TICK = 100;

/** Bound of the relative drift of two hosts' clocks: each may be slewed by up to 500 ppm (adjtimex(2)). */
const MAX_DRIFT = 1e-3;

/** The host's time within a slice of the guest. Times are of the host's monotonic clock, in nanoseconds. */
export interface SliceTime {
  /** A slice begins at `nowNs` and `icount`; a step is expected to take `nsPerStep`. */
  begin(nowNs: number, icount: number, nsPerStep: number): void;
  /** The time at which the machine is at `icount`, which it has reached. */
  nsAt(icount: number): number;
  /** The position, beyond the present one, at which to check again whether the host's time has reached `ns`. */
  icountAt(ns: number): number;
  /** The host's time now, if it is read and steps may take longer than expected. */
  readNs?(): number;
}

/** Time that is computed from the steps, each of which takes exactly `nsPerStep`: for a host on virtual time. */
export class ComputedTime implements SliceTime {
  private ns = 0;
  private icount = 0;
  private nsPerStep = 1;

  begin(nowNs: number, icount: number, nsPerStep: number): void {
    this.ns = nowNs;
    this.icount = icount;
    this.nsPerStep = nsPerStep;
  }

  nsAt(icount: number): number {
    return this.ns + (icount - this.icount) * this.nsPerStep;
  }

  icountAt(ns: number): number {
    return this.icount + Math.ceil((ns - this.ns) / this.nsPerStep);
  }
}

/**
 * Time that is read: for a real host. `nsPerStep` is an estimate, and an error does no harm: it only decides how soon
 * the host checks again whether a time has come.
 */
export class MeasuredTime implements SliceTime {
  private icount = 0;
  private nsPerStep = 1;

  /** `nowNs`: the host's monotonic clock. */
  constructor(private readonly nowNs: () => number) {}

  readNs(): number {
    return this.nowNs();
  }

  begin(_nowNs: number, icount: number, nsPerStep: number): void {
    this.icount = icount;
    this.nsPerStep = nsPerStep;
  }

  nsAt(icount: number): number {
    this.icount = icount;
    return this.nowNs();
  }

  icountAt(ns: number): number {
    return this.icount + Math.max(1, Math.ceil((ns - this.nowNs()) / this.nsPerStep));
  }
}

/**
 * The guest's clock on one host: the host's monotonic clock plus an offset. The primary's messages carry the guest's
 * time; from these each backup estimates its own offset, and continues the guest's clock when it goes live. Hosts'
 * clocks are never compared with each other. Within a slice the clock advances with the steps.
 */
export class GuestClock implements Environment {
  /** The guest's clock minus the host's, in ticks; unknown at first. */
  private offsetTicks = Number.NEGATIVE_INFINITY;
  /** When the offset was last received, in the host's time. */
  private heardNs = 0;
  /** The latest time that the guest has read. */
  private latestTicks = 0;
  /** The end of the last slice in the host's time; later than now if that time is computed and has not passed yet. */
  private reachedNs = 0;

  constructor(
    readonly entropy: (sizeBytes: number) => Uint8Array,
    private readonly time: SliceTime = new ComputedTime(),
  ) {}

  /** Sets the guest's clock to `ticks` now. */
  startAt(ticks: number, nowNs: number): void {
    this.offsetTicks = ticks - Math.floor(nowNs / NS_PER_TICK);
    this.latestTicks = ticks;
  }

  /**
   * Continues the guest's clock here. `ticks`: the latest time that the guest has read; it never reads an earlier one.
   */
  continueFrom(ticks: number, nowNs: number): void {
    this.startAt(Math.max(ticks, this.shownAt(nowNs)), nowNs);
  }

  /**
   * The primary's message carries the guest's time at its sending. The message's delay is unknown, so of two offsets
   * the greater is the better estimate, unless the difference is within the possible drift since then.
   */
  heard(ticks: number, nowNs: number): void {
    const offset = ticks - Math.floor(nowNs / NS_PER_TICK);
    const drift = ((nowNs - this.heardNs) * MAX_DRIFT) / NS_PER_TICK;
    if (offset < this.offsetTicks - drift) return;
    this.offsetTicks = offset;
    this.heardNs = nowNs;
  }

  /** The guest's time at `nowNs` by this host's estimate, for messages. */
  reading(nowNs: number): number {
    return Math.max(0, this.latestTicks, this.shownAt(Math.max(nowNs, this.reachedNs)));
  }

  /** Begins a slice now, at position `icount`. */
  beginSlice(nowNs: number, icount: number, nsPerStep: number): void {
    this.time.begin(nowNs, icount, nsPerStep);
  }

  /** The host's time within a slice, see {@link SliceTime.readNs}. */
  readNs(): number | undefined {
    return this.time.readNs?.();
  }

  /** Ends the slice at position `icount`. */
  endSlice(icount: number): void {
    this.reachedNs = this.time.nsAt(icount);
  }

  clock(icount: number): number {
    this.latestTicks = Math.max(this.latestTicks, this.shownAt(this.time.nsAt(icount)));
    return this.latestTicks;
  }

  icountAt(ticks: number): number {
    return this.time.icountAt(this.nsAt(ticks));
  }

  /** The host's time, in ns, at which the guest's clock shows `ticks`. */
  nsAt(ticks: number): number {
    return (ticks - this.offsetTicks) * NS_PER_TICK;
  }

  private shownAt(ns: number): number {
    return Math.floor(ns / NS_PER_TICK) + this.offsetTicks;
  }
}
