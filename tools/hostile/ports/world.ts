/** A cluster in one process, with every port that one has: three hosts, storage, switch, figures and a network. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GenerationRecord } from '../../../src/ft/effects.ts';
import { HostClient } from '../../../src/host/host-client.ts';
import type { GroupDescription } from '../../../src/host/host-messages.ts';
import { HostProcess } from '../../../src/host/host-process.ts';
import { HostMetrics, serveMetrics } from '../../../src/host/metrics.ts';
import { StorageClient } from '../../../src/host/storage/storage-client.ts';
import { StorageProcess } from '../../../src/host/storage-process.ts';
import { SwitchProcess } from '../../../src/host/switch-process.ts';
import { Dialer } from '../../../src/host/wire/dialer.ts';
import { newBootId } from '../../../src/host/wire/identity.ts';
import type { ClusterKey } from '../../../src/host/wire/key.ts';
import type { Link, ProcessRole } from '../../../src/host/wire/link.ts';
import type { MachineDescription } from '../../../src/vmm/description.ts';
import { ADDRESS } from './links.ts';
import { BANK, EVIL, EVIL_GROUPS, type Ports, SHARED } from './targets.ts';

const NAMES = ['a', 'b', 'c'] as const;
const NOTHING = new Uint8Array(0);
/** The host that uses {@link SHARED}. */
export const WITNESS = 'w1';
export const SHARED_BYTES = 64 << 10;

/** See the head of this file. */
export class World {
  readonly key: ClusterKey = new Uint8Array(randomBytes(32));
  /** Lines that the services have logged. */
  readonly lines: string[] = [];
  /** Why a service is of no use any more. */
  readonly failures: Error[] = [];
  /** What happened to the replicas of the attacked host in the groups of the hostile member, by kind of event. */
  readonly events = new Map<string, number>();
  ports!: Ports;
  private readonly directory = mkdtempSync(join(tmpdir(), 'vmft-hostile-'));
  private readonly closing: (() => unknown)[] = [];

  private constructor(private readonly machine: MachineDescription) {}

  /** Starts all services, and the bank's VM on `a`, backed up by `b`. The port of `a` is the one to attack. */
  static async open(machine: MachineDescription): Promise<World> {
    const world = new World(machine);
    try {
      await world.begin();
    } catch (error) {
      await world.close();
      throw error;
    }
    return world;
  }

  /** A dialer that lasts as long as this. */
  dial(port: number, role: ProcessRole, name: string, onUp: (link: Link) => void): Dialer {
    const self = { role, name, bootId: newBootId() };
    const dialer = new Dialer({
      address: ADDRESS,
      port,
      key: this.key,
      self,
      random: { below: () => 0 },
      onUp,
    });
    this.closing.push(() => dialer.close());
    return dialer;
  }

  /** Called when this closes. */
  atEnd(close: () => unknown): void {
    this.closing.push(close);
  }

  private service(role: ProcessRole, name: string) {
    return {
      ...{ self: { role, name, bootId: newBootId() }, key: this.key, address: ADDRESS, port: 0 },
      ...{
        directory: join(this.directory, name),
        log: (line: string) => this.lines.push(`${name}: ${line}`),
      },
    };
  }

  private async begin(): Promise<void> {
    const storage = await StorageProcess.open(this.service('storage', 'storage'));
    this.closing.push(() => storage.close());
    const [metrics, stream] = [await freePort(), await freePort()];
    const streams = [{ host: ADDRESS, port: stream }];
    const edge = await SwitchProcess.open({
      ...this.service('switch', 'switch'),
      networks: [{ group: BANK, forwards: [], outside: false, taps: [], streams }],
      passtDirectory: join(this.directory, 'passt'),
      failed: (error) => this.failures.push(error),
    });
    this.closing.push(() => edge.close());
    const hosts = await Promise.all(
      NAMES.map(async (name) => {
        const host = await HostProcess.open({
          ...{ ...this.service('host', name), domain: name, random: { below: () => 0 } },
          storage: { address: ADDRESS, port: storage.port },
          switch: { address: ADDRESS, port: edge.port },
          onEvent: (group, { kind }) => {
            if (group === BANK) return;
            const what = `replica of ${group}: ${kind}`;
            this.events.set(what, (this.events.get(what) ?? 0) + 1);
          },
        });
        this.closing.push(() => host.close());
        return { name, address: ADDRESS, port: host.port, host };
      }),
    );
    const [a] = hosts as [(typeof hosts)[0]];
    const figures = await serveMetrics(new HostMetrics(() => a.host.status.groups).registry, {
      address: ADDRESS,
      port: metrics,
    });
    this.closing.push(() => figures.close());
    this.ports = { host: a.port, storage: storage.port, switch: edge.port, metrics, stream };
    await this.startGroups(hosts);
  }

  private async startGroups(
    hosts: readonly { name: string; address: string; port: number }[],
  ): Promise<void> {
    const { machine, ports } = this;
    const storage = await new Promise<StorageClient>((resolve) => {
      const client = new StorageClient();
      this.dial(ports.storage, 'control', 'up', (link) => {
        client.attach(link);
        resolve(client);
      });
    });
    await storage.createGroup(SHARED, { primary: WITNESS, backups: [] }, NOTHING);
    await storage.uploadDisk(SHARED, SHARED_BYTES);
    const others = hosts.map(({ name, address, port }) => ({ name, address, port }));
    const alone = [others[0]!, { name: EVIL, address: ADDRESS, port: await freePort() }];
    const [evilBackup, evilPrimary] = EVIL_GROUPS;
    const groups: [string, GenerationRecord & { backups: string[] }, typeof others][] = [
      [BANK, { primary: 'a', backups: ['b'] }, others],
      [evilBackup, { primary: 'a', backups: [EVIL] }, alone],
      [evilPrimary, { primary: EVIL, backups: ['a'] }, alone],
    ];
    const clients = await Promise.all(
      others.map(
        ({ port }) =>
          new Promise<HostClient>((resolve) =>
            this.dial(port, 'control', 'up', (link) => resolve(new HostClient(link))),
          ),
      ),
    );
    for (const [group, first, members] of groups) {
      await storage.createGroup(group, first, NOTHING);
      const description: GroupDescription = {
        ...{ group, hosts: members, first, backups: 1, replication: 'lockstep', disk: 'shared', machine },
      };
      const running = clients.filter((_, index) => members.includes(others[index]!));
      for (const client of running) await client.ask({ kind: 'prepare', description });
      for (const client of running) await client.ask({ kind: 'run', group });
    }
  }

  async close(): Promise<void> {
    for (const close of this.closing.splice(0).reverse()) await close();
    rmSync(this.directory, { recursive: true, force: true });
  }
}

/** A port that nothing uses at present. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, ADDRESS, resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return port;
}
