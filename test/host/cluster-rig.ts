/** A cluster in one process, for tests: hosts, storage and switch, each with links of its own. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { HostName, ReplicaEvent } from '../../src/ft/effects.ts';
import type { ServiceAddress } from '../../src/host/address.ts';
import { EvidenceDirectory } from '../../src/host/evidence/directory.ts';
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
import { MemoryJournal } from './switch-rig.ts';
import { atEnd, dialer, KEY, until } from './wire-parts.ts';

export const GROUP = 'g1';
const NAMES = ['a', 'b', 'c'];
const identity = (role: ProcessRole, name: string): Identity => ({ role, name, bootId: newBootId() });
/**
 * These hosts share a thread: while one copies its machine, all are silent. A failed one closes its connections, which
 * the others notice at once.
 */
const tuning = { suspectNs: 5e9 };
const accepting = { address: '127.0.0.1', port: 0, key: KEY, log: () => {} };

/** One host's process, and control's link to it. */
export class TestHost {
  readonly events: ReplicaEvent[] = [];
  private process!: HostProcess;
  private client: HostClient | undefined;
  readonly directory = mkdtempSync(join(tmpdir(), 'vmft-'));

  constructor(
    readonly name: HostName,
    private readonly services: { storage: ServiceAddress; switch: ServiceAddress },
    private readonly evidence?: string,
  ) {
    atEnd(() => rmSync(this.directory, { recursive: true, force: true }));
  }

  async open(port = 0): Promise<PeerAddress> {
    this.process = await HostProcess.open({
      ...{ self: identity('host', this.name), domain: this.name, directory: this.directory, key: KEY },
      ...{ address: '127.0.0.1', port, random: { below: () => 0 }, log: () => {} },
      ...this.services,
      ...{ evidence: this.evidence, tuning },
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

/**
 * A cluster of three hosts, and what a terminal at its console shows. `evidence`: a directory for it. `disk`: the
 * initial content of the VM's disk.
 */
export async function cluster(
  description: MachineDescription,
  { evidence, disk }: { evidence?: string; disk?: Uint8Array } = {},
) {
  const directory = mkdtempSync(join(tmpdir(), 'vmft-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const { storageEvidence, edgeEvidence, closed } = evidenceIn(evidence);
  const storage = await StorageServer.open(directory, { evidence: storageEvidence });
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
  const edge = new EdgeServer({
    persist: new MemoryJournal(),
    nowMs: () => performance.now(),
    failed,
    evidence: edgeEvidence,
  });
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
  const hosts = NAMES.map((name) => new TestHost(name, services, evidence));
  const addresses = await Promise.all(hosts.map((host) => host.open()));
  const first = { primary: 'a', backups: ['b'] };
  const control = new StorageClient();
  const up = dialer(storageLinks.port, {
    self: identity('control', 'up'),
    onUp: (link) => control.attach(link),
  });
  await until(() => up.dialer.link !== undefined);
  expect(await control.createGroup(GROUP, first, new Uint8Array(0))).toBe(true);
  if (disk) await control.uploadDisk(GROUP, disk.length, [disk]);
  const group: GroupDescription = {
    ...{ group: GROUP, hosts: addresses, first, backups: 1 },
    ...{ replication: 'lockstep', disk: 'shared', machine: description },
  };
  for (const host of hosts) await host.ask({ kind: 'prepare', description: group });
  for (const host of hosts) await host.ask({ kind: 'run', group: GROUP });
  /** Ends everything in order: the evidence is complete. */
  const end = async () => {
    await Promise.all(hosts.map((host) => host.crash()));
    await closed();
  };
  return { hosts, group, terminal, edge, directory, shown: () => shown, end };
}

/** The evidence of storage and switch. */
function evidenceIn(directory: string | undefined) {
  const of = (role: 'storage' | 'switch') =>
    directory === undefined ? undefined : new EvidenceDirectory(directory, role, role, () => {});
  const [storageEvidence, edgeEvidence] = [of('storage'), of('switch')];
  const closed = async () => {
    await storageEvidence?.close();
    await edgeEvidence?.close();
  };
  return { storageEvidence, edgeEvidence, closed };
}
