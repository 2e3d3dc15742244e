/** What other hosts and control can do to a host: not more than to end their own link, or their own group. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { encode } from '../../src/base/codec.ts';
import { encodeMessage, type Message } from '../../src/ft/messages.ts';
import { HostClient } from '../../src/host/host-client.ts';
import type { GroupDescription } from '../../src/host/host-messages.ts';
import { HostProcess } from '../../src/host/host-process.ts';
import { addressed } from '../../src/host/peers.ts';
import { newBootId } from '../../src/host/wire/identity.ts';
import type { Link } from '../../src/host/wire/link.ts';
import { guest } from '../sim/support.ts';
import { atEnd, dialer, KEY, until, who } from './wire-parts.ts';

const NOWHERE = { address: '127.0.0.1', port: 9 };

/** A host whose storage and switch can't be reached, and control's link to it. */
async function host(directory = mkdtempSync(join(tmpdir(), 'vmft-'))) {
  const lines: string[] = [];
  const events: string[] = [];
  const process = await HostProcess.open({
    ...{ self: { role: 'host', name: 'm', bootId: newBootId() }, domain: 'm', directory, key: KEY },
    ...{ address: '127.0.0.1', port: 0, random: { below: () => 0 }, log: (line) => lines.push(line) },
    ...{ storage: NOWHERE, switch: NOWHERE, onEvent: (group, { kind }) => events.push(`${group} ${kind}`) },
  });
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  atEnd(() => process.close());
  const client = new HostClient(await link(process, 'control', 'up'));
  return { process, client, lines, events, directory };
}

async function link(process: HostProcess, role: 'host' | 'control', name: string): Promise<Link> {
  const { ups } = dialer(process.port, { self: who(role, name, newBootId()) });
  await until(() => ups.length > 0);
  return ups[0]!;
}

/** A group on the host `m` and another one. */
const group = (name: string, { port }: HostProcess, other: string): GroupDescription => ({
  ...{
    group: name,
    first: { primary: 'm', backups: [other] },
    backups: 1,
    replication: 'lockstep',
    disk: 'shared',
  },
  hosts: [
    { name: 'm', address: '127.0.0.1', port },
    { name: other, ...NOWHERE },
  ],
  machine: guest('bank').description,
});

const send = (to: Link, name: string, message: Message) =>
  to.send(encode(addressed, { group: name, bytes: encodeMessage(message) }));
/** An acknowledgement of entries that there are not: no correct backup sends it. */
const IMPOSSIBLE: Message = { kind: 'ack', generation: 1, received: 0, consumed: 10 ** 6, icount: 0 };

test('a replica that fails at a message takes no other with it, and starts again as a spare', async () => {
  const { process, client, lines, events } = await host();
  for (const [name, other] of [
    ['one', 'b'],
    ['two', 'c'],
  ] as const) {
    await client.ask({ kind: 'prepare', description: group(name, process, other) });
    await client.ask({ kind: 'run', group: name });
  }
  const b = await link(process, 'host', 'b');
  send(b, 'one', IMPOSSIBLE);
  await until(() => events.filter((event) => event === 'one booted').length === 2);
  expect(lines.filter((line) => line.includes('group one: its replica here has failed'))).toHaveLength(1);
  const { groups } = await client.status();
  expect(groups.map(({ group: name, role }) => `${name} ${role}`).sort()).toEqual([
    'one spare',
    'two primary',
  ]);
});

test('what a host says of a group of which it is none is not heard', async () => {
  const { process, client, lines } = await host();
  await client.ask({ kind: 'prepare', description: group('one', process, 'b') });
  await client.ask({ kind: 'run', group: 'one' });
  const c = await link(process, 'host', 'c');
  send(c, 'one', IMPOSSIBLE);
  // An answer over another link does not say that the message was received: a message that is none does.
  let why: string | undefined;
  c.onClose = (said) => {
    why = said;
  };
  c.send(Uint8Array.of(1));
  await until(() => why !== undefined);
  expect((await client.status()).groups[0]!.role).toBe('primary');
  expect(lines.join('\n')).not.toContain('has failed');
});

test('links of hosts that no group names leave nothing behind', async () => {
  const { process, client } = await host();
  await client.ask({ kind: 'prepare', description: group('one', process, 'b') });
  const many = await Promise.all(
    Array.from({ length: 40 }, (_, index) => link(process, 'host', `a${index}`)),
  );
  await link(process, 'host', 'b');
  // More than a status has room for.
  await until(() => process.status.connected.length > 0);
  expect((await client.status()).connected).toEqual(['b']);
  for (const one of many) one.close('enough');
});

test('a machine that is none is refused, and forgotten', async () => {
  const { process, client, directory } = await host();
  const good = group('one', process, 'b');
  const bad: [GroupDescription, string][] = [
    [{ ...good, machine: { ...good.machine, memorySizeBytes: 4097 } }, "can't make the machine of one"],
    [{ ...good, machine: { ...good.machine, memorySizeBytes: 2 ** 50 } }, "can't make the machine of one"],
    [{ ...good, hosts: good.hosts.map((one) => ({ ...one, port: 70_000 })) }, 'ports are 1 to 65535'],
    [{ ...good, hosts: good.hosts.map((one) => ({ ...one, address: '' })) }, 'has no address'],
    [{ ...good, hosts: good.hosts.slice(1) }, 'm is not one of its hosts'],
    [{ ...good, hosts: [...good.hosts, good.hosts[1]!] }, 'have the same name'],
    [{ ...good, hosts: [...good.hosts, { name: 'switch', ...NOWHERE }] }, 'is not the name of a host'],
    [{ ...good, first: { primary: 'm', backups: ['m'] } }, 'named twice'],
    [{ ...good, backups: 2 }, 'no room for 2 backups'],
  ];
  for (const [description, why] of bad)
    await expect(client.ask({ kind: 'prepare', description }), why).rejects.toThrow(why);
  expect(readdirSync(directory)).toEqual([]);
  expect(process.status.groups).toEqual([]);
  await client.ask({ kind: 'prepare', description: good });
  expect(readdirSync(directory)).toEqual(['one.group', 'one.image']);
});

test('a command that no machine can carry out is refused', async () => {
  const { process, client } = await host();
  await client.ask({ kind: 'prepare', description: group('one', process, 'b') });
  await client.ask({ kind: 'run', group: 'one' });
  for (const command of [
    { kind: 'speed', perMille: 0 },
    { kind: 'speed', perMille: 1001 },
    { kind: 'memory', sizeBytes: (64 << 20) + 1 },
    { kind: 'memory', sizeBytes: 2 ** 52 },
  ] as const)
    await expect(client.ask({ kind: 'command', group: 'one', command })).rejects.toThrow(/speed|memory/);
  expect((await client.status()).groups[0]!.role).toBe('primary');
});

test('control that asks without awaiting answers loses its link', async () => {
  const { process } = await host();
  const control = await link(process, 'control', 'hasty');
  const client = new HostClient(control);
  const asked = Array.from({ length: 1000 }, (_, index) =>
    client.ask({ kind: 'prepare', description: group(`g${index}`, process, 'b') }),
  );
  const results = await Promise.allSettled(asked);
  expect(results.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  expect(process.status.groups.length).toBeLessThanOrEqual(64);
});
