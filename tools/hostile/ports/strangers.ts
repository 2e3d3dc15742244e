/** Those without the key, and what comes over sockets that have none: datagrams, HTTP, Ethernet frames. */
import { createSocket } from 'node:dgram';
import { connect, type Socket } from 'node:net';
import { encode } from '../../../src/base/codec.ts';
import type { Random } from '../../../src/base/random.ts';
import { encodeMessage, type Message } from '../../../src/ft/messages.ts';
import { addressed } from '../../../src/host/peers.ts';
import { encodeDatagram } from '../../../src/host/wire/datagram-format.ts';
import { newBootId } from '../../../src/host/wire/identity.ts';
import { type ClusterKey, derivedKey } from '../../../src/host/wire/key.ts';
import { secureConnect } from '../../../src/host/wire/tls.ts';
import { damaged } from './generate.ts';
import { ADDRESS, type Count, turn } from './links.ts';
import { BANK, EVIL, EVIL_GROUPS, linkTargets } from './targets.ts';

const BURST = 32;

/** A connection of which nothing is expected. Resolves when it stands, or can't be had. */
function connection(port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket: Socket = connect(port, ADDRESS, () => resolve(socket));
    socket.on('error', () => resolve(undefined));
    socket.resume();
  });
}

/** Resolves when the socket takes more. */
async function drained(socket: Socket): Promise<void> {
  while (!socket.destroyed && socket.writableLength > 256 << 10)
    await new Promise((resolve) => setTimeout(resolve, 1));
}

// ── Datagrams ───────────────────────────────────────────────────────────────────────────────────────────────────────

/** A heartbeat or an offer: what datagrams carry. */
function datagramPayload(random: Random): Uint8Array {
  const groups = [...EVIL_GROUPS, BANK];
  const generation = random.below(4);
  const made: Message = random.chance(0.5)
    ? { kind: 'heartbeat', generation, domain: 'd', ticks: random.below(2 ** 40) }
    : { kind: 'available', generation, load: random.below(9), domain: 'd' };
  return encode(addressed, { group: groups[random.below(groups.length)]!, bytes: encodeMessage(made) });
}

/** Datagrams of the hostile member, of processes without a key, of a sender with another key; replays, damaged ones. */
export async function attackWithDatagrams(
  port: number,
  key: ClusterKey,
  messages: number,
  random: Random,
  count: Count,
): Promise<void> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, ADDRESS, resolve));
  const keys = [derivedKey(key, 'datagrams'), derivedKey(key, 'links')];
  const bootId = newBootId();
  const before: Uint8Array[] = [];
  let counter = 0;
  for (let left = messages; left > 0; ) {
    for (let i = 0; i < BURST && left > 0; i++, left--) {
      const replayed = before.length > 0 && random.chance(0.3);
      const bytes = replayed
        ? before[random.below(before.length)]!
        : encodeDatagram(
            {
              from: {
                role: random.chance(0.95) ? 'host' : 'terminal',
                name: random.chance(0.7) ? EVIL : `x${random.below(1000)}`,
                bootId: random.chance(0.9) ? bootId : BigInt(random.below(2 ** 50)),
              },
              to: { role: 'host', name: random.chance(0.9) ? 'a' : 'b' },
              counter: random.chance(0.95) ? counter++ : random.below(2 ** 53),
              payload: random.chance(0.9) ? datagramPayload(random) : random.bytes(random.below(600)),
            },
            keys[random.chance(0.9) ? 0 : 1]!,
          );
      before[Math.min(before.length, random.below(64))] = bytes;
      socket.send(random.chance(0.2) ? damaged(bytes, random) : bytes, port, ADDRESS, () => {});
      count('datagrams');
    }
    await turn();
  }
  socket.close();
}

// ── Sockets without a key ───────────────────────────────────────────────────────────────────────────────────────────

/** Frames for machines that are connected to QEMU's stream socket, and lengths that no frame has. */
export async function attackWithFrames(
  port: number,
  messages: number,
  random: Random,
  count: Count,
): Promise<void> {
  for (let left = messages; left > 0; ) {
    const socket = await connection(port);
    if (!socket) continue;
    if (random.chance(0.2)) socket.pause();
    const station = random.below(256);
    while (left > 0 && !socket.destroyed) {
      const parts: Uint8Array[] = [];
      for (let i = 0; i < BURST && left > 0; i++, left--) {
        const frame = random.bytes(14 + random.below(random.chance(0.9) ? 100 : 9200));
        frame.set(random.chance(0.5) ? [255, 255, 255, 255, 255, 255] : [2, 0, 0, 0, 9, random.below(256)]);
        frame.set([2, 0, 0, 0, 9, random.chance(0.9) ? station : random.below(256)], 6);
        const head = Buffer.alloc(4);
        head.writeUInt32BE(random.chance(0.001) ? random.below(2 ** 32) : frame.length);
        parts.push(head, frame);
        count('frames');
      }
      socket.write(Buffer.concat(parts));
      await turn();
      await drained(socket);
    }
    socket.destroy();
  }
}

const REQUESTS = [
  'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n',
  'GET /metrics HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.0\r\n\r\n',
  'POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n',
  'POST /metrics HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFF\r\n',
  `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
  'OPTIONS * HTTP/1.1\r\nHost: x\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n',
  'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50),
];

/** Requests over HTTP, valid, damaged and unfinished. */
export async function attackWithRequests(
  port: number,
  messages: number,
  random: Random,
  count: Count,
): Promise<void> {
  for (let left = messages; left > 0; left--) {
    const socket = await connection(port);
    if (!socket) continue;
    if (random.chance(0.1)) socket.pause();
    const text = Buffer.from(REQUESTS[random.below(REQUESTS.length)]!);
    socket.end(random.chance(0.5) ? text : damaged(text, random));
    count('HTTP requests');
    // Some wait for an answer.
    if (random.chance(0.5)) await new Promise((resolve) => setTimeout(resolve, 5));
    else await turn();
    socket.destroy();
  }
}

/** Bytes of strangers on a port of links: noise, other protocols, other keys; some stay and are silent. */
export async function attackAsStranger(
  port: number,
  key: ClusterKey,
  messages: number,
  random: Random,
  count: Count,
): Promise<void> {
  const other = key.map((byte) => byte ^ 1);
  const silent: Socket[] = [];
  for (let left = messages; left > 0; left--) {
    count('strangers');
    if (random.chance(0.2)) {
      await new Promise<void>((resolve) => {
        const socket = secureConnect(ADDRESS, port, other);
        socket.on('error', () => resolve());
        socket.on('close', () => resolve());
        socket.on('secureConnect', () => count('STRANGERS THAT WERE ADMITTED'));
      });
      continue;
    }
    const socket = await connection(port);
    if (!socket) continue;
    const target = linkTargets[random.below(linkTargets.length)]!;
    const noise = random.chance(0.3)
      ? Buffer.from(REQUESTS[random.below(REQUESTS.length)]!)
      : random.chance(0.5)
        ? random.bytes(random.below(3000))
        : target.message(random);
    socket.write(noise);
    if (random.chance(0.1)) silent.push(socket);
    else socket.end();
    while (silent.length > 40) silent.shift()!.destroy();
    await turn();
  }
  for (const socket of silent) socket.destroy();
}
