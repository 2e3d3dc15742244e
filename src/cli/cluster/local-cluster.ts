/** The processes of a cluster on this machine: one for storage, one for the switch, one for each host. */
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../../base/errors.ts';
import { Supervisor, tailOf } from '../../host/children.ts';
import type { Engines } from '../../host/shared-storage.ts';
import { type DirectoryLock, lockDirectory } from '../../host/storage/directory-lock.ts';
import type { ClusterConfiguration } from './configuration.ts';
import type { ClusterDirectory } from './directory.ts';
import { UP } from './down.ts';
import type { LogFormat } from './names.ts';
import type { Operator } from './operator.ts';

const LOOPBACK = '127.0.0.1';
/**
 * The delays of restarts. Storage and the switch are single: all wait for them. A killed host is back soon enough to be a
 * backup again, and not while another one takes over.
 */
const RESTART_MS = {
  service: { first: 50, most: 2000 },
  host: { first: 500, most: 2000 },
};
const START_MS = 30_000;
/** How long a host is waited for at the end. */
const END_MS = 5000;
const POLL_MS = 50;

/**
 * Ports for processes that may be killed: below those that operating systems give to outgoing connections (from 32768 or
 * 49152 on), or such a connection could take the port of a process that is being restarted, for as long as it stands.
 */
const PORTS = { first: 20_000, end: 32_000 };
/** Clusters that start at the same time begin to look at different places. */
const BLOCK = 32;

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, LOOPBACK, () => server.close(() => resolve(true)));
  });

/** Ports that are free now; somebody else may take them before they are used. @throws {OperatingError} */
async function freePorts(count: number): Promise<number[]> {
  const size = PORTS.end - PORTS.first;
  const found: number[] = [];
  for (let tried = 0; tried < size && found.length < count; tried++) {
    const port = PORTS.first + ((process.pid * BLOCK + tried) % size);
    if (await isFree(port)) found.push(port);
  }
  if (found.length === count) return found;
  throw new OperatingError(
    `${count} free ports are needed, from ${PORTS.first} to ${PORTS.end - 1} of ${LOOPBACK}; end what uses them`,
  );
}

/** The names of hosts: a, b, c, … */
export const hostNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => String.fromCharCode(0x61 + index));

/** The name of a host's process. */
const hostId = (name: string): string => `host-${name}`;

/** A configuration on free ports of this machine. With etcd no storage process is needed. */
export async function localConfiguration(
  names: readonly string[],
  engines: Engines,
  networks: ClusterConfiguration['networks'],
): Promise<ClusterConfiguration> {
  const [storage, edge, ...ports] = await freePorts(names.length + 2);
  const at = (port: number) => ({ address: LOOPBACK, port });
  return {
    storage: engines.etcd ? undefined : at(storage!),
    ...{ engines, switch: at(edge!), networks },
    hosts: names.map((name, index) => ({ name, domain: name, ...at(ports[index]!) })),
  };
}

/** How the processes run. */
export interface LocalOptions {
  /** Whether one that has died is started again. */
  restart: boolean;
  /** The format of their logs. */
  logFormat: LogFormat;
  /** The first of the ports at which they serve figures. */
  metrics?: number;
  /** A directory for their evidence. */
  evidence?: string;
  /** Receives a line when one has died. */
  log: (line: string) => void;
}

/** See the head of this file. */
export class LocalCluster {
  private readonly children = new Map<string, Supervisor>();
  /** Why a process has ended while all were being started. */
  private failure: string | undefined;
  private isStarting = true;

  private constructor(
    private readonly directory: ClusterDirectory,
    private readonly lock: DirectoryLock,
    private readonly options: LocalOptions,
  ) {}

  /** Makes the directory and starts the processes. @throws {OperatingError} */
  static async start(
    directory: ClusterDirectory,
    configuration: ClusterConfiguration,
    options: LocalOptions,
  ): Promise<LocalCluster> {
    await directory.create(configuration);
    const lock = await lockDirectory(directory.path, UP);
    const cluster = new LocalCluster(directory, lock, options);
    writeFileSync(directory.owner, `${process.pid}\n`);
    const { service, host } = RESTART_MS;
    if (configuration.storage) cluster.run('storage', ['storage'], service);
    cluster.run('switch', ['switch'], service);
    for (const { name } of configuration.hosts) cluster.run(hostId(name), ['host', '--name', name], host);
    return cluster;
  }

  private run(id: string, args: readonly string[], restartMs: { first: number; most: number }): void {
    const { directory, options } = this;
    const outputFile = directory.logOf(id);
    const { metrics, logFormat, evidence } = options;
    const kept = evidence === undefined ? [] : ['--evidence', evidence];
    const figures = metrics === undefined ? [] : ['--metrics', `${LOOPBACK}:${metrics + this.children.size}`];
    const child = new Supervisor({
      command: process.execPath,
      arguments: () => [
        process.argv[1]!,
        ...args,
        '--dir',
        directory.path,
        '--log',
        logFormat,
        ...figures,
        ...kept,
      ],
      ...{ install: '', outputFile, appends: true, isBound: true, restartMs },
      log: (line) => options.log(`${id}: ${line.replace(process.execPath, 'the process')}`),
      started: () => {},
      ended: () => {
        if (this.isStarting) this.failure ??= `${id} has ended: ${lastLine(tailOf(outputFile))}`;
        if (!options.restart) void child.stop();
      },
      failed: (error) => {
        this.failure ??= error.message;
      },
    });
    this.children.set(id, child);
    child.start();
  }

  /** Waits until all processes can be reached. @throws {OperatingError} when one has ended */
  async ready(operator: Operator): Promise<void> {
    for (let ms = 0; ; ms += POLL_MS) {
      if (this.failure !== undefined) throw new OperatingError(this.failure);
      const statuses = await operator.statuses(1000);
      if (statuses.every(({ status }) => status?.hasStorage && status.hasSwitch)) break;
      if (ms > START_MS) throw new OperatingError('the processes do not reach each other; see the logs');
      await setTimeout(POLL_MS);
    }
    this.isStarting = false;
  }

  /** Ends the VMs in order, as far as their hosts answer. */
  async endVms(operator: Operator): Promise<void> {
    const { hosts } = operator.configuration;
    const running = hosts.filter(({ name }) => this.children.get(hostId(name))?.pid !== undefined);
    await operator.endReplicas(END_MS, running);
  }

  /** Ends the processes and removes the directory. */
  async end(): Promise<void> {
    await Promise.all([...this.children.values()].map((child) => child.stop()));
    this.directory.remove();
    this.lock.release();
  }
}

const lastLine = (printed: string): string => printed.trim().split('\n').at(-1) || 'it printed nothing';
