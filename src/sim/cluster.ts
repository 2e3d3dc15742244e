/** A whole cluster in one process on virtual time: hosts, storage, a console and network clients. */
import { joined } from '../base/bytes.ts';
import { Random } from '../base/random.ts';
import type { Effect, GenerationRecord, ReplicaEvent } from '../ft/effects.ts';
import { type Phase, Replica } from '../ft/replica.ts';
import {
  type DiskVariant,
  defaultTuning,
  type Replication,
  type Tuning,
  type UnsafeRule,
} from '../ft/rules.ts';
import type { History } from '../replay/history.ts';
import { type EvidencePlaces, inMemory, type Spool } from '../replay/spool.ts';
import { type MachineDescription, sectorsOf } from '../vmm/description.ts';
import type { Machine } from '../vmm/machine.ts';
import { lastOf } from '../vmm/outputs.ts';
import type { Stuck } from '../vmm/stuck.ts';
import { type Fault, type HostId, STORAGE, SWITCH } from './faults/faults.ts';
import { Injector } from './faults/injector.ts';
import { Host } from './host.ts';
import { Observer } from './observer.ts';
import { Scheduler } from './scheduler.ts';
import { Console } from './world/console.ts';
import { Disk } from './world/disk.ts';
import { Mesh } from './world/mesh.ts';
import { ClientNetwork } from './world/network.ts';
import { Storage } from './world/storage.ts';

/** A local network between the hosts. */
export const LINK_BITS_PER_SECOND = 1e9;
/** After this long without a step the guest waits for something that will not come. */
const IDLE_NS = 200_000_000;
const HOPELESS_NS = 2_000_000_000;
/** How often it is looked whether a run is over. */
const LOOK_NS = 20_000;
/** How long the other sides may take to end after the guest has. */
const GRACE_NS = 100_000_000;
/** How long what a dead host has sent may be on its way. */
const LAST_NS = 1_000_000;
/** For how long a host may have been up: a day. */
const MAX_UP_MS = 86_400_000;

export interface SimulationOptions {
  description: MachineDescription;
  seed: string;
  /** Typed at the console. */
  input: Uint8Array;
  /** The input is typed when the console has shown this text. */
  typeAfter?: string;
  /** Somebody sits at the console, and may type at any time. */
  attended?: boolean;
  clients: number;
  faults: readonly Fault[];
  /** How many backups protect the VM; 0: no fault tolerance, one host and no log. */
  backups: number;
  /** Hosts with room for another backup. */
  spares?: number;
  replication?: Replication;
  disk?: DiskVariant;
  /** What the disk holds at first; zeros where nothing is said. */
  diskContent?: Uint8Array;
  unsafe: ReadonlySet<UnsafeRule>;
  maxSteps: number;
  /** How fast each host is; 1 is 100 million steps a second. */
  speeds?: Partial<Record<HostId, number>>;
  /** The failure domain of each host; by default each is one of its own. */
  domains?: Partial<Record<HostId, string>>;
  loads?: Partial<Record<HostId, number>>;
  bitsPerSecond?: number;
  tuning?: Partial<Tuning>;
  /** What is kept for checkers, comparisons and recordings, and where; by default everything, in memory. */
  evidence?: EvidencePlaces;
  /** Console output, as it reaches the world: each byte once. */
  print: (data: Uint8Array) => void;
  tell: (event: SimEvent) => void;
}

export interface SimEvent {
  atNs: number;
  /** The host that it is about; empty for the world around. */
  host: HostId;
  event: ReplicaEvent | WorldEvent;
}

export type WorldEvent =
  | { kind: 'fault'; fault: Fault; phase: 'begins' | 'ends'; icount: number; made: number; during: string }
  /** Something left the cluster's edge and is new there. */
  | ({ kind: 'stuck' } & Stuck)
  | { kind: 'delivered'; what: 'console' | 'switch'; first: number; last: number };

/** How the run ended: the guest ended; no side was left; a limit or nothing to wait for; the sides differed. */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

/** The hosts of a cluster, by the role that each boots in. */
export function hostNames(backups: number, spares: number): HostId[] {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}${index + 1}`));
  return ['primary', ...numbered('backup', backups), ...numbered('spare', spares)];
}

export class Simulation {
  readonly scheduler = new Scheduler();
  readonly mesh: Mesh;
  readonly storage: Storage;
  readonly hosts = new Map<HostId, Host>();
  readonly console: Console;
  readonly network: ClientNetwork;
  readonly observer: Observer;
  readonly injector: Injector;
  outcome: Outcome | undefined;
  private readonly names: readonly HostId[];
  private readonly first: GenerationRecord;
  private readonly privateDisks = new Map<HostId, Disk>();
  /** The newest generation that has been heard of at the switch. */
  private fence = 1;
  private lastStepNs = 0;
  private endNs: number | undefined;
  private revivals = 0;
  /** When it was last looked whether the run is over. */
  private lookedNs = -LOOK_NS;
  private membersLives = new Map<HostId, number>();
  /** The life in which each host last followed a primary; all that boot do so in their first. */
  private readonly followedIn = new Map<HostId, number>();
  /** Since when nobody is left that could go on. */
  private lostNs: number | undefined;

  constructor(readonly options: SimulationOptions) {
    const { seed, faults, backups, spares = 0, unsafe, bitsPerSecond } = options;
    const { histories, console, world } = options.evidence ?? inMemory();
    const { scheduler } = this;
    const dedup = !unsafe.has('dedup');
    this.mesh = new Mesh(scheduler, new Random(`${seed}/links`), bitsPerSecond ?? LINK_BITS_PER_SECOND);
    this.names = hostNames(backups, spares);
    this.first = { primary: 'primary', backups: this.names.slice(1, 1 + backups) };
    const disk = this.disk(`${seed}/disk`, dedup, world);
    this.storage = new Storage(
      this.first,
      disk,
      !unsafe.has('fencing'),
      scheduler,
      new Random(`${seed}/storage`),
    );
    this.console = new Console(
      scheduler,
      options.input,
      dedup,
      options.print,
      options.attended ?? false,
      options.typeAfter,
      console,
    );
    this.network = new ClientNetwork(scheduler, new Random(`${seed}/clients`), options.clients, dedup, world);
    this.observer = new Observer(
      this.storage,
      'primary',
      options.description.clock === 'derived',
      () => scheduler.nowNs,
      histories,
      this.names.length === 1,
    );
    this.injector = new Injector(this, new Random(`${seed}/faults`), faults);
    for (const id of this.names) this.hosts.set(id, this.host(id));
    this.observer.lives(this.hosts.get('primary')!);
    this.countOn(this.first);
    this.network.learn((frame) => this.hosts.get('primary')!.deliver({ kind: 'frame', frame }));
    for (const host of this.hosts.values()) scheduler.at(0, () => host.deliver({ kind: 'start' }));
  }

  // ── The hosts ─────────────────────────────────────────────────────────────────────────────────────────────────────

  private host(id: HostId): Host {
    const { speeds, maxSteps, faults, seed } = this.options;
    const hostFaults = faults.filter((fault) => 'when' in fault);
    const clockStartNs = new Random(`${seed}/${id}/clock`).below(MAX_UP_MS) * 1e6;
    return new Host(
      id,
      this.replica(id),
      this.scheduler,
      speeds?.[id] ?? 1,
      maxSteps,
      hostFaults,
      this,
      clockStartNs,
    );
  }

  private replica(id: HostId, revival = ''): Replica {
    const { description, seed, unsafe, tuning, backups, replication, disk, loads } = this.options;
    const random = new Random(`${seed}/${id}${revival}`);
    this.observer.begins(id);
    const booting = id === 'primary' ? 'primary' : this.first.backups.includes(id) ? 'backup' : 'spare';
    return new Replica({
      name: id,
      domain: this.domainOf(id),
      load: loads?.[id] ?? 0,
      hosts: this.names,
      description,
      role: revival ? 'spare' : booting,
      record: this.first,
      backups,
      replication: replication ?? 'lockstep',
      disk: disk ?? 'shared',
      entropy: (sizeBytes) => random.bytes(sizeBytes),
      tuning: { ...defaultTuning, ...tuning },
      unsafe,
      witness: (entry) => {
        const isLive = this.hosts.get(id)?.replica.role === 'primary';
        this.observer.witnessed(id, entry, isLive);
      },
    });
  }

  domainOf(host: HostId): string {
    return this.options.domains?.[host] ?? host;
  }

  live(): Host | undefined {
    const live = [...this.hosts.values()].filter(({ alive, replica }) => alive && replica.role === 'primary');
    return live.sort((a, b) => b.replica.generation - a.replica.generation)[0];
  }

  revive(host: Host): void {
    host.powerOn(this.replica(host.id, `/${++this.revivals}`));
  }

  told(fault: Fault, host: Host | undefined, phase: 'begins' | 'ends'): void {
    const machine = host?.replica.vmm?.machine;
    if (
      host &&
      phase === 'begins' &&
      (fault.kind === 'pause' || fault.kind === 'crash' || fault.kind === 'domain')
    )
      this.observer.struck(host);
    if (host && phase === 'ends' && fault.kind === 'pause') this.observer.recovered(host);
    this.tell(host?.id ?? '', {
      kind: 'fault',
      fault,
      phase,
      icount: machine?.icount ?? 0,
      made: machine?.outputsMade ?? 0,
      during: (host ?? this.live())?.replica.phase ?? 'nobody live',
    });
  }

  strike(fault: Fault, host: Host): void {
    this.injector.strike(fault, host);
  }

  stuck(host: Host, stuck: Stuck): void {
    this.tell(host.id, { kind: 'stuck', ...stuck });
  }

  entered(host: Host, phase: Phase): void {
    this.injector.entered(host, phase);
  }

  restored(host: Host, peer: HostId): void {
    this.mesh.link(host.id, peer).restore();
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  get nowNs(): number {
    return this.scheduler.nowNs;
  }

  get failovers() {
    return this.observer.failovers;
  }

  /** The host that is live, or was last. */
  get survivor(): HostId {
    return this.observer.survivor;
  }

  /** The machine that ended the run, or that lived last. */
  get machine(): Machine {
    return this.observer.machine;
  }

  /** Lets up to `events` events happen; false when the run is over. */
  advance(events: number): boolean {
    for (let i = 0; i < events; i++) {
      if (this.isOver()) return this.finish();
      if (!this.scheduler.step()) return this.stalled || this.finish();
    }
    return true;
  }

  /** Nothing will happen unless somebody types. */
  get stalled(): boolean {
    const { console, scheduler, endNs } = this;
    return console.open && scheduler.idle && endNs === undefined && this.somebodyCanGoOn;
  }

  /** Runs to the end. */
  run(): this {
    while (this.advance(100_000));
    return this;
  }

  /** Whoever watches has seen enough: the run is over where it stands. */
  quit(): void {
    this.console.close();
    this.outcome ??= 'limit';
  }

  private finish(): false {
    this.outcome ??= this.somebodyCanGoOn ? 'limit' : 'lost';
    const again = this.console.droppedAgain + this.network.droppedAgain;
    for (const failover of this.failovers.slice(-1)) failover.outputsReleasedAgain = again;
    return false;
  }

  private isOver(): boolean {
    if (this.outcome === 'diverged') return true;
    if (this.nowNs < this.lookedNs + LOOK_NS) return false;
    this.lookedNs = this.nowNs;
    if (this.endNs !== undefined) {
      const settled = [...this.hosts.values()].every(
        ({ alive, replica }) => !alive || replica.role === 'spare',
      );
      return settled || this.nowNs > this.endNs + GRACE_NS;
    }
    if (!this.somebodyCanGoOn) {
      // What is on its way to the world still arrives.
      this.lostNs ??= this.nowNs;
      return this.nowNs > this.lostNs + LAST_NS;
    }
    if (this.machine.icount >= this.options.maxSteps) return true;
    return this.isIdle(this.machine);
  }

  /** Whether a host has a machine that is live, or may become so: storage says whom it counts on. */
  private get somebodyCanGoOn(): boolean {
    const { primary, backups } = this.storage.latest;
    for (const { power, stopped, replica, id } of this.hosts.values()) {
      if (power === 'off' || stopped !== undefined) continue;
      if (replica.canGoOn && (id === primary || backups.includes(id) || replica.role === 'primary'))
        return true;
      if (replica.phase === 'catching-up' && backups.includes(id)) return true;
    }
    return false;
  }

  /** Whether the guest waits for something that will not come. */
  private isIdle(machine: Machine): boolean {
    if (this.console.open) return false;
    const silentNs = this.nowNs - Math.max(this.lastStepNs, this.injector.lastEndNs);
    if (silentNs < IDLE_NS || this.injector.expecting || machine.timerDeadline !== undefined) return false;
    // The steps of a slice count when their time has passed.
    if ([...this.hosts.values()].some(({ busy }) => busy)) return false;
    const nothingToCome = machine.idle && this.console.exhausted && this.network.done && !machine.diskOpen;
    return nothingToCome || silentNs > HOPELESS_NS;
  }

  // ── What the hosts do ─────────────────────────────────────────────────────────────────────────────────────────────

  private tell(host: HostId, event: SimEvent['event']): void {
    this.options.tell({ atNs: this.nowNs, host, event });
  }

  perform(host: Host, effect: Effect): void {
    const { id } = host;
    switch (effect.do) {
      case 'ran':
        if (effect.steps > 0) this.lastStepNs = this.nowNs;
        if (id === this.survivor) this.observer.restedNs += effect.restNs;
        return;
      case 'copied':
        this.observer.copiedBytes += effect.sizeBytes;
        return;
      case 'timer':
        return;
      case 'send':
        return this.mesh.link(id, effect.to).stream(effect.bytes.length, () => this.arrive(id, effect));
      case 'datagram':
        return this.mesh.link(id, effect.to).datagram(effect.bytes.length, () => this.arrive(id, effect));
      case 'release':
        this.observer.released(id, effect, lastOf(effect.outputs.at(-1)!));
        return this.toSwitch(id, sizeOf(effect), () => this.release(host, effect));
      case 'listen':
        return this.toSwitch(id, 20, () => {
          if (!this.fenced(effect.generation))
            this.console.listen(effect.offset, (offset, data) =>
              this.fromSwitch(id, data.length, () => host.deliver({ kind: 'typed', offset, data })),
            );
        });
      case 'announce':
        return this.toSwitch(id, effect.frame.length, () => {
          if (!this.fenced(effect.generation)) this.network.learn(this.portOf(id));
        });
      case 'disk':
        if (this.options.disk !== 'private') this.observer.released(id, effect, effect.id);
        return this.toDisk(host, effect);
      case 'claim':
        return this.toStorage(id, 100, () => {
          const { generation } = this.storage;
          const record = this.storage.testAndSet(effect.generation, effect.record);
          if (this.storage.generation > generation) this.countOn(record);
          this.fromStorage(id, 100, () =>
            host.deliver({ kind: 'record', generation: effect.generation, record }),
          );
        });
      case 'look':
        return this.toStorage(id, 20, () => {
          const record = this.storage.read(effect.generation);
          this.fromStorage(id, 100, () =>
            host.deliver({ kind: 'record', generation: effect.generation, record }),
          );
        });
      case 'note':
        return this.noted(host, effect.event);
      case 'stop':
        return this.stopped(host, effect.reason);
    }
  }

  private arrive(from: HostId, { to, bytes }: { to: HostId; bytes: Uint8Array }): void {
    const host = this.hosts.get(to);
    if (!host?.alive) return;
    this.observer.outputRule.arrived(to, bytes);
    host.deliver({ kind: 'message', from, bytes });
  }

  private toSwitch(from: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(from, SWITCH).stream(sizeBytes, action);
  }

  private fromSwitch(to: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(SWITCH, to).stream(sizeBytes, action);
  }

  private toStorage(from: HostId, sizeBytes: number, action: () => void): void {
    this.mesh.link(from, STORAGE).stream(sizeBytes, () => {
      if (!this.storage.away) action();
    });
  }

  private fromStorage(to: HostId, sizeBytes: number, action: () => void): void {
    this.storage.answer(() => this.mesh.link(STORAGE, to).stream(sizeBytes, action));
  }

  /** Console and switch know the newest generation by what reaches them, and take nothing older. */
  private fenced(generation: number): boolean {
    if (generation < this.fence) return !this.options.unsafe.has('fencing');
    this.fence = generation;
    return false;
  }

  private release(host: Host, { outputs, generation }: Effect & { do: 'release' }): void {
    if (this.fenced(generation)) return;
    const { id } = host;
    for (const output of outputs) {
      const edge = output.kind === 'console' ? 'console' : 'switch';
      const isNew =
        output.kind === 'console'
          ? this.console.release(output)
          : this.network.release(output, this.portOf(id));
      if (isNew) {
        this.observer.arrivedInWorld();
        this.tell('', { kind: 'delivered', what: edge, first: output.first, last: lastOf(output) });
      }
      this.fromSwitch(id, 20, () => host.deliver({ kind: 'delivered', edge, number: lastOf(output) }));
    }
  }

  private portOf(id: HostId): (frame: Uint8Array) => void {
    return (frame) =>
      this.fromSwitch(id, frame.length, () => this.hosts.get(id)!.deliver({ kind: 'frame', frame }));
  }

  private toDisk(host: Host, effect: Effect & { do: 'disk' }): void {
    const { id } = effect;
    const answered = (status: number | 'refused', data: Uint8Array) =>
      host.deliver({ kind: 'disk-done', id, status, data });
    if (this.options.disk === 'private')
      return this.privateDisk(host.id).perform(id, effect.request, 0, answered);
    const { request } = effect;
    this.toStorage(host.id, request.operation === 'write' ? request.data.length : 30, () =>
      this.storage.perform(effect, (status, data) =>
        this.fromStorage(host.id, data.length + 20, () => answered(status, data)),
      ),
    );
  }

  /** The disk that a host has for itself, with `--disk private`. */
  privateDisk(id: HostId): Disk {
    const known = this.privateDisks.get(id);
    if (known) return known;
    const disk = this.disk(`${this.options.seed}/disk/${id}`, false, undefined);
    this.privateDisks.set(id, disk);
    return disk;
  }

  private disk(seed: string, dedup: boolean, spool: Spool | undefined): Disk {
    const sectors = sectorsOf(this.options.description);
    return new Disk(sectors, this.scheduler, new Random(seed), dedup, this.diskContent, spool);
  }

  /** What every disk holds at first. */
  get diskContent(): Uint8Array {
    return this.options.diskContent ?? new Uint8Array(0);
  }

  private stopped(host: Host, reason: 'completed' | 'diverged'): void {
    host.stopped = reason;
    if (reason === 'diverged') this.outcome = 'diverged';
    if (reason !== 'completed' || this.endNs !== undefined) return;
    this.outcome = 'completed';
    this.endNs = this.nowNs;
  }

  /** Notes in which of its lives each member of a new generation came to be one: whoever has died since has a reason not to go on. */
  private countOn({ primary, backups }: GenerationRecord): void {
    this.membersLives = new Map([primary, ...backups].map((id) => [id, this.followedIn.get(id) ?? 0]));
  }

  /** Members of the newest generation that have not died since they became that. */
  get unharmedMembers(): HostId[] {
    const members = [...this.membersLives].filter(([id, life]) => {
      const host = this.hosts.get(id)!;
      return host.alive && host.life === life;
    });
    return members.map(([id]) => id);
  }

  private noted(host: Host, event: ReplicaEvent): void {
    if (event.kind === 'following') this.followedIn.set(host.id, host.life);
    this.observer.noted(host, event);
    this.tell(host.id, event);
  }

  // ── What it came to ───────────────────────────────────────────────────────────────────────────────────────────────

  history(host: HostId): History {
    return this.observer.historyOf(host);
  }

  /** What the console has printed, as far as that is kept. */
  get transcript(): Uint8Array {
    return joined([...this.console.transcript]);
  }
}

const sizeOf = ({ outputs }: Effect & { do: 'release' }): number =>
  outputs.reduce(
    (sum, output) => sum + 20 + (output.kind === 'console' ? output.data.length : output.frame.length),
    0,
  );
