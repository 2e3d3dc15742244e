/** `kill -9` of the storage process while a client writes: everything that was answered is there afterwards. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Random } from '../../src/base/random.ts';
import { DISK_OK, SECTOR_BYTES } from '../../src/devices/device.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import type { Link } from '../../src/host/wire/link.ts';
import { thorough } from '../thorough.ts';

const SECTORS = 64;
let scratch = '';
let program = '';

beforeAll(async () => {
  scratch = await mkdtemp(join(tmpdir(), 'vmft-storage-'));
  program = join(scratch, 'child.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'storage-child.ts')],
    outfile: program,
    bundle: true,
    platform: 'node',
    format: 'esm',
  });
});
afterAll(() => rm(scratch, { recursive: true, force: true }));

async function start(directory: string): Promise<ChildProcess> {
  const child = fork(program, [directory], { serialization: 'advanced', execArgv: [] });
  const ended = once(child, 'exit').then(() => Promise.reject(new Error('the service did not start')));
  await Promise.race([once(child, 'message'), ended]);
  ended.catch(() => {});
  return child;
}

/** The link to a process, which breaks when it ends. */
function linkTo(child: ChildProcess): Link {
  const link: Link = {
    peer: { role: 'storage', name: 's', bootId: 1n },
    onMessage: () => {},
    onClose: () => {},
    queuedBytes: 0,
    send: (message) => child.connected && child.send(message),
    close: () => child.disconnect(),
  };
  child.on('message', (message) => link.onMessage(message as Uint8Array));
  child.on('exit', () => link.onClose('the process has ended'));
  child.on('error', () => {});
  return link;
}

test('keeps every record and every write that it has answered', async () => {
  const directory = join(scratch, 'store');
  const client = new StorageClient();
  const random = new Random('killed');
  /** What each sector holds: the number of its last write that was answered, and those of later ones. */
  const answered = new Array<number>(SECTORS).fill(0);
  const open = Array.from({ length: SECTORS }, (): { id: number; fill: number } | undefined => undefined);
  let generation = 1;
  let claimed = 1;
  let id = 0;

  const write = (sector: number) => {
    open[sector] ??= { id: ++id, fill: id % 251 };
    const { id: number, fill } = open[sector]!;
    const lowWater = Math.min(...open.flatMap((one) => (one ? [one.id] : [])));
    const data = new Uint8Array(SECTOR_BYTES).fill(fill);
    client
      .group('g')
      .perform(
        { do: 'disk', id: number, request: { operation: 'write', sector, data }, generation, lowWater },
        (status) => {
          if (open[sector]?.id !== number) return;
          // Fenced, while the answer to a claim is under way: issued again in the new generation.
          if (status === 'refused') return void setTimeout(() => writing && write(sector), 1);
          expect(status).toBe(DISK_OK);
          answered[sector] = fill;
          open[sector] = undefined;
          if (writing) write(random.below(SECTORS));
        },
      );
  };
  let writing = false;

  for (let round = 0; round < thorough(4, 20); round++) {
    const child = await start(directory);
    client.attach(linkTo(child));
    if (round === 0) {
      await client.createGroup('g', { primary: 'a', backups: [] }, new Uint8Array(0));
      await client.uploadDisk('g', SECTORS * SECTOR_BYTES);
    }
    writing = true;
    for (const [sector, one] of open.entries()) if (one) write(sector);
    while (open.filter(Boolean).length < 8) write(random.below(SECTORS));
    const claims = (next: number) =>
      client.group('g').claim(next, { primary: `r${round}`, backups: [] }, () => {
        claimed = generation = next;
        if (writing) claims(next + 1);
      });
    claims(claimed + 1);
    const before = id;
    while (id < before + 50 + random.below(300)) await new Promise((resolve) => setTimeout(resolve, 1));
    writing = false;
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  const child = await start(directory);
  await expect(StorageServer.open(directory)).rejects.toThrow(/in use by another storage service/);
  client.attach(linkTo(child));
  const [group] = await client.groups();
  expect(group!.generation).toBeGreaterThanOrEqual(claimed);
  generation = group!.generation;
  const content = await new Promise<Uint8Array>((resolve) =>
    client.group('g').perform(
      {
        do: 'disk',
        id: ++id,
        request: { operation: 'read', sector: 0, sizeBytes: SECTORS * SECTOR_BYTES },
        generation,
        lowWater: 0,
      },
      (_, data) => resolve(data),
    ),
  );
  for (let sector = 0; sector < SECTORS; sector++) {
    const found = content[sector * SECTOR_BYTES]!;
    expect([answered[sector], open[sector]?.fill], `sector ${sector}`).toContain(found);
  }
  child.kill('SIGKILL');
  await once(child, 'exit');
});
