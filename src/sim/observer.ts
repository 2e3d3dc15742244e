/** Sees what happens in a cluster, counts it, and keeps the evidence for the checkers. */
import { encodedSize } from '../base/codec.ts';
import { OneLiveChecker, OutputRuleChecker, type Violation } from '../check/checkers.ts';
import { GuestClockChecker } from '../check/guest-clock.ts';
import type { Generations } from '../cluster/edge/generations.ts';
import type { Effect, ReplicaEvent } from '../ft/effects.ts';
import { History } from '../replay/history.ts';
import type { Spool } from '../replay/spool.ts';
import type { Divergence } from '../vmm/doors.ts';
import { type Entry, type EntryKind, entryAfter, following, NOTHING_BEFORE } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import { lastOf } from '../vmm/outputs.ts';
import type { HostId } from './faults/faults.ts';
import type { Host } from './host.ts';

export interface Failover {
  from: HostId;
  to: HostId;
  crashIcount: number;
  liveIcount: number;
  detectMs: number;
  /** Until the new primary was live. */
  downMs: number;
  /** Until something new reached the world; undefined when nothing did. */
  firstOutputMs?: number;
  /** Output numbers that the new primary released and the world had already seen. */
  outputsReleasedAgain: number;
}

/** The log as the channel carried it; without fault tolerance, as a recording would hold it. */
export interface LogStatistics {
  entries: number;
  entriesByKind: Partial<Record<EntryKind, number>>;
  /** What the entries take one after the other, as in a recording without its checksums. */
  bytes: number;
  /** What the messages take that carry them. */
  channelBytes: number;
}

/** A failover, and what the machine that was left behind had been through. */
interface FailoverEvidence extends Failover {
  failedNs: number;
  fromHistory: History;
  toHistory: History;
  /** Where both were one machine for the last time. */
  meetingIcount: number;
}

/** Is told what the machine goes through that lives: entry by entry, and the whole history when it is another machine from now on. */
export interface HistoryFollower {
  append(entry: Entry): void;
  continueAs(history: Iterable<Entry>): void;
}

/** The longest execution lag that a run may show. */
const LAG_LIMIT_NS = 500_000_000;

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
  /** The host that is live, or was last. */
  survivor: HostId;
  /** Its machine, and what came through the doors: they stay known when the host loses its power. */
  machine!: Machine;
  history!: History;
  worstLag = { steps: 0, ns: 0 };
  joins = 0;
  /** The longest time that a guest stood still for the end of a copy. */
  worstStopBytes = 0;
  copiedPages = 0;
  /** What the live guest stood still for: copies of its state, and rests so that a backup keeps up. */
  copiedBytes = 0;
  restedNs = 0;
  private readonly oneLive: OneLiveChecker;
  private readonly failed = new Map<HostId, { ns: number; icount: number; history: History }>();
  /** Whom each host follows; at first the one that boots as the primary. And where each went live. */
  private readonly leaders = new Map<HostId, HostId>();
  private readonly liveAt = new Map<HostId, number>();
  /** The history of the machine of which each host was sent the state, or what leads to it: its host may have had another one since. */
  private readonly sources = new Map<HostId, History>();
  private suspectedNs = 0;
  private generation = 0;
  private before = NOTHING_BEFORE;
  private follower: HistoryFollower | undefined;

  constructor(
    generations: Generations,
    survivor: HostId,
    derivedClock: boolean,
    private readonly nowNs: () => number,
    /** Where the histories are kept; undefined: nowhere. */
    private readonly spool: Spool | undefined,
    /** There is one host, and no channel. */
    private readonly alone: boolean,
  ) {
    this.guestClock = new GuestClockChecker(derivedClock);
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

  /** A host has a new, empty replica; what its last one went through stays known where it is needed. */
  begins(host: HostId): void {
    this.histories.set(host, new History(this.spool));
  }

  /** Something came through a machine's doors. */
  witnessed(host: HostId, entry: Entry, isLive: boolean): void {
    const history = this.historyOf(host);
    history.append(entry);
    if (history === this.history) this.follower?.append(entry);
    if (isLive) this.guestClock.shown(host, entry, this.nowNs());
    if (this.alone) this.count(entry);
  }

  /** Without a channel: the log as a recording would hold it. */
  private count(entry: Entry): void {
    const { log, before } = this;
    log.entries++;
    log.entriesByKind[entry.kind] = (log.entriesByKind[entry.kind] ?? 0) + 1;
    log.bytes += encodedSize(entryAfter(before), entry);
    this.before = following(before, entry);
  }

  historyOf(host: HostId): History {
    return this.histories.get(host)!;
  }

  /** A host with a machine has failed. */
  struck(host: Host): void {
    const { vmm } = host.replica;
    if (!vmm) return;
    this.failed.set(host.id, {
      ns: this.nowNs(),
      icount: vmm.icount,
      history: this.historyOf(host.id),
    });
  }

  /** A host that stood still goes on. */
  recovered(host: Host): void {
    if (host.alive && host.replica.vmm) this.failed.delete(host.id);
  }

  /** Outputs, or an operation of the shared disk, leave a host. */
  released(host: HostId, effect: Effect & { do: 'release' | 'disk' }): void {
    this.outputRule.released(host, effect);
    if (effect.do === 'release') this.lastReleased.set(host, lastOf(effect.outputs.at(-1)!));
  }

  /** Something new has reached the world. */
  arrivedInWorld(): void {
    const last = this.failovers.at(-1);
    if (last && last.firstOutputMs === undefined) last.firstOutputMs = (this.nowNs() - last.failedNs) / 1e6;
  }

  noted(host: Host, event: ReplicaEvent): void {
    const { id } = host;
    switch (event.kind) {
      case 'booted':
        if (event.role === 'primary') this.guestClock.booted(id, this.nowNs());
        return;
      case 'sent':
        this.sources.set(event.to, this.historyOf(id));
        this.log.channelBytes += event.sizeBytes;
        this.log.entries += event.entries.length;
        this.log.bytes += event.logBytes;
        for (const { kind } of event.entries)
          this.log.entriesByKind[kind] = (this.log.entriesByKind[kind] ?? 0) + 1;
        return;
      case 'suspected':
        this.suspectedNs = this.nowNs();
        return this.guestClock.lostSight(id, this.suspectedNs - event.silentNs);
      // A planned switch-over begins here.
      case 'switching':
        this.suspectedNs = this.nowNs();
        return this.guestClock.lostSight(event.to, this.suspectedNs);
      case 'following':
        this.failed.delete(id);
        this.leaders.set(id, event.primary);
        return this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);
      case 'installed': {
        const from = this.sources.get(id);
        if (from) this.histories.set(id, from.fork(event.history));
        this.outputRule.holds(id, host.replica.vmm!.machine.outputsMade);
        return;
      }
      case 'live':
        this.lives(host);
        this.failedOver(id, event);
        this.liveAt.set(id, event.icount);
        return this.oneLive.live(id, event.generation);
      case 'members':
        this.lives(host);
        return this.oneLive.live(id, event.generation);
      case 'copied':
        this.sources.set(event.host, this.historyOf(id));
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
  lives(host: Host): void {
    this.failed.delete(host.id);
    this.outputRule.holds(host.id, Number.POSITIVE_INFINITY);
    // One that comes back may not know yet that others have gone on.
    if (host.replica.generation < this.generation) return;
    this.generation = host.replica.generation;
    this.survivor = host.id;
    this.machine = host.replica.vmm!.machine;
    const history = this.historyOf(host.id);
    if (history === this.history) return;
    this.history = history;
    this.follower?.continueAs(history);
  }

  /** From its beginning on. */
  follow(follower: HistoryFollower): void {
    this.follower = follower;
    follower.continueAs(this.history);
  }

  private failedOver(to: HostId, { from, icount }: ReplicaEvent & { kind: 'live' }): void {
    const struck = this.failed.get(from);
    const failedNs = struck?.ns ?? this.suspectedNs;
    const crashIcount = struck?.icount ?? icount;
    this.guestClock.live(to, from, struck?.ns, this.nowNs());
    // The one that goes live may hold more of the log than the one that failed: another backup was sent it. And if it never followed
    // that one, they parted where that one went live.
    const parted = (this.leaders.get(to) ?? 'primary') === from ? icount : (this.liveAt.get(from) ?? icount);
    this.failovers.push({
      meetingIcount: Math.min(icount, crashIcount, parted),
      from,
      to,
      crashIcount,
      liveIcount: icount,
      // One that dies in the middle of a switch-over is not suspected.
      detectMs: Math.max(0, this.suspectedNs - failedNs) / 1e6,
      downMs: (this.nowNs() - failedNs) / 1e6,
      outputsReleasedAgain: 0,
      failedNs,
      fromHistory: struck?.history ?? this.historyOf(from),
      toHistory: this.historyOf(to),
    });
  }
}
