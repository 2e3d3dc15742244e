/** The two ends of the logging channel (the paper, section 2.3 and figure 2): a buffer on each side, and flow control between. */
import { assert } from '../base/assert.ts';
import { encode } from '../base/codec.ts';
import { type Entry, entryAfter } from '../vmm/entries.ts';
import type { MessageOf } from './messages.ts';

interface Numbered {
  entry: Entry;
  sizeBytes: number;
}

/** The primary's end: entries wait here until they may be sent, and are counted until the backup has consumed them. */
export class LogSender {
  /** Entries from number `consumed + 1` on. */
  private readonly pending: Numbered[] = [];
  private consumed = 0;
  private received = 0;
  private sent = 0;
  private lastIcount = 0;
  private unacknowledgedBytes = 0;
  private inFlightBytes = 0;
  /** Bytes of entries appended since boot. */
  totalBytes = 0;

  constructor(
    private readonly sendBufferBytes: number,
    private readonly receiveBufferBytes: number,
  ) {}

  /** The number of the last entry. */
  get last(): number {
    return this.consumed + this.pending.length;
  }

  get lastEntryIcount(): number {
    return this.lastIcount;
  }

  /** The last entry that the backup is known to hold. */
  get acknowledged(): number {
    return this.received;
  }

  /** The guest must stop until the backup has acknowledged more. */
  get full(): boolean {
    return this.unacknowledgedBytes > this.sendBufferBytes;
  }

  append(entry: Entry): number {
    const sizeBytes = encode(entryAfter(this.lastIcount), entry).length;
    this.lastIcount = entry.icount;
    this.pending.push({ entry, sizeBytes });
    this.unacknowledgedBytes += sizeBytes;
    this.totalBytes += sizeBytes;
    return this.last;
  }

  /** The entries that fit into the backup's buffer now, as a message; undefined when there are none. */
  flush(generation: number, released: number): MessageOf<'entries'> | undefined {
    const first = this.sent + 1;
    const entries: Entry[] = [];
    for (;;) {
      const next = this.pending[this.sent - this.consumed];
      // One entry always fits, however large, or the channel would stand still.
      if (!next || (this.inFlightBytes > 0 && this.inFlightBytes + next.sizeBytes > this.receiveBufferBytes))
        break;
      entries.push(next.entry);
      this.inFlightBytes += next.sizeBytes;
      this.sent++;
    }
    return entries.length > 0 ? { kind: 'entries', generation, first, released, entries } : undefined;
  }

  acknowledge({ received, consumed }: { received: number; consumed: number }): void {
    assert(consumed <= received && received <= this.sent, 'the backup acknowledges only what was sent');
    for (; this.received < received; this.received++)
      this.unacknowledgedBytes -= this.pending[this.received - this.consumed]!.sizeBytes;
    const gone = this.pending.splice(0, Math.max(0, consumed - this.consumed));
    for (const { sizeBytes } of gone) this.inFlightBytes -= sizeBytes;
    this.consumed += gone.length;
  }
}

/** The backup's end: what has been received, and how much of it to acknowledge. The entries wait in the replay doors. */
export class LogReceiver {
  received = 0;
  consumed = 0;
  private acknowledgedConsumed = 0;

  /** The entries of a message that are new. A reliable stream has no gaps. */
  accept({ first, entries }: MessageOf<'entries'>): readonly Entry[] {
    assert(
      first <= this.received + 1,
      `entries ${this.received + 1} to ${first - 1} are missing from the channel`,
    );
    const fresh = entries.slice(this.received + 1 - first);
    this.received += fresh.length;
    return fresh;
  }

  /** Whether enough was consumed since the last acknowledgement that the primary should know. */
  get consumptionIsNews(): boolean {
    return this.consumed - this.acknowledgedConsumed >= 64 || this.consumed === this.received;
  }

  ack(generation: number, icount: number): MessageOf<'ack'> {
    this.acknowledgedConsumed = this.consumed;
    return { kind: 'ack', generation, received: this.received, consumed: this.consumed, icount };
  }
}
