import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, test, vi } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { atEnd, dialer, linked, listener, OTHER_KEY, STORAGE, until } from './wire-parts.ts';

/** Of nobody, for `localhost`, without end. */
const CERTIFICATE = {
  key: `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg8A6Sw8ml7+bPS9Z3
qyjpsN9S3mjGVRDykZ0UVQS3bVChRANCAASbsXptWKk5mXoXbx2jf/04GYRkFsxb
EWy8tSs7zylz4PAX/A15e/PJ7oL3htLi2aqq9sbLDxgcYI8ILhMGyWNq
-----END PRIVATE KEY-----`,
  cert: `-----BEGIN CERTIFICATE-----
MIIBfzCCASWgAwIBAgIUDso0As8UoYKoMTJFpIUQ9i5teicwCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyOTA5MjEzMVoYDzIxMjYxMTA1
MDkyMTMxWjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAASbsXptWKk5mXoXbx2jf/04GYRkFsxbEWy8tSs7zylz4PAX/A15e/PJ
7oL3htLi2aqq9sbLDxgcYI8ILhMGyWNqo1MwUTAdBgNVHQ4EFgQU46YF/7POIR/n
3Z9Txh51zeGstjkwHwYDVR0jBBgwFoAU46YF/7POIR/n3Z9Txh51zeGstjkwDwYD
VR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBFAiBwaK9pQW50MJpZgRxmuI7q
g2/oLwBMC3E1pyt9MyQecQIhANl4sLuJXr5ozw4bdBeWEGTqVKizGIhwtyAXubsE
gXOx
-----END CERTIFICATE-----`,
};

test('a dialer reconnects when the listener has restarted on its port', async () => {
  const first = await listener();
  const { dialer: client, ups } = dialer(first.port, { random: new Random('dialer') });
  await until(() => client.link !== undefined);
  expect(client.lastFailure).toBeUndefined();
  const events: string[] = [];
  ups[0]!.onClose = () => events.push('closed');
  await first.close();
  await until(() => client.lastFailure === 'nothing listens there');
  expect(events).toEqual(['closed']);
  expect(client.link).toBeUndefined();

  await listener({ port: first.port, self: { ...STORAGE, bootId: 2n } });
  await until(() => client.link !== undefined);
  expect(ups.map(({ peer }) => peer.bootId)).toEqual([1n, 2n]);
  expect(events).toEqual(['closed']);
});

test('a link that breaks is made anew, and messages pass again', async () => {
  const received: number[] = [];
  const server = await listener({
    accept: (link) => {
      link.onMessage = (message) => {
        received.push(...message);
        link.close('again');
      };
    },
  });
  let made = 0;
  dialer(server.port, { onUp: (link) => link.send(Uint8Array.of(++made)) });
  await until(() => received.length >= 3);
  expect(received.slice(0, 3)).toEqual([1, 2, 3]);
});

test('retries wait for longer and longer, from 20 ms to 1 s', async () => {
  const asked: number[] = [];
  const random = {
    below: (end: number) => {
      asked.push(end);
      return 0;
    },
  };
  const waits = vi.spyOn(globalThis, 'setTimeout');
  atEnd(() => waits.mockRestore());
  // A port that was free a moment ago.
  const gone = await listener();
  await gone.close();
  const { dialer: client } = dialer(gone.port, { random });
  await until(() => asked.length >= 8);
  client.close();
  const delays = [10, 20, 40, 80, 160, 320, 500, 500];
  expect(asked.slice(0, 8)).toEqual(delays.map((delay) => delay + 1));
  expect(waits.mock.calls.map(([, delay]) => delay)).toEqual(expect.arrayContaining(delays));
  expect(client.failures).toBeGreaterThanOrEqual(8);
});

test('a peer that accepts and breaks at once is not dialled without pause', async () => {
  const asked: number[] = [];
  const server = await listener({ accept: (link) => link.close('not today') });
  dialer(server.port, { random: { below: (end) => asked.push(end) * 0 } });
  await until(() => asked.length === 4);
  expect(asked).toEqual([11, 21, 41, 81]);
});

test('a closed dialer breaks its link and dials no more', async () => {
  const { near, client, server } = await linked();
  const whys: string[] = [];
  near.onClose = (why) => whys.push(why);
  client.close();
  await until(() => whys.length > 0);
  expect(whys).toEqual(['closed']);
  expect(client.link).toBeUndefined();
  const { dialer: early, ups } = dialer(server.port);
  early.close();
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(server.links).toHaveLength(1);
  expect(ups).toEqual([]);
});

test('the peer must be the expected one', async () => {
  const server = await listener();
  const { dialer: wrong, ups } = dialer(server.port, { expects: { role: 'storage', name: 't' } });
  const { dialer: wrongRole } = dialer(server.port, { expects: { role: 'switch', name: 's' } });
  const { dialer: right } = dialer(server.port, { expects: { role: 'storage', name: 's' } });
  await until(() => !!(wrong.lastFailure && wrongRole.lastFailure && right.link));
  expect(wrong.lastFailure).toBe('storage s is there, and storage t is expected');
  expect(wrongRole.lastFailure).toBe('storage s is there, and switch s is expected');
  expect(ups).toEqual([]);
});

test('a process refuses itself, and the client hears why', async () => {
  const server = await listener();
  const { dialer: client } = dialer(server.port, { self: { ...STORAGE, bootId: 9n } });
  await until(() => client.lastFailure !== undefined);
  expect(client.lastFailure).toBe('the peer refuses: both ends are storage s');
  expect(server.links).toEqual([]);
  expect(server.lines[0]).toMatch(/^refused 127\.0\.0\.1:\d+: both ends are storage s$/);
});

test('another cluster key: both sides say so', async () => {
  const server = await listener();
  const { dialer: client, ups } = dialer(server.port, { key: OTHER_KEY });
  await until(() => client.lastFailure !== undefined && server.lines.length > 0);
  expect(client.lastFailure).toBe('the peer has another cluster key');
  expect(server.lines[0]).toMatch(/^refused 127\.0\.0\.1:\d+: the peer has another cluster key$/);
  expect(ups).toEqual([]);
  expect(server.links).toEqual([]);
});

test('a server that never answers is given up', async () => {
  const silent = createServer((socket) => atEnd(() => socket.destroy()));
  await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
  atEnd(() => silent.close());
  const { port } = silent.address() as { port: number };
  const { dialer: client } = dialer(port, { limits: { helloMs: 50 } });
  await until(() => client.failures >= 2);
  expect(client.lastFailure).toBe('no hello within 50 ms');
});

test('a server with a certificate in place of the key is refused', async () => {
  const { key, cert } = CERTIFICATE;
  const server = createTlsServer({ key, cert });
  const seen: string[] = [];
  server.on('secureConnection', (socket) => socket.on('data', (bytes) => seen.push(String(bytes))));
  server.on('tlsClientError', () => {});
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  atEnd(() => server.close());
  const { dialer: client } = dialer((server.address() as { port: number }).port);
  await until(() => client.lastFailure !== undefined);
  expect(client.lastFailure).toBe('the peer presents a certificate in place of the key');
  expect(seen).toEqual([]);
});
