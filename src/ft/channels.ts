/**
 * The live side's ends of the logging channels (the paper, section 2.2 and figure 2): whom an output waits for, what is sent to whom, and
 * how far the slowest is behind.
 */
import { Channel } from './channel.ts';
import type { HostName } from './effects.ts';
import { LagControl } from './lag.ts';
import type { MessageOf } from './messages.ts';
import type { Side } from './side.ts';

export class LoggingChannels extends Map<HostName, Channel> {
  readonly lag: LagControl;
  /** A backup has acknowledged something since the lag was measured. */
  hasNews = false;

  /** `awaited`: a joining side for which outputs wait already. */
  constructor(
    private readonly side: Side,
    private readonly awaited: () => HostName | undefined,
  ) {
    super();
    this.lag = new LagControl(side.options.tuning);
  }

  /** A channel to a host of which nothing is known yet. */
  open(host: HostName): Channel {
    const { side } = this;
    const channel = new Channel(host, side.log, side.nowNs);
    this.set(host, channel);
    return channel;
  }

  // ── What is held ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Who must hold the entry before an output may leave: the members, those of a generation that is being claimed, and one that is about to
   * be.
   */
  required(): Channel[] {
    const { record, claim } = this.side;
    const awaited = this.awaited();
    const hosts = new Set([
      ...record.backups,
      ...(claim?.record.backups ?? []),
      ...(awaited ? [awaited] : []),
    ]);
    if (this.side.is('resync-atomicity'))
      for (const host of hosts) if (this.get(host)?.state !== 'following') hosts.delete(host);
    return [...hosts].map((host) => this.get(host)!);
  }

  /** Every member holds the log up to this entry. */
  get held(): number {
    if (this.side.is('output-rule')) return Number.POSITIVE_INFINITY;
    return Math.min(Number.POSITIVE_INFINITY, ...this.required().map(({ held = 0 }) => held));
  }

  /** Those that are sent the log. */
  get followers(): Channel[] {
    return [...this.values()].filter(({ state }) => state === 'following');
  }

  /** Up to this entry every other side has what it needs to go on by itself: see {@link DiskQueue.settle}. */
  get past(): number {
    if (this.side.options.disk === 'shared') return this.held;
    const others = [...this.required(), ...this.followers];
    return Math.min(Number.POSITIVE_INFINITY, ...others.map(({ consumed }) => consumed));
  }

  /** The most that one of those has not acknowledged, in bytes of the log. */
  get unacknowledgedBytes(): number {
    return Math.max(0, ...this.required().map((channel) => channel.unacknowledgedBytes(this.side.log)));
  }

  // ── What is sent ──────────────────────────────────────────────────────────────────────────────────────────────────

  /** Sends everyone what fits into its buffer, and forgets what nobody needs any more. */
  transmit(): void {
    for (const channel of this.values()) this.transmitTo(channel);
    const { log, options } = this.side;
    const consumed = Math.min(log.last, ...this.followers.map(({ consumed }) => consumed));
    log.forget(consumed, options.tuning.retainBytes);
  }

  /** Sends to one; `answers` a resume, even where there is nothing to send. */
  transmitTo(channel: Channel, answers = 0): void {
    const { side } = this;
    const { log, options, generation, gate } = side;
    const { first, entries } = channel.take(log, options.tuning.receiveBufferBytes);
    if (entries.length === 0 && answers === 0) return;
    const bytes = side.send(channel.host, {
      kind: 'entries',
      generation,
      first,
      settled: gate.settled(side.vmm.machine.outputsMade),
      floor: Math.min(log.last, this.past),
      answers,
      ticks: side.clock.reading(side.nowNs),
      entries,
    });
    const last = first + entries.length - 1;
    const logBytes = log.bytesUpTo(last) - log.bytesUpTo(first - 1);
    side.note({ kind: 'sent', to: channel.host, first, last, logBytes, sizeBytes: bytes.length, entries });
  }

  /** The last entry up to which that side's log is this one, if it can go on from there. */
  commonEntry({ log: generation, received, consumed }: MessageOf<'resume'>): number | undefined {
    const { starts, log } = this.side;
    const index = starts.findIndex((start) => start.generation === generation);
    if (index < 0) return undefined;
    const end = (starts[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1;
    const common = Math.min(received, end, log.last);
    return consumed <= common && common + 1 >= log.first ? common : undefined;
  }

  // ── Execution lag ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Measures how far the slowest backup is behind, and slows the guest down or speeds it up by that. */
  measureLag(): void {
    const { side, lag } = this;
    if (!this.hasNews) return;
    this.hasNews = false;
    const members = this.required().filter(({ state }) => state === 'following');
    if (members.length === 0) return lag.reset();
    const icount = Math.min(...members.map((member) => member.icount));
    const ns = lag.behind(icount, side.nowNs);
    if (lag.isWorst(ns)) side.note({ kind: 'lag', steps: side.vmm.icount - icount, ns });
    if (side.is('lag-control')) return;
    if (lag.adjust(ns, side.nowNs)) side.note({ kind: 'slowed', perMille: lag.perMille });
  }
}
