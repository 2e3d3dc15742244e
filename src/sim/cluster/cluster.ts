/** A whole cluster in one process on virtual time: hosts, storage, a console and network clients. */
import { joined } from '../../base/bytes.ts';
import { Random } from '../../base/random.ts';
import type { Outcome } from '../../check/evidence.ts';
import {
  DEFAULT_SLICES,
  type DriverListener,
  LONE_SLICES,
  longestOf,
  type Slices,
} from '../../cluster/driver.ts';
import type { Execution } from '../../cpu/engine.ts';
import type { Effect, GenerationRecord, ReplicaEvent, ReplicaInput, StopReason } from '../../ft/effects.ts';
import { Replica } from '../../ft/replica.ts';
import { defaultTuning, type UnsafeRule } from '../../ft/rules.ts';
import type { History } from '../../replay/history.ts';
import { type EvidencePlaces, inMemory } from '../../replay/spool.ts';
import { type MachineDescription, sectorsOf } from '../../vmm/description.ts';
import type { Machine } from '../../vmm/machine.ts';
import { lastOf } from '../../vmm/outputs.ts';
import type { Stuck } from '../../vmm/stuck.ts';
import { type Fault, type HostFault, type HostId, isEndOfHost } from '../faults/faults.ts';
import type { TimedAction, UserAction } from '../spec/actions.ts';
import { hostNames, type RunSpec } from '../spec/spec.ts';
import type { Console } from '../world/console.ts';
import type { Disk } from '../world/disk.ts';
import type { LinkTrace } from '../world/link-trace.ts';
import type { Mesh } from '../world/mesh.ts';
import type { ClientNetwork } from '../world/network.ts';
import { Scheduler } from '../world/scheduler.ts';
import type { Storage } from '../world/storage.ts';
import { World } from '../world/world.ts';
import { Ending } from './ending.ts';
import { Host, HostClock } from './host.ts';
import { Injector } from './injector.ts';
import { FaultMoments } from './moments.ts';
import { Observer } from './observer.ts';

/** The bound of the random origin of a host's monotonic clock: a day. */
const MAX_UP_MS = 86_400_000;

/** The guest, and its input. */
export interface Guest {
  description: MachineDescription;
  /** How every host executes instructions. The run's events do not depend on it. */
  execution?: Execution | undefined;
  /** The disk's initial content; zeros by default. */
  diskContent?: Uint8Array;
  /** Typed at the console. */
  input: Uint8Array;
  /** The input is typed once the console has shown this text. */
  typeAfter?: string;
}

/** A run: its specification, its guest, and who observes it. */
export interface SimulationOptions extends Guest {
  /** Must be {@link validated} by the caller. */
  spec: RunSpec;
  /** The console is interactive: input may come at any time. */
  attended?: boolean;
  /** Where evidence for checkers, comparisons and recordings is kept; by default all of it in memory. */
  evidence?: EvidencePlaces;
  /** What its user does, in the order of the times; see {@link Simulation.act}. */
  actions?: readonly TimedAction[];
  /** Receives every action, when it is performed. */
  onAction?: (performed: TimedAction) => void;
  /** Receives console output when it is delivered: each byte once. */
  print: (data: Uint8Array) => void;
  onEvent: (event: SimEvent) => void;
  /** Every step of every replica, at once; for those who work on the protocol. */
  onStep?: (step: Step) => void;
  /** Records the run; see `src/sim/trace`. */
  trace?: RunTrace;
}

/** One step of a replica: it has handled `input`, and asks for the effects, which come when their time has passed. */
export interface Step {
  atNs: number;
  host: HostId;
  input: ReplicaInput;
  effects: readonly Effect[];
}

/** What a trace is told, beside the events and the steps. */
export interface RunTrace extends LinkTrace {
  /** An input was queued at a host. */
  queued(input: ReplicaInput): void;
  /** `icount`: the position after the step. */
  handled(step: Step, role: Replica['role'], icount: number): void;
  happened(event: SimEvent): void;
  /** New output on the console; the event that says so comes next. */
  printed(data: Uint8Array): void;
}

/** An event of a run, at virtual time `atNs`. */
export interface SimEvent {
  atNs: number;
  /** The host of the event; empty for links, storage and edge. */
  host: HostId;
  event: ReplicaEvent | WorldEvent;
}

/** Events that no replica has: of faults, of a guest that loops, and of the edge. */
export type WorldEvent =
  | { kind: 'fault'; fault: Fault; phase: 'begins' | 'ends'; icount: number; made: number; during: string }
  | ({ kind: 'stuck' } & Stuck)
  /** New outputs have reached the edge. */
  | { kind: 'delivered'; what: 'console' | 'switch'; first: number; last: number };

/** One run of a cluster: {@link run} takes it to its end, {@link advance} a part of the way. */
export class Simulation {
  readonly scheduler = new Scheduler();
  readonly world: World;
  readonly mesh: Mesh;
  readonly storage: Storage;
  readonly console: Console;
  readonly network: ClientNetwork;
  readonly hosts = new Map<HostId, Host>();
  readonly observer: Observer;
  readonly injector: Injector;
  outcome: Outcome | undefined;
  /** Whether the user has ended the run. */
  hasQuit = false;
  private isOver = false;
  /** The actions to come. */
  private readonly actions: TimedAction[];
  private readonly names: readonly HostId[];
  private readonly unsafe: ReadonlySet<UnsafeRule>;
  private readonly first: GenerationRecord;
  private readonly ending: Ending;
  private restarts = 0;
  /** Repeated outputs that are counted in a failover, or came before the first. */
  private duplicatesCounted = 0;
  private memberLives = new Map<HostId, number>();
  /** The life ({@link Driver.life}) in which each host last followed a primary; all that boot follow in their first. */
  private readonly followedIn = new Map<HostId, number>();

  constructor(readonly options: SimulationOptions) {
    const { spec, description } = options;
    const { seed, faults, backups } = spec;
    const evidence = options.evidence ?? inMemory();
    const { scheduler } = this;
    this.actions = [...(options.actions ?? [])];
    this.names = hostNames(spec);
    this.unsafe = new Set(spec.unsafe);
    this.first = { primary: 'primary', backups: this.names.slice(1, 1 + backups) };
    this.world = this.makeWorld(evidence);
    const { mesh, storage, console, network } = this.world;
    this.mesh = mesh;
    this.storage = storage;
    this.console = console;
    this.network = network;
    this.observer = new Observer(
      storage.generations,
      'primary',
      description.clock === 'derived',
      () => scheduler.nowNs,
      (host) => this.hosts.get(host)?.replica.vmm?.icount,
      evidence.histories,
      this.names.length === 1,
      longestOf(this.slices),
    );
    this.injector = new Injector(this, new Random(`${seed}/faults`), faults);
    this.ending = new Ending(this);
    for (const id of this.names) this.hosts.set(id, this.host(id));
    this.observer.wentLive(this.hosts.get('primary')!);
    this.recordMembers(this.first);
    network.learn((number, frame) => this.hosts.get('primary')!.deliver({ kind: 'frame', number, frame }));
    for (const host of this.hosts.values()) scheduler.at(0, () => host.deliver({ kind: 'start' }));
  }

  private makeWorld(evidence: EvidencePlaces): World {
    const { options, first, scheduler, diskContent, unsafe } = this;
    const { description, attended = false, input, typeAfter, trace } = options;
    const { seed, bitsPerSecond, clients, disk } = options.spec;
    return new World(
      {
        ...{ seed, unsafe, bitsPerSecond, clients, input, typeAfter },
        ...{ first, disk, diskContent, attended, evidence, trace },
        sectors: sectorsOf(description),
        print: (data) => {
          trace?.printed(data);
          options.print(data);
        },
      },
      scheduler,
      {
        arrived: (to, from, bytes) => this.arrive(to, from, bytes),
        leaves: (host, effect) => this.observer.released(host, effect),
        reached: (output) => {
          this.observer.outputDelivered();
          const what = output.kind === 'console' ? 'console' : 'switch';
          this.emit('', { kind: 'delivered', what, first: output.first, last: lastOf(output) });
        },
        recorded: (record) => this.recordMembers(record),
      },
    );
  }

  // ── The hosts ─────────────────────────────────────────────────────────────────────────────────────────────────────

  /** How long the guest runs before its host looks at messages. */
  get slices(): Slices {
    if (this.names.length === 1) return LONE_SLICES;
    const { heartbeatNs = Number.POSITIVE_INFINITY } = this.options.spec.tuning;
    return { ...DEFAULT_SLICES, computing: Math.min(DEFAULT_SLICES.computing, heartbeatNs) };
  }

  private host(id: HostId): Host {
    const { speeds, maxSteps, faults, seed } = this.options.spec;
    const startNs = new Random(`${seed}/${id}/clock`).below(MAX_UP_MS) * 1e6;
    const clock = new HostClock(this.scheduler, speeds[id] ?? 1, startNs);
    const { trace } = this.options;
    const host: Host = new Host(
      id,
      this.replica(id),
      clock,
      {
        ports: this.world.ports(id, clock),
        listener: this.listener(() => host),
        maxSteps,
        slices: this.slices,
      },
      trace && ((input) => trace.queued(input)),
    );
    const hostFaults = faults.filter((fault): fault is HostFault => 'when' in fault);
    host.moments = new FaultMoments(host, hostFaults, (fault) => this.injector.inject(fault, host));
    return host;
  }

  private listener(host: () => Host): DriverListener {
    const { onStep, trace } = this.options;
    return {
      noted: (event) => this.noted(host(), event),
      ran: (steps, restNs) => {
        if (steps > 0) this.ending.lastStepNs = this.nowNs;
        if (host().id === this.survivor) this.observer.restedNs += restNs;
      },
      copied: (sizeBytes) => {
        this.observer.copiedBytes += sizeBytes;
      },
      stopped: (reason) => this.stopped(reason),
      stuck: (stuck) => {
        // A backup that has gone live sees what the primary has said.
        if (!this.observer.becameStuck(host().id, stuck)) return;
        this.emit(host().id, { kind: 'stuck', ...stuck });
      },
      entered: (phase) => this.injector.entered(host(), phase),
      ...((onStep || trace) && {
        handled: (input, effects) => {
          const { id, replica } = host();
          const step: Step = { atNs: this.nowNs, host: id, input, effects };
          onStep?.(step);
          trace?.handled(step, replica.role, replica.vmm?.icount ?? 0);
        },
      }),
    };
  }

  private replica(id: HostId, revival = ''): Replica {
    const { description, execution, spec } = this.options;
    const { seed, tuning, backups, replication, disk, loads } = spec;
    const random = new Random(`${seed}/${id}${revival}`);
    this.observer.replicaCreated(id);
    const booting = id === 'primary' ? 'primary' : this.first.backups.includes(id) ? 'backup' : 'spare';
    return new Replica({
      name: id,
      domain: this.domainOf(id),
      load: loads[id] ?? 0,
      hosts: this.names,
      description,
      execution,
      role: revival ? 'spare' : booting,
      record: this.first,
      backups,
      replication,
      disk,
      entropy: (sizeBytes) => random.bytes(sizeBytes),
      tuning: { ...defaultTuning, ...tuning },
      unsafe: this.unsafe,
      witness: (entry) => {
        const isLive = this.hosts.get(id)?.replica.role === 'primary';
        this.observer.witnessed(id, entry, isLive);
      },
    });
  }

  domainOf(host: HostId): string {
    return this.options.spec.domains[host] ?? host;
  }

  /** The live host of the newest generation. */
  live(): Host | undefined {
    const live = [...this.hosts.values()].filter(({ alive, replica }) => alive && replica.role === 'primary');
    return live.sort((a, b) => b.replica.generation - a.replica.generation)[0];
  }

  /** Gives a host its power back, with a new, empty replica. */
  restartHost(host: Host): void {
    host.powerOn(this.replica(host.id, `/${++this.restarts}`));
  }

  onFault(fault: Fault, host: Host | undefined, phase: 'begins' | 'ends'): void {
    const machine = host?.replica.vmm?.machine;
    if (host && phase === 'begins' && (fault.kind === 'pause' || isEndOfHost(fault)))
      this.observer.hostFailed(host);
    if (host && phase === 'ends' && fault.kind === 'pause') this.observer.hostResumed(host);
    this.emit(host?.id ?? '', {
      kind: 'fault',
      fault,
      phase,
      icount: machine?.icount ?? 0,
      made: machine?.outputsMade ?? 0,
      during: (host ?? this.live())?.replica.phase ?? 'no primary',
    });
  }

  // ── Time ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  get nowNs(): number {
    return this.scheduler.nowNs;
  }

  /** When something happens next, in virtual time: an event or an action. Infinity if there is nothing to come. */
  get nextNs(): number {
    return Math.min(this.scheduler.nextNs, this.actions[0]?.atNs ?? Number.POSITIVE_INFINITY);
  }

  get failovers() {
    return this.observer.failovers;
  }

  /** The host that is live, or was last. */
  get survivor(): HostId {
    return this.observer.survivor;
  }

  /** The machine that completed the run, or was live last. */
  get machine(): Machine {
    return this.observer.machine;
  }

  /** Performs up to `events` events; false if the run is over. */
  advance(events: number): boolean {
    for (let i = 0; i < events; i++) {
      if (this.isOver) return false;
      if (this.outcome === 'diverged' || this.ending.isReached) return this.finish();
      const [next] = this.actions;
      if (next && next.atNs < this.scheduler.nextNs) this.perform(this.actions.shift()!);
      else if (!this.scheduler.step()) return this.stalled || this.finish();
    }
    return true;
  }

  /** Lets the user do something now: after everything else that happens at this time. False if the run is over. */
  act(action: UserAction): boolean {
    // Whole nanoseconds, so that it can be recorded.
    const atNs = Math.ceil(this.nowNs);
    while (this.scheduler.nextNs <= atNs) if (!this.advance(1)) return false;
    // As before an action that was given: what ends by itself is not ended by the user.
    if (this.isOver || this.outcome === 'diverged' || this.ending.isReached) return this.finish();
    this.perform({ atNs, action });
    return !this.isOver;
  }

  private perform(timed: TimedAction): void {
    const { atNs, action } = timed;
    this.scheduler.pass(atNs);
    this.options.onAction?.(timed);
    switch (action.kind) {
      case 'type':
        return this.console.typeNow(action.data);
      case 'withdraw':
        return this.console.withdraw();
      case 'close':
        return this.console.close();
      case 'fault':
        return this.injector.add(action.fault);
      case 'quit':
        this.hasQuit = true;
        return this.quit();
    }
  }

  /** See {@link Ending.isStalled}: the user is to act. */
  get stalled(): boolean {
    return this.actions.length === 0 && this.ending.isStalled;
  }

  /** Runs to the end. */
  run(): this {
    while (this.advance(100_000));
    return this;
  }

  /** Ends the run at the current event. */
  quit(): void {
    this.console.close();
    this.outcome ??= 'limit';
    this.isOver = true;
    this.countDuplicates();
  }

  private finish(): false {
    this.isOver = true;
    this.outcome ??= this.ending.isEligibleLeft ? 'limit' : 'lost';
    this.countDuplicates();
    return false;
  }

  /** Counts the repeated outputs since the last call in the latest failover. */
  private countDuplicates(): void {
    const { duplicatesDropped } = this.world;
    const failover = this.failovers.at(-1);
    if (failover) failover.outputsReleasedAgain += duplicatesDropped - this.duplicatesCounted;
    this.duplicatesCounted = duplicatesDropped;
  }

  // ── What the hosts do ─────────────────────────────────────────────────────────────────────────────────────────────

  private emit(host: HostId, event: SimEvent['event']): void {
    const happened: SimEvent = { atNs: this.nowNs, host, event };
    this.options.trace?.happened(happened);
    this.options.onEvent(happened);
  }

  private arrive(to: HostId, from: HostId, bytes: Uint8Array): void {
    const host = this.hosts.get(to);
    if (!host?.alive) return this.options.trace?.refused('no-power');
    this.observer.outputRule.arrived(to, bytes);
    host.deliver({ kind: 'message', from, bytes });
  }

  /** A host's private disk (`--disk private`). */
  privateDisk(id: HostId): Disk {
    return this.world.privateDisk(id);
  }

  /** The initial content of every disk. */
  get diskContent(): Uint8Array {
    return this.options.diskContent ?? new Uint8Array(0);
  }

  get maxSteps(): number {
    return this.options.spec.maxSteps;
  }

  private stopped(reason: StopReason): void {
    if (reason === 'diverged') this.outcome = 'diverged';
    if (reason !== 'completed' || this.ending.guestHasEnded) return;
    this.outcome = 'completed';
    this.ending.guestEnds();
  }

  /**
   * Records in which life each host became a member of a new generation: one that has crashed since is not eligible.
   */
  private recordMembers({ primary, backups }: GenerationRecord): void {
    this.memberLives = new Map([primary, ...backups].map((id) => [id, this.followedIn.get(id) ?? 0]));
  }

  /** Members of the newest generation that have not crashed since they became members. */
  get unharmedMembers(): HostId[] {
    const members = [...this.memberLives].filter(([id, life]) => {
      const host = this.hosts.get(id)!;
      return host.alive && host.life === life;
    });
    return members.map(([id]) => id);
  }

  private noted(host: Host, event: ReplicaEvent): void {
    if (event.kind === 'following') this.followedIn.set(host.id, host.life);
    if (event.kind === 'live') this.countDuplicates();
    this.observer.noted(host, event);
    this.emit(host.id, event);
  }

  // ── Evidence ──────────────────────────────────────────────────────────────────────────────────────────────────────

  /** What came through the doors of a host's current machine. */
  history(host: HostId): History {
    return this.observer.historyOf(host);
  }

  /** The console's output, as far as it was kept. */
  get transcript(): Uint8Array {
    return joined([...this.console.transcript]);
  }
}
