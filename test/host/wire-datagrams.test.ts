import { createSocket } from 'node:dgram';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type Datagram, decodeDatagram, encodeDatagram } from '../../src/host/wire/datagram-format.ts';
import { bindDatagrams, type DatagramOptions, type Datagrams } from '../../src/host/wire/datagrams.ts';
import { REPEATS } from '../../src/host/wire/heartbeat-repeater.ts';
import { newBootId } from '../../src/host/wire/identity.ts';
import { derivedKey } from '../../src/host/wire/key.ts';
import type { Identity } from '../../src/host/wire/link.ts';
import { REPLAY_WINDOW, ReplayWindow } from '../../src/host/wire/replay-window.ts';
import { examples } from '../thorough.ts';
import { atEnd, KEY, OTHER_KEY, until, who } from './wire-parts.ts';

const A = who('host', 'a', 10n);
const B = who('host', 'b', 20n);
const WIRE_KEY = derivedKey(KEY, 'datagrams');

interface Receiver {
  datagrams: Datagrams;
  received: { from: Identity; payload: Uint8Array }[];
  lines: string[];
  /** Sends raw bytes to it, and waits until all sent so far have been received or dropped. */
  feed(...datagrams: Uint8Array[]): Promise<void>;
}

async function receiver(options: Partial<DatagramOptions> = {}): Promise<Receiver> {
  const received: Receiver['received'] = [];
  const lines: string[] = [];
  const datagrams = await bindDatagrams({
    address: '127.0.0.1',
    port: 0,
    key: KEY,
    self: B,
    onMessage: (from, payload) => received.push({ from, payload }),
    log: (line) => lines.push(line),
    ...options,
  });
  atEnd(() => datagrams.close());
  const socket = createSocket('udp4');
  atEnd(() => socket.close());
  let fed = 0;
  const feed = async (...all: Uint8Array[]) => {
    for (const bytes of all) {
      socket.send(bytes, datagrams.port, '127.0.0.1');
      fed++;
      while (received.length + datagrams.dropped < fed) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  return { datagrams, received, lines, feed };
}

const datagram = (counter: number, others: Partial<Datagram> = {}, key = WIRE_KEY): Uint8Array =>
  encodeDatagram(
    { from: A, to: { role: 'host', name: 'b' }, counter, payload: Uint8Array.of(counter), ...others },
    key,
  );
const payloads = ({ received }: Receiver) => received.map(({ payload }) => payload[0]);

test('a payload arrives with its sender', async () => {
  const b = await receiver();
  const a = await receiver({ self: A });
  const payload = new Uint8Array(1024).fill(7);
  a.datagrams.send({ role: 'host', name: 'b', address: '127.0.0.1', port: b.datagrams.port }, payload);
  await until(() => b.received.length === 1);
  expect(b.received).toEqual([{ from: A, payload }]);
  expect(() =>
    a.datagrams.send({ role: 'host', name: 'b', address: '127.0.0.1', port: 1 }, new Uint8Array(1025)),
  ).toThrow('a datagram of 1025 bytes');
});

test('a replayed datagram is dropped, and so is one for another process', async () => {
  const b = await receiver();
  await b.feed(datagram(0), datagram(0), datagram(1), datagram(0), datagram(1));
  expect(payloads(b)).toEqual([0, 1]);
  await b.feed(
    datagram(2, { to: { role: 'host', name: 'c' } }),
    datagram(3, { to: { role: 'switch', name: 'b' } }),
  );
  expect(payloads(b)).toEqual([0, 1]);
  expect(b.datagrams.dropped).toBe(5);
  expect(b.lines[0]).toMatch(
    /^dropped a datagram from 127\.0\.0\.1:\d+: it is a repeated or late one of host a$/,
  );
  expect(b.lines[3]).toContain('host a sent it to host c');
  expect(b.lines.length).toBeLessThanOrEqual(6);
});

test('reordered datagrams pass within the window', async () => {
  const b = await receiver();
  await b.feed(
    datagram(100),
    datagram(98),
    datagram(99),
    datagram(37),
    datagram(36),
    datagram(98),
    datagram(101),
  );
  expect(payloads(b)).toEqual([100, 98, 99, 37, 101]);
});

test('a window accepts what a list of all counters would', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(300), { maxLength: 300 }), (counters) => {
      const window = new ReplayWindow();
      const seen = new Set<number>();
      for (const counter of counters) {
        const newest = Math.max(-1, ...seen);
        expect(window.accepts(counter)).toBe(!seen.has(counter) && counter > newest - REPLAY_WINDOW);
        if (counter > newest - REPLAY_WINDOW) seen.add(counter);
      }
    }),
    { numRuns: examples(400) },
  );
});

test('a sender that has restarted is heard, and what it sent before is not', async () => {
  const b = await receiver();
  const again = { from: { ...A, bootId: 11n } };
  await b.feed(datagram(500), datagram(0, again), datagram(501), datagram(1, again), datagram(0, again));
  expect(b.received.map(({ from, payload }) => [from.bootId, payload[0]])).toEqual([
    [10n, 500 & 255],
    [11n, 0],
    [11n, 1],
  ]);
  expect(b.lines[0]).toContain('host a has restarted since');
});

test('a link vouches for a start with a smaller boot id; only a larger one than all before ends that', async () => {
  const b = await receiver();
  const at = (bootId: bigint) => ({ from: { ...A, bootId } });
  await b.feed(datagram(1, at(30n)), datagram(0, at(25n)));
  expect(payloads(b)).toEqual([1]);
  b.datagrams.vouch({ ...A, bootId: 25n });
  await b.feed(datagram(2, at(25n)), datagram(3, at(30n)), datagram(4, at(28n)), datagram(5, at(25n)));
  expect(payloads(b)).toEqual([1, 2, 5]);
  b.datagrams.vouch({ ...A, bootId: 25n });
  await b.feed(datagram(5, at(25n)), datagram(0, at(31n)), datagram(6, at(25n)));
  expect(payloads(b)).toEqual([1, 2, 5, 0]);
});

test('a vouched start is the first that a new receiver hears', async () => {
  const b = await receiver();
  b.datagrams.vouch(A);
  await b.feed(datagram(9, { from: { ...A, bootId: 9n } }), datagram(1));
  expect(payloads(b)).toEqual([1]);
});

test('senders have windows of their own, and their number is bounded', async () => {
  const b = await receiver();
  for (let i = 0; i < 257; i++) await b.feed(datagram(0, { from: who('host', `h${i}`) }));
  expect(b.received).toHaveLength(256);
  await b.feed(datagram(1, { from: who('host', 'h0') }));
  expect(b.received).toHaveLength(257);
});

test('another key, version or magic is dropped in words', async () => {
  const b = await receiver();
  const old = encodeDatagram({ from: A, to: B, counter: 0, payload: new Uint8Array() }, WIRE_KEY, 9);
  await b.feed(
    datagram(0, {}, derivedKey(OTHER_KEY, 'datagrams')),
    datagram(0, {}, KEY),
    old,
    new Uint8Array(60),
  );
  expect(b.received).toEqual([]);
  expect(b.lines.map((line) => line.replace(/^.*?:\d+: /, ''))).toEqual([
    'a datagram that is damaged, or made with another cluster key',
    'a datagram that is damaged, or made with another cluster key',
    'a datagram of version 9, and this process speaks version 1: run the same release of vmft on all machines',
    'not a datagram of vmft',
  ]);
});

test('garbage on the port, random and mutated, is dropped and harms nothing', async () => {
  const b = await receiver();
  const good = datagram(0);
  const mutated = fc.tuple(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 })).map(([at, change]) => {
    const bytes = good.slice();
    bytes[at]! ^= change;
    return bytes;
  });
  const cut = fc.nat(good.length - 1).map((length) => good.subarray(0, length));
  const garbage = fc.oneof(fc.uint8Array({ maxLength: 3000 }), mutated, cut);
  await fc.assert(
    fc.asyncProperty(garbage, (bytes) => b.feed(bytes)),
    { numRuns: examples(20_000) },
  );
  expect(b.received).toEqual([]);
  expect(b.datagrams.dropped).toBeGreaterThanOrEqual(examples(20_000));
  await b.feed(good);
  expect(payloads(b)).toEqual([0]);
});

test('what a member signs may still be no datagram', () => {
  const content = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(content, fc.uint8Array({ maxLength: 40 }), (payload, more) => {
      const sent = { from: A, to: { role: 'host' as const, name: 'b' }, counter: more.length, payload };
      expect(decodeDatagram(encodeDatagram(sent, WIRE_KEY), WIRE_KEY)).toEqual({ ...sent });
    }),
    { numRuns: examples(200) },
  );
  const nameless = encodeDatagram(
    { from: who('host', ''), to: B, counter: 0, payload: new Uint8Array() },
    WIRE_KEY,
  );
  expect(() => decodeDatagram(nameless, WIRE_KEY)).toThrow('a name that no process may have');
  const large = encodeDatagram({ from: A, to: B, counter: 0, payload: new Uint8Array(1025) }, WIRE_KEY);
  expect(() => decodeDatagram(large, WIRE_KEY)).toThrow('a payload that is too large');
});

test('a port in use is an error with words; an unreachable address is counted', async () => {
  const b = await receiver();
  const { port } = b.datagrams;
  await expect(receiver({ port })).rejects.toThrow(
    `can't receive datagrams on 127.0.0.1:${port}: the port is in use`,
  );
  b.datagrams.send({ role: 'host', name: 'x', address: '240.0.0.1', port: 9 }, new Uint8Array());
  await until(() => b.datagrams.unsent === 1);
  expect(b.lines[0]).toMatch(/^a datagram to 240\.0\.0\.1:9 can't be sent: /);
});

test('a heartbeat is repeated a few times while its thread is blocked, each time with a counter of its own', async () => {
  const b = await receiver();
  const a = await receiver({ self: A });
  const to = { role: 'host' as const, name: 'b', address: '127.0.0.1', port: b.datagrams.port };
  const send = (payload: number, series?: string) => a.datagrams.send(to, Uint8Array.of(payload), series);
  const idle = new Int32Array(new SharedArrayBuffer(4));
  send(0);
  await until(() => b.received.length === 1);
  send(1, 'g/b');
  Atomics.wait(idle, 0, 0, 1000);
  await until(() => b.received.length === 2 + REPEATS);
  // What follows in the series, or ends it, ends the repetitions; and so does what comes after them.
  send(2, 'g/b');
  send(3, 'g/b');
  a.datagrams.end('g/b');
  send(4, 'g/c');
  Atomics.wait(idle, 0, 0, 1000);
  send(5);
  await until(() => payloads(b).includes(5));
  expect(payloads(b)).toEqual([0, 1, 1, 1, 2, 3, 4, 4, 4, 5]);
  expect(b.datagrams.dropped).toBe(0);
});

test('a later start has a larger boot id', () => {
  const ids = [0, 1, 2, 1_800_000_000_000, 1_800_000_000_001].map((ms) => newBootId(ms));
  expect([...ids].sort((a, b) => (a < b ? -1 : 1))).toEqual(ids);
  expect(newBootId(1e12) >> 20n).toBe(10n ** 12n);
  expect(newBootId() < 1n << 63n).toBe(true);
});
