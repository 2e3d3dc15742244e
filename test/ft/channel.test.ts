import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/assert.ts';
import { LogReceiver, LogSender } from '../../src/ft/channel.ts';
import type { MessageOf } from '../../src/ft/messages.ts';
import { OutputGate } from '../../src/ft/output-gate.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { countOf, type Output } from '../../src/vmm/outputs.ts';
import { entryLists, sizesOf } from './arbitraries.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** Both ends, the wires between them, and what is known to be true of each. */
class Channel {
  readonly sender: LogSender;
  readonly receiver = new LogReceiver();
  private readonly sizes: number[];
  private readonly toBackup: MessageOf<'entries'>[] = [];
  private readonly toPrimary: MessageOf<'ack'>[] = [];
  readonly received: Entry[] = [];
  appended = 0;
  private sent = 0;
  private acknowledged = { received: 0, consumed: 0 };
  wasFull = 0;

  constructor(
    private readonly entries: readonly Entry[],
    private readonly sendBufferBytes: number,
    private readonly receiveBufferBytes: number,
  ) {
    this.sender = new LogSender(sendBufferBytes, receiveBufferBytes);
    this.sizes = sizesOf(entries);
  }

  append(): void {
    if (this.appended < this.entries.length)
      expect(this.sender.append(this.entries[this.appended]!)).toBe(++this.appended);
  }

  flush(): void {
    const message = this.sender.flush(7, 3);
    if (message) {
      expect(message).toMatchObject({ kind: 'entries', generation: 7, released: 3, first: this.sent + 1 });
      expect(message.entries.length).toBeGreaterThan(0);
      this.sent += message.entries.length;
      this.toBackup.push(message);
    } else if (this.sent < this.appended)
      expect(this.inFlightBytes + this.sizes[this.sent]!).toBeGreaterThan(this.receiveBufferBytes);
  }

  deliver(): void {
    const message = this.toBackup.shift();
    if (!message) return;
    this.received.push(...this.receiver.accept(message));
    // What arrives a second time is not new.
    expect(this.receiver.accept(message)).toEqual([]);
  }

  consume(count: number): void {
    this.receiver.consumed = Math.min(this.receiver.received, this.receiver.consumed + count);
  }

  answer(): void {
    const ack = this.receiver.ack(7, 99);
    expect(ack).toEqual({
      kind: 'ack',
      generation: 7,
      received: this.received.length,
      consumed: this.receiver.consumed,
      icount: 99,
    });
    this.toPrimary.push(ack);
  }

  acknowledge(): void {
    const ack = this.toPrimary.shift();
    if (!ack) return;
    this.sender.acknowledge(ack);
    this.acknowledged = ack;
  }

  /** Everything that is on its way arrives, is consumed and acknowledged. */
  settle(): void {
    while (this.toBackup.length > 0) this.deliver();
    this.consume(this.received.length);
    this.answer();
    while (this.toPrimary.length > 0) this.acknowledge();
  }

  private get inFlightBytes(): number {
    return sum(this.sizes.slice(this.acknowledged.consumed, this.sent));
  }

  check(): void {
    const { sender, sizes, appended, sent, acknowledged } = this;
    expect(this.received).toEqual(this.entries.slice(0, this.received.length));
    expect([sender.last, sender.acknowledged]).toEqual([appended, acknowledged.received]);
    expect(sender.totalBytes).toBe(sum(sizes.slice(0, appended)));
    expect(sender.lastEntryIcount).toBe(this.entries[appended - 1]?.icount ?? 0);
    if (sent - acknowledged.consumed > 1)
      expect(this.inFlightBytes).toBeLessThanOrEqual(this.receiveBufferBytes);
    expect(sender.full).toBe(sum(sizes.slice(acknowledged.received, appended)) > this.sendBufferBytes);
    if (sender.full) this.wasFull++;
  }
}

const steps = ['append', 'append', 'flush', 'deliver', 'answer', 'acknowledge'] as const;
const operations = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: fc.constantFrom(...steps) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 10 }) },
  ),
  { maxLength: 150 },
);

describe('the logging channel', () => {
  test('keeps entries in order, each once, within its buffers', () => {
    let full = 0;
    const sizes = fc.integer({ min: 0, max: 120 });
    fc.assert(
      fc.property(entryLists(40), operations, sizes, sizes, (entries, list, sendBytes, receiveBytes) => {
        const channel = new Channel(entries, sendBytes, receiveBytes);
        for (const operation of list) {
          if (typeof operation === 'number') channel.consume(operation);
          else channel[operation]();
          channel.check();
        }
        full += channel.wasFull;
        // Whatever happened before, it comes to an end when both sides do their part.
        for (let round = 0; channel.received.length < entries.length; round++) {
          expect(round).toBeLessThan(2 * entries.length + 1);
          channel.append();
          channel.flush();
          channel.settle();
          channel.check();
        }
        expect(channel.received).toEqual(entries);
      }),
      { numRuns: 200 },
    );
    expect(full).toBeGreaterThan(0);
  });

  test('sends one entry that is larger than the buffer, alone', () => {
    const sender = new LogSender(10, 20);
    const large: Entry = { kind: 'net', icount: 1, frame: new Uint8Array(1000) };
    sender.append(large);
    sender.append({ kind: 'horizon', icount: 2 });
    expect(sender.full).toBe(true);
    expect(sender.flush(1, 0)?.entries).toEqual([large]);
    expect(sender.flush(1, 0)).toBeUndefined();
    sender.acknowledge({ received: 1, consumed: 0 });
    expect(sender.full).toBe(false);
    expect(sender.flush(1, 0)).toBeUndefined();
    sender.acknowledge({ received: 1, consumed: 1 });
    expect(sender.flush(1, 0)).toMatchObject({ first: 2, entries: [{ kind: 'horizon' }] });
  });

  test('is full only beyond its limit', () => {
    const entries: Entry[] = Array.from({ length: 5 }, (_, index) => ({
      kind: 'horizon',
      icount: index + 1,
    }));
    const limit = sum(sizesOf(entries.slice(0, 4)));
    const sender = new LogSender(limit, 1000);
    for (const entry of entries.slice(0, 4)) sender.append(entry);
    expect(sender.full).toBe(false);
    sender.append(entries[4]!);
    expect(sender.full).toBe(true);
    sender.flush(1, 0);
    sender.acknowledge({ received: 1, consumed: 0 });
    expect(sender.full).toBe(false);
  });

  test('an older acknowledgement takes nothing back', () => {
    const sender = new LogSender(0, 1000);
    for (const icount of [1, 2, 3]) sender.append({ kind: 'horizon', icount });
    sender.flush(1, 0);
    sender.acknowledge({ received: 3, consumed: 2 });
    sender.acknowledge({ received: 1, consumed: 1 });
    expect([sender.acknowledged, sender.full, sender.last]).toEqual([3, false, 3]);
  });

  test('a gap in a reliable stream, and acknowledging what was not sent, are bugs', () => {
    const receiver = new LogReceiver();
    const message = { kind: 'entries', generation: 1, released: 0, entries: [] } as const;
    expect(() => receiver.accept({ ...message, first: 2, entries: [] })).toThrow(InvariantError);
    const sender = new LogSender(10, 10);
    sender.append({ kind: 'horizon', icount: 1 });
    expect(() => sender.acknowledge({ received: 1, consumed: 0 })).toThrow(InvariantError);
    sender.flush(1, 0);
    expect(() => sender.acknowledge({ received: 0, consumed: 1 })).toThrow(InvariantError);
  });

  test('consumption is news when there is much of it, or when all is consumed', () => {
    const receiver = new LogReceiver();
    const entries: Entry[] = Array.from({ length: 200 }, (_, icount) => ({ kind: 'horizon', icount }));
    receiver.accept({ kind: 'entries', generation: 1, first: 1, released: 0, entries });
    const news = [1, 63, 64, 199, 200].map((consumed) => {
      receiver.consumed = consumed;
      return receiver.consumptionIsNews;
    });
    expect(news).toEqual([false, false, true, true, true]);
    receiver.consumed = 150;
    receiver.ack(1, 0);
    receiver.consumed = 199;
    expect(receiver.consumptionIsNews).toBe(false);
  });
});

describe('the output gate', () => {
  /** Each number of an output with what belongs to it. */
  const numbers = (outputs: readonly Output[]) =>
    outputs.flatMap((output) =>
      output.kind === 'console'
        ? [...output.data].map((byte, index) => `${output.first + index}: ${byte}`)
        : [`${output.first}: frame ${output.frame}`],
    );

  const output = fc.oneof(
    fc
      .uint8Array({ minLength: 1, maxLength: 5 })
      .map((data) => ({ kind: 'console' as const, first: 0, data })),
    fc.uint8Array({ maxLength: 3 }).map((frame) => ({ kind: 'frame' as const, first: 0, frame })),
  );
  const operation = fc.oneof(
    fc.record({
      do: fc.constant('hold' as const),
      outputs: fc.array(output, { maxLength: 3 }),
      later: fc.nat(2),
    }),
    fc.record({ do: fc.constant('open' as const), back: fc.integer({ min: -1, max: 4 }) }),
    fc.record({ do: fc.constant('forget' as const), back: fc.integer({ min: -2, max: 12 }) }),
  );

  test('opens only what entries explain, in order, and forgets what is known released', () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 40 }), (operations) => {
        const gate = new OutputGate();
        let held: { text: string; number: number; entry: number }[] = [];
        let made = 0;
        let entry = 0;
        for (const step of operations) {
          if (step.do === 'hold') {
            entry += step.later;
            const outputs = step.outputs.map((content) => {
              const placed = { ...content, first: made + 1 };
              made += countOf(placed);
              return placed;
            });
            gate.hold(outputs, entry);
            for (const text of numbers(outputs))
              held.push({ text, number: Number.parseInt(text, 10), entry });
          } else if (step.do === 'open') {
            const upTo = entry - step.back;
            const free = held.filter((member) => member.entry <= upTo);
            held = held.filter((member) => member.entry > upTo);
            expect(numbers(gate.open(upTo))).toEqual(free.map(({ text }) => text));
          } else {
            gate.forget(made - step.back);
            held = held.filter(({ number }) => number > made - step.back);
          }
          expect(gate.size === 0).toBe(held.length === 0);
        }
        expect(numbers(gate.open())).toEqual(held.map(({ text }) => text));
        expect(gate.size).toBe(0);
      }),
      { numRuns: 300 },
    );
  });

  test('an output that is known to have left in part keeps the rest', () => {
    const gate = new OutputGate();
    gate.hold([{ kind: 'console', first: 5, data: Uint8Array.of(50, 60, 70) }], 1);
    gate.forget(6);
    expect(gate.open(0)).toEqual([]);
    expect(gate.open(1)).toEqual([{ kind: 'console', first: 7, data: Uint8Array.of(70) }]);
  });
});
