/** A protected VM on real sockets and clocks: hosts, storage and switch in one process, each with links of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { HostName, ReplicaEvent } from '../../src/ft/effects.ts';
import { GroupHost, realTuning } from '../../src/host/group-host.ts';
import { Peers } from '../../src/host/peers.ts';
import { StorageClient } from '../../src/host/storage/storage-client.ts';
import { StorageServer } from '../../src/host/storage/storage-server.ts';
import { ConsoleClient } from '../../src/host/switch/console-client.ts';
import { ConsoleServer } from '../../src/host/switch/console-server.ts';
import { EdgeClient } from '../../src/host/switch/edge-client.ts';
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

/** One host's process: its links, and the replica of the group. */
class TestHost {
  readonly events: ReplicaEvent[] = [];
  host!: GroupHost;
  peers!: Peers;
  private readonly closing: (() => unknown)[] = [];

  constructor(readonly name: HostName) {}

  async open(storagePort: number, switchPort: number): Promise<number> {
    const self = identity('host', this.name);
    const links = await listen({ ...accepting, self, accept: (link) => this.peers.accept(link) });
    this.peers = await Peers.open({
      ...{
        self,
        key: KEY,
        address: '127.0.0.1',
        port: links.port,
        random: { below: () => 0 },
        log: () => {},
      },
      received: (_, from, bytes) => this.host?.deliver({ kind: 'message', from, bytes }),
      restored: (peer) => this.host?.deliver({ kind: 'reset', peer }),
    });
    const storage = dialer(storagePort, { self, onUp: (link) => this.storage.attach(link) });
    const edge = dialer(switchPort, {
      self,
      onUp: (link) => {
        this.edge.attach(link);
        this.host?.deliver({ kind: 'reset', peer: 'switch' });
      },
    });
    this.closing.push(
      () => links.close(),
      () => storage.dialer.close(),
      () => edge.dialer.close(),
      () => this.peers.close(),
    );
    await until(() => storage.dialer.link !== undefined && edge.dialer.link !== undefined);
    return links.port;
  }

  readonly storage = new StorageClient();
  private readonly edge = new EdgeClient(() => {});

  /** Runs a replica of the group. */
  run(role: 'primary' | 'backup' | 'spare', description: MachineDescription): void {
    const transport = this.peers.transport(GROUP);
    const port = this.edge.port(GROUP);
    const store = this.storage.group(GROUP);
    this.host = new GroupHost({
      ...{ name: this.name, domain: this.name, load: 0, hosts: NAMES, description, role, backups: 1 },
      ...{ replication: 'lockstep', disk: 'shared', tuning: realTuning, unsafe: new Set() },
      record: { primary: 'a', backups: ['b'] },
      ports: {
        transport: {
          stream: (to, bytes) => transport.stream(to, bytes),
          datagram: (to, bytes) => transport.datagram(to, bytes),
          restored: (peer) => (peer === 'switch' ? port.restored() : transport.restored(peer)),
        },
        generations: store,
        edge: port,
        disk: store,
      },
      onEvent: (event) => this.events.push(event),
      stuck: () => {},
      stopped: () => {},
    });
  }

  happened(kind: ReplicaEvent['kind']): boolean {
    return this.events.some((event) => event.kind === kind);
  }

  /** The host fails: nothing leaves it any more, and its connections break. */
  async crash(): Promise<void> {
    this.host.close();
    for (const close of this.closing.splice(0)) await close();
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
  dialer(switchLinks.port, { self: identity('control', 't'), onUp: (link) => terminal.attach(link) });

  const hosts = NAMES.map((name) => new TestHost(name));
  atEnd(async () => {
    for (const host of hosts) await host.crash();
  });
  const ports = await Promise.all(hosts.map((host) => host.open(storageLinks.port, switchLinks.port)));
  for (const { name, peers } of hosts)
    for (const [index, other] of NAMES.entries())
      if (other !== name) peers.add({ name: other, address: '127.0.0.1', port: ports[index]! });
  await until(() => hosts.every(({ peers }) => peers.connected.length === 2));
  await hosts[0]!.storage.createGroup(GROUP, { primary: 'a', backups: ['b'] }, new Uint8Array(0));
  for (const [index, role] of (['primary', 'backup', 'spare'] as const).entries())
    hosts[index]!.run(role, description);
  // The backup listens before the primary sends.
  for (const { host } of hosts.toReversed()) host.start();
  return { hosts, terminal, shown: () => shown };
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
  await until(() => c.happened('following') && b.host.replica.record.backups.includes('c'));
  await b.crash();
  await until(() => c.happened('live'));
  void terminal.type(new TextEncoder().encode(text.slice(half)));
  await until(() => c.happened('off'));
  const receipts = [...shown().matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));
  expect(receipts.length).toBeGreaterThan(3);
  expect(receipts).toEqual(receipts.map((_, index) => index + 1));
});
