import { assert } from '../base/assert.ts';
import { encodedSize } from '../base/codec.ts';
import {
  contextAfter,
  type EncodingContext,
  type Entry,
  type EntryKind,
  entryCodec,
  INITIAL_CONTEXT,
} from '../vmm/entries.ts';

/** Entries are discarded in batches of at least this many entries or bytes. */
const BATCH_ENTRIES = 64;
const BATCH_BYTES = 1 << 14;
/**
 * Discarded entries leave the array once they are one of so many in it. To remove them from its front moves the others: a
 * hundred thousand when the guest reads its clock all the time.
 */
const GONE_PART = 4;

/** Entries of a guest that only computes. */
const computing: ReadonlySet<EntryKind> = new Set(['progress', 'check', 'timer', 'clock', 'entropy']);

interface Kept {
  entry: Entry;
  /** The encoding context of the next entry. */
  next: EncodingContext;
  /** Bytes of the log up to and with this entry. */
  endBytes: number;
}

/**
 * The part of the log that a replica keeps. Entries are numbered from 1 since boot, across all generations. The primary
 * keeps what a backup may lack; a backup keeps what another backup may lack if this one goes live.
 */
export class LogBuffer {
  private kept: Kept[] = [];
  /** The first entries in {@link kept} that are discarded already. */
  private gone = 0;
  /** The number of the last discarded entry, and the bytes of the log up to it. */
  private forgotten = 0;
  private forgottenBytes = 0;
  private afterForgotten: EncodingContext = INITIAL_CONTEXT;
  /** The position of the last output, or input other than of a timer, that an entry covers. */
  lastExchange = 0;

  /** The number of the last entry. */
  get last(): number {
    return this.forgotten + this.kept.length - this.gone;
  }

  /** The number of the first kept entry. */
  get first(): number {
    return this.forgotten + 1;
  }

  get lastIcount(): number {
    return this.context.icount;
  }

  private get context(): EncodingContext {
    return this.kept.at(-1)?.next ?? this.afterForgotten;
  }

  get sizeBytes(): number {
    return this.kept.at(-1)?.endBytes ?? this.forgottenBytes;
  }

  /** Appends an entry; returns its number. */
  append(entry: Entry): number {
    const { context } = this;
    const sizeBytes = encodedSize(entryCodec(context), entry);
    this.kept.push({ entry, next: contextAfter(context, entry), endBytes: this.sizeBytes + sizeBytes });
    if (!computing.has(entry.kind)) this.lastExchange = entry.icount;
    return this.last;
  }

  get(number: number): Entry {
    return this.at(number).entry;
  }

  /** Bytes of the log up to and with an entry; for a discarded entry, up to the last discarded one. */
  bytesUpTo(number: number): number {
    return number <= this.forgotten ? this.forgottenBytes : this.at(number).endBytes;
  }

  private at(number: number): Kept {
    const kept = number < this.first ? undefined : this.kept[this.gone + number - this.first];
    assert(kept !== undefined, () => `entry ${number} is not kept: ${this.first} to ${this.last} are`);
    return kept;
  }

  /** Discards entries up to `number`, except for the last `retainBytes` of the log. */
  forget(number: number, retainBytes: number): void {
    const { kept, gone } = this;
    const limitBytes = this.sizeBytes - retainBytes;
    let end = gone;
    while (this.first + end - gone <= number && (kept[end]?.endBytes ?? limitBytes) < limitBytes) end++;
    const newest = kept[end - 1];
    if (end === gone || !newest) return;
    // In batches. A few large entries make a batch, too.
    if (end - gone < BATCH_ENTRIES && newest.endBytes - this.forgottenBytes < BATCH_BYTES) return;
    this.forgottenBytes = newest.endBytes;
    this.afterForgotten = newest.next;
    this.forgotten += end - gone;
    this.gone = end;
    if (end < kept.length / GONE_PART) return;
    kept.splice(0, end);
    this.gone = 0;
  }

  /** Removes the entries after `number`. */
  truncate(number: number): void {
    assert(number >= this.forgotten && number <= this.last, 'only kept entries can be removed');
    this.kept.length = this.gone + number - this.forgotten;
  }

  /** Empties the buffer: the next entry is the one after `number`, and the machine is at position `icount`. */
  startAfter(number: number, icount: number): void {
    this.kept = [];
    this.gone = 0;
    this.forgotten = number;
    this.forgottenBytes = 0;
    this.afterForgotten = { ...INITIAL_CONTEXT, icount };
    this.lastExchange = icount;
  }
}
