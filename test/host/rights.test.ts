/** Who may ask what of the storage service. */
import { describe, expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { rightsOf } from '../../src/host/storage/rights.ts';
import { type RequestBody, storageRequest } from '../../src/host/storage/storage-messages.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import type { Identity, ProcessRole } from '../../src/host/wire/link.ts';
import { CrashFiles } from './crash-files.ts';
import { fakeLink } from './fake-link.ts';
import { settle } from './switch-rig.ts';

const FIRST = { primary: 'a', backups: ['b'] };
const NOTHING = new Uint8Array(0);
const group = 'g';
const create: RequestBody = { kind: 'create', group, record: FIRST, description: NOTHING };
const claim = (primary: string, generation = 2): RequestBody => ({
  ...{ kind: 'claim', group, generation, record: { primary, backups: [] } },
});
const write: RequestBody = {
  ...{
    kind: 'disk-write',
    group,
    generation: 1,
    number: 1,
    lowWater: 0,
    sector: 0,
    data: new Uint8Array(512),
  },
};

/** A service with a group, and what one client's requests lead to: why its link was closed. */
async function service() {
  const server = await StorageServer.open('/store', { files: new CrashFiles() });
  const ask = async (
    role: ProcessRole,
    name: string,
    ...bodies: RequestBody[]
  ): Promise<string | undefined> => {
    const self: Identity = { role, name, bootId: 1n };
    const [atClient, atServer] = fakeLink(self, { role: 'storage', name: 's', bootId: 1n });
    server.serve(atServer, rightsOf(self));
    let why: string | undefined;
    atClient.onClose = (said) => {
      why = said;
    };
    for (const [id, body] of bodies.entries()) {
      atClient.send(encode(storageRequest, { id, body }));
      await settle(60);
    }
    return why;
  };
  const upload: RequestBody[] = [
    { kind: 'disk-create', group, sizeBytes: 4096 },
    { kind: 'disk-finish', group },
  ];
  expect(await ask('control', 'up', create, ...upload)).toBeUndefined();
  return ask;
}

describe('the storage service', () => {
  test('lets a host claim, read and write for itself', async () => {
    const ask = await service();
    expect(await ask('host', 'a', write)).toBeUndefined();
    expect(await ask('host', 'b', claim('b'), { ...write, generation: 2 } as RequestBody)).toBeUndefined();
    // Evicted, and not wrong: it does not know yet.
    expect(await ask('host', 'a', { ...write, number: 2 } as RequestBody)).toBeUndefined();
    expect(await ask('host', 'a', claim('a'))).toBeUndefined();
  });

  test.each<[string, ProcessRole, string, RequestBody, string]>([
    ['a host', 'host', 'b', claim('a'), 'for another host'],
    ['a host that the newest record does not name', 'host', 'c', claim('c'), 'does not name'],
    ['a backup', 'host', 'b', write, 'whose primary is a'],
    ['a host', 'host', 'a', create, 'a host may not ask for "create"'],
    ['a host', 'host', 'a', { kind: 'remove', group }, 'a host may not ask for "remove"'],
    ['control', 'control', 'up', claim('up'), 'a control may not ask for "claim"'],
    ['control', 'control', 'a', write, 'a control may not ask for "disk-write"'],
    ['a terminal', 'terminal', 't', { kind: 'groups' }, 'a terminal may not ask'],
  ])('closes the link of %s (%s %s) that has no right to what it asks', async (_, role, name, body, why) => {
    const ask = await service();
    expect(await ask(role, name, body)).toContain(why);
    expect(await ask('host', 'a', write)).toBeUndefined();
  });
});
