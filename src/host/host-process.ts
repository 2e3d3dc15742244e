/** A host: replicas of several groups in one process, with its links to the other hosts, to storage and to the switch. */
import { setTimeout } from 'node:timers/promises';
import { unreachable } from '../base/assert.ts';
import { OperatingError } from '../base/errors.ts';
import type { HostName, ReplicaEvent, ReplicaInput, StopReason } from '../ft/effects.ts';
import type { Tuning } from '../ft/rules.ts';
import { stuckText } from '../vmm/stuck.ts';
import type { ServiceAddress } from './address.ts';
import { serveControl } from './control.ts';
import { checkHosts, commandOf, SWITCH } from './description-check.ts';
import { EvidenceDirectory } from './evidence/directory.ts';
import { GroupFiles } from './group-files.ts';
import { GroupHost, realTuning } from './group-host.ts';
import {
  type GroupDescription,
  type GroupStatus,
  type HostAnswer,
  type HostRequest,
  hostAnswer,
  hostRequest,
  MAX_HOST_GROUPS,
} from './host-messages.ts';
import type { Log } from './limited-log.ts';
import { Peers } from './peers.ts';
import { type Engines, type GroupStorage, groupStorage } from './shared-storage.ts';
import { StorageClient } from './storage/storage-client.ts';
import { EdgeClient } from './switch/edge-client.ts';
import { Dialer } from './wire/dialer.ts';
import type { ClusterKey } from './wire/key.ts';
import type { Identity, Link } from './wire/link.ts';
import { type Listener, listen } from './wire/listener.ts';

const LEAVE_POLL_MS = 10;
/** A replica that has failed starts again after so long: its peers have given it up by then. */
const RESTART_MS = 1000;

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
  /** The storage service; absent when {@link engines} has all. */
  storage: ServiceAddress | undefined;
  engines?: Engines;
  switch: ServiceAddress;
  random: { below(end: number): number };
  log: Log;
  /** A directory for evidence of what its replicas do, which `vmft judge` reads. */
  evidence?: string | undefined;
  /** The protocol's times, of a real host by default. */
  tuning?: Partial<Tuning>;
  onEvent?(group: string, event: ReplicaEvent): void;
  /** A group's guest has run for so long, in ns. */
  ran?(group: string, ns: number): void;
}

interface Group {
  description: GroupDescription;
  host: GroupHost;
  storage: GroupStorage;
  stopped: StopReason | undefined;
  exitCode: number | undefined;
}

/** See the head of this file. */
export class HostProcess {
  private readonly groups = new Map<string, Group>();
  private readonly files: GroupFiles;
  /** Groups that are being written down, before they start. */
  private readonly starting = new Map<string, Promise<GroupDescription>>();
  private readonly storage: StorageClient;
  private readonly edge: EdgeClient;
  private readonly dialers: { storage: Dialer | undefined; switch: Dialer };
  private readonly evidence: EvidenceDirectory | undefined;
  private peers!: Peers;
  private listener!: Listener;
  /** The end of all replicas. */
  private ending: Promise<void> | undefined;
  private closing: Promise<void> | undefined;

  private constructor(private readonly options: HostProcessOptions) {
    const { self, key, random, log, storage, switch: edge, evidence } = options;
    this.files = new GroupFiles(options.directory);
    this.evidence =
      evidence === undefined ? undefined : new EvidenceDirectory(evidence, 'host', self.name, log);
    this.storage = new StorageClient(log);
    this.edge = new EdgeClient(() => {});
    const dial = (to: ServiceAddress, onUp: (link: Link) => void) =>
      new Dialer({ ...to, key, self, random, onUp });
    this.dialers = {
      storage: storage && dial(storage, (link) => this.storage.attach(link)),
      switch: dial(edge, (link) => {
        this.edge.attach(link);
        for (const { host } of this.groups.values()) host.deliver({ kind: 'reset', peer: SWITCH });
      }),
    };
  }

  /**
   * Listens, and becomes a spare of the groups that this host has run before: it has lost their machines.
   * @throws {OperatingError} if the address or the directory can't be used
   */
  static async open(options: HostProcessOptions): Promise<HostProcess> {
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
        this.memberOf(group, from)?.host.deliver({ kind: 'message', from, bytes }),
      restored: (peer) => this.deliver({ kind: 'reset', peer }),
      ended: (peer) => this.deliver({ kind: 'closed', peer }),
    });
    for (const description of this.files.all()) {
      this.make(description, 'spare');
      this.groupHost(description.group).start();
    }
  }

  /** The port of links and datagrams. */
  get port(): number {
    return this.listener.port;
  }

  /** A group, if this other host is one of its hosts: what others say of it is of no interest. */
  private memberOf(group: string, host: HostName): Group | undefined {
    const known = this.groups.get(group);
    return known?.description.hosts.some(({ name }) => name === host) ? known : undefined;
  }

  /** Tells the replicas of all groups of another host about it. */
  private deliver(input: Extract<ReplicaInput, { kind: 'reset' | 'closed' }>): void {
    for (const group of this.groups.keys()) this.memberOf(group, input.peer)?.host.deliver(input);
  }

  private accept(link: Link): void {
    const { role, name } = link.peer;
    if (role === 'host') this.peers.accept(link);
    else if (role === 'control')
      serveControl(link, { request: hostRequest, answer: hostAnswer }, (body) => this.perform(body));
    else link.close(`${role} ${name} has no business with a host`);
  }

  // ── Groups ────────────────────────────────────────────────────────────────────────────────────────────────────────

  private async prepare(description: GroupDescription): Promise<void> {
    const { group, first, machine } = description;
    const { name } = this.options.self;
    if (this.groups.has(group) || this.starting.has(group))
      throw new OperatingError(`host ${name} runs group ${group} already`);
    if (this.groups.size + this.starting.size >= MAX_HOST_GROUPS)
      throw new OperatingError(`host ${name} runs ${MAX_HOST_GROUPS} groups already`);
    if (machine.clock === 'derived')
      throw new OperatingError('a derived clock is only for simulated hosts, whose speed does not vary');
    checkHosts(description, name);
    let kept: GroupDescription;
    try {
      // Written before it boots: after a restart this host must not boot the VM a second time.
      const writing = this.files.write(description);
      this.starting.set(group, writing);
      kept = await writing;
    } catch (error) {
      throw new OperatingError(`host ${name} ${(error as Error).message}`);
    } finally {
      this.starting.delete(group);
    }
    if (this.ending) throw new OperatingError(`host ${name} ends`);
    const role = first.primary === name ? 'primary' : first.backups.includes(name) ? 'backup' : 'spare';
    try {
      this.make(kept, role);
    } catch (error) {
      // Or this host could not start any more.
      this.remove(group);
      throw new OperatingError(
        `host ${name} can't make the machine of ${group}: ${(error as Error).message}`,
      );
    }
  }

  /** A replica has thrown. The others go on; it has lost its machine, as if this host had restarted. */
  private failed(group: string, error: unknown): void {
    const { log } = this.options;
    const { stack, message } = error instanceof Error ? error : new Error(String(error));
    const where = stack?.split('\n    at ').slice(1, 4).join(', ');
    log(`group ${group}: its replica here has failed, and starts again as a spare: ${message} (${where})`);
    this.peers.silence(group);
    const failed = this.groups.get(group);
    const again = () => {
      if (!failed || this.groups.get(group) !== failed || this.ending) return;
      this.end(group);
      this.make(failed.description, 'spare');
      this.groupHost(group).start();
    };
    globalThis.setTimeout(again, RESTART_MS).unref();
  }

  private make(description: GroupDescription, role: 'primary' | 'backup' | 'spare'): void {
    const { group, hosts, first, backups, replication, disk, machine } = description;
    const { self, domain, log } = this.options;
    for (const other of hosts) if (other.name !== self.name) this.peers.add(other);
    const transport = this.peers.transport(group);
    const edge = this.edge.port(group);
    const storage = groupStorage(group, self.name, this.options.engines ?? {}, this.storage, log);
    void this.evidence?.machine(group, machine);
    const host = new GroupHost({
      ...{ name: self.name, domain, load: this.groups.size, hosts: hosts.map(({ name }) => name) },
      ...{ description: machine, role, record: first, backups, replication, disk },
      ...{ tuning: { ...realTuning, ...this.options.tuning }, unsafe: new Set() },
      ports: {
        transport: {
          stream: (to, bytes) => transport.stream(to, bytes),
          datagram: (to, bytes) => transport.datagram(to, bytes),
          restored: (peer) => (peer === SWITCH ? edge.restored() : transport.restored(peer)),
        },
        generations: storage.generations,
        disk: storage.disk,
        edge,
      },
      evidence: this.evidence?.group(group),
      onEvent: (event) => {
        const known = this.groups.get(group);
        if (known && event.kind === 'off') known.exitCode = event.code;
        this.options.onEvent?.(group, event);
      },
      failed: (error) => this.failed(group, error),
      ran: (ns) => this.options.ran?.(group, ns),
      stuck: (stuck) => log(`group ${group}: ${stuckText(stuck)}`),
      suspectedFalsely: (name, silenceNs) =>
        log(
          `group ${group}: ${name} was suspected and lives; ` +
            `from now on a host is suspected after ${silenceNs / 1e6} ms of silence`,
        ),
      stopped: (reason) => {
        this.peers.silence(group);
        const known = this.groups.get(group);
        if (known) known.stopped = reason;
      },
    });
    this.groups.set(group, { description, host, storage, stopped: undefined, exitCode: undefined });
  }

  private remove(group: string): void {
    this.end(group);
    this.files.remove(group);
  }

  /** Ends a group's replica here. */
  private end(group: string): void {
    const known = this.groups.get(group);
    known?.host.close();
    known?.storage.close();
    this.groups.delete(group);
    void this.evidence?.end(group);
    this.peers.forget(group);
    this.edge.forget(group);
  }

  // ── Control ───────────────────────────────────────────────────────────────────────────────────────────────────────

  /** @throws {OperatingError} to refuse */
  private async perform(request: HostRequest['body']): Promise<HostAnswer['body']> {
    switch (request.kind) {
      case 'prepare':
        await this.prepare(request.description);
        break;
      case 'run':
        this.groupHost(request.group).start();
        break;
      case 'status':
        return this.status;
      case 'command':
        this.primary(request.group).deliver({ kind: 'command', command: commandOf(request.command) });
        break;
      case 'remove':
        this.remove(request.group);
        break;
      case 'crash':
        process.kill(process.pid, 'SIGKILL');
        break;
      case 'end':
        await this.endReplicas();
        break;
      default:
        return unreachable(request);
    }
    return { kind: 'done' };
  }

  private groupHost(name: string): GroupHost {
    const host = this.groups.get(name)?.host;
    if (!host) throw new OperatingError(`host ${this.options.self.name} does not run group ${name}`);
    return host;
  }

  private primary(name: string): GroupHost {
    const { self } = this.options;
    const host = this.groupHost(name);
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
      pid: process.pid,
      connected: this.peers.connected,
      hasStorage: this.dialers.storage === undefined || this.dialers.storage.link !== undefined,
      hasSwitch: this.dialers.switch.link !== undefined,
      groups: [...this.groups].map(([group, one]) => statusOf(group, one)),
    };
  }

  /**
   * Hands the VMs that are live here over to their backups, before this host ends. Resolves when none is live here, or
   * after `limitMs`: a VM without a backup stays.
   */
  async leave(limitMs: number): Promise<void> {
    const endMs = performance.now() + limitMs;
    const live = () =>
      [...this.groups.values()].filter(
        ({ host: { replica } }) => replica.role === 'primary' && replica.record.backups.length > 0,
      );
    for (const { host } of live()) host.deliver({ kind: 'command', command: { kind: 'switch-over' } });
    while (live().length > 0 && performance.now() < endMs) await setTimeout(LEAVE_POLL_MS);
  }

  /** Ends the replicas where they stand, and closes all links. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  private endReplicas(): Promise<void> {
    this.ending ??= this.endAll();
    return this.ending;
  }

  private async endAll(): Promise<void> {
    for (const { host, storage } of this.groups.values()) {
      host.close();
      storage.close();
    }
    this.groups.clear();
    await Promise.allSettled(this.starting.values());
    await this.evidence?.close();
  }

  private async closeAll(): Promise<void> {
    await this.endReplicas();
    for (const dialer of Object.values(this.dialers)) dialer?.close();
    await this.peers?.close();
    await this.listener?.close();
  }
}

function statusOf(group: string, { host, stopped, exitCode }: Group): GroupStatus {
  const { replica } = host;
  const { role, phase, generation, record, logEnd, backlog, vmm } = replica;
  return {
    ...{ group, role, phase, generation, logEnd, backlog, stopped, exitCode },
    record: { primary: record.primary, backups: [...record.backups] },
    icount: vmm?.icount,
  };
}
