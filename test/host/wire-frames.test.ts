import fc from 'fast-check';
import { expect, test } from 'vitest';
import { joined } from '../../src/base/bytes.ts';
import { FrameReader, frameHead } from '../../src/host/wire/frames.ts';
import { SendQueue } from '../../src/host/wire/send-queue.ts';
import { examples } from '../thorough.ts';

const framed = (message: Uint8Array) => joined([frameHead(message.length), message]);

/** Cuts bytes at the given places, modulo their number. */
function chunksOf(stream: Uint8Array, cuts: readonly number[]): Uint8Array<ArrayBuffer>[] {
  const places = [0, ...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  return places.slice(1).map((end, i) => Uint8Array.from(stream.subarray(places[i], end)));
}

function read(chunks: readonly Uint8Array<ArrayBuffer>[], limitBytes: number): Uint8Array[] {
  const reader = new FrameReader(limitBytes);
  const messages: Uint8Array[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let message = reader.next(); message; message = reader.next()) messages.push(message);
  }
  return messages;
}

const messageList = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 20 });
const cutList = fc.array(fc.nat(), { maxLength: 40 });

test('messages are the same however the stream is cut', () => {
  fc.assert(
    fc.property(messageList, cutList, (messages, cuts) => {
      const stream = joined(messages.map(framed));
      expect(read(chunksOf(stream, cuts), 50)).toEqual(messages);
      expect(read(chunksOf(stream, [...stream.keys()]), 50)).toEqual(messages);
    }),
    { numRuns: examples(400) },
  );
});

test('messages larger than the first buffer are collected', () => {
  const large = Uint8Array.from({ length: 5_000_000 }, (_, i) => i % 251);
  const stream = joined([framed(Uint8Array.of(1)), framed(large), framed(Uint8Array.of(2))]);
  fc.assert(
    fc.property(cutList, (cuts) => {
      const messages = read(chunksOf(stream, cuts), large.length);
      expect(messages.map(({ length }) => length)).toEqual([1, large.length, 1]);
      expect(Buffer.compare(messages[1]!, large)).toBe(0);
    }),
    { numRuns: examples(12) },
  );
});

test('a message within one chunk is not copied, and its slices are copies', () => {
  const chunk = Buffer.from(framed(Uint8Array.of(7, 8)));
  const [message] = read([chunk], 10);
  expect(message!.buffer).toBe(chunk.buffer);
  expect(message!.slice().buffer).not.toBe(chunk.buffer);
});

test('a length over the limit is refused at its head, whatever the cut', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.constant(11), fc.integer({ min: 11, max: 2 ** 32 - 1 })),
      cutList,
      (length, cuts) => {
        const stream = joined([framed(Uint8Array.of(5)), frameHead(length)]);
        expect(() => read(chunksOf(stream, cuts), 10)).toThrow(`a message of ${length} bytes, of at most 10`);
      },
    ),
    { numRuns: examples(200) },
  );
});

test('a head alone reserves no more than the first buffer', () => {
  const before = process.memoryUsage().arrayBuffers;
  const readers = Array.from({ length: 20 }, () => new FrameReader(64 << 20));
  for (const reader of readers) {
    reader.push(Uint8Array.from(frameHead(64 << 20)));
    expect(reader.next()).toBeUndefined();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(64 << 20);
});

test('a queue gives the bytes that were added, in order, whenever it is asked', () => {
  // A step adds a message of this length, or takes a chunk.
  const step = fc.option(fc.oneof(fc.nat(20), fc.nat(300_000), fc.nat(900_000)));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const queue = new SendQueue();
      const [added, taken]: [Uint8Array[], Uint8Array[]] = [[], []];
      for (const [index, length] of steps.entries()) {
        if (length === null) taken.push(queue.take() ?? new Uint8Array());
        else {
          const message = new Uint8Array(length).fill(index);
          queue.add(frameHead(length), length);
          queue.add(message);
          added.push(framed(message));
        }
      }
      for (let chunk = queue.take(); chunk; chunk = queue.take()) taken.push(chunk);
      expect(Buffer.compare(joined(taken), joined(added))).toBe(0);
    }),
    { numRuns: examples(200) },
  );
});

test('small messages share chunks', () => {
  const queue = new SendQueue();
  for (let i = 0; i < 100_000; i++) queue.add(Uint8Array.of(1, 2, 3, 4));
  let chunks = 0;
  while (queue.take()) chunks++;
  expect(chunks).toBeLessThanOrEqual(3);
});

test('a queue gives a large message in pieces, and does not copy all of it', () => {
  const queue = new SendQueue();
  const message = new Uint8Array(1 << 20);
  queue.add(frameHead(message.length), message.length);
  queue.add(message);
  const chunks: Uint8Array[] = [];
  for (let chunk = queue.take(); chunk; chunk = queue.take()) chunks.push(chunk);
  expect(chunks.map(({ length }) => length)).toEqual([262_144, 262_144, 262_144, 262_144, 4]);
  expect(chunks.map(({ buffer }) => buffer === message.buffer)).toEqual([false, true, true, true, true]);
});
