/** Ports to the outside. */
import { type ChildProcess, spawn } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { announcement } from '../../src/ft/announce.ts';
import { parseForward } from '../../src/host/switch/forwards.ts';
import { FrameSocket } from '../../src/host/switch/frame-socket.ts';
import { type EdgeHost, GroupEdge } from '../../src/host/switch/group-edge.ts';
import { LearningSwitch } from '../../src/host/switch/learning.ts';
import type { NetworkPort } from '../../src/host/switch/network-port.ts';
import { PasstPort, passtArguments } from '../../src/host/switch/passt.ts';
import { PasstDirectory } from '../../src/host/switch/passt-process.ts';
import { QemuStreams } from '../../src/host/switch/qemu-stream.ts';
import { TapPort } from '../../src/host/switch/tap.ts';
import { real } from './real.ts';
import { frameOf, TestPort, tagOf } from './switch-rig.ts';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0).reverse()) cleanup();
});

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'vmft-'));
  cleanups.push(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Waits until something holds; only a hang fails by time. */
async function until(holds: () => boolean | undefined, what: string): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if (holds()) return;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  throw new Error(`waited in vain until ${what}`);
}

/** A port that collects its frames, and the errors that it ends with. */
function watched<P extends NetworkPort>(
  make: (log: (line: string) => void, failed: (error: Error) => void) => P,
) {
  const [lines, errors, frames, closed]: [string[], string[], Uint8Array[], string[]] = [[], [], [], []];
  const port = make(
    (line) => lines.push(line),
    ({ message }) => errors.push(message),
  );
  port.onFrame = (frame) => frames.push(frame);
  port.onClose = (why) => closed.push(why);
  cleanups.push(() => port.close('end of test'));
  return { port, lines, errors, frames, closed };
}

const GUEST_MAC = [0x52, 0x54, 0, 1, 2, 3];

/** An ARP request of 10.0.2.15 for an address. */
function arpRequest(target: readonly number[]): Uint8Array {
  const frame = new Uint8Array(60).fill(0xff, 0, 6);
  frame.set(GUEST_MAC, 6);
  frame.set([8, 6, 0, 1, 8, 0, 6, 4, 0, 1, ...GUEST_MAC, 10, 0, 2, 15], 12);
  frame.set(target, 38);
  return frame;
}

/** Whether a frame is the reply that `address` has a MAC address. */
const isArpReply = (frame: Uint8Array, address: readonly number[]): boolean =>
  frame[12] === 8 &&
  frame[13] === 6 &&
  frame[21] === 2 &&
  address.every((byte, at) => frame[28 + at] === byte);

const GATEWAY = [10, 0, 2, 2];

/** Asks for the gateway until it answers: the port may be starting. */
async function answers(port: NetworkPort, frames: Uint8Array[]): Promise<void> {
  frames.length = 0;
  await until(() => {
    port.send(arpRequest(GATEWAY));
    return frames.some((frame) => isArpReply(frame, GATEWAY));
  }, 'the gateway answers');
}

/** A TCP port of this machine that is free. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('forwards', () => {
  test('are read', () => {
    const tcp = { protocol: 'tcp', hostAddress: '127.0.0.1', hostPort: 16379, guestPort: 6379 };
    expect(parseForward('16379:6379')).toEqual(tcp);
    expect(parseForward('0.0.0.0:53:5353/udp')).toEqual({
      protocol: 'udp',
      hostAddress: '0.0.0.0',
      hostPort: 53,
      guestPort: 5353,
    });
    expect(passtArguments('/s', [parseForward('16379:6379'), parseForward('1:2/udp')]).slice(-4)).toEqual([
      ...['-t', '127.0.0.1/16379:6379'],
      ...['-u', '127.0.0.1/1:2'],
    ]);
  });

  test.each([
    '',
    '1',
    '1:2:3:4',
    'localhost:1:2',
    '0:1',
    '1:65536',
    '1:2/sctp',
    '1:2,3',
    '-1:2',
    '300.0.0.1:1:2',
  ])("'%s' is refused", (text) => expect(() => parseForward(text)).toThrow(`forward '${text}'`));
});

/** Whether a frame has a TCP segment for port 6379 of 10.0.2.15. */
const isSyn = (frame: Uint8Array): boolean =>
  frame[12] === 8 && frame[13] === 0 && frame[23] === 6 && frame[33] === 15 && frame[36] === 6379 >> 8;

describe('passt', () => {
  const forwardOf = async () => parseForward(`127.0.0.1:${await freePort()}:6379`);

  test('that is not installed is a clear error', async () => {
    const { errors, closed } = watched(
      (log, failed) =>
        new PasstPort({
          group: 'g1',
          directory: directory(),
          forwards: [],
          log,
          failed,
          command: 'passt-missing',
        }),
    );
    await until(() => closed.length > 0, 'the port closes');
    expect(errors).toEqual([
      expect.stringContaining("is not installed. Install it with 'apt-get install passt'"),
    ]);
  });

  test('and a forwarded port that is in use is a clear error', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => server.close());
    const { port } = server.address() as { port: number };
    const forwards = [parseForward(`${port}:1`)];
    const { errors, closed } = watched(
      (log, failed) => new PasstPort({ group: 'g1', directory: directory(), forwards, log, failed }),
    );
    await until(() => closed.length > 0, 'the port closes');
    expect(errors).toEqual([
      `passt of group g1: 127.0.0.1:${port}/tcp is in use by another program; forward another port`,
    ]);
  });

  test('in a directory that it can not reach as nobody is a clear error', () => {
    if (process.getuid?.() !== 0) return;
    expect(() => new PasstDirectory(join(directory(), 'passt'))).toThrow("as nobody, can't enter");
  });

  real('answers the guest, passes connections to it, and is started again when it dies', async () => {
    const forward = await forwardOf();
    const at = directory();
    const { port, frames, lines, errors } = watched(
      (log, failed) => new PasstPort({ group: 'g1', directory: at, forwards: [forward], log, failed }),
    );
    await answers(port, frames);
    const client = connect(forward.hostPort, '127.0.0.1');
    client.on('error', () => {});
    cleanups.push(() => client.destroy());
    await until(() => frames.some(isSyn), 'a connection reaches the guest');
    const { pid } = port;
    process.kill(pid!, 'SIGKILL');
    await until(() => port.pid !== undefined && port.pid !== pid, 'passt runs again');
    await answers(port, frames);
    expect(lines.join('\n')).toContain('passt ended by SIGKILL; it is started again');
    expect(errors).toEqual([]);
    const last = port.pid!;
    port.close('end of test');
    await until(
      () => !existsSync(`/proc/${last}/cmdline`) || readFileSync(`/proc/${last}/cmdline`).length === 0,
      'passt ends',
    );
    expect(existsSync(at)).toBe(false);
  });

  real('sends to a guest that has sent nothing by its address, also when it is started again', async () => {
    const forward = await forwardOf();
    const frames: Uint8Array[] = [];
    const host = { frame: (_: number, frame: Uint8Array) => frames.push(frame) } as unknown as EdgeHost;
    const edge = new GroupEdge(
      'g1',
      async () => {},
      () => 0,
    );
    const { port } = watched(
      (log, failed) =>
        new PasstPort({ group: 'g1', directory: directory(), forwards: [forward], log, failed }),
    );
    expect(edge.connect(port)).toBe(true);
    const frame = announcement(Uint8Array.from(GUEST_MAC));
    edge.perform({ kind: 'announce', group: 'g1', generation: 1, frame, nextFrame: 1 }, host);
    const isForGuest = (one: Uint8Array) => isSyn(one) && GUEST_MAC.every((byte, at) => one[at] === byte);
    const reached = async () => {
      await until(() => port.connected, 'passt is there');
      frames.length = 0;
      // passt may take a connection before what it was sent at the same time.
      await until(() => {
        const client = connect(forward.hostPort, '127.0.0.1');
        client.on('error', () => {});
        cleanups.push(() => client.destroy());
        return frames.some(isForGuest);
      }, 'a connection reaches the guest');
    };
    await reached();
    const { pid } = port;
    process.kill(pid!, 'SIGKILL');
    await until(() => port.pid !== pid && !port.connected, 'passt has ended');
    await reached();
  });

  real('of a killed switch is taken over; one with other forwards is replaced', async () => {
    const at = directory();
    const forward = await forwardOf();
    const place = new PasstDirectory(at);
    const args = passtArguments(place.socket, [forward]);
    const left = spawn('passt', args, { stdio: 'ignore' });
    cleanups.push(() => left.kill());
    await until(() => existsSync(place.socket), 'passt listens');
    place.started(left.pid!, args);
    const options = { group: 'g1', directory: at };
    const first = watched((log, failed) => new PasstPort({ ...options, forwards: [forward], log, failed }));
    await answers(first.port, first.frames);
    expect(first.port.pid).toBe(left.pid);
    // It dies, and another one takes its place.
    left.kill('SIGKILL');
    await until(() => first.port.pid !== left.pid, 'a passt of its own');
    await answers(first.port, first.frames);

    const elsewhere = new PasstDirectory(directory());
    const otherArgs = passtArguments(elsewhere.socket, []);
    const other = spawn('passt', otherArgs, { stdio: 'ignore' });
    cleanups.push(() => other.kill());
    await until(() => existsSync(elsewhere.socket), 'passt listens');
    elsewhere.started(other.pid!, otherArgs);
    const second = watched(
      (log, failed) =>
        new PasstPort({
          group: 'g2',
          directory: elsewhere.path,
          forwards: [parseForward(`${QUIET_PORT}:1`)],
          log,
          failed,
        }),
    );
    await answers(second.port, second.frames);
    expect(second.port.pid).not.toBe(other.pid);
    expect(other.exitCode ?? other.signalCode).not.toBeNull();
  });

  real('whose host port is not free yet when it has been killed is replaced once it is', async () => {
    const holder = createServer();
    await new Promise<void>((resolve) => holder.listen(0, '127.0.0.1', resolve));
    cleanups.push(() => holder.close());
    const forward = parseForward(`127.0.0.1:${(holder.address() as { port: number }).port}:6379`);
    const place = new PasstDirectory(directory());
    const args = passtArguments(place.socket, [forward]);
    // Stands for a passt whose connection is closed before its port is.
    const listen = "require('net').createServer((s) => s.resume()).listen(process.argv[1])";
    const left = spawn(process.execPath, ['-e', listen, place.socket], { stdio: 'ignore' });
    cleanups.push(() => left.kill('SIGKILL'));
    await until(() => existsSync(place.socket), 'it listens');
    place.started(left.pid!, args);
    const { port, frames, lines, errors } = watched(
      (log, failed) =>
        new PasstPort({ group: 'g1', directory: place.path, forwards: [forward], log, failed }),
    );
    await until(() => port.connected, 'it is taken over');
    left.kill('SIGKILL');
    await until(() => lines.some((line) => line.endsWith('waiting for it')), 'the port is found in use');
    holder.close();
    await answers(port, frames);
    expect(errors).toEqual([]);
  });
});

/** A port that nothing in these tests listens on. */
const QUIET_PORT = 29_871;

describe('a TAP device', () => {
  test('that socat is missing for is a clear error; names and addresses are checked', async () => {
    const { errors, closed } = watched(
      (log, failed) => new TapPort({ name: 'vmft-x', log, failed, command: 'socat-missing' }),
    );
    await until(() => closed.length > 0, 'the port closes');
    expect(errors).toEqual([expect.stringContaining("Install it with 'apt-get install socat'")]);
    const make = (name: string, address?: string) => () =>
      new TapPort({ name, ...(address ? { address } : {}), log: () => {}, failed: () => {} });
    for (const name of ['', 'a,b', 'x:y', 'sixteen-letters-'])
      expect(make(name)).toThrow('a name has 1 to 15');
    expect(make('ok', '10.0.0.1')).toThrow('is not an address with its prefix');
  });

  test('that is not permitted is a clear error', async () => {
    const script = join(directory(), 'socat');
    writeFileSync(
      script,
      '#!/bin/sh\necho \'open("/dev/net/tun", 02, 0666): Permission denied\' >&2\nexit 1\n',
      { mode: 0o755 },
    );
    const { errors, closed } = watched(
      (log, failed) => new TapPort({ name: 'vmft-x', log, failed, command: script }),
    );
    await until(() => closed.length > 0, 'the port closes');
    expect(errors).toEqual([
      expect.stringContaining('not permitted to make TAP device vmft-x: run the switch as root'),
    ]);
  });

  real('carries single frames both ways, and is gone when the port is closed', async () => {
    const { port, frames } = watched(
      (log, failed) => new TapPort({ name: 'vmft-test', address: '10.177.3.1/24', log, failed }),
    );
    const place = '/sys/class/net/vmft-test';
    await until(() => existsSync(place), 'the device is there');
    const mac = readFileSync(`${place}/address`, 'utf8')
      .trim()
      .split(':')
      .map((byte) => Number.parseInt(byte, 16));
    const udp = createSocket('udp4');
    await new Promise<void>((resolve) => udp.bind(0, '10.177.3.1', resolve));
    cleanups.push(() => udp.close());
    const received: number[] = [];
    udp.on('message', (data) => received.push(data.length));
    // A station at 10.177.3.2, which this machine finds by ARP.
    const station = [2, 0, 0, 0, 0, 9];
    const answer = (frame: Uint8Array) => {
      if (frame[13] !== 6 || frame[21] !== 1) return;
      const reply = frame.slice();
      reply.set(frame.subarray(6, 12), 0);
      reply.set(station, 6);
      reply[21] = 2;
      reply.set([...station, ...frame.subarray(38, 42), ...frame.subarray(22, 32)], 22);
      port.send(reply);
    };
    port.onFrame = (frame) => {
      frames.push(frame);
      answer(frame);
    };
    const sizes = Array.from({ length: 100 }, (_, index) => 10 + index);
    const outward = () =>
      frames.filter((frame) => frame[23] === 17 && frame[33] === 2).map((frame) => frame.length - 42);
    await until(() => {
      udp.send(new Uint8Array(5), 9, '10.177.3.2');
      return outward().length > 0;
    }, 'the station is found');
    for (const size of sizes) udp.send(new Uint8Array(size), 9, '10.177.3.2');
    await until(() => outward().includes(sizes.at(-1)!), 'all frames are out');
    expect(outward().filter((size) => size >= 10)).toEqual(sizes);
    const to = udp.address().port;
    for (const size of sizes) port.send(udpFrame(station, mac, to, size));
    await until(() => received.includes(sizes.at(-1)!), 'all frames are in');
    expect(received).toEqual(sizes);
    port.close('end of test');
    await until(() => !existsSync(place), 'the device is gone');
  });
});

/** A UDP datagram from 10.177.3.2 to 10.177.3.1. */
function udpFrame(
  from: readonly number[],
  to: readonly number[],
  port: number,
  sizeBytes: number,
): Uint8Array {
  const frame = Buffer.alloc(42 + sizeBytes);
  frame.set([...to, ...from, 8, 0, 0x45]);
  frame.writeUInt16BE(28 + sizeBytes, 16);
  frame.set([64, 17], 22);
  frame.set([10, 177, 3, 2, 10, 177, 3, 1], 26);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += frame.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  frame.writeUInt16BE(~sum & 0xffff, 24);
  frame.writeUInt16BE(1234, 34);
  frame.writeUInt16BE(port, 36);
  frame.writeUInt16BE(8 + sizeBytes, 38);
  return frame;
}

describe('QEMU streams', () => {
  async function listening(address: Parameters<typeof QemuStreams.listen>[0]['address']) {
    const network = new LearningSwitch(() => 0);
    const lines: string[] = [];
    const streams = await QemuStreams.listen({
      address,
      log: (line) => lines.push(line),
      connected: (port) => network.connect(port),
    });
    cleanups.push(() => streams.close('end of test'));
    return { network, streams, lines };
  }
  const peerAt = (socket: Socket) => {
    const frames: Uint8Array[] = [];
    const port = new FrameSocket(socket, 'peer');
    port.onFrame = (frame) => frames.push(frame);
    cleanups.push(() => port.close('end of test'));
    return { port, frames };
  };

  test('are ports of one network, over Unix sockets and TCP; what breaks one harms no other', async () => {
    const path = join(directory(), 's');
    const { network, lines } = await listening({ path });
    const [a, b, c] = [1, 2, 3].map(() => peerAt(connect(path)));
    await until(() => network.ports.length === 3, 'all are connected');
    a!.port.send(frameOf(255, 1, 10));
    await until(() => b!.frames.length === 1 && c!.frames.length === 1, 'a frame for all arrives');
    b!.port.send(frameOf(1, 2, 11));
    await until(() => a!.frames.length === 1, 'a frame for one arrives');
    expect([a!.frames.map(tagOf), c!.frames.map(tagOf)]).toEqual([[11], [10]]);
    const garbage = connect(path);
    garbage.on('error', () => {});
    garbage.write('GET / HTTP/1.1\r\n\r\n');
    await until(() => lines.includes('QEMU machine 4 is gone'), 'garbage is closed');
    c!.port.send(frameOf(2, 3, 12));
    await until(() => b!.frames.length === 2, 'the others go on');
    const tcp = await listening({ host: '127.0.0.1', port: 0 });
    const outside = new TestPort('outside');
    tcp.network.connect(outside);
    peerAt(connect(tcp.streams.port!, '127.0.0.1')).port.send(frameOf(255, 1, 13));
    await until(() => outside.sent.length === 1, 'a frame comes by TCP');
  });

  test('replace the socket that a killed process left, and nothing else', async () => {
    const path = join(directory(), 's');
    writeFileSync(path, 'mine');
    await expect(listening({ path })).rejects.toThrow('exists and is not a socket');
    rmSync(path);
    const { streams } = await listening({ path });
    await listening({ path });
    streams.close('end of test');
  });

  real('carry the frames of a real QEMU', async () => {
    const path = join(directory(), 's');
    const { network } = await listening({ path });
    const guest = new TestPort('guest');
    network.connect(guest);
    // QEMU's user network answers for 10.0.2.2 behind a hub.
    const hub = (id: string) => ['-netdev', `hubport,id=h${id},hubid=0,netdev=${id}`];
    const qemu: ChildProcess = spawn('qemu-system-riscv64', [
      ...['-M', 'none', '-nodefaults', '-nographic', '-monitor', 'none', '-netdev', 'user,id=u', ...hub('u')],
      ...['-netdev', `stream,id=s,server=off,addr.type=unix,addr.path=${path}`, ...hub('s')],
    ]);
    const errors: string[] = [];
    qemu.on('error', ({ message }) => errors.push(message));
    cleanups.push(() => qemu.kill('SIGKILL'));
    await until(() => network.ports.length === 2 || errors.length > 0, 'QEMU connects');
    expect(errors).toEqual([]);
    await until(() => {
      network.forward(arpRequest(GATEWAY), guest);
      return guest.sent.some((frame) => isArpReply(frame, GATEWAY));
    }, 'QEMU answers');
  });
});
