/** A disk behind NBD: against a server of the test, and against qemu-storage-daemon. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { DISK_IOERR, DISK_OK, type DiskRequest, SECTOR_BYTES } from '../../src/devices/device.ts';
import { Nbd } from '../../src/host/storage/nbd.ts';
import { NbdDisk } from '../../src/host/storage/nbd-disk.ts';
import { NbdFence, type NbdTarget } from '../../src/host/storage/nbd-fence.ts';
import { SocketReader } from '../../src/host/storage/socket-reader.ts';
import { real } from './real.ts';
import { StorageDaemon } from './storage-daemon.ts';

const DISK_BYTES = 64 * SECTOR_BYTES;
const after: (() => unknown)[] = [];
afterEach(async () => {
  for (const action of after.splice(0).reverse()) await action();
});

async function scratch(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'vmft-nbd-'));
  after.push(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A daemon with the part of NBD and QMP that is used. */
class FakeDaemon {
  readonly content = new Uint8Array(DISK_BYTES);
  /** Exports, with the connections to them. */
  readonly exports = new Map<string, Set<Socket>>();
  error = 0;
  /** Called before a monitor's command is carried out. */
  beforeCommand: (command: string) => void = () => {};
  target!: NbdTarget;

  async start(): Promise<this> {
    const directory = await scratch();
    const listen = async (name: string, serve: (socket: Socket) => Promise<void>) => {
      const sockets = new Set<Socket>();
      const server: Server = createServer((socket) => {
        sockets.add(socket);
        serve(socket).catch(() => socket.destroy());
      });
      server.listen(join(directory, name));
      await once(server, 'listening');
      after.push(() => {
        for (const socket of sockets) socket.destroy();
        server.close();
      });
      return { path: join(directory, name) };
    };
    this.target = {
      nbd: await listen('nbd', (socket) => this.serve(socket)),
      monitor: await listen('qmp', (socket) => this.monitor(socket)),
      node: 'disk',
      prefix: 'vm',
    };
    return this;
  }

  remove(name: string): void {
    for (const socket of this.exports.get(name) ?? []) socket.destroy();
    this.exports.delete(name);
  }

  private async monitor(socket: Socket): Promise<void> {
    socket.on('error', () => {});
    socket.write('{"QMP": {"version": {}}}\n{"event": "NOISE"}\n');
    let text = '';
    for await (const part of socket) {
      text += part;
      for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n')) {
        const { execute, arguments: args } = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        this.beforeCommand(execute);
        if (execute === 'block-export-add') this.exports.set(args.id, new Set());
        if (execute === 'block-export-del') this.remove(args.id);
        const listed = [...this.exports.keys()].map((id) => ({ id, 'shutting-down': false }));
        socket.write(`${JSON.stringify({ return: execute === 'query-block-exports' ? listed : {} })}\n`);
      }
    }
  }

  private async serve(socket: Socket): Promise<void> {
    socket.on('error', () => {});
    const input = new SocketReader(socket);
    const put = (size: number, fill: (buffer: Buffer) => void) => {
      const buffer = Buffer.alloc(size);
      fill(buffer);
      socket.write(buffer);
    };
    put(18, (b) => b.write('NBDMAGICIHAVEOPT') && b.writeUInt16BE(3, 16));
    const option = await input.take(4 + 16);
    const data = await input.take(option.readUInt32BE(16));
    const name = data.subarray(4, 4 + data.readUInt32BE(0)).toString();
    const reply = (type: number, size: number, fill: (buffer: Buffer) => void = () => {}) =>
      put(20 + size, (b) => {
        b.writeBigUInt64BE(0x3e889045565a9n, 0);
        b.writeUInt32BE(7, 8);
        b.writeUInt32BE(type, 12);
        b.writeUInt32BE(size, 16);
        fill(b.subarray(20));
      });
    const connections = this.exports.get(name);
    if (!connections) return reply(2 ** 31 + 6, 0);
    connections.add(socket);
    reply(3, 12, (b) => {
      b.writeBigUInt64BE(BigInt(DISK_BYTES), 2);
      b.writeUInt16BE(1 | 4 | 8, 10);
    });
    reply(1, 0);
    for (;;) {
      const request = await input.take(28);
      const command = request.readUInt16BE(6);
      const at = Number(request.readBigUInt64BE(16));
      const length = request.readUInt32BE(24);
      if (command === 1) {
        const written = await input.take(length);
        if (this.error === 0 && this.exports.has(name)) this.content.set(written, at);
      }
      put(16, (b) => {
        b.writeUInt32BE(0x67446698, 0);
        b.writeUInt32BE(this.error, 4);
        request.copy(b, 8, 8, 16);
      });
      if (command === 0 && this.error === 0) socket.write(this.content.slice(at, at + length));
    }
  }
}

function disk(target: NbdTarget): NbdDisk {
  const made = new NbdDisk(new NbdFence(target));
  after.push(() => made.close());
  return made;
}
/** Repeats until there is an answer, as a replica does. */
const perform = (on: NbdDisk, id: number, request: DiskRequest, generation: number) =>
  new Promise<{ status: number | 'refused'; data: Uint8Array }>((resolve) => {
    const ask = () =>
      on.perform({ do: 'disk', id, request, generation, lowWater: 0 }, (status, data) => {
        clearInterval(timer);
        resolve({ status, data });
      });
    const timer = setInterval(ask, 20);
    after.push(() => clearInterval(timer));
    ask();
  });
const write = (sector: number, fill: number): DiskRequest => ({
  operation: 'write',
  sector,
  data: new Uint8Array(SECTOR_BYTES).fill(fill),
});
const read = (sector: number): DiskRequest => ({ operation: 'read', sector, sizeBytes: SECTOR_BYTES });

/** What holds with every daemon. */
async function laws(target: NbdTarget): Promise<void> {
  const [old, next] = [disk(target), disk(target)];
  const both = await Promise.all([perform(old, 1, write(0, 1), 1), perform(old, 2, write(1, 2), 1)]);
  expect(both.map(({ status }) => status)).toEqual([DISK_OK, DISK_OK]);
  expect((await perform(old, 3, { operation: 'flush' }, 1)).status).toBe(DISK_OK);
  expect((await perform(old, 4, read(1), 1)).data).toEqual(new Uint8Array(SECTOR_BYTES).fill(2));
  expect((await perform(old, 5, read(DISK_BYTES / SECTOR_BYTES), 1)).status).toBe(DISK_IOERR);
  // Writes of the old primary are under way while the next one takes the disk.
  const late = Array.from({ length: 32 }, (_, n) => perform(old, 10 + n, write(8 + n, 3), 1));
  expect((await perform(next, 1, write(0, 9), 2)).status).toBe(DISK_OK);
  for (const { status } of await Promise.all(late)) expect([DISK_OK, 'refused']).toContain(status);
  expect((await perform(old, 50, write(0, 4), 1)).status).toBe('refused');
  expect((await perform(disk(target), 51, write(0, 4), 1)).status).toBe('refused');
  expect((await perform(next, 2, read(0), 2)).data[0]).toBe(9);
  // The old one may come back in a generation of its own.
  expect((await perform(old, 52, write(0, 5), 3)).status).toBe(DISK_OK);
  expect((await perform(next, 53, write(0, 6), 2)).status).toBe('refused');
  expect((await perform(old, 54, read(0), 3)).data[0]).toBe(5);
}

describe('a disk behind NBD', () => {
  test('belongs to the newest generation', async () => {
    const daemon = await new FakeDaemon().start();
    await laws(daemon.target);
    expect([...daemon.exports.keys()]).toEqual([expect.stringMatching(/^vm-g3-/)]);
  });

  test('belongs to the newest generation also when an old one fences at the same time, at any command', async () => {
    for (let at = 1; at <= 8; at++) {
      const daemon = await new FakeDaemon().start();
      const [old, next] = [disk(daemon.target), disk(daemon.target)];
      let commands = 0;
      let second: Promise<{ status: number | 'refused' }> | undefined;
      daemon.beforeCommand = () => {
        if (++commands === at) second = perform(next, 1, write(0, 2), 2);
      };
      const first = await perform(old, 1, write(0, 1), 1);
      second ??= perform(next, 1, write(0, 2), 2);
      expect((await second).status).toBe(DISK_OK);
      expect([DISK_OK, 'refused']).toContain(first.status);
      expect((await perform(old, 2, write(0, 1), 1)).status).toBe('refused');
      expect(daemon.content[0]).toBe(2);
    }
  });

  test.each([
    ['vm-g1-late', ['vm-g2-']],
    ['vm-g3-newer', ['vm-g3-newer']],
  ])('sees %s, which has come while it added its own export', async (other, left) => {
    const daemon = await new FakeDaemon().start();
    daemon.beforeCommand = (command) => {
      if (command === 'block-export-add') daemon.exports.set(other, new Set());
    };
    const entered = new NbdFence(daemon.target).enter(2);
    if (other === 'vm-g3-newer') await expect(entered).rejects.toThrow(/generation 2 is over/);
    else await entered;
    expect([...daemon.exports.keys()]).toEqual(left.map((name) => expect.stringContaining(name)));
  });

  test('is used again after its connection was cut', async () => {
    const daemon = await new FakeDaemon().start();
    const one = disk(daemon.target);
    for (let n = 1; n <= 5; n++) {
      expect((await perform(one, n, write(n, n), 1)).status).toBe(DISK_OK);
      for (const name of daemon.exports.keys()) daemon.remove(name);
    }
    expect([...daemon.content.filter((_, at) => at % SECTOR_BYTES === 0)].slice(0, 6)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
  });

  test('answers an I/O error of the server as one', async () => {
    const daemon = await new FakeDaemon().start();
    const one = disk(daemon.target);
    daemon.error = 28;
    expect((await perform(one, 1, write(0, 1), 1)).status).toBe(DISK_IOERR);
    daemon.error = 0;
    expect((await perform(one, 1, write(0, 1), 1)).status).toBe(DISK_OK);
  });
});

describe('an NBD client', () => {
  test('says that there is no such export', async () => {
    const daemon = await new FakeDaemon().start();
    await expect(Nbd.connect(daemon.target.nbd, 'other')).rejects.toThrow(/NBD export other: refused/);
  });

  for (const [name, text] of [
    ['nothing', ''],
    ['garbage', 'x'.repeat(1000)],
    ['a greeting and garbage', `NBDMAGICIHAVEOPT\0\x03${'x'.repeat(1000)}`],
  ] as const)
    test(`refuses a server that sends ${name} and ends`, async () => {
      const path = join(await scratch(), 'nbd');
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.end(text);
      });
      server.listen(path);
      await once(server, 'listening');
      after.push(() => server.close());
      await expect(Nbd.connect({ path }, 'vm')).rejects.toThrow(/NBD export vm: /);
    });
});

real('qemu-storage-daemon: the laws, and two hosts that race', async () => {
  const daemon = await StorageDaemon.start(DISK_BYTES, 2);
  after.push(() => daemon.end());
  const target = (n: number): NbdTarget => ({
    nbd: { path: daemon.nbd },
    monitor: { path: daemon.monitors[n]! },
    node: daemon.node,
    prefix: 'vm',
  });
  await laws(target(0));
  const [old, next] = [disk(target(0)), disk(target(1))];
  for (let generation = 10; generation < 40; generation += 2) {
    const [, newer] = await Promise.all([
      perform(old, generation, write(0, 1), generation),
      perform(next, generation, write(0, 2), generation + 1),
    ]);
    expect(newer.status).toBe(DISK_OK);
    expect((await perform(old, generation + 1, write(0, 1), generation)).status).toBe('refused');
    expect((await perform(next, generation + 1, read(0), generation + 1)).data[0]).toBe(2);
  }
});
