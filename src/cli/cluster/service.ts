/** The commands that are one process of a cluster: `vmft storage`, `vmft switch` and `vmft host`. */
import { randomInt } from 'node:crypto';
import { writeSync } from 'node:fs';
import type { Registry } from 'prom-client';
import { OperatingError } from '../../base/errors.ts';
import type { ReplicaEvent } from '../../ft/effects.ts';
import { addressText, parseAddress, type ServiceAddress } from '../../host/address.ts';
import { HostProcess } from '../../host/host-process.ts';
import { HostMetrics, processRegistry, serveMetrics, switchRegistry } from '../../host/metrics.ts';
import { type ServiceOptions, StorageProcess } from '../../host/storage-process.ts';
import { SwitchProcess } from '../../host/switch-process.ts';
import { newBootId } from '../../host/wire/identity.ts';
import type { ProcessRole } from '../../host/wire/link.ts';
import { describeEvent } from '../../report/event-text.ts';
import { plainText } from '../../report/styled-text.ts';
import { optimizeSoon, prepareOptimizedEngine } from '../engine.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { ClusterDirectory } from './directory.ts';
import { Logger } from './logger.ts';
import type { LogFormat } from './names.ts';

/** How long a host that is told to end waits for its VMs to move. */
const LEAVE_MS = 10_000;

/** The options of each of these commands. */
export interface ServiceCommandOptions {
  dir: string;
  /** The address to listen on, where it is not the one under which others reach it. */
  listen?: string;
  log: LogFormat;
  /** Where to serve figures for Prometheus. */
  metrics?: string;
  /** A directory for evidence. */
  evidence?: string;
}

/** A process that runs. */
interface Running {
  port: number;
  /** Its figures, for Prometheus. */
  registry: Registry;
  /** Done before it ends in order. */
  leave?(): Promise<void>;
  close(): Promise<void>;
}

/** One of the three commands. */
interface Service {
  role: ProcessRole;
  name: string;
  /** Its address in the configuration. */
  at(directory: ClusterDirectory): ServiceAddress;
  open(context: {
    service: ServiceOptions;
    directory: ClusterDirectory;
    logger: Logger;
    failed: (error: Error) => void;
  }): Promise<Running>;
}

/** Events that are worth a line: changes, not the traffic. */
const LOGGED: ReadonlySet<ReplicaEvent['kind']> = new Set([
  ...([
    'booted',
    'suspected',
    'claimed',
    'won',
    'lost',
    'draining',
    'live',
    'members',
    'diverged',
    'void',
  ] as const),
  ...([
    'off',
    'ended',
    'evicted',
    'following',
    'joining',
    'copied',
    'join-ended',
    'installed',
    'switching',
  ] as const),
  ...(['command', 'warned', 'full'] as const),
]);

/** Ends the process on a signal, or when `vmft up` has ended; with an error on `failed`. */
class Ending {
  /** The whole cluster ends: `vmft up` has. */
  isOfAll = false;
  private resolve!: (code: number) => void;
  readonly code = new Promise<number>((resolve) => {
    this.resolve = resolve;
  });

  constructor(private readonly logger: Logger) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.resolve(0));
    process.once('disconnect', () => {
      this.isOfAll = true;
      this.resolve(0);
    });
  }

  failed(error: Error): void {
    this.logger.line(error.message);
    this.resolve(error instanceof OperatingError ? EXIT_CODE.usage : EXIT_CODE.bug);
  }
}

async function serve(
  { role, name, at, open }: Service,
  { dir, listen, log, metrics, evidence }: ServiceCommandOptions,
): Promise<number> {
  const directory = new ClusterDirectory(dir);
  const { port, ...configured } = at(directory);
  const address = listen ?? configured.address;
  const id = role === 'host' ? `host-${name}` : role;
  const logger = new Logger(id, log, { write: writeToStderr });
  const ending = new Ending(logger);
  const service = {
    ...{ self: { role, name, bootId: newBootId() }, key: directory.key, address, port },
    ...{ directory: directory.stateOf(id), evidence, log: (line: string) => logger.line(line) },
  };
  const running = await open({
    ...{ service, directory, logger },
    failed: (error) => ending.failed(error),
  }).catch((error: unknown) => {
    // A full disk, a directory that may not be written: not a bug in vmft.
    if (isSystemError(error)) throw new OperatingError(`${id} can't start: ${error.message}`);
    throw error;
  });
  const figures =
    metrics === undefined
      ? undefined
      : await serveMetrics(running.registry, parseAddress(metrics, '--metrics'));
  logger.line(`process ${process.pid} listens on ${addressText({ address, port: running.port })}`);
  const code = await ending.code;
  // A second signal ends it at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(EXIT_CODE.interrupted));
  if (!ending.isOfAll) await running.leave?.();
  figures?.close();
  await running.close();
  logger.line('ends');
  // The channel to `vmft up`, whose end is listened for, would keep this process alive: it is to be started again.
  if (process.connected) process.disconnect();
  return code;
}

const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error;

/** On a full disk the service goes on without a log, which `process.stderr` does not allow. */
function writeToStderr(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is nowhere to say so.
  }
}

/** `vmft storage`: generations and disks. */
export const storage = (options: ServiceCommandOptions): Promise<number> =>
  serve(
    {
      ...{ role: 'storage', name: 'storage' },
      at: ({ configuration: { storage: at }, path }) => {
        if (at) return at;
        throw new OperatingError(`the cluster in ${path} has no storage service: it uses etcd`);
      },
      open: async ({ service }) => {
        const opened = await StorageProcess.open(service);
        return { port: opened.port, registry: processRegistry(), close: () => opened.close() };
      },
    },
    options,
  );

/** `vmft switch`: consoles and networks. */
export const switchService = (options: ServiceCommandOptions): Promise<number> =>
  serve(
    {
      ...{ role: 'switch', name: 'switch' },
      at: ({ configuration }) => configuration.switch,
      open: async ({ service, directory: { configuration, passt }, failed }) => {
        const { networks } = configuration;
        const opened = await SwitchProcess.open({ ...service, networks, passtDirectory: passt, failed });
        const registry = switchRegistry(() => opened.status);
        return { port: opened.port, registry, close: () => opened.close() };
      },
    },
    options,
  );

/** `vmft host`: replicas of VMs. */
export const host = (options: ServiceCommandOptions & { name: string }): Promise<number> => {
  const { name } = options;
  const at = ({ configuration, path }: ClusterDirectory) => {
    const found = configuration.hosts.find((one) => one.name === name);
    if (found) return found;
    const names = configuration.hosts.map((one) => one.name).join(', ');
    throw new OperatingError(`--name ${name}: the cluster in ${path} has the hosts ${names}`);
  };
  const open: Service['open'] = async ({ service, directory, logger }) => {
    // Before it listens: a host that makes its first machine sends no heartbeats meanwhile.
    prepareOptimizedEngine();
    optimizeSoon();
    const { storage: store, engines, switch: edge } = directory.configuration;
    const metrics = new HostMetrics(() => opened.status.groups);
    const opened = await HostProcess.open({
      ...{ ...service, domain: at(directory).domain, storage: store, engines, switch: edge },
      random: { below: (end) => randomInt(end) },
      onEvent: (group, event) => {
        metrics.event(group, event);
        if (!LOGGED.has(event.kind)) return;
        logger.event(group, event.kind, plainText(describeEvent(event)));
      },
      ran: (group, ns) => metrics.ran(group, ns),
    });
    return {
      ...{ port: opened.port, registry: metrics.registry, leave: () => opened.leave(LEAVE_MS) },
      close: () => opened.close(),
    };
  };
  return serve({ role: 'host', name, at, open }, options);
};
