import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Channel } from '../../src/ft/channel.ts';
import { LogBuffer } from '../../src/ft/log-buffer.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { examples } from '../thorough.ts';
import { entryLists, sizesOf } from './arbitraries.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Both ends of a channel, the messages in flight between them, and a model of the state of each end. */
class Wires {
  readonly log = new LogBuffer();
  readonly channel = new Channel('backup', this.log, 0);
  private readonly sizes: number[];
  private toBackup: { first: number; entries: Entry[] }[] = [];
  private toPrimary: { received: number; consumed: number; icount: number }[] = [];
  readonly received: Entry[] = [];
  consumed = 0;
  appended = 0;
  private sent = 0;
  private known = { received: 0, consumed: 0, icount: 0 };
  /** How often an entry had to wait for space in the backup's buffer. */
  waited = 0;

  constructor(
    private readonly entries: readonly Entry[],
    private readonly receiveBufferBytes: number,
  ) {
    this.sizes = sizesOf(entries);
    this.channel.startAt(this.log, 0, 0);
  }

  append(): void {
    if (this.appended < this.entries.length)
      expect(this.log.append(this.entries[this.appended]!)).toBe(++this.appended);
  }

  take(): void {
    const { first, entries } = this.channel.take(this.log, this.receiveBufferBytes);
    expect(first).toBe(this.sent + 1);
    expect(entries).toEqual(this.entries.slice(this.sent, this.sent + entries.length));
    this.sent += entries.length;
    if (entries.length > 0) this.toBackup.push({ first, entries });
    if (this.sent === this.appended) return;
    this.waited++;
    expect(this.inFlightBytes + this.sizes[this.sent]!).toBeGreaterThan(this.receiveBufferBytes);
    expect(this.sent).toBeGreaterThan(this.known.consumed);
  }

  deliver(): void {
    const message = this.toBackup.shift();
    if (!message) return;
    expect(message.first).toBe(this.received.length + 1);
    this.received.push(...message.entries);
  }

  consume(count: number): void {
    this.consumed = Math.min(this.received.length, this.consumed + count);
  }

  answer(): void {
    this.toPrimary.push({ received: this.received.length, consumed: this.consumed, icount: this.consumed });
  }

  acknowledge(): void {
    const ack = this.toPrimary.shift();
    if (!ack) return;
    this.channel.acknowledge(this.log, ack);
    // An older acknowledgement than the last one changes nothing.
    if (ack.received >= this.known.received)
      this.known = { ...ack, consumed: Math.max(ack.consumed, this.known.consumed) };
  }

  /** The stream breaks and loses what is in flight; the backup reports its position. Old answers may still arrive. */
  reset(): void {
    this.toBackup = [];
    this.sent = this.received.length;
    this.channel.startAt(this.log, this.received.length, this.consumed);
    this.known = { ...this.known, received: this.received.length, consumed: this.consumed };
  }

  forget(): void {
    this.log.forget(this.channel.consumed, 0);
  }

  /** Everything in flight arrives, is consumed and acknowledged. */
  deliverAll(): void {
    while (this.toBackup.length > 0) this.deliver();
    this.consume(this.received.length);
    this.answer();
    while (this.toPrimary.length > 0) this.acknowledge();
  }

  private get inFlightBytes(): number {
    return sum(this.sizes.slice(this.known.consumed, this.sent));
  }

  check(): void {
    const { channel, sizes, appended, sent, known, log } = this;
    expect(this.received).toEqual(this.entries.slice(0, this.received.length));
    expect([channel.sent, channel.received, channel.consumed]).toEqual([
      sent,
      known.received,
      known.consumed,
    ]);
    expect([channel.state, channel.icount]).toEqual(['following', known.icount]);
    if (sent - known.consumed > 1) expect(this.inFlightBytes).toBeLessThanOrEqual(this.receiveBufferBytes);
    expect(channel.unacknowledgedBytes(log)).toBe(sum(sizes.slice(known.received, appended)));
  }
}

const steps = [
  'append',
  'append',
  'append',
  'take',
  'take',
  'deliver',
  'deliver',
  'answer',
  'acknowledge',
  'reset',
  'forget',
] as const;
const operations = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...steps) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) },
  ),
  { minLength: 60, maxLength: 200 },
);

describe('the logging channel', () => {
  test("delivers entries in order, once, and within the backup's buffer, even if the stream breaks", () => {
    let waited = 0;
    fc.assert(
      fc.property(entryLists(60, 15), operations, fc.nat(120), (entries, list, receiveBytes) => {
        const wires = new Wires(entries, receiveBytes);
        for (const operation of list) {
          if (typeof operation === 'number') wires.consume(operation);
          else wires[operation]();
          wires.check();
        }
        waited += wires.waited;
        // From any state, all entries arrive once both hosts take turns.
        for (let round = 0; wires.received.length < entries.length; round++) {
          expect(round).toBeLessThan(2 * entries.length + 1);
          wires.append();
          wires.take();
          wires.deliverAll();
          wires.check();
        }
        expect(wires.received).toEqual(entries);
      }),
      { numRuns: examples(200) },
    );
    expect(waited).toBeGreaterThan(100);
  });

  const markers = (count: number): LogBuffer => {
    const log = new LogBuffer();
    for (let icount = 1; icount <= count; icount++) log.append({ kind: 'progress', icount });
    return log;
  };

  test('sends an entry that is larger than the buffer on its own', () => {
    const log = new LogBuffer();
    const channel = new Channel('backup', log, 0);
    channel.startAt(log, 0, 0);
    const large: Entry = { kind: 'net', icount: 1, frame: new Uint8Array(1000) };
    log.append(large);
    log.append({ kind: 'progress', icount: 2 });
    expect(channel.take(log, 20)).toEqual({ first: 1, entries: [large] });
    expect(channel.take(log, 20)).toEqual({ first: 2, entries: [] });
    channel.acknowledge(log, { received: 1, consumed: 0, icount: 0 });
    expect(channel.unacknowledgedBytes(log)).toBe(2);
    expect(channel.take(log, 20).entries).toEqual([]);
    channel.acknowledge(log, { received: 1, consumed: 1, icount: 1 });
    expect(channel.take(log, 20)).toEqual({ first: 2, entries: [{ kind: 'progress', icount: 2 }] });
  });

  test('ignores an acknowledgement that is older than the last, or of entries that were not sent', () => {
    const log = markers(5);
    const channel = new Channel('backup', log, 0);
    channel.startAt(log, 0, 0);
    channel.take(log, 6);
    expect(channel.sent).toBe(3);
    channel.acknowledge(log, { received: 3, consumed: 2, icount: 2 });
    channel.acknowledge(log, { received: 1, consumed: 1, icount: 1 });
    channel.acknowledge(log, { received: 4, consumed: 4, icount: 4 });
    expect([channel.received, channel.consumed, channel.icount]).toEqual([3, 2, 2]);
  });

  test.each(['waiting', 'copying'] as const)(
    'sends nothing and accepts no acknowledgement while it is %s',
    (state) => {
      const log = markers(3);
      const channel = new Channel('backup', log, 7);
      expect([channel.state, channel.silence.sinceNs]).toEqual(['waiting', 7]);
      channel.state = state;
      for (let icount = 4; icount <= 9; icount++) log.append({ kind: 'progress', icount });
      expect(channel.take(log, 1000).entries).toEqual([]);
      channel.acknowledge(log, { received: 0, consumed: 0, icount: 9 });
      expect(channel.icount).toBe(0);
      // Entries appended since the channel was made count: the guest must not run on without limit.
      expect(channel.unacknowledgedBytes(log)).toBe(12);
    },
  );

  test('resumes at the position of the host, though the log before it is forgotten', () => {
    const log = markers(200);
    log.forget(150, 0);
    expect(log.first).toBe(151);
    const channel = new Channel('backup', log, 0);
    channel.startAt(log, 180, 100);
    // The use of the host's buffer is counted from the first entry that the log still has.
    expect(channel.take(log, 2 * 40)).toMatchObject({ first: 181, entries: { length: 10 } });
    channel.acknowledge(log, { received: 190, consumed: 120, icount: 120 });
    channel.acknowledge(log, { received: 190, consumed: 185, icount: 185 });
    expect(channel.take(log, 2 * 40).entries).toHaveLength(10);
    expect(channel.unacknowledgedBytes(log)).toBe(20);
  });

  test('accepts a host that reports an earlier position than before', () => {
    const log = markers(30);
    const channel = new Channel('backup', log, 0);
    channel.startAt(log, 20, 20);
    channel.startAt(log, 12, 10);
    expect(channel).toMatchObject({ state: 'following', sent: 12, received: 12, consumed: 10 });
    expect(channel.unacknowledgedBytes(log)).toBe(log.sizeBytes - log.bytesUpTo(12));
    expect(channel.take(log, 1000)).toMatchObject({ first: 13, entries: { length: 18 } });
  });
});
