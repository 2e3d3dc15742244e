/** The guest's clock goes with time, whichever host is live, and whatever has happened to those before it. */

import type { HostName } from '../ft/effects.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Violation } from './checkers.ts';

const NS_PER_TICK = 100;
/** The entries of a slice are seen when it begins. */
const SLICE_NS = 1_000_000;
/** What a host knows of another's clock it knows from messages, which take their time. */
const MESSAGE_NS = 200_000;

const inMs = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

/**
 * Compares what a live guest is told of the time with virtual time. At each failover the clock may lose what passed since the host that
 * goes live last knew the one before to be alive, and no more.
 */
export class GuestClockChecker {
  readonly violations: Violation[] = [];
  /** Since when each host knows nothing of the one that it would replace. */
  private readonly unknownSinceNs = new Map<HostName, number>();
  /** How far the clock may be behind at each host that is or was live. */
  private readonly allowedNs = new Map<HostName, number>();

  /** A derived clock runs as fast as the guest: it may be ahead. */
  constructor(private readonly derived: boolean) {}

  /** The guest's clock begins when its first host does, which may have stood still until then. */
  booted(host: HostName, nowNs: number): void {
    this.allowedNs.set(host, nowNs);
  }

  /** From this moment on `host` hears nothing of the primary, or the guest stands still so that it can go on there. */
  lostSight(host: HostName, sinceNs: number): void {
    this.unknownSinceNs.set(host, sinceNs);
  }

  /** A host has gone live in place of another, which failed at that time if it failed. */
  live(host: HostName, from: HostName, failedNs: number | undefined, nowNs: number): void {
    const sinceNs = Math.min(this.unknownSinceNs.get(host) ?? nowNs, failedNs ?? nowNs);
    this.allowedNs.set(host, (this.allowedNs.get(from) ?? 0) + nowNs - sinceNs);
  }

  /** What came through the doors of a live machine. */
  shown(host: HostName, entry: Entry, nowNs: number): void {
    if (!('ticks' in entry) || this.violations.length > 0) return;
    const aheadNs = entry.ticks * NS_PER_TICK - nowNs;
    const allowedNs = (this.allowedNs.get(host) ?? 0) + MESSAGE_NS;
    if (-aheadNs > allowedNs)
      this.find(`${host} tells the guest a time ${inMs(-aheadNs)} behind; ${inMs(allowedNs)} would do`);
    if (aheadNs > SLICE_NS && !this.derived)
      this.find(`${host} tells the guest a time ${inMs(aheadNs)} ahead`);
  }

  private find(message: string): void {
    this.violations.push({ invariant: 'guest-clock', message });
  }
}

/** Time does not run backwards for the guest, whichever host tells it. */
export class ClockForwardChecker {
  readonly violations: Violation[] = [];
  private last = 0;

  /** The next entry of a machine's history. */
  shown(entry: Entry): void {
    if (!('ticks' in entry)) return;
    if (entry.ticks < this.last && this.violations.length === 0) {
      const message = `at ${entry.icount} the guest is told ${entry.ticks} ticks, after ${this.last}`;
      this.violations.push({ invariant: 'guest-clock', message });
    }
    this.last = entry.ticks;
  }
}
