/** The guest's clock follows virtual time and never runs backwards, across failovers. */

import type { HostName } from '../ft/effects.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Violation } from './checkers.ts';

const NS_PER_TICK = 100;
/** Bound of a message's delay, by which a host's estimate of the guest's clock is behind; or ahead, if that varies. */
const MESSAGE_NS = 200_000;

const inMs = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

/**
 * Compares the times that a live guest reads with virtual time. At each failover the clock may lose at most the time
 * since the host that goes live last heard of the previous primary.
 */
export class GuestClockChecker {
  readonly violations: Violation[] = [];
  /** For each host, the time since which it has heard nothing from the primary. */
  private readonly unknownSinceNs = new Map<HostName, number>();
  /** How far the clock may be behind on each host that is or was live. */
  private readonly allowedNs = new Map<HostName, number>();

  /**
   * @param derived the clock runs with the guest's steps, so it may be ahead
   * @param sliceNs the longest slice: its entries are observed at its start, before their time has passed
   */
  constructor(
    private readonly derived: boolean,
    private readonly sliceNs: number,
  ) {}

  /** The guest's clock begins at its boot, which a paused host may delay. */
  booted(host: HostName, nowNs: number): void {
    this.allowedNs.set(host, nowNs);
  }

  /** From `sinceNs` on `host` hears nothing of the primary, or the guest is paused for a switch-over to it. */
  lostSight(host: HostName, sinceNs: number): void {
    this.unknownSinceNs.set(host, sinceNs);
  }

  /** A host has gone live in place of `from`, which failed at `failedNs` if it failed. */
  live(host: HostName, from: HostName, failedNs: number | undefined, nowNs: number): void {
    const sinceNs = Math.min(this.unknownSinceNs.get(host) ?? nowNs, failedNs ?? nowNs);
    this.allowedNs.set(host, (this.allowedNs.get(from) ?? 0) + nowNs - sinceNs);
  }

  /** An entry came through the doors of a live machine. */
  shown(host: HostName, entry: Entry, nowNs: number): void {
    if (!('ticks' in entry) || this.violations.length > 0) return;
    const aheadNs = entry.ticks * NS_PER_TICK - nowNs;
    const allowedNs = (this.allowedNs.get(host) ?? 0) + MESSAGE_NS;
    if (-aheadNs > allowedNs)
      this.find(`the guest on ${host} reads a time ${inMs(-aheadNs)} behind; allowed is ${inMs(allowedNs)}`);
    if (aheadNs > this.sliceNs + MESSAGE_NS && !this.derived)
      this.find(`the guest on ${host} reads a time ${inMs(aheadNs)} ahead`);
  }

  private find(message: string): void {
    this.violations.push({ invariant: 'guest-clock', message });
  }
}

/** The times that the guest reads never decrease. */
export class ClockForwardChecker {
  readonly violations: Violation[] = [];
  private last = 0;

  /** The next entry of a machine's history. */
  shown(entry: Entry): void {
    if (!('ticks' in entry)) return;
    if (entry.ticks < this.last && this.violations.length === 0) {
      const message = `at icount ${entry.icount} the guest reads ${entry.ticks} ticks, after ${this.last}`;
      this.violations.push({ invariant: 'guest-clock', message });
    }
    this.last = entry.ticks;
  }
}
