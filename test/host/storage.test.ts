/** The storage service: generations and disks survive whatever happens to its process, and clients can't harm it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { Random } from '../../src/base/random.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest, SECTOR_BYTES } from '../../src/devices/device.ts';
import { GenerationServer } from '../../src/host/storage/generation-server.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import {
  MAX_OUTSTANDING,
  type RequestBody,
  storageAnswer,
  storageRequest,
} from '../../src/host/storage/storage-messages.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import type { Identity, Link } from '../../src/host/wire/link.ts';
import { Disk } from '../../src/sim/world/disk.ts';
import { Scheduler } from '../../src/sim/world/scheduler.ts';
import { examples } from '../thorough.ts';
import { CrashFiles } from './crash-files.ts';
import { fakeLink } from './fake-link.ts';

const STORAGE: Identity = { role: 'storage', name: 's', bootId: 1n };
const HOST: Identity = { role: 'host', name: 'a', bootId: 2n };
const FIRST = { primary: 'a', backups: ['b', 'c'] };
const NOTHING = new Uint8Array(0);

const open = (files: CrashFiles) => StorageServer.open('/store', { files });

function connect(server: StorageServer, client: StorageClient): { why: string | undefined } {
  const [atClient, atServer] = fakeLink(HOST, STORAGE);
  const state: { why: string | undefined } = { why: undefined };
  server.serve(atServer);
  client.attach(atClient, (why) => {
    state.why = why;
  });
  return state;
}

/** A service with group g, whose disk has `sectors` sectors. */
async function service(files = new CrashFiles(), sectors = 8) {
  const server = await open(files);
  const client = new StorageClient();
  const link = connect(server, client);
  expect(await client.createGroup('g', FIRST, NOTHING)).toBe(true);
  await client.uploadDisk('g', sectors * SECTOR_BYTES);
  return { files, server, client, link };
}

const claim = (client: StorageClient, generation: number, primary: string, group = 'g') =>
  new Promise<string>((resolve) =>
    client.group(group).claim(generation, { primary, backups: [] }, (record) => resolve(record.primary)),
  );
const read = (client: StorageClient, generation: number) =>
  new Promise<string | undefined>((resolve) =>
    client.group('g').read(generation, (record) => resolve(record?.primary)),
  );
const perform = (client: StorageClient, id: number, request: DiskRequest, generation = 1, lowWater = 0) =>
  new Promise<{ status: number | 'refused'; data: Uint8Array }>((resolve) =>
    client
      .group('g')
      .perform({ do: 'disk', id, request, generation, lowWater }, (status, data) =>
        resolve({ status, data }),
      ),
  );
const write = (sector: number, fill: number, sectors = 1): DiskRequest => ({
  operation: 'write',
  sector,
  data: new Uint8Array(sectors * SECTOR_BYTES).fill(fill),
});
const readOf = (sector: number, sectors = 1): DiskRequest => ({
  operation: 'read',
  sector,
  sizeBytes: sectors * SECTOR_BYTES,
});
const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
const turns = async (count: number) => {
  for (let n = 0; n < count; n++) await turn();
};

describe('generations', () => {
  test('that are claimed in the same turn are one record, in the journal too', async () => {
    const files = new CrashFiles();
    const generations = await GenerationServer.open('/generations', files);
    await generations.create('g', FIRST, NOTHING);
    const claims = ['b', 'c', 'd'].map((primary) => generations.claim('g', 2, { primary, backups: [] }));
    expect((await Promise.all(claims)).map(({ primary }) => primary)).toEqual(['b', 'b', 'b']);
    const again = await GenerationServer.open('/generations', files.afterKill());
    expect(again.generations('g').latest.primary).toBe('b');
  });

  test('have one record each, whoever asks at the same time, and after a restart', async () => {
    const { files, server, client } = await service();
    const other = new StorageClient();
    connect(server, other);
    const winners = await Promise.all([claim(client, 2, 'b'), claim(other, 2, 'c')]);
    expect(new Set(winners)).toEqual(new Set([winners[0]]));
    expect(await claim(other, 3, 'd')).toBe('d');
    expect(await read(client, 4)).toBeUndefined();
    const restarted = await open(files.afterKill());
    connect(restarted, client);
    expect([await read(client, 1), await read(client, 2), await claim(client, 3, 'x')]).toEqual([
      'a',
      winners[0],
      'd',
    ]);
    expect(await client.groups()).toEqual([
      { group: 'g', generation: 3, record: { primary: 'd', backups: [] }, diskBytes: 8 * SECTOR_BYTES },
    ]);
  });

  test('an answer is never taken back: not by a crash at any operation', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(25), { maxLength: 5 }), fc.string(), async (crashes, seed) => {
        const random = new Random(seed);
        let files = new CrashFiles();
        const answered = new Map<number, string>();
        for (const [round, after] of [...crashes, Number.POSITIVE_INFINITY].entries()) {
          files.powerFailsAfter = files.operations + after;
          const run = async () => {
            const client = new StorageClient();
            connect(await open(files), client);
            await client.createGroup('g', FIRST, NOTHING);
            for (let generation = 1; generation <= 6; generation++) {
              const primary = await claim(client, generation, `round-${round}`);
              expect(answered.get(generation) ?? primary).toBe(primary);
              answered.set(generation, primary);
            }
          };
          await Promise.race([run(), turns(400)]);
          if (after !== Number.POSITIVE_INFINITY)
            files = random.chance(0.5) ? files.afterCrash(random) : files.afterKill();
        }
        expect(answered.size).toBe(6);
      }),
      { numRuns: examples(100) },
    );
  });

  test('a claim that does not follow the newest is refused and closes its link, and no other', async () => {
    const { server, client, link } = await service();
    const other = new StorageClient();
    const second = connect(server, other);
    other.group('g').claim(3, FIRST, () => expect.unreachable());
    other.group('g').claim(0, FIRST, () => expect.unreachable());
    await turns(20);
    expect(second.why).toMatch(/generation 3 of g does not follow 1/);
    expect(link.why).toBeUndefined();
    expect(await claim(client, 2, 'b')).toBe('b');
  });

  test('on a full disk are not answered, and are again when there is room', async () => {
    const { files, client } = await service();
    files.fails.write.push('ENOSPC');
    let answered = false;
    client.group('g').claim(2, FIRST, () => {
      answered = true;
    });
    await turns(50);
    expect(answered).toBe(false);
    expect(await read(client, 2)).toBeUndefined();
    expect(await claim(client, 2, 'b')).toBe('b');
    for (let seed = 0; seed < 10; seed++) {
      connect(await open(files.afterCrash(new Random(`${seed}`))), client);
      expect(await read(client, 2)).toBe('b');
    }
  });
});

describe('groups', () => {
  test('are created once, listed, described and removed', async () => {
    const { files, client } = await service();
    const description = Uint8Array.of(1, 2, 3);
    expect(await client.createGroup('h', FIRST, description)).toBe(true);
    // The answer may have been lost: the same request is granted again, another is not.
    expect(await client.createGroup('h', FIRST, description)).toBe(true);
    expect(await client.createGroup('h', FIRST, NOTHING)).toBe(false);
    expect(await client.createGroup('h', { ...FIRST, primary: 'b' }, description)).toBe(false);
    expect(await client.describe('h')).toEqual(description);
    await client.removeGroup('g');
    connect(await open(files.afterCrash(new Random('x'))), client);
    expect((await client.groups()).map(({ group }) => group)).toEqual(['h']);
    await expect(client.describe('g')).rejects.toThrow(/no group g/);
    expect(await client.createGroup('g', FIRST, NOTHING)).toBe(true);
    await expect(client.createGroup('Bad', FIRST, NOTHING)).rejects.toThrow(/not the name of a group/);
  });

  test('get a disk in pieces, durable at the end and discarded when the link breaks before', async () => {
    const files = new CrashFiles();
    const client = new StorageClient();
    const server = await open(files);
    connect(server, client);
    await client.createGroup('g', FIRST, NOTHING);
    const content = new Random('content').bytes(3_000_000);
    const broken = async function* () {
      yield content;
      connect(server, client);
      yield content;
    };
    await expect(client.uploadDisk('g', 8 << 20, broken())).rejects.toThrow(/replaced/);
    await turns(20);
    expect(files.content('/store/disks/g.disk.part')).toBeUndefined();
    await expect(client.uploadDisk('g', 1 << 20, [content])).rejects.toThrow(/larger than the disk/);
    await expect(client.uploadDisk('g', 1000)).rejects.toThrow(/whole sectors/);
    await client.uploadDisk('g', 8 << 20, [content.subarray(0, 1000), content.subarray(1000)]);
    await expect(client.uploadDisk('g', 8 << 20)).rejects.toThrow(/has a disk/);
    const after = new StorageClient();
    connect(await open(files.afterCrash(new Random('x'))), after);
    const { data } = await perform(after, 1, readOf(Math.floor(3_000_000 / SECTOR_BYTES) - 3, 8));
    const begin = (Math.floor(3_000_000 / SECTOR_BYTES) - 3) * SECTOR_BYTES;
    const expected = new Uint8Array(8 * SECTOR_BYTES);
    expected.set(content.subarray(begin));
    expect(data).toEqual(expected);
  });
});

describe('the disk', () => {
  test('refuses an older generation, and answers everything else', async () => {
    const { client } = await service();
    expect((await perform(client, 1, write(0, 7))).status).toBe(DISK_OK);
    await claim(client, 2, 'b');
    expect((await perform(client, 2, write(0, 8), 1)).status).toBe('refused');
    expect((await perform(client, 2, { operation: 'flush' }, 1)).status).toBe('refused');
    expect((await perform(client, 3, { operation: 'flush' }, 2)).status).toBe(DISK_OK);
    expect((await perform(client, 4, readOf(0), 2)).data[0]).toBe(7);
    expect((await perform(client, 5, readOf(7, 2), 2)).status).toBe(DISK_IOERR);
    expect((await perform(client, 6, write(8, 1), 2)).status).toBe(DISK_IOERR);
    expect(
      (await perform(client, 7, { operation: 'write', sector: 0, data: Uint8Array.of(1) }, 2)).status,
    ).toBe(DISK_IOERR);
  });

  test('fences before a crash and after it', async () => {
    const { files, client } = await service();
    await claim(client, 2, 'b');
    connect(await open(files.afterCrash(new Random('x'))), client);
    expect((await perform(client, 2, write(0, 8), 1)).status).toBe('refused');
  });

  for (const [kind, code] of [
    ['write', 'ENOSPC'],
    ['sync', 'EIO'],
  ] as const)
    test(`answers an I/O error after ${code} of ${kind}, loses nothing, and goes on`, async () => {
      const { files, client } = await service();
      expect((await perform(client, 1, write(0, 1))).status).toBe(DISK_OK);
      files.fails[kind].push(code);
      const both = await Promise.all([perform(client, 2, write(1, 2)), perform(client, 3, write(2, 3))]);
      expect(both.map(({ status }) => status)).toContain(DISK_IOERR);
      // A write that failed was not done: its number may come again.
      for (const [index, { status }] of both.entries())
        if (status === DISK_IOERR)
          expect((await perform(client, 2 + index, write(1 + index, 2 + index))).status).toBe(DISK_OK);
      for (let seed = 0; seed < 10; seed++) {
        const again = new StorageClient();
        connect(await open(files.afterCrash(new Random(`${seed}`))), again);
        const { data } = await perform(again, 9, readOf(0, 3));
        expect([0, 1, 2].map((sector) => data[sector * SECTOR_BYTES])).toEqual([1, 2, 3]);
      }
    });

  test('does each number once, as the disk of the simulator', async () => {
    const act = fc.record({
      id: fc.integer({ min: 1, max: 6 }),
      sector: fc.nat(3),
      together: fc.boolean(),
      fails: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(act, { maxLength: 20 }), async (acts) => {
        const { files, server, client } = await service();
        files.leavesPart = false;
        const scheduler = new Scheduler();
        const model = new Disk(8, scheduler, new Random('model'), true, NOTHING);
        // A second link, so that a repetition while the first is under way is sent.
        const others = [client, new StorageClient()];
        connect(server, others[1]!);
        for (const [index, { id, sector, fails, ...act }] of acts.entries()) {
          // After a failure a number is new: whether two requests meet is then a matter of time.
          const together = act.together && !fails;
          const request = write(sector, index + 1);
          if (fails) files.fails.write.push('ENOSPC');
          model.fullFaults = fails ? 1 : 0;
          const expected: number[] = [];
          for (let n = 0; n < (together ? 2 : 1); n++)
            model.perform(id, request, 0, (status) => expected.push(status));
          while (expected.length < (together ? 2 : 1)) scheduler.step();
          const answers = await Promise.all(
            others.slice(0, together ? 2 : 1).map((one) => perform(one, id, request)),
          );
          expect(answers.map(({ status }) => status)).toEqual(expected);
          files.fails.write.length = 0;
        }
        const { data } = await perform(client, 99, readOf(0, 8));
        expect(data).toEqual(model.content);
      }),
      { numRuns: examples(60) },
    );
  });
});

describe('clients that send anything', () => {
  /** A link to the service without a client, and what came back over it. */
  function raw(server: StorageServer) {
    const [atClient, atServer] = fakeLink(HOST, STORAGE);
    server.serve(atServer);
    const state = { link: atClient as Link, answers: [] as string[], why: undefined as string | undefined };
    atClient.onMessage = (message) => state.answers.push(decode(storageAnswer, message).body.kind);
    atClient.onClose = (why) => {
      state.why = why;
    };
    return state;
  }
  const send = (link: Link, id: number, body: RequestBody) => link.send(encode(storageRequest, { id, body }));

  test('lose their link, and harm nobody', async () => {
    const { server, client, link } = await service();
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 60 }), { maxLength: 10 }), async (messages) => {
        const { link } = raw(server);
        for (const message of messages) link.send(message);
        await turns(3);
      }),
      { numRuns: examples(1000) },
    );
    const valid = encode(storageRequest, {
      id: 1,
      body: { kind: 'claim', group: 'g', generation: 7, record: FIRST },
    });
    await fc.assert(
      fc.asyncProperty(fc.nat(valid.length - 1), fc.nat(255), async (at, byte) => {
        const changed = valid.slice();
        changed[at] = byte;
        raw(server).link.send(changed);
        await turns(2);
      }),
      { numRuns: examples(1000) },
    );
    expect(link.why).toBeUndefined();
    expect((await client.groups()).map(({ group }) => group)).toEqual(['g']);
  });

  test('may have so many requests outstanding, each with its own id', async () => {
    const { server } = await service();
    const many = raw(server);
    for (let id = 0; id < MAX_OUTSTANDING; id++)
      send(many.link, id, { kind: 'read', group: 'g', generation: 1 });
    await turns(10);
    expect([many.answers.length, many.why]).toEqual([MAX_OUTSTANDING, undefined]);
    const twice = raw(server);
    const claim = { kind: 'claim', group: 'g', generation: 2, record: FIRST } as const;
    for (let n = 0; n < 2; n++) send(twice.link, 1, claim);
    await turns(3);
    expect(twice.why).toBe(undefined);
  });

  test('are answered "refused" for a group that does not exist', async () => {
    const { server } = await service();
    const { link, answers } = raw(server);
    send(link, 1, { kind: 'read', group: 'x', generation: 1 });
    send(link, 2, { kind: 'claim', group: 'x', generation: 1, record: FIRST });
    send(link, 3, { kind: 'disk-flush', group: 'x', generation: 1 });
    send(link, 4, { kind: 'disk-create', group: 'x', sizeBytes: 512 });
    send(link, 5, { kind: 'disk-piece', group: 'g', position: 0, data: NOTHING });
    await turns(10);
    expect(answers).toEqual(Array(5).fill('refused'));
  });

  test('close their link with a disk operation of a generation to come, or below its low-water mark', async () => {
    const { server } = await service();
    const future = raw(server);
    send(future.link, 1, { kind: 'disk-flush', group: 'g', generation: 2 });
    const below = raw(server);
    const data = new Uint8Array(SECTOR_BYTES);
    send(below.link, 1, {
      kind: 'disk-write',
      group: 'g',
      generation: 1,
      number: 3,
      lowWater: 4,
      sector: 0,
      data,
    });
    await turns(10);
    expect([future.why, below.why]).toEqual([
      expect.stringMatching(/generation 2 of g, which does not exist/),
      expect.stringMatching(/below its low-water mark/),
    ]);
  });
});
