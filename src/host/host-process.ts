/** A host: replicas of several groups in one process, with its links to the other hosts, to storage and to the switch. */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { unreachable } from '../base/assert.ts';
import { decode, encode } from '../base/codec.ts';
import { FormatError, OperatingError } from '../base/errors.ts';
import type { Command, ReplicaEvent, StopReason } from '../ft/effects.ts';
import { writeDurably } from './durable-write.ts';
import { EvidenceDirectory } from './evidence/directory.ts';
import { GroupHost, realTuning } from './group-host.ts';
import { GROUP_NAME } from './groups.ts';
import {
  type GroupDescription,
  type GroupStatus,
  groupDescription,
  type HostAnswer,
  type HostCommand,
  type HostRequest,
  hostAnswer,
  hostRequest,
  MAX_HOST_GROUPS,
} from './host-messages.ts';
import type { Log } from './limited-log.ts';
import { Peers } from './peers.ts';
import { StorageClient } from './storage/storage-client.ts';
import { EdgeClient } from './switch/edge-client.ts';
import { Dialer } from './wire/dialer.ts';
import type { ClusterKey } from './wire/key.ts';
import type { Identity, Link } from './wire/link.ts';
import { type Listener, listen } from './wire/listener.ts';

const SUFFIX = '.group';

/** Where another process listens. */
export interface ServiceAddress {
  address: string;
  port: number;
}

/** What a {@link HostProcess} is made with. */
export interface HostProcessOptions {
  self: Identity;
  /** Its failure domain. */
  domain: string;
  /** The groups that it has run are remembered here. */
  directory: string;
  key: ClusterKey;
  /** Where it listens, for links (TCP) and datagrams (UDP). 0: any free port. */
  address: string;
  port: number;
  storage: ServiceAddress;
  switch: ServiceAddress;
  random: { below(end: number): number };
  log: Log;
  /** A directory for evidence of what its replicas do, which `vmft judge` reads. */
  evidence?: string | undefined;
  onEvent?(group: string, event: ReplicaEvent): void;
}

interface Group {
  description: GroupDescription;
  host: GroupHost;
  stopped: StopReason | undefined;
}

/** See the head of this file. */
export class HostProcess {
  private readonly groups = new Map<string, Group>();
  /** Groups that are being started. */
  private readonly starting = new Set<string>();
  private readonly storage: StorageClient;
  private readonly edge: EdgeClient;
  private readonly dialers: { storage: Dialer; switch: Dialer };
  private readonly evidence: EvidenceDirectory | undefined;
  private peers!: Peers;
  private listener!: Listener;
  private closing: Promise<void> | undefined;

  private constructor(private readonly options: HostProcessOptions) {
    const { self, key, random, log, storage, switch: edge, evidence } = options;
    this.evidence =
      evidence === undefined ? undefined : new EvidenceDirectory(evidence, 'host', self.name, log);
    this.storage = new StorageClient(log);
    this.edge = new EdgeClient(() => {});
    const dial = (to: ServiceAddress, onUp: (link: Link) => void) =>
      new Dialer({ ...to, key, self, random, onUp });
    this.dialers = {
      storage: dial(storage, (link) => this.storage.attach(link)),
      switch: dial(edge, (link) => {
        this.edge.attach(link);
        this.reset('switch');
      }),
    };
  }

  /**
   * Listens, and becomes a spare of the groups that this host has run before: it has lost their machines.
   * @throws {OperatingError} if the address or the directory can't be used
   */
  static async open(options: HostProcessOptions): Promise<HostProcess> {
    mkdirSync(options.directory, { recursive: true });
    const host = new HostProcess(options);
    try {
      await host.begin();
    } catch (error) {
      await host.close();
      throw error;
    }
    return host;
  }

  private async begin(): Promise<void> {
    const { self, key, address, port, random, log } = this.options;
    this.listener = await listen({
      ...{ self, key, address, port, log },
      accept: (link) => this.accept(link),
    });
    this.peers = await Peers.open({
      ...{ self, key, address, random, log, port: this.listener.port },
      received: (group, from, bytes) =>
        this.groups.get(group)?.host.deliver({ kind: 'message', from, bytes }),
      restored: (peer) => this.reset(peer),
    });
    for (const description of this.remembered()) this.run(description, 'spare');
  }

  /** The port of links and datagrams. */
  get port(): number {
    return this.listener.port;
  }

  private reset(peer: string): void {
    for (const { host } of this.groups.values()) host.deliver({ kind: 'reset', peer });
  }

  private accept(link: Link): void {
    const { role, name } = link.peer;
    if (role === 'host') this.peers.accept(link);
    else if (role === 'control') this.serve(link);
    else link.close(`${role} ${name} has no business with a host`);
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private path(group: string): string {
    return join(this.options.directory, `${group}${SUFFIX}`);
  }

  /** The groups that this host has run. @throws {OperatingError} if a file of them is damaged */
  private remembered(): GroupDescription[] {
    return readdirSync(this.options.directory)
      .filter((file) => file.endsWith(SUFFIX) && GROUP_NAME.test(file.slice(0, -SUFFIX.length)))
      .map((file) => {
        const path = join(this.options.directory, file);
        try {
          return decode(groupDescription, readFileSync(path));
        } catch (error) {
          if (!(error instanceof FormatError)) throw error;
          throw new OperatingError(
            `${path} is damaged: ${error.message}; remove it, and the host forgets the group`,
          );
        }
      });
  }

  private async start(description: GroupDescription): Promise<void> {
    const { group, first, machine } = description;
    const { name } = this.options.self;
    if (this.groups.has(group) || this.starting.has(group))
      throw new OperatingError(`host ${name} runs group ${group} already`);
    if (this.groups.size + this.starting.size >= MAX_HOST_GROUPS)
      throw new OperatingError(`host ${name} runs ${MAX_HOST_GROUPS} groups already`);
    if (machine.clock === 'derived')
      throw new OperatingError('a derived clock is only for simulated hosts, whose speed does not vary');
    this.starting.add(group);
    try {
      // Written before it boots: after a restart this host must not boot the VM a second time.
      await writeDurably(this.path(group), encode(groupDescription, description));
    } catch (error) {
      throw new OperatingError(`host ${name} can't write ${this.path(group)}: ${(error as Error).message}`);
    } finally {
      this.starting.delete(group);
    }
    const role = first.primary === name ? 'primary' : first.backups.includes(name) ? 'backup' : 'spare';
    this.run(description, role);
  }

  private run(description: GroupDescription, role: 'primary' | 'backup' | 'spare'): void {
    const { group, hosts, first, backups, replication, disk, machine } = description;
    const { self, domain, log } = this.options;
    for (const other of hosts) if (other.name !== self.name) this.peers.add(other);
    const transport = this.peers.transport(group);
    const edge = this.edge.port(group);
    const store = this.storage.group(group);
    void this.evidence?.machine(group, machine);
    const host = new GroupHost({
      ...{ name: self.name, domain, load: this.groups.size, hosts: hosts.map(({ name }) => name) },
      ...{ description: machine, role, record: first, backups, replication, disk },
      ...{ tuning: realTuning, unsafe: new Set() },
      ports: {
        transport: {
          stream: (to, bytes) => transport.stream(to, bytes),
          datagram: (to, bytes) => transport.datagram(to, bytes),
          restored: (peer) => (peer === 'switch' ? edge.restored() : transport.restored(peer)),
        },
        generations: store,
        disk: store,
        edge,
      },
      evidence: this.evidence?.group(group),
      onEvent: (event) => this.options.onEvent?.(group, event),
      stuck: (stuck) => log(`group ${group}: the guest loops forever, at ${stuck.steps} steps`),
      stopped: (reason) => {
        const known = this.groups.get(group);
        if (known) known.stopped = reason;
      },
    });
    this.groups.set(group, { description, host, stopped: undefined });
    host.start();
  }

  private remove(group: string): void {
    this.groups.get(group)?.host.close();
    this.groups.delete(group);
    void this.evidence?.end(group);
    this.peers.forget(group);
    this.edge.forget(group);
    rmSync(this.path(group), { force: true });
  }

  // ── Control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  private serve(link: Link): void {
    link.onMessage = (message) => {
      try {
        const { id, body } = decode(hostRequest, message);
        void this.perform(body).then((answer) => link.send(encode(hostAnswer, { id, body: answer })));
      } catch (error) {
        if (!(error instanceof FormatError)) throw error;
        link.close(`a message that is none: ${error.message}`);
      }
    };
  }

  private async perform(request: HostRequest['body']): Promise<HostAnswer['body']> {
    try {
      switch (request.kind) {
        case 'start':
          await this.start(request.description);
          return { kind: 'done' };
        case 'status':
          return this.status;
        case 'command':
          this.primary(request.group).deliver({ kind: 'command', command: commandOf(request.command) });
          return { kind: 'done' };
        case 'remove':
          this.remove(request.group);
          return { kind: 'done' };
        default:
          return unreachable(request);
      }
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      return { kind: 'refused', why: error.message };
    }
  }

  private primary(name: string): GroupHost {
    const { self } = this.options;
    const host = this.groups.get(name)?.host;
    if (!host) throw new OperatingError(`host ${self.name} does not run group ${name}`);
    const { role, record } = host.replica;
    if (role !== 'primary')
      throw new OperatingError(
        `host ${self.name} is not the primary of ${name}, but a ${role}; try ${record.primary}`,
      );
    return host;
  }

  /** Who it is connected to, and what its replicas do. */
  get status(): HostAnswer['body'] & { kind: 'status' } {
    return {
      kind: 'status',
      name: this.options.self.name,
      connected: this.peers.connected,
      hasStorage: this.dialers.storage.link !== undefined,
      hasSwitch: this.dialers.switch.link !== undefined,
      groups: [...this.groups].map(([group, one]) => statusOf(group, one)),
    };
  }

  /** Ends the replicas as a failure would, and closes all links. */
  close(): Promise<void> {
    this.closing ??= this.end();
    return this.closing;
  }

  private async end(): Promise<void> {
    for (const { host } of this.groups.values()) host.close();
    this.groups.clear();
    await this.evidence?.close();
    for (const dialer of Object.values(this.dialers)) dialer.close();
    await this.peers?.close();
    await this.listener?.close();
  }
}

function statusOf(group: string, { host, stopped }: Group): GroupStatus {
  const { replica } = host;
  const { role, phase, generation, record, logEnd, backlog, vmm } = replica;
  return {
    ...{ group, role, phase, generation, logEnd, backlog, stopped },
    record: { primary: record.primary, backups: [...record.backups] },
    icount: vmm?.icount,
  };
}

function commandOf(command: HostCommand): Command {
  if (command.kind !== 'switch-over') return command;
  return command.to === undefined ? { kind: 'switch-over' } : { kind: 'switch-over', to: command.to };
}
