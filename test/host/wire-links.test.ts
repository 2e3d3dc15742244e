import { createServer, type Socket } from 'node:net';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MAX_MESSAGE_BYTES } from '../../src/host/wire/link.ts';
import { examples } from '../thorough.ts';
import { atEnd, dialer, HOST, KEY, linked, listener, STORAGE, until, who } from './wire-parts.ts';

test('both ends know each other, and messages arrive in order', async () => {
  const { near, far } = await linked();
  expect(near.peer).toEqual(STORAGE);
  expect(far.peer).toEqual(HOST);
  const [atNear, atFar]: [number[], number[]] = [[], []];
  near.onMessage = (message) => atNear.push(...message);
  far.onMessage = (message) => atFar.push(...message);
  for (let i = 0; i < 200; i++) near.send(Uint8Array.of(i));
  far.send(Uint8Array.of());
  far.send(Uint8Array.of(1, 2));
  await until(() => atFar.length === 200 && atNear.length === 2);
  expect(atFar).toEqual([...Array(200).keys()]);
  expect(atNear).toEqual([1, 2]);
  await until(() => near.queuedBytes === 0 && far.queuedBytes === 0);
});

test('any messages arrive as they were sent', async () => {
  const { near, far } = await linked();
  const received: Uint8Array[] = [];
  far.onMessage = (message) => received.push(message);
  const lengths = fc.array(fc.oneof(fc.nat(300), fc.nat(70_000), fc.nat(2_000_000)), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(lengths, fc.nat(255), async (all, first) => {
      received.length = 0;
      for (const [i, length] of all.entries()) near.send(new Uint8Array(length).fill(first + i));
      await until(() => received.length === all.length);
      expect(received.map(({ length }) => length)).toEqual(all);
      for (const [i, message] of received.entries()) {
        expect(message.every((byte) => byte === ((first + i) & 255))).toBe(true);
      }
    }),
    { numRuns: examples(60) },
  );
});

test('the largest message passes, and a larger one breaks the link', async () => {
  const { near, far } = await linked();
  const lengths: number[] = [];
  far.onMessage = (message) => lengths.push(message.length);
  near.send(new Uint8Array(MAX_MESSAGE_BYTES));
  await until(() => lengths.length === 1);
  expect(lengths).toEqual([MAX_MESSAGE_BYTES]);
  let why = '';
  near.onClose = (reason) => {
    why = reason;
  };
  near.send(new Uint8Array(MAX_MESSAGE_BYTES + 1));
  await until(() => why !== '');
  expect(why).toContain(`${MAX_MESSAGE_BYTES + 1} bytes can't be sent`);
});

test('messages that come with the hello wait for the handlers', async () => {
  const server = await listener({
    accept: (link) => {
      for (let i = 0; i < 3; i++) link.send(Uint8Array.of(i));
    },
  });
  const received: number[] = [];
  dialer(server.port, {
    onUp: async (link) => {
      await Promise.resolve();
      link.onMessage = (message) => received.push(...message);
    },
  });
  await until(() => received.length === 3);
  expect(received).toEqual([0, 1, 2]);
});

test('after close there is no callback but one onClose, in a later turn', async () => {
  const { near, far } = await linked();
  const [events, farEvents]: [string[], string[]] = [[], []];
  near.onMessage = (message) => {
    // The first two travel alone, and the others in one chunk.
    if (message[0]! < 2) return;
    events.push('message');
    near.close('enough');
    near.close('twice');
    events.push('closed');
  };
  near.onClose = (why) => events.push(why);
  far.onClose = (why) => farEvents.push(why);
  for (let i = 0; i < 10; i++) far.send(Uint8Array.of(i));
  await until(() => events.length >= 3 && farEvents.length > 0);
  near.send(Uint8Array.of(1));
  expect(near.queuedBytes).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(events).toEqual(['message', 'closed', 'enough']);
  expect(farEvents).toHaveLength(1);
});

test('a slow reader breaks the link when the bound is queued, and memory stays within it', async () => {
  const maxQueuedBytes = 1 << 20;
  const { near, far } = await linked({}, { limits: { maxQueuedBytes } });
  // The reader stops reading: what its operating system takes is not counted.
  (far as unknown as { socket: Socket }).socket.pause();
  let why = '';
  let [most, sent] = [0, 0];
  near.onClose = (reason) => {
    why = reason;
  };
  while (why === '') {
    near.send(new Uint8Array(10_000));
    sent += 10_000;
    most = Math.max(most, near.queuedBytes);
    if (sent % 100_000 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  expect(why).toMatch(/^the peer reads too slowly: \d+ bytes wait for it$/);
  expect(most).toBeLessThanOrEqual(maxQueuedBytes);
  expect(near.queuedBytes).toBe(0);
});

test.each([0, 120])(
  'a link whose peer takes nothing breaks, first idle for %i ms, and an idle one does not',
  async (idleMs) => {
    const { near, far } = await linked({}, { limits: { stallMs: 50 } });
    const idle = await linked({ self: who('switch', 's') }, { limits: { stallMs: 50 } });
    let [why, idleWhy] = ['', ''];
    near.onClose = (reason) => {
      why = reason;
    };
    idle.near.onClose = (reason) => {
      idleWhy = reason;
    };
    (far as unknown as { socket: Socket }).socket.pause();
    await new Promise((resolve) => setTimeout(resolve, idleMs));
    idle.near.send(Uint8Array.of(1));
    near.send(new Uint8Array(32 << 20));
    await until(() => why !== '');
    expect(why).toBe('the peer has taken no data for 0.05 s');
    expect(idleWhy).toBe('');
  },
);

test('a peer that ends breaks the link once', async () => {
  const { near, far } = await linked();
  const whys: string[] = [];
  near.onClose = (why) => whys.push(why);
  far.close('done');
  await until(() => whys.length > 0);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(whys).toHaveLength(1);
});

test('a bad address is an error with words', async () => {
  const { port } = await listener();
  await expect(listener({ port })).rejects.toThrow(`can't listen on 127.0.0.1:${port}: the port is in use`);
  expect(KEY).toHaveLength(32);
});

test('a port where something else answers is no peer', async () => {
  const other = createServer((socket) => {
    socket.on('error', () => {});
    socket.end('220 ready\r\n');
  });
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
  atEnd(() => other.close());
  const { dialer: client } = dialer((other.address() as { port: number }).port);
  await until(() => client.lastFailure !== undefined);
  expect(client.lastFailure).toBe('the peer does not speak TLS');
});
