import type { Environment } from '../vmm/doors.ts';

const NS_PER_TICK = 100;

/** Two hosts' clocks drift apart by less than this: each may be slewed by up to 500 ppm (adjtimex(2)). */
const MAX_DRIFT = 1e-3;

/** How the host's clock goes on while the guest runs a slice. Times are of the host's monotonic clock, in nanoseconds. */
export interface SliceTime {
  /** A slice begins at `nowNs` and `icount`; a step is expected to take `nsPerStep`. */
  begin(nowNs: number, icount: number, nsPerStep: number): void;
  /** The time at which the machine stands at `icount`, which it has reached. */
  nsAt(icount: number): number;
  /** A position at which the guest should be asked again whether `ns` has come; beyond the one where it stands. */
  icountAt(ns: number): number;
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
 * Time that is read: for a real host. `nsPerStep` is a guess, and a wrong one does no harm: it only says how soon the guest is asked again
 * whether a time has come.
 */
export class MeasuredTime implements SliceTime {
  private icount = 0;
  private nsPerStep = 1;

  /** `nowNs`: the host's monotonic clock. */
  constructor(private readonly nowNs: () => number) {}

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
  /** The end of the last slice: where time is computed, that is known before it has passed. */
  private reachedNs = 0;

  constructor(
    readonly entropy: (sizeBytes: number) => Uint8Array,
    private readonly time: SliceTime = new ComputedTime(),
  ) {}

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
    this.time.begin(nowNs, icount, nsPerStep);
  }

  /** The slice has ended at `icount`. */
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

  /** The host's clock when the guest's shows `ticks`. */
  nsAt(ticks: number): number {
    return (ticks - this.offsetTicks) * NS_PER_TICK;
  }

  private shownAt(ns: number): number {
    return Math.floor(ns / NS_PER_TICK) + this.offsetTicks;
  }
}
