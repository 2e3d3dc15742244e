/** A protected VM on real sockets and clocks: hosts, storage and switch in one process, each with links of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HostName, ReplicaEvent } from '../../src/ft/effects.ts';
import type { ServiceAddress } from '../../src/host/address.ts';
import { HostClient } from '../../src/host/host-client.ts';
import type { GroupDescription, GroupStatus, HostAnswer, HostRequest } from '../../src/host/host-messages.ts';
import { HostProcess } from '../../src/host/host-process.ts';
import type { PeerAddress } from '../../src/host/peers.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import { ConsoleClient } from '../../src/host/switch/console-client.ts';
import { ConsoleServer } from '../../src/host/switch/console-server.ts';
import { EdgeServer } from '../../src/host/switch/edge-server.ts';
import { newBootId } from '../../src/host/wire/identity.ts';
import type { Identity, ProcessRole } from '../../src/host/wire/link.ts';
import { listen } from '../../src/host/wire/listener.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import { guest } from '../sim/support.ts';
import { MemoryJournal } from './switch-rig.ts';
import { atEnd, dialer, KEY, until } from './wire-parts.ts';

const GROUP = 'g1';
const NAMES = ['a', 'b', 'c'];
const identity = (role: ProcessRole, name: string): Identity => ({ role, name, bootId: newBootId() });
const accepting = { address: '127.0.0.1', port: 0, key: KEY, log: () => {} };

/** One host's process, and control's link to it. */
class TestHost {
  readonly events: ReplicaEvent[] = [];
  private process!: HostProcess;
  private client: HostClient | undefined;
  readonly directory = mkdtempSync(join(tmpdir(), 'vmft-'));

  constructor(
    readonly name: HostName,
    private readonly services: { storage: ServiceAddress; switch: ServiceAddress },
  ) {
    atEnd(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  async open(port = 0): Promise<PeerAddress> {
    this.process = await HostProcess.open({
      ...{ self: identity('host', this.name), domain: this.name, directory: this.directory, key: KEY },
      ...{ address: '127.0.0.1', port, random: { below: () => 0 }, log: () => {} },
      ...this.services,
      onEvent: (_, event) => this.events.push(event),
    });
    atEnd(() => this.process.close());
    const before = this.client;
    dialer(this.process.port, {
      self: identity('control', 'up'),
      onUp: (link) => {
        this.client = new HostClient(link);
      },
    });
    await until(() => this.client !== before);
    await until(() => this.process.status.hasStorage && this.process.status.hasSwitch);
    return this.address;
  }

  get address(): PeerAddress {
    return { name: this.name, address: '127.0.0.1', port: this.process.port };
  }

  ask(body: HostRequest['body']): Promise<HostAnswer['body']> {
    return this.client!.ask(body);
  }

  /** What it says of the group. */
  async status(): Promise<GroupStatus> {
    return (await this.client!.status()).groups[0]!;
  }

  happened(kind: ReplicaEvent['kind']): boolean {
    return this.events.some((event) => event.kind === kind);
  }

  /** The host fails: nothing leaves it any more, and its connections break. */
  crash(): Promise<void> {
    return this.process.close();
  }
}

/** A cluster of three hosts, and what a terminal at its console shows. */
async function cluster(description: MachineDescription) {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const storage = await StorageServer.open(directory);
  atEnd(() => storage.close());
  const storageLinks = await listen({
    ...accepting,
    self: identity('storage', 's'),
    accept: (link) => storage.serve(link),
  });
  atEnd(() => storageLinks.close());
  const failed = (error: Error) => {
    throw error;
  };
  const edge = new EdgeServer({ persist: new MemoryJournal(), nowMs: () => performance.now(), failed });
  const consoles = new ConsoleServer(edge);
  edge.open(GROUP);
  const switchLinks = await listen({
    ...accepting,
    self: identity('switch', 'w'),
    accept: (link) => (link.peer.role === 'host' ? edge : consoles).serve(link),
  });
  atEnd(() => switchLinks.close());

  let shown = '';
  const terminal = new ConsoleClient({
    ...{ group: GROUP, session: 1n, gap: () => {}, broken: () => {} },
    output: (data) => {
      shown += new TextDecoder().decode(data);
    },
  });
  dialer(switchLinks.port, { self: identity('terminal', 't'), onUp: (link) => terminal.attach(link) });

  const local = (port: number) => ({ address: '127.0.0.1', port });
  const services = { storage: local(storageLinks.port), switch: local(switchLinks.port) };
  const hosts = NAMES.map((name) => new TestHost(name, services));
  const addresses = await Promise.all(hosts.map((host) => host.open()));
  const first = { primary: 'a', backups: ['b'] };
  const control = new StorageClient();
  const up = dialer(storageLinks.port, {
    self: identity('control', 'up'),
    onUp: (link) => control.attach(link),
  });
  await until(() => up.dialer.link !== undefined);
  expect(await control.createGroup(GROUP, first, new Uint8Array(0))).toBe(true);
  const group: GroupDescription = {
    ...{ group: GROUP, hosts: addresses, first, backups: 1 },
    ...{ replication: 'lockstep', disk: 'shared', machine: description },
  };
  for (const host of hosts) await host.ask({ kind: 'prepare', description: group });
  for (const host of hosts) await host.ask({ kind: 'run', group: GROUP });
  return { hosts, group, terminal, shown: () => shown };
}

test('the bank goes on when its primaries fail, with every receipt once and in order', async () => {
  const { description, input } = guest('bank');
  const { hosts, terminal, shown } = await cluster(description);
  const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
  const text = new TextDecoder().decode(input);
  const half = text.indexOf('\n', text.length / 2) + 1;
  void terminal.type(new TextEncoder().encode(text.slice(0, 40)));
  await until(() => shown().includes('#1 '));
  await a.crash();
  await until(() => b.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(40, half)));
  // The spare becomes a backup, and then the primary.
  await until(() => c.happened('following'));
  while (!(await b.status()).record.backups.includes('c'));
  await b.crash();
  await until(() => c.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(half)));
  await until(() => c.happened('off'));
  const receipts = [...shown().matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
  expect(receipts.length).toBeGreaterThan(3);
  expect(receipts).toEqual(receipts.map((_, index) => index + 1));
});

test('a host that has restarted does not boot the VM again: it is a spare, and becomes the backup', async () => {
  const { description, input } = guest('bank');
  const { hosts, group, terminal, shown } = await cluster(description);
  const [a, b, c] = hosts as [TestHost, TestHost, TestHost];
  await expect(a.ask({ kind: 'prepare', description: group })).rejects.toThrow(
    'host a runs group g1 already',
  );
  await expect(a.ask({ kind: 'command', group: 'other', command: { kind: 'reset' } })).rejects.toThrow(
    'does not run group other',
  );
  await expect(b.ask({ kind: 'command', group: GROUP, command: { kind: 'reset' } })).rejects.toThrow(
    'host b is not the primary of g1, but a backup; try a',
  );
  // Nobody else can take its place.
  await c.ask({ kind: 'remove', group: GROUP });
  const text = new TextDecoder().decode(input);
  void terminal.type(new TextEncoder().encode(text.slice(0, 40)));
  await until(() => shown().includes('#1 '));
  const { port } = a.address;
  await a.crash();
  await until(() => b.happened('live'));
  a.events.length = 0;
  await a.open(port);
  await expect(a.ask({ kind: 'prepare', description: group })).rejects.toThrow(
    'host a runs group g1 already',
  );
  await until(() => a.happened('following'));
  while (!(await b.status()).record.backups.includes('a'));
  await b.ask({ kind: 'command', group: GROUP, command: { kind: 'switch-over', to: 'a' } });
  await until(() => a.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(40)));
  await until(() => a.happened('off'));
  const receipts = [...shown().matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
  expect(receipts).toEqual(receipts.map((_, index) => index + 1));
});
