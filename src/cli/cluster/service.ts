/** The commands that are one process of a cluster: `vmft storage`, `vmft switch` and `vmft host`. */
import { randomInt } from 'node:crypto';
import { OperatingError } from '../../base/errors.ts';
import type { ReplicaEvent } from '../../ft/effects.ts';
import { addressText, type ServiceAddress } from '../../host/address.ts';
import { HostProcess } from '../../host/host-process.ts';
import { type ServiceOptions, StorageProcess } from '../../host/storage-process.ts';
import { SwitchProcess } from '../../host/switch-process.ts';
import { newBootId } from '../../host/wire/identity.ts';
import type { ProcessRole } from '../../host/wire/link.ts';
import { describeEvent } from '../../report/event-text.ts';
import { plainText } from '../../report/styled-text.ts';
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
}

/** A process that runs. */
interface Running {
  port: number;
  close(): Promise<void>;
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
  private resolve!: (code: number) => void;
  readonly code = new Promise<number>((resolve) => {
    this.resolve = resolve;
  });

  constructor(private readonly logger: Logger) {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.resolve(0));
    process.once('disconnect', () => this.resolve(0));
  }

  failed(error: Error): void {
    this.logger.line(error.message);
    this.resolve(error instanceof OperatingError ? EXIT_CODE.usage : EXIT_CODE.bug);
  }
}

async function serve(
  role: ProcessRole,
  name: string,
  { dir, listen, log }: ServiceCommandOptions,
  at: (directory: ClusterDirectory) => ServiceAddress,
  open: (
    service: ServiceOptions,
    directory: ClusterDirectory,
    logger: Logger,
    ending: Ending,
  ) => Promise<Running>,
  leave: (running: never) => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const directory = new ClusterDirectory(dir);
  const { address, port } = at(directory);
  const id = role === 'host' ? `host-${name}` : role;
  const logger = new Logger(id, log, process.stderr);
  const ending = new Ending(logger);
  const self = { role, name, bootId: newBootId() };
  const running = await open(
    {
      ...{ self, key: directory.key, address: listen ?? address, port },
      ...{ directory: directory.stateOf(id), log: (line) => logger.line(line) },
    },
    directory,
    logger,
    ending,
  );
  logger.line(
    `process ${process.pid} listens on ${addressText({ address: listen ?? address, port: running.port })}`,
  );
  const code = await ending.code;
  // A second signal ends it at once.
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.once(signal, () => process.exit(EXIT_CODE.interrupted));
  await leave(running as never);
  await running.close();
  logger.line('ends');
  return code;
}

/** `vmft storage`: generations and disks. */
export const storage = (options: ServiceCommandOptions): Promise<number> =>
  serve(
    'storage',
    'storage',
    options,
    ({ configuration: { storage: at }, path }) => {
      if (at) return at;
      throw new OperatingError(`the cluster in ${path} has no storage service: it uses etcd`);
    },
    (service) => StorageProcess.open(service),
  );

/** `vmft switch`: consoles and networks. */
export const switchService = (options: ServiceCommandOptions): Promise<number> =>
  serve(
    'switch',
    'switch',
    options,
    ({ configuration }) => configuration.switch,
    (service, { configuration, passt }, _, ending) =>
      SwitchProcess.open({
        ...{ ...service, networks: configuration.networks, passtDirectory: passt },
        failed: (error) => ending.failed(error),
      }),
  );

/** `vmft host`: replicas of VMs. */
export const host = (options: ServiceCommandOptions & { name: string }): Promise<number> => {
  const { name } = options;
  const of = ({ configuration, path }: ClusterDirectory) => {
    const found = configuration.hosts.find((one) => one.name === name);
    if (found) return found;
    const names = configuration.hosts.map((one) => one.name).join(', ');
    throw new OperatingError(`--name ${name}: the cluster in ${path} has the hosts ${names}`);
  };
  return serve(
    'host',
    name,
    options,
    of,
    (service, directory, logger) => {
      const { storage: store, engines, switch: edge } = directory.configuration;
      return HostProcess.open({
        ...{ ...service, domain: of(directory).domain, storage: store, engines, switch: edge },
        random: { below: (end) => randomInt(end) },
        onEvent: (group, event) => {
          if (!LOGGED.has(event.kind)) return;
          logger.line(`${group}: ${plainText(describeEvent(event))}`, { group, event: event.kind });
        },
      });
    },
    (running: HostProcess) => running.leave(LEAVE_MS),
  );
};
