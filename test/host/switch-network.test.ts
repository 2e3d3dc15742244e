/** Frames over streams, and the learning switch. */
import { Duplex, PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { FrameParser, FrameSocket, withLength } from '../../src/host/switch/frame-socket.ts';
import { AGE_MS, LearningSwitch, MAX_ADDRESSES, MAX_PORTS } from '../../src/host/switch/learning.ts';
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from '../../src/host/switch/network-port.ts';
import { examples } from '../thorough.ts';
import { frameOf, settle, TestPort, tagOf } from './switch-rig.ts';

const size = fc.oneof(
  fc.constantFrom(MIN_FRAME_BYTES, MAX_FRAME_BYTES),
  fc.integer({ min: MIN_FRAME_BYTES, max: 200 }),
);
const frames = fc.array(
  fc.tuple(size, fc.nat(255)).map(([sizeBytes, fill]) => new Uint8Array(sizeBytes).fill(fill)),
  { maxLength: 8 },
);

function chunks(stream: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const ends = [...cuts.map((cut) => cut % (stream.length + 1)), stream.length].sort((a, b) => a - b);
  let from = 0;
  return ends.map((end) => {
    const chunk = stream.subarray(from, end);
    from = end;
    return chunk;
  });
}

describe('frames in a stream', () => {
  test('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(frames, fc.array(fc.nat(100_000), { maxLength: 40 }), (sent, cuts) => {
        const parser = new FrameParser();
        const received: Uint8Array[] = [];
        for (const chunk of chunks(Buffer.concat(sent.map(withLength)), cuts))
          expect(parser.push(chunk, (frame) => received.push(frame))).toBeUndefined();
        expect(received.map((frame) => frame.length)).toEqual(sent.map((frame) => frame.length));
        expect(Buffer.concat(received).equals(Buffer.concat(sent))).toBe(true);
      }),
      { numRuns: examples(400) },
    );
  });

  test('a length that no frame has ends the stream, after the frames before it', () => {
    const bad = fc.oneof(
      fc.nat(MIN_FRAME_BYTES - 1),
      fc.integer({ min: MAX_FRAME_BYTES + 1, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(frames, bad, fc.array(fc.nat(100_000), { maxLength: 10 }), (sent, length, cuts) => {
        const garbage = new Uint8Array(30);
        new DataView(garbage.buffer).setUint32(0, length);
        const parser = new FrameParser();
        let received = 0;
        let wrong: string | undefined;
        for (const chunk of chunks(Buffer.concat([...sent.map(withLength), garbage]), cuts))
          wrong ??= parser.push(chunk, () => received++);
        expect(received).toBe(sent.length);
        expect(wrong).toContain(`a frame of ${length} bytes`);
      }),
      { numRuns: examples(400) },
    );
  });

  test('a socket that gets garbage closes with the reason, once', async () => {
    const socket = new PassThrough();
    const port = new FrameSocket(socket, 'test');
    const why: string[] = [];
    port.onClose = (reason) => why.push(reason);
    socket.write(Uint8Array.of(0xff, 0xff, 0xff, 0xff));
    await settle();
    expect(why).toEqual(['a frame of 4294967295 bytes was announced; a frame has 14 to 9216']);
    expect(socket.destroyed).toBe(true);
    port.send(frameOf(1, 2, 3));
  });

  test('a peer that does not read makes the port drop whole frames, and the rest is in order', async () => {
    const written: Buffer[] = [];
    let release = () => {};
    const socket = new Duplex({
      read() {},
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk);
        release = () => {
          release = () => {};
          done();
        };
      },
    });
    const port = new FrameSocket(socket, 'test', 1000);
    for (let tag = 0; tag < 100; tag++) port.send(frameOf(1, 2, tag));
    expect(port.dropped).toBe(100 - Math.floor(1000 / 64));
    expect(socket.writableLength).toBeLessThanOrEqual(1000);
    for (let turn = 0; turn < 100; turn++) {
      release();
      await settle(1);
    }
    port.send(frameOf(1, 2, 500));
    await settle();
    const received: number[] = [];
    new FrameParser().push(Buffer.concat(written), (frame) => received.push(tagOf(frame)));
    expect(received).toEqual([...Array(15).keys(), 500]);
  });
});

describe('a learning switch', () => {
  const connected = (count: number) => {
    let nowMs = 0;
    const network = new LearningSwitch(() => nowMs);
    const ports = Array.from({ length: count }, (_, index) => new TestPort(`port ${index}`));
    for (const port of ports) expect(network.connect(port)).toBe(true);
    return { network, ports, advance: (ms: number) => (nowMs += ms) };
  };
  const act = fc.record({
    at: fc.nat(3),
    from: fc.nat(5),
    to: fc.oneof(fc.nat(5), fc.constant(255)),
    afterMs: fc.constantFrom(0, 1, AGE_MS / 2, AGE_MS),
  });

  test('forwards to where the receiver was heard last, else everywhere, and never back', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const { ports, advance } = connected(4);
        const heard = new Map<number, { at: number; ms: number }>();
        let nowMs = 0;
        for (const [tag, { at, from, to, afterMs }] of acts.entries()) {
          nowMs += afterMs;
          advance(afterMs);
          heard.set(from, { at, ms: nowMs });
          const known = to === 255 ? undefined : heard.get(to);
          const there = known && nowMs - known.ms < AGE_MS ? [known.at] : [0, 1, 2, 3];
          ports[at]!.onFrame(frameOf(to, from, tag));
          const got = ports.flatMap(({ sent }, index) =>
            sent.some((one) => tagOf(one) === tag) ? [index] : [],
          );
          expect(got).toEqual(there.filter((index) => index !== at));
        }
        for (const { sent } of ports) expect(new Set(sent.map(tagOf)).size).toBe(sent.length);
      }),
      { numRuns: examples(400) },
    );
  });

  test('remembers a bounded number of addresses, those heard of last', () => {
    const { network, ports } = connected(3);
    for (let station = 0; station < MAX_ADDRESSES + 10; station++)
      ports[0]!.onFrame(frameOf(255, station, 1));
    expect(network.addresses).toBe(MAX_ADDRESSES);
    ports[1]!.onFrame(frameOf(9, 5000, 77));
    ports[1]!.onFrame(frameOf(MAX_ADDRESSES + 9, 5000, 78));
    expect(ports[2]!.sent.map(tagOf).filter((tag) => tag > 1)).toEqual([77]);
    // One that is heard of again is not the oldest any more.
    ports[0]!.onFrame(frameOf(255, 11, 1));
    ports[0]!.onFrame(frameOf(255, 6000, 1));
    ports[0]!.onFrame(frameOf(255, 6001, 1));
    ports[1]!.onFrame(frameOf(11, 5000, 79));
    expect(ports[2]!.sent.map(tagOf).filter((tag) => tag > 1)).toEqual([77]);
  });

  test('forgets a port that closes, learns no group address, and drops frames of impossible sizes', () => {
    const { network, ports } = connected(3);
    ports[0]!.onFrame(frameOf(255, 1, 1));
    ports[0]!.close('test');
    expect([network.addresses, network.ports.length]).toEqual([0, 2]);
    ports[0]!.onFrame(frameOf(255, 1, 2));
    const multicast = frameOf(255, 3, 3);
    multicast[6] = 3;
    ports[1]!.onFrame(multicast);
    expect(network.addresses).toBe(0);
    ports[1]!.onFrame(new Uint8Array(13));
    ports[1]!.onFrame(new Uint8Array(MAX_FRAME_BYTES + 1));
    expect(ports[2]!.sent.map(tagOf)).toEqual([1, 3]);
    expect(network.dropped).toBe(2);
  });

  test('has a bounded number of ports', () => {
    const { network } = connected(MAX_PORTS);
    expect(network.connect(new TestPort('one more'))).toBe(false);
  });
});
