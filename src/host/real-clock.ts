/** A host's clock in real time: the ports' clock over Node's timers. */
import type { Clock } from '../cluster/ports.ts';
import type { TimerId } from '../ft/effects.ts';
import { StepTime } from './step-time.ts';

/** Node's timeouts are of whole milliseconds. */
const MIN_REST_NS = 2_000_000;
/** Node may wake this much too early. The protocol's own timers allow for it, and need not be set a second time. */
const ROUNDING_MS = 1;
/** How much too early these may come, in ns: what they cause is repeated all the time. */
const EARLY_NS = Object.entries({
  heartbeat: 15_000_000,
  // Whoever is not silent for long enough yet is looked at again.
  suspect: 10_000_000,
  retry: 0,
} satisfies Partial<Record<TimerId, number>>) as [TimerId, number][];
/** How much too late these may come, in ms: they wait for a heartbeat, which wakes the process in any case. */
const LATE_MS: Partial<Record<TimerId, number>> = { retry: 35, guest: 0 };
/** Longer timeouts overflow Node's, which then fire at once; after this long the rest is waited for anew. */
const MAX_TIMEOUT_MS = 2 ** 30;

/**
 * Time since the process began, as its monotonic clock shows it. Callbacks come in later turns of the event loop, after
 * the sockets were read: a host that was stalled handles the messages that came meanwhile before it suspects anybody.
 */
export class RealClock implements Clock {
  readonly minRestNs = MIN_REST_NS;
  readonly stepTime = new StepTime();
  private readonly timers = new Map<TimerId, Wait>();
  private readonly waits = new Set<Wait>();
  private closed = false;

  get monotonicNs(): number {
    return Math.floor(performance.now() * 1e6);
  }

  get nowNs(): number {
    return this.monotonicNs;
  }

  get nsPerStep(): number {
    return this.stepTime.nsPerStep;
  }

  wakeAt(id: TimerId, atNs: number, action: () => void): void {
    this.timers.get(id)?.cancel();
    const wait = this.wait(atNs, LATE_MS[id] ?? ROUNDING_MS, () => {
      this.timers.delete(id);
      action();
      this.coalesce(1 / 2);
    });
    if (wait) this.timers.set(id, wait);
  }

  /**
   * Calls back now what may come so early (`EARLY_NS`): the process is awake, and is spared a wake-up of its own.
   * A timer that comes does this, too, with those of which at least half has passed: others could follow each other
   * without an end.
   */
  coalesce(part = 1): void {
    for (const [id, earlyNs] of EARLY_NS) this.timers.get(id)?.bringForward(earlyNs, part);
  }

  after(ns: number, action: () => void): void {
    this.wait(this.monotonicNs + ns, 0, action);
  }

  /** The work is done, and has taken its time: sockets and timers come first, then `action`. */
  spend(_ns: number, action: () => void): void {
    // A busy process can give its heartbeats more often: they cost it no wake-up.
    this.coalesce(1 / 2);
    setImmediate(() => {
      if (!this.closed) action();
    });
  }

  /** Nothing is called back any more. */
  close(): void {
    this.closed = true;
    for (const wait of this.waits) wait.cancel();
    this.waits.clear();
    this.timers.clear();
  }

  private wait(atNs: number, extraMs: number, action: () => void): Wait | undefined {
    if (this.closed) return undefined;
    const wait = new Wait(
      atNs,
      extraMs,
      () => this.monotonicNs,
      () => this.waits.delete(wait),
      action,
    );
    this.waits.add(wait);
    return wait;
  }
}

/** One pending callback. */
class Wait {
  private readonly lengthNs: number;
  private timeout: NodeJS.Timeout | undefined;
  private immediate: NodeJS.Immediate | undefined;
  private isDue = false;

  constructor(
    private readonly atNs: number,
    private readonly extraMs: number,
    private readonly nowNs: () => number,
    private readonly ended: () => void,
    private readonly action: () => void,
  ) {
    this.lengthNs = atNs - nowNs();
    this.arm();
  }

  cancel(): void {
    clearTimeout(this.timeout);
    clearImmediate(this.immediate);
    this.ended();
  }

  /** Calls back in this turn of the event loop if that is due within `earlyNs`, and within this part of its length. */
  bringForward(earlyNs: number, part: number): void {
    if (this.isDue || this.atNs - this.nowNs() > Math.min(earlyNs, part * this.lengthNs)) return;
    clearTimeout(this.timeout);
    this.due();
  }

  private due(): void {
    this.isDue = true;
    this.immediate = setImmediate(() => {
      this.ended();
      this.action();
    });
  }

  private arm(): void {
    const leftMs = (this.atNs - this.nowNs()) / 1e6;
    // Rounded up: Node counts whole milliseconds, and a host that woke early would have to wait in a loop.
    if (leftMs > 0)
      this.timeout = setTimeout(() => this.arm(), Math.min(Math.ceil(leftMs) + this.extraMs, MAX_TIMEOUT_MS));
    // Timers run before sockets are read, immediates after.
    else this.due();
  }
}
