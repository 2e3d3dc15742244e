/** What those without the key, and members that misbehave, can do to a listener: one log line each, and no harm. */
import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FrameReader, frameHead } from '../../src/host/wire/frames.ts';
import { decodeHello, encodeHello } from '../../src/host/wire/hello.ts';
import { WIRE_VERSION } from '../../src/host/wire/identity.ts';
import { secureConnect } from '../../src/host/wire/tls.ts';
import { examples } from '../thorough.ts';
import {
  atEnd,
  closed,
  dialer,
  HOST,
  KEY,
  listener,
  OTHER_KEY,
  serves,
  stranger,
  type TestListener,
  until,
  who,
} from './wire-parts.ts';

/** A member that says whatever a test wants; resolves when TLS stands. */
async function member(
  port: number,
): Promise<{ socket: ReturnType<typeof secureConnect>; heard: Uint8Array[] }> {
  const socket = secureConnect('127.0.0.1', port, KEY);
  atEnd(() => socket.destroy());
  const heard: Uint8Array[] = [];
  const frames = new FrameReader(1 << 20);
  socket.on('error', () => {});
  socket.on('data', (chunk: Buffer<ArrayBuffer>) => {
    frames.push(chunk);
    for (let message = frames.next(); message; message = frames.next()) heard.push(message);
  });
  await new Promise((resolve) => socket.once('secureConnect', resolve));
  return { socket, heard };
}

const framed = (bytes: Uint8Array) => Buffer.concat([frameHead(bytes.length), bytes]);
const hello = encodeHello({ kind: 'hello', identity: HOST });

test('garbage on the port, random and mutated, is refused and harms nothing', async () => {
  const lines: string[] = [];
  const server = await listener({ log: (line) => lines.push(line), limits: { helloMs: 300_000 } });
  const recorded = await firstBytesOfClient();
  const mutated = fc
    .tuple(fc.nat(recorded.length - 1), fc.nat(255), fc.nat(recorded.length))
    .map(([at, to, end]) => {
      const bytes = Buffer.from(recorded);
      bytes[at] = to;
      return bytes.subarray(0, end);
    });
  const garbage = fc.oneof(
    fc.uint8Array({ maxLength: 2000 }),
    mutated,
    fc
      .constantFrom('GET / HTTP/1.1\r\n\r\n', 'SSH-2.0-x\r\n', '*1\r\n$4\r\nPING\r\n')
      .map((s) => Buffer.from(s)),
  );
  await fc.assert(
    fc.asyncProperty(garbage, async (bytes) => {
      const socket = await stranger(server.port);
      socket.end(bytes);
      await closed(socket);
    }),
    { numRuns: examples(2000) },
  );
  expect(server.links).toEqual([]);
  expect(lines.length).toBeGreaterThan(0);
  for (const line of lines) expect(line).toMatch(/^refused 127\.0\.0\.1:\d+: |^\d+ more lines like these/);
  await serves(server);
});

/** What a dialer with another key sends first: TLS up to the point where the key is shown. */
async function firstBytesOfClient(): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => chunks.push(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const socket = secureConnect('127.0.0.1', (server.address() as { port: number }).port, OTHER_KEY);
  socket.on('error', () => {});
  await until(() => chunks.length > 0);
  socket.destroy();
  server.close();
  return Buffer.concat(chunks);
}

test('garbage of a member, in place of its hello or after it, breaks only its own link', async () => {
  const server = await listener();
  const mutated = fc.tuple(fc.nat(hello.length - 1), fc.nat(255)).map(([at, to]) => {
    const bytes = Buffer.from(framed(hello));
    bytes[at + 4] = to;
    return bytes;
  });
  await fc.assert(
    fc.asyncProperty(fc.oneof(mutated, fc.uint8Array({ maxLength: 1200 })), async (bytes) => {
      const { socket } = await member(server.port);
      socket.end(bytes);
      await closed(socket);
    }),
    { numRuns: examples(300) },
  );
  await serves(server);
});

test('a hello of more than 1 KiB is refused at its length', async () => {
  const server = await listener();
  const { socket } = await member(server.port);
  socket.write(frameHead(1025));
  await closed(socket);
  expect(server.lines[0]).toMatch(/: a message of 1025 bytes, of at most 1024$/);
  expect(server.links).toEqual([]);
});

test('after the hello, a length over the limit breaks the link', async () => {
  const server = await listener();
  const { socket } = await member(server.port);
  socket.write(framed(hello));
  await until(() => server.links.length === 1);
  const whys: string[] = [];
  server.links[0]!.onClose = (why) => whys.push(why);
  socket.write(frameHead((64 << 20) + 1));
  await closed(socket);
  await until(() => whys.length > 0);
  expect(whys).toEqual(['the peer sends a message of 67108865 bytes, of at most 67108864']);
  await serves(server);
});

test('the server answers only after an accepted hello', async () => {
  const server = await listener();
  const { socket, heard } = await member(server.port);
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(heard).toEqual([]);
  socket.write(framed(hello));
  await until(() => heard.length > 0);
  expect(decodeHello(heard[0]!)).toEqual({ kind: 'hello', identity: who('storage', 's') });
});

test('messages in the same bytes as the hello wait until the handlers are set', async () => {
  const received: number[] = [];
  const server = await listener({
    accept: async (link) => {
      await Promise.resolve();
      link.onMessage = (message) => received.push(...message);
    },
  });
  const { socket } = await member(server.port);
  socket.write(Buffer.concat([framed(hello), framed(Uint8Array.of(1)), framed(Uint8Array.of(2))]));
  await until(() => received.length === 2);
  expect(received).toEqual([1, 2]);
});

test.each([
  [
    'an old version',
    encodeHello({ kind: 'hello', identity: HOST }, WIRE_VERSION + 1),
    'the peer speaks version 2',
  ],
  ['no hello', Uint8Array.of(1, 2, 3), 'the peer does not speak the protocol of vmft'],
  ['another magic', new Uint8Array(40), 'the peer does not speak the protocol of vmft'],
  [
    'a name with a line break',
    encodeHello({ kind: 'hello', identity: who('host', 'a\nb') }),
    'a name that no process',
  ],
  ['bytes left over', Buffer.concat([hello, Buffer.of(0)]), '1 bytes too many'],
  ['a refusal', encodeHello({ kind: 'refused', why: 'a\nlie' }), 'the peer refuses: a?lie'],
])('%s is refused in words', async (_, bytes, words) => {
  const server = await listener();
  const { socket } = await member(server.port);
  socket.write(framed(bytes));
  await closed(socket);
  expect(server.lines).toHaveLength(1);
  expect(server.lines[0]).toContain(words);
  expect(server.lines[0]).not.toContain('\n');
  expect(server.links).toEqual([]);
});

test('the client learns which versions differ', async () => {
  const server = await listener();
  const { socket, heard } = await member(server.port);
  socket.write(framed(encodeHello({ kind: 'hello', identity: HOST }, 7)));
  await until(() => heard.length > 0);
  expect(decodeHello(heard[0]!)).toMatchObject({
    kind: 'refused',
    why: expect.stringContaining('version 7'),
  });
});

test('who says no hello is closed, in TCP, in TLS or in the middle of its hello', async () => {
  const server = await listener({ limits: { helloMs: 100 } });
  const silent = await stranger(server.port);
  const { socket: inTls } = await member(server.port);
  const { socket: halfway } = await member(server.port);
  halfway.write(framed(hello).subarray(0, 10));
  await Promise.all([closed(silent), closed(inTls), closed(halfway)]);
  expect(server.lines).toHaveLength(3);
  for (const line of server.lines) expect(line).toMatch(/: no hello within 100 ms$/);
});

test('a flood of silent connections does not keep members out', async () => {
  const server = await listener({ limits: { helloMs: 300_000 } });
  const sockets: Socket[] = [];
  for (let i = 0; i < 100; i++) sockets.push(await stranger(server.port));
  await serves(server);
  // The oldest have yielded; as many as may wait do so.
  await until(() => sockets.filter((socket) => !socket.closed).length <= 32);
  expect(sockets.at(0)!.closed).toBe(true);
  expect(sockets.at(-1)!.closed).toBe(false);
  expect(server.lines.length).toBeLessThan(40);
});

test('links up to the limit stand, whatever strangers do, and no more', async () => {
  const server = await listener({ limits: { maxConnections: 4, maxUnfinished: 2, helloMs: 300_000 } });
  const join = async (name: string) => {
    const made = dialer(server.port, { self: who('host', name) });
    await until(() => made.ups.length > 0 || made.dialer.lastFailure !== undefined);
    return made;
  };
  for (const name of ['a', 'b', 'c']) await join(name);
  const waiting = await stranger(server.port);
  const last = await join('d');
  expect(last.ups).toHaveLength(1);
  await closed(waiting);
  const late = await join('e');
  expect(late.ups).toEqual([]);
  await until(() => server.lines.some((line) => line.includes('4 links stand, which is the limit')));
  last.dialer.close();
  await until(() => late.ups.length > 0);
});

test('lines about strangers are few, and the others are counted', async () => {
  const server: TestListener = await listener();
  for (let i = 0; i < 30; i++) {
    const socket = await stranger(server.port);
    socket.end('no TLS');
    await closed(socket);
  }
  await server.close();
  const suppressed = server.lines.flatMap(
    (line) => /^(\d+) more lines like these/.exec(line)?.slice(1).map(Number) ?? [],
  );
  const passed = server.lines.length - suppressed.length;
  expect(passed + suppressed.reduce((sum, n) => sum + n, 0)).toBe(30);
  expect(suppressed.length).toBeGreaterThan(0);
});
