/** What the tests of links and datagrams share. */
import { connect, type Socket } from 'node:net';
import { afterEach } from 'vitest';
import { Dialer, type DialerOptions } from '../../src/host/wire/dialer.ts';
import type { Identity, Link, ProcessRole } from '../../src/host/wire/link.ts';
import { type Listener, type ListenOptions, listen } from '../../src/host/wire/listener.ts';

export const KEY = Uint8Array.from({ length: 32 }, (_, i) => i);
export const OTHER_KEY = Uint8Array.from({ length: 32 }, (_, i) => 32 - i);

export const who = (role: ProcessRole, name: string, bootId = 1n): Identity => ({ role, name, bootId });
export const STORAGE = who('storage', 's');
export const HOST = who('host', 'a');

/** Waits until a condition holds; the test's own limit ends a wait for what never comes. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 2));
}

/** What a test has opened is closed at its end, the last first. */
const opened: (() => unknown)[] = [];
export const atEnd = (close: () => unknown): void => void opened.push(close);
afterEach(async () => {
  for (const close of opened.splice(0).reverse()) await close();
});

/** A listener, with the links that it has accepted and the lines that it has logged. */
export interface TestListener extends Listener {
  links: Link[];
  lines: string[];
}

export async function listener(options: Partial<ListenOptions> = {}): Promise<TestListener> {
  const [links, lines]: [Link[], string[]] = [[], []];
  const made = await listen({
    address: '127.0.0.1',
    port: 0,
    key: KEY,
    self: STORAGE,
    accept: (link) => links.push(link),
    log: (line) => lines.push(line),
    ...options,
  });
  atEnd(() => made.close());
  return { ...made, links, lines };
}

/** A dialer, with all links that it has made. */
export function dialer(port: number, options: Partial<DialerOptions> = {}): { dialer: Dialer; ups: Link[] } {
  const ups: Link[] = [];
  const made = new Dialer({
    address: '127.0.0.1',
    port,
    key: KEY,
    self: HOST,
    random: { below: () => 0 },
    onUp: (link) => ups.push(link),
    ...options,
  });
  atEnd(() => made.close());
  return { dialer: made, ups };
}

/** Both ends of a link: the dialer's and the listener's. */
export async function linked(
  listening: Partial<ListenOptions> = {},
  dialing: Partial<DialerOptions> = {},
): Promise<{ near: Link; far: Link; server: TestListener; client: Dialer }> {
  const server = await listener(listening);
  const { dialer: client, ups } = dialer(server.port, dialing);
  await until(() => ups.length > 0 && server.links.length > 0);
  return { near: ups[0]!, far: server.links[0]!, server, client };
}

/** A connection of somebody who may do anything. Resolves when it stands. */
export function stranger(port: number): Promise<Socket> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => {});
    socket.resume();
    atEnd(() => socket.destroy());
  });
}

/** Resolves when the socket is closed. */
export const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.closed ? resolve() : socket.once('close', () => resolve())));

/** Shows that a listener still serves members: a new link carries a message there and back. */
export async function serves(server: TestListener, name = 'witness'): Promise<void> {
  const { dialer: client, ups } = dialer(server.port, { self: who('host', name) });
  await until(() => ups.length > 0);
  const answers: string[] = [];
  ups[0]!.onMessage = (message) => answers.push(String.fromCharCode(...message));
  await until(() => server.links.some((link) => link.peer.name === name));
  const far = server.links.findLast((link) => link.peer.name === name)!;
  far.onMessage = (message) => far.send(message);
  ups[0]!.send(Uint8Array.of(111, 107));
  await until(() => answers.includes('ok'));
  client.close();
}
