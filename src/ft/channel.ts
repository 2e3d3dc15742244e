/** The primary's end of the logging channel to one backup (the paper, section 2.2 and figure 2), with its flow control. */
import type { Entry } from '../vmm/entries.ts';
import type { HostName } from './effects.ts';
import type { LogBuffer } from './log-buffer.ts';

/**
 * `waiting`: nothing is sent until that replica has said where it stands. `copying`: it is being sent the machine. `following`: it is
 * sent the log.
 */
export type ChannelState = 'waiting' | 'copying' | 'following';

export class Channel {
  state: ChannelState = 'waiting';
  /** The last entries sent, received there and consumed there. */
  sent = 0;
  received = 0;
  consumed = 0;
  /** The last entry that it has acknowledged in answer to what it was sent; undefined before it has. */
  held: number | undefined;
  /** Where the machine there stands. */
  icount = 0;
  lastHeardNs: number;
  /** Bytes of the log up to the entry that was consumed. */
  private consumedBytes = 0;

  /** Where the log ended when nothing was known of that replica yet. */
  private readonly baseBytes: number;

  constructor(
    readonly host: HostName,
    log: LogBuffer,
    nowNs: number,
  ) {
    this.baseBytes = log.sizeBytes;
    this.lastHeardNs = nowNs;
  }

  /** That replica holds the log up to an entry, and has consumed it up to another. */
  startAt(log: LogBuffer, received: number, consumed: number): void {
    this.state = 'following';
    this.sent = received;
    this.received = received;
    this.consumed = consumed;
    this.consumedBytes = log.bytesUpTo(consumed);
  }

  /** That replica starts with this one, from the same image. */
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
      // One entry always fits, however large, or the channel would stand still.
      if (log.bytesUpTo(this.sent + 1) > limitBytes && this.sent > this.consumed) break;
      entries.push(log.get(++this.sent));
    }
    return { first, entries };
  }

  acknowledge(log: LogBuffer, ack: { received: number; consumed: number; icount: number }): void {
    // What a lost answer of before says is no news.
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
