/**
 * The live replica's ends of the logging channels (the paper, section 2.2 and figure 2): whom an output waits for, what is sent to whom, and
 * how far the slowest is behind.
 */
import { Channel } from './channel.ts';
import type { HostName } from './effects.ts';
import { LagControl } from './lag.ts';
import type { MessageOf } from './messages.ts';
import type { ReplicaState } from './state.ts';

export class LoggingChannels extends Map<HostName, Channel> {
  readonly lag: LagControl;
  /** A backup has acknowledged something since the lag was measured. */
  hasNews = false;

  /** `awaited`: a joining replica for which outputs wait already. */
  constructor(
    private readonly replica: ReplicaState,
    private readonly awaited: () => HostName | undefined,
  ) {
    super();
    this.lag = new LagControl(replica.options.tuning);
  }

  /** A channel to a host of which nothing is known yet. */
  open(host: HostName): Channel {
    const { replica } = this;
    const channel = new Channel(host, replica.log, replica.nowNs);
    this.set(host, channel);
    return channel;
  }

  // ── What is held ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Who must hold the entry before an output may leave: the members, those of a generation that is being claimed, and one that is about to
   * be.
   */
  required(): Channel[] {
    const { record, claim } = this.replica;
    const awaited = this.awaited();
    const hosts = new Set([
      ...record.backups,
      ...(claim?.record.backups ?? []),
      ...(awaited ? [awaited] : []),
    ]);
    if (this.replica.is('resync-atomicity'))
      for (const host of hosts) if (this.get(host)?.state !== 'following') hosts.delete(host);
    return [...hosts].map((host) => this.get(host)!);
  }

  /** Every member holds the log up to this entry. */
  get held(): number {
    if (this.replica.is('output-rule')) return Number.POSITIVE_INFINITY;
    return Math.min(Number.POSITIVE_INFINITY, ...this.required().map(({ held = 0 }) => held));
  }

  /** Those that are sent the log. */
  get followers(): Channel[] {
    return [...this.values()].filter(({ state }) => state === 'following');
  }

  /** Up to this entry every other replica has what it needs to go on by itself: see {@link DiskQueue.discard}. */
  get past(): number {
    if (this.replica.options.disk === 'shared') return this.held;
    const others = [...this.required(), ...this.followers];
    return Math.min(Number.POSITIVE_INFINITY, ...others.map(({ consumed }) => consumed));
  }

  /** The most that one of those has not acknowledged, in bytes of the log. */
  get unacknowledgedBytes(): number {
    return Math.max(0, ...this.required().map((channel) => channel.unacknowledgedBytes(this.replica.log)));
  }

  // ── What is sent ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends everyone what fits into its buffer, and forgets what nobody needs any more. */
  transmit(): void {
    for (const channel of this.values()) this.transmitTo(channel);
    const { log, options } = this.replica;
    const consumed = Math.min(log.last, ...this.followers.map(({ consumed }) => consumed));
    log.forget(consumed, options.tuning.retainBytes);
  }

  /** Sends to one; `answers` a resume, even where there is nothing to send. */
  transmitTo(channel: Channel, answers = 0): void {
    const { replica } = this;
    const { log, options, generation, gate } = replica;
    const { first, entries } = channel.take(log, options.tuning.receiveBufferBytes);
    if (entries.length === 0 && answers === 0) return;
    const bytes = replica.send(channel.host, {
      kind: 'entries',
      generation,
      first,
      delivered: gate.deliveredUpTo(replica.vmm.machine.outputsMade),
      lowWater: Math.min(log.last, this.past),
      answers,
      ticks: replica.clock.reading(replica.nowNs),
      entries,
    });
    const last = first + entries.length - 1;
    const logBytes = log.bytesUpTo(last) - log.bytesUpTo(first - 1);
    replica.note({ kind: 'sent', to: channel.host, first, last, logBytes, sizeBytes: bytes.length, entries });
  }

  /** The last entry up to which that replica's log is this one, if it can go on from there. */
  commonEntry({ log: generation, received, consumed }: MessageOf<'resume'>): number | undefined {
    const { starts, log } = this.replica;
    const index = starts.findIndex((start) => start.generation === generation);
    if (index < 0) return undefined;
    const end = (starts[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1;
    const common = Math.min(received, end, log.last);
    return consumed <= common && common + 1 >= log.first ? common : undefined;
  }

  // ── Execution lag ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Measures how far the slowest backup is behind, and slows the guest down or speeds it up by that. */
  measureLag(): void {
    const { replica, lag } = this;
    if (!this.hasNews) return;
    this.hasNews = false;
    const members = this.required().filter(({ state }) => state === 'following');
    if (members.length === 0) return lag.reset();
    const icount = Math.min(...members.map((member) => member.icount));
    const ns = lag.behind(icount, replica.nowNs);
    if (lag.isWorst(ns)) replica.note({ kind: 'lag', steps: replica.vmm.icount - icount, ns });
    if (replica.is('lag-control')) return;
    if (lag.adjust(ns, replica.nowNs)) replica.note({ kind: 'slowed', perMille: lag.perMille });
  }
}
