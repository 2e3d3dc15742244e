import { Channel } from './channel.ts';
import type { HostName } from './effects.ts';
import { LagControl } from './lag.ts';
import type { MessageOf } from './messages.ts';
import type { ReplicaState } from './state.ts';

/**
 * The primary's ends of the logging channels (the paper, section 2.2 and figure 2): which acknowledgements an output
 * waits for, which entries go to which backup, and the execution lag of the slowest.
 */
export class LoggingChannels extends Map<HostName, Channel> {
  readonly lag: LagControl;
  /** A backup has acknowledged entries since the lag was last measured. */
  ackArrived = false;

  /** `awaited`: the joining replica whose acknowledgements outputs wait for already. */
  constructor(
    private readonly replica: ReplicaState,
    private readonly awaited: () => HostName | undefined,
  ) {
    super();
    this.lag = new LagControl(replica.options.tuning);
  }

  /** Opens a channel to a host, in state `waiting`. */
  open(host: HostName): Channel {
    const { replica } = this;
    const channel = new Channel(host, replica.log, replica.nowNs);
    this.set(host, channel);
    return channel;
  }

  // ── What is held ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * The channels to the replicas that must hold the covering entry before an output may leave: the recorded backups,
   * those of a claim that is under way, and the awaited joining replica.
   */
  required(): Channel[] {
    const { record, claim } = this.replica;
    const awaited = this.awaited();
    // Asked several times for each input: mostly there is nothing to join.
    const hosts =
      claim || awaited
        ? new Set([...record.backups, ...(claim?.record.backups ?? []), ...(awaited ? [awaited] : [])])
        : record.backups;
    const anyState = !this.replica.isOff('resync-atomicity');
    const channels: Channel[] = [];
    for (const host of hosts) {
      const channel = this.get(host)!;
      if (anyState || channel?.state === 'following') channels.push(channel);
    }
    return channels;
  }

  /** Outputs that are covered by the log up to this entry may leave. */
  get held(): number {
    return this.replica.isOff('output-rule') ? Number.POSITIVE_INFINITY : this.acknowledged;
  }

  /** Every required replica holds the log up to this entry. */
  get acknowledged(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { held = 0 } of this.required()) least = Math.min(least, held);
    return least;
  }

  /** The channels on which the log is sent. */
  get followers(): Channel[] {
    return [...this.values()].filter(({ state }) => state === 'following');
  }

  /**
   * Every other replica has consumed the log up to this entry. A required one that has not reported its position since
   * this replica went live counts as one that has consumed nothing.
   */
  private get consumed(): number {
    let least = Number.POSITIVE_INFINITY;
    for (const { consumed } of this.required()) least = Math.min(least, consumed);
    for (const { state, consumed } of this.values())
      if (state === 'following') least = Math.min(least, consumed);
    return least;
  }

  /** Every other replica is past the disk operations completed up to this entry: see {@link DiskQueue.discard}. */
  get past(): number {
    return this.replica.options.disk === 'shared' ? this.held : this.consumed;
  }

  /** The maximum of unacknowledged bytes of the log over the required channels. */
  get unacknowledgedBytes(): number {
    let most = 0;
    for (const channel of this.required())
      most = Math.max(most, channel.unacknowledgedBytes(this.replica.log));
    return most;
  }

  // ── What is sent ──────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Sends to each follower the entries that fit into its buffer, and discards entries that all have consumed. What is
   * kept for a backup that has not reported its position is bounded: the guest is blocked once `sendBufferBytes` were
   * appended without its acknowledgement.
   */
  transmit(): void {
    for (const channel of this.values()) this.transmitTo(channel);
    const { log, options } = this.replica;
    log.forget(this.consumed, options.tuning.retainBytes);
  }

  /** Sends to one follower. With `answers`, the token of a resume, a message goes out even without entries. */
  transmitTo(channel: Channel, answers = 0): void {
    const { replica } = this;
    const { log, options, generation, gate } = replica;
    if (channel.sent === log.last && answers === 0) return;
    const { first, entries } = channel.take(log, options.tuning.receiveBufferBytes);
    if (entries.length === 0 && answers === 0) return;
    const last = first + entries.length - 1;
    const logBytes = log.bytesUpTo(last) - log.bytesUpTo(first - 1);
    const { host } = channel;
    replica.send(
      host,
      {
        kind: 'entries',
        generation,
        first,
        delivered: gate.deliveredUpTo(replica.vmm.machine.outputsMade),
        lowWater: Math.min(log.last, this.past),
        answers,
        ticks: replica.clock.reading(replica.nowNs),
        entries,
      },
      (sizeBytes) => ({ kind: 'sent', to: host, first, last, logBytes, sizeBytes, entries }),
    );
  }

  /**
   * The last entry of the common prefix of that replica's log and this one; undefined if the replica has consumed
   * entries beyond it, or if the entries after it are no longer kept.
   */
  commonEntry({ log: generation, received, consumed }: MessageOf<'resume'>): number | undefined {
    const { starts, log } = this.replica;
    const index = starts.findIndex((start) => start.generation === generation);
    if (index < 0) return undefined;
    const end = (starts[index + 1]?.first ?? Number.POSITIVE_INFINITY) - 1;
    const common = Math.min(received, end, log.last);
    return consumed <= common && common + 1 >= log.first ? common : undefined;
  }

  // ── Execution lag ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** Measures the execution lag of the slowest backup, and adjusts the guest's share of processor time. */
  measureLag(): void {
    const { replica, lag } = this;
    if (!this.ackArrived) return;
    this.ackArrived = false;
    const members = this.required().filter(({ state }) => state === 'following');
    if (members.length === 0) return lag.reset();
    const icount = Math.min(...members.map((member) => member.icount));
    const ns = lag.behind(icount, replica.nowNs);
    if (lag.isWorst(ns)) replica.note({ kind: 'lag', steps: replica.vmm.icount - icount, ns });
    if (replica.isOff('lag-control')) return;
    if (lag.adjust(ns, replica.nowNs)) replica.note({ kind: 'slowed', perMille: lag.perMille });
  }
}
