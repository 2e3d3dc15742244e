/** Observes a cluster: feeds the online checkers, keeps statistics, and keeps evidence. */
import { encodedSize } from '../../base/codec.ts';
import { OneLiveChecker, OutputRuleChecker, type Violation } from '../../check/checkers.ts';
import { GuestClockChecker } from '../../check/guest-clock.ts';
import type { Generations } from '../../cluster/edge/generations.ts';
import type { Effect, ReplicaEvent } from '../../ft/effects.ts';
import { History } from '../../replay/history.ts';
import type { Spool } from '../../replay/spool.ts';
import type { Divergence } from '../../vmm/doors.ts';
import { contextAfter, type Entry, type EntryKind, entryCodec, INITIAL_CONTEXT } from '../../vmm/entries.ts';
import type { Machine } from '../../vmm/machine.ts';
import { lastOf } from '../../vmm/outputs.ts';
import type { Stuck } from '../../vmm/stuck.ts';
import type { HostId } from '../faults/faults.ts';
import type { Host } from './host.ts';

/** One replica went live in place of another: after a failure, or by a switch-over. */
export interface Failover {
  from: HostId;
  to: HostId;
  /** The position of the failed machine, and that at which the new primary went live. */
  crashIcount: number;
  liveIcount: number;
  /** From the failure until it was suspected, in milliseconds of virtual time. */
  detectMs: number;
  /** From the failure until the new primary was live. */
  downMs: number;
  /** From the failure until a new output was delivered; undefined if none was. */
  firstOutputMs?: number;
  /** Output numbers that were released again after they had been delivered. */
  outputsReleasedAgain: number;
}

/** The log as the channel carried it; without fault tolerance, as a recording would contain it. */
export interface LogStatistics {
  entries: number;
  entriesByKind: Partial<Record<EntryKind, number>>;
  /** The size of the encoded entries, without checksums. */
  bytes: number;
  /** The size of the messages with the entries. */
  channelBytes: number;
}

/** A failover, with the histories of both machines. */
interface FailoverEvidence extends Failover {
  failedNs: number;
  fromHistory: History;
  toHistory: History;
  /** The last position at which both machines were the same. */
  meetingIcount: number;
}

/** A failover without its evidence, as reports show it. */
export const failoverFigures = ({
  failedNs: _,
  fromHistory: __,
  toHistory: ___,
  meetingIcount: ____,
  ...figures
}: FailoverEvidence): Failover => figures;

/**
 * Receives the history of the live machine entry by entry, and the whole history whenever another machine goes live.
 */
export interface HistoryFollower {
  append(entry: Entry): void;
  continueAs(history: Iterable<Entry>): void;
}

/** Names what one host sends to another. */
export const fromTo = (from: HostId, to: HostId): string => `${from} ${to}`;

/** The limit of the execution lag (`lag-bound`). */
const LAG_LIMIT_NS = 500_000_000;

/** What a run shows to checkers and reports, beyond its events. */
export class Observer {
  readonly histories = new Map<HostId, History>();
  readonly failovers: FailoverEvidence[] = [];
  readonly log: LogStatistics = { entries: 0, entriesByKind: {}, bytes: 0, channelBytes: 0 };
  readonly outputRule: OutputRuleChecker;
  readonly guestClock: GuestClockChecker;
  /** The last output that each host has released. */
  readonly lastReleased = new Map<HostId, number>();
  divergence: Divergence | undefined;
  diverged: HostId | undefined;
  /** What the guest was last seen to repeat, and on which host. */
  stuck: (Stuck & { host: HostId }) | undefined;
  /** The host that is live, or was last. */
  survivor: HostId;
  /** Its machine, and what came through its doors; kept after the host has lost its power. */
  machine!: Machine;
  history!: History;
  worstLag = { steps: 0, ns: 0 };
  joins = 0;
  /** The maximum size of the last part of a copy, for which the guest is paused. */
  worstStopBytes = 0;
  copiedPages = 0;
  /**
   * Why the live guest did not run: bytes of its state that were copied, and time without the processor (lag control).
   */
  copiedBytes = 0;
  restedNs = 0;
  private readonly oneLive: OneLiveChecker;
  private readonly failed = new Map<HostId, { ns: number; icount: number; history: History }>();
  /** The primary that each host follows, by default the first; and the position at which each host went live. */
  private readonly leaders = new Map<HostId, HostId>();
  private readonly liveAt = new Map<HostId, number>();
  /**
   * By sender and receiver: the history of the machine whose state or log was sent. The sender may have another machine
   * since; and a primary that does not know of its end may send too, which the receiver ignores.
   */
  private readonly sources = new Map<string, History>();
  private suspectedNs = 0;
  private generation = 0;
  private context = INITIAL_CONTEXT;
  private follower: HistoryFollower | undefined;

  constructor(
    generations: Generations,
    survivor: HostId,
    derivedClock: boolean,
    private readonly nowNs: () => number,
    /** The position of a host's machine, if it has one. */
    private readonly positionOf: (host: HostId) => number | undefined,
    /** Where the histories are kept; undefined: they are only counted. */
    private readonly spool: Spool | undefined,
    /** There is only one host, and no channel. */
    private readonly alone: boolean,
    /** The longest slice of a live guest. */
    sliceNs: number,
  ) {
    this.guestClock = new GuestClockChecker(derivedClock, sliceNs);
    this.outputRule = new OutputRuleChecker(generations);
    this.oneLive = new OneLiveChecker(generations);
    this.survivor = survivor;
  }

  get violations(): Violation[] {
    const lag: Violation[] =
      this.worstLag.ns > LAG_LIMIT_NS
        ? [
            {
              invariant: 'lag-bound',
              message: `a backup was ${(this.worstLag.ns / 1e6).toFixed(0)} ms behind, ${this.worstLag.steps} steps`,
            },
          ]
        : [];
    const { outputRule, oneLive, guestClock } = this;
    return [...outputRule.violations, ...oneLive.violations, ...guestClock.violations, ...lag];
  }

  /** The live guest is seen to be stuck; whether that is new. */
  becameStuck(host: HostId, stuck: Stuck): boolean {
    const { how, pc, since } = this.stuck ?? {};
    if (stuck.how === how && stuck.pc === pc && stuck.since === since) return false;
    this.stuck = { host, ...stuck };
    return true;
  }

  /** A host has a new, empty replica. */
  replicaCreated(host: HostId): void {
    this.histories.set(host, new History(this.spool));
  }

  /** An entry came through a machine's doors. */
  witnessed(host: HostId, entry: Entry, isLive: boolean): void {
    const history = this.historyOf(host);
    history.append(entry);
    if (history === this.history) this.follower?.append(entry);
    if (isLive) this.guestClock.shown(host, entry, this.nowNs());
    if (this.alone) this.count(entry);
  }

  /** Without a channel: counts an entry as a recording would contain it. */
  private count(entry: Entry): void {
    const { log, context } = this;
    log.entries++;
    log.entriesByKind[entry.kind] = (log.entriesByKind[entry.kind] ?? 0) + 1;
    log.bytes += encodedSize(entryCodec(context), entry);
    this.context = contextAfter(context, entry);
  }

  historyOf(host: HostId): History {
    return this.histories.get(host)!;
  }

  /** A host has failed: it crashed, or is paused. */
  hostFailed(host: Host): void {
    const { vmm } = host.replica;
    if (!vmm) return;
    this.failed.set(host.id, {
      ns: this.nowNs(),
      icount: vmm.icount,
      history: this.historyOf(host.id),
    });
  }

  /** A paused host has resumed. */
  hostResumed(host: Host): void {
    if (host.alive && host.replica.vmm) this.failed.delete(host.id);
  }

  /** A host has released outputs, or an operation of the shared disk. */
  released(host: HostId, effect: Effect & { do: 'release' | 'disk' }): void {
    this.outputRule.released(host, effect);
    if (effect.do === 'release') this.lastReleased.set(host, lastOf(effect.outputs.at(-1)!));
  }

  /** A new output was delivered. */
  outputDelivered(): void {
    const last = this.failovers.at(-1);
    if (last && last.firstOutputMs === undefined) last.firstOutputMs = (this.nowNs() - last.failedNs) / 1e6;
  }

  /** An event of a replica. Long: a case for each kind that is counted or judged. */
  noted(host: Host, event: ReplicaEvent): void {
    const { id } = host;
    switch (event.kind) {
      case 'booted':
        if (event.role === 'primary') this.guestClock.booted(id, this.nowNs());
        return;
      case 'sent':
        this.sources.set(fromTo(id, event.to), this.historyOf(id));
        this.log.channelBytes += event.sizeBytes;
        this.log.entries += event.entries.length;
        this.log.bytes += event.logBytes;
        for (const { kind } of event.entries)
          this.log.entriesByKind[kind] = (this.log.entriesByKind[kind] ?? 0) + 1;
        return;
      case 'suspected':
        this.suspectedNs = this.nowNs();
        return this.guestClock.lostSight(id, this.suspectedNs - event.silentNs);
      // A planned switch-over has no suspicion: its down time counts from here.
      case 'switching':
        this.suspectedNs = this.nowNs();
        return this.guestClock.lostSight(event.to, this.suspectedNs);
      case 'following':
        this.failed.delete(id);
        this.leaders.set(id, event.primary);
        return this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);
      case 'installed': {
        const from = this.sources.get(fromTo(event.from, id));
        if (from) this.histories.set(id, from.fork(event.history));
        this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);
        return;
      }
      case 'live':
        this.wentLive(host);
        this.failedOver(id, event);
        this.liveAt.set(id, event.icount);
        return this.oneLive.live(id, event.generation);
      case 'members':
        this.wentLive(host);
        return this.oneLive.live(id, event.generation);
      case 'copied':
        this.sources.set(fromTo(id, event.host), this.historyOf(id));
        this.joins++;
        this.copiedPages += event.pages;
        this.worstStopBytes = Math.max(this.worstStopBytes, event.sizeBytes);
        return;
      case 'lag':
        if (event.ns > this.worstLag.ns) this.worstLag = { steps: event.steps, ns: event.ns };
        return;
      case 'diverged':
        this.divergence = event.divergence;
        this.diverged = id;
    }
  }

  /** This host is live from now on. */
  wentLive(host: Host): void {
    this.failed.delete(host.id);
    this.outputRule.holds(host.id, Number.POSITIVE_INFINITY);
    // A primary that was paused may not know yet that it was replaced.
    if (host.replica.generation < this.generation) return;
    this.generation = host.replica.generation;
    this.survivor = host.id;
    this.machine = host.replica.vmm!.machine;
    const history = this.historyOf(host.id);
    if (history === this.history) return;
    this.history = history;
    this.follower?.continueAs(history);
  }

  /** Sends the live machine's history to `follower`, from boot on. */
  follow(follower: HistoryFollower): void {
    this.follower = follower;
    follower.continueAs(this.history);
  }

  private failedOver(to: HostId, { from, icount, generation }: ReplicaEvent & { kind: 'live' }): void {
    const failure = this.failed.get(from);
    const failedNs = failure?.ns ?? this.suspectedNs;
    const crashIcount = failure?.icount ?? icount;
    // One that is only cut off may be behind: it was never live if the answer to its claim is on the way.
    const fromIcount = failure?.icount ?? this.positionOf(from) ?? icount;
    this.guestClock.live(to, from, failure?.ns, this.nowNs());
    // A replica whose claim is answered late goes live in an old generation: nothing of it leaves, and no VM failed over.
    if (generation < this.generation) return;
    // The new primary may hold more of the log than the failed one, from an earlier primary. If it never followed the
    // failed one, they differ from where that one went live.
    const forkIcount =
      (this.leaders.get(to) ?? 'primary') === from ? icount : (this.liveAt.get(from) ?? icount);
    this.failovers.push({
      meetingIcount: Math.min(icount, fromIcount, forkIcount),
      from,
      to,
      crashIcount,
      liveIcount: icount,
      // A primary that fails during a switch-over is not suspected.
      detectMs: Math.max(0, this.suspectedNs - failedNs) / 1e6,
      downMs: (this.nowNs() - failedNs) / 1e6,
      outputsReleasedAgain: 0,
      failedNs,
      fromHistory: failure?.history ?? this.historyOf(from),
      toHistory: this.historyOf(to),
    });
  }
}
