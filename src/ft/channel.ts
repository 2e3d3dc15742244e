import type { Entry } from '../vmm/entries.ts';
import type { HostName } from './effects.ts';
import type { LogBuffer } from './log-buffer.ts';
import { awaitedSince, type Silence } from './silence.ts';

/**
 * `waiting`: nothing is sent until that replica's `resume`. `copying`: the machine is sent. `following`: the log is
 * sent.
 */
export type ChannelState = 'waiting' | 'copying' | 'following';

/**
 * The primary's end of the logging channel to one backup (the paper, section 2.2 and figure 2), with its flow control.
 */
export class Channel {
  state: ChannelState = 'waiting';
  /** Numbers of the last entries that were sent, received there and consumed there. */
  sent = 0;
  received = 0;
  consumed = 0;
  /** The last entry that it has acknowledged on this channel; undefined before the first acknowledgement. */
  held: number | undefined;
  /** The position of the machine there. */
  icount = 0;
  silence: Silence;
  /** The process there is said to have ended, and nothing was heard since. */
  closed = false;
  /** Bytes of the log up to the last consumed entry. */
  private consumedBytes = 0;

  /** Bytes of the log when the channel was opened. */
  private readonly baseBytes: number;

  constructor(
    readonly host: HostName,
    log: LogBuffer,
    nowNs: number,
  ) {
    this.baseBytes = log.sizeBytes;
    this.silence = awaitedSince(nowNs);
  }

  /** Starts sending the log to a replica that holds it up to entry `received` and has consumed it up to `consumed`. */
  startAt(log: LogBuffer, received: number, consumed: number): void {
    this.state = 'following';
    this.sent = received;
    this.received = received;
    this.consumed = consumed;
    this.consumedBytes = log.bytesUpTo(consumed);
  }

  /** Starts sending the log to a replica that boots together with this one, from the same image. */
  startTogether(log: LogBuffer): void {
    this.startAt(log, 0, 0);
    this.held = 0;
  }

  /** Entries that fit into the backup's buffer now, from number `sent + 1` on. */
  take(log: LogBuffer, receiveBufferBytes: number): { first: number; entries: Entry[] } {
    const first = this.sent + 1;
    const entries: Entry[] = [];
    if (this.state !== 'following') return { first, entries };
    const limitBytes = this.consumedBytes + receiveBufferBytes;
    while (this.sent < log.last) {
      // One entry always fits, however large, or the channel would deadlock.
      if (log.bytesUpTo(this.sent + 1) > limitBytes && this.sent > this.consumed) break;
      entries.push(log.get(++this.sent));
    }
    return { first, entries };
  }

  /** Takes an acknowledgement of that replica; an outdated one is ignored. */
  acknowledge(log: LogBuffer, ack: { received: number; consumed: number; icount: number }): void {
    // An acknowledgement from before the last resume may arrive late.
    if (this.state !== 'following' || ack.received < this.received || ack.received > this.sent) return;
    this.held = ack.received;
    this.received = ack.received;
    this.consumed = Math.max(this.consumed, ack.consumed);
    this.icount = ack.icount;
    this.consumedBytes = log.bytesUpTo(this.consumed);
  }

  /** Bytes of entries that the backup has not acknowledged. */
  unacknowledgedBytes(log: LogBuffer): number {
    return log.sizeBytes - (this.state === 'following' ? log.bytesUpTo(this.received) : this.baseBytes);
  }
}
