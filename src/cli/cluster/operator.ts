/** An operator's links to the processes of a cluster. */
import { randomInt } from 'node:crypto';
import { OperatingError } from '../../base/errors.ts';
import { addressText, type ServiceAddress } from '../../host/address.ts';
import { ControlClient } from '../../host/control.ts';
import { HostClient } from '../../host/host-client.ts';
import type { GroupStatus, HostAnswer } from '../../host/host-messages.ts';
import { SharedStorage } from '../../host/shared-storage.ts';
import { StorageClient } from '../../host/storage/storage-client.ts';
import {
  type SwitchAnswer,
  type SwitchRequest,
  switchAnswer,
  switchRequest,
} from '../../host/switch/switch-messages.ts';
import { Dialer } from '../../host/wire/dialer.ts';
import { newBootId } from '../../host/wire/identity.ts';
import type { ClusterKey } from '../../host/wire/key.ts';
import type { Identity, Link, ProcessName, ProcessRole } from '../../host/wire/link.ts';
import type { ClusterConfiguration, HostConfiguration } from './configuration.ts';
import type { ClusterDirectory } from './directory.ts';

/** How long a process may take to be reached or to answer. */
const PATIENCE_MS = 3000;

/** What a host says of itself, or why it says nothing. */
export type HostStatus = { host: HostConfiguration } & (
  | { status: HostAnswer['body'] & { kind: 'status' } }
  | { status: undefined; why: string }
);

/** See {@link SwitchAnswer}. */
export type SwitchClient = ControlClient<SwitchRequest['body'], SwitchAnswer['body']>;

/** One service that is dialled when it is first needed, and again when the link has broken. */
class Service<C> {
  private client: C | undefined;
  private waiting: (() => void)[] = [];
  readonly dialer: Dialer;

  constructor(
    private readonly address: ServiceAddress,
    private readonly expects: ProcessName,
    credentials: { key: ClusterKey; self: Identity },
    over: (link: Link) => C,
  ) {
    this.dialer = new Dialer({
      ...{ ...credentials, ...address, expects, random: { below: (end) => randomInt(end) } },
      onUp: (link) => {
        this.client = over(link);
        for (const wake of this.waiting.splice(0)) wake();
      },
    });
  }

  /** @throws {OperatingError} if it is not reached within {@link PATIENCE_MS} */
  async reach(limitMs: number): Promise<C> {
    if (this.dialer.link && this.client) return this.client;
    await new Promise<void>((resolve, reject) => {
      const limit = setTimeout(() => {
        const { role, name } = this.expects;
        const why = this.dialer.lastFailure ?? 'no answer';
        reject(
          new OperatingError(`${role} ${name} at ${addressText(this.address)} can't be reached: ${why}`),
        );
      }, limitMs);
      this.waiting.push(() => {
        clearTimeout(limit);
        resolve();
      });
    });
    return this.client!;
  }
}

/** See the head of this file. Close it at the end, or the process does not end. */
export class Operator {
  readonly configuration: ClusterConfiguration;
  private readonly credentials;
  private readonly hosts = new Map<string, Service<HostClient>>();
  private storageService: Service<StorageClient> | undefined;
  private switchService: Service<SwitchClient> | undefined;

  /** @throws {OperatingError} when the directory has no cluster */
  constructor(directory: ClusterDirectory) {
    this.configuration = directory.configuration;
    this.credentials = { key: directory.key, self: identity('control') };
  }

  /** @throws {OperatingError} when there is no such host, or it is not reached */
  host(name: string, limitMs = PATIENCE_MS): Promise<HostClient> {
    const { hosts } = this.configuration;
    const address = hosts.find((one) => one.name === name);
    if (!address)
      throw new OperatingError(
        `there is no host ${name} in this cluster; there are: ${hosts.map((one) => one.name).join(', ')}`,
      );
    let service = this.hosts.get(name);
    if (!service) {
      service = new Service(
        address,
        { role: 'host', name },
        this.credentials,
        (link) => new HostClient(link),
      );
      this.hosts.set(name, service);
    }
    return service.reach(limitMs);
  }

  /** The VMs' records and disks. */
  get storage(): SharedStorage {
    return new SharedStorage(this.configuration.engines, () => this.service());
  }

  private service(limitMs = PATIENCE_MS): Promise<StorageClient> {
    const { storage } = this.configuration;
    if (!storage) throw new OperatingError('this cluster has no storage service');
    const client = new StorageClient();
    this.storageService ??= new Service(
      ...([storage, { role: 'storage', name: 'storage' }, this.credentials] as const),
      (link) => {
        client.attach(link);
        return client;
      },
    );
    return this.storageService.reach(limitMs);
  }

  /** @throws {OperatingError} when it is not reached */
  switch(limitMs = PATIENCE_MS): Promise<SwitchClient> {
    this.switchService ??= new Service(
      ...([this.configuration.switch, { role: 'switch', name: 'switch' }, this.credentials] as const),
      (link) => new ControlClient(link, { request: switchRequest, answer: switchAnswer }),
    );
    return this.switchService.reach(limitMs);
  }

  /** What these hosts say, by default all. One that does not answer in time says nothing; it stays dialled. */
  statuses(
    limitMs = PATIENCE_MS,
    hosts: readonly HostConfiguration[] = this.configuration.hosts,
  ): Promise<HostStatus[]> {
    return Promise.all(
      hosts.map(async (host): Promise<HostStatus> => {
        try {
          return { host, status: await within(limitMs, (await this.host(host.name, limitMs)).status()) };
        } catch (error) {
          if (!(error instanceof OperatingError)) throw error;
          return { host, status: undefined, why: error.message };
        }
      }),
    );
  }

  /**
   * Ends all VMs where they stand, on these hosts: nothing is moved, and evidence is complete. Hosts without a primary end
   * theirs first, or they would take over. One that does not answer in time goes on.
   */
  async endReplicas(limitMs: number, hosts: readonly HostConfiguration[]): Promise<void> {
    const statuses = await this.statuses(limitMs, hosts);
    const isLive = ({ status }: HostStatus) => status?.groups.some(({ role }) => role === 'primary');
    const end = async ({ host: { name } }: HostStatus) => {
      try {
        await within(limitMs, (await this.host(name, limitMs)).ask({ kind: 'end' }));
      } catch (error) {
        if (!(error instanceof OperatingError)) throw error;
      }
    };
    const answering = statuses.filter(({ status }) => status);
    await Promise.all(answering.filter((one) => !isLive(one)).map(end));
    await Promise.all(answering.filter(isLive).map(end));
  }

  close(): void {
    for (const service of [...this.hosts.values(), this.storageService, this.switchService])
      service?.dialer.close();
  }
}

/** This process as a client. */
export const identity = (role: ProcessRole) => ({
  ...{ role, name: `pid-${process.pid}`, bootId: newBootId() },
});

async function within<T>(limitMs: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new OperatingError(`no answer within ${limitMs / 1000} s: it is busy, or stopped`)),
      limitMs,
    );
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** One group as its hosts see it. */
export interface GroupView {
  group: string;
  /** The status of the host that leads the newest generation, or, while none does, of one that knows of it. */
  newest: GroupStatus;
  members: { host: string; status: GroupStatus }[];
}

/** The groups of all hosts, by name. */
export function groupsOf(statuses: readonly HostStatus[]): GroupView[] {
  const views = new Map<string, GroupView>();
  for (const { host, status } of statuses)
    for (const one of status?.groups ?? []) {
      const view = views.get(one.group) ?? { group: one.group, newest: one, members: [] };
      view.members.push({ host: host.name, status: one });
      if (isNewer(one, view.newest)) view.newest = one;
      views.set(one.group, view);
    }
  return [...views.values()].sort((a, b) => (a.group < b.group ? -1 : 1));
}

/** Of two in the same generation the primary, or who was it at the end, knows first. */
const isNewer = (one: GroupStatus, other: GroupStatus): boolean =>
  one.generation > other.generation || (one.generation === other.generation && leads(one) && !leads(other));

const leads = ({ role, stopped }: GroupStatus): boolean => role === 'primary' || stopped !== undefined;

/** The group that a command means. @throws {OperatingError} when there is none, or several and none is named */
export function chosenGroup(views: readonly GroupView[], name: string | undefined): GroupView {
  const names = views.map(({ group }) => group).join(', ');
  if (views.length === 0) throw new OperatingError('no VM runs here; start one with `vmft start PROGRAM`');
  if (name === undefined) {
    if (views.length === 1) return views[0]!;
    throw new OperatingError(`several VMs run here: name one with --group (${names})`);
  }
  const view = views.find(({ group }) => group === name);
  if (!view) throw new OperatingError(`--group ${name}: there is no such VM; there are: ${names}`);
  return view;
}
