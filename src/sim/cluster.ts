/** A whole cluster in one process on virtual time: two hosts, storage, a console and network clients. */
import { assert } from '../base/assert.ts';
import { Random } from '../base/random.ts';
import type { Effect, ReplicaEvent } from '../ft/effects.ts';
import { Replica } from '../ft/replica.ts';
import { defaultTuning, type Tuning, type UnsafeRule } from '../ft/rules.ts';
import type { Divergence } from '../vmm/doors.ts';
import type { Entry, EntryKind } from '../vmm/entries.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import { lastOf } from '../vmm/outputs.ts';
import {
  checkInput,
  checkOutputs,
  checkSameMachine,
  OneLiveChecker,
  OutputRuleChecker,
  type Violation,
} from './checkers.ts';
import { Console } from './console.ts';
import { type Comparison, compareHistories } from './evidence.ts';
import type { Fault, HostFault, HostId } from './faults.ts';
import { Host } from './host.ts';
import { Link } from './link.ts';
import { ClientNetwork } from './network.ts';
import { Scheduler } from './scheduler.ts';
import { Storage } from './storage.ts';

/** A local network: 50 µs one way, 1 Gbit/s. */
const LINK_DELAY_NS = 50_000;
const LINK_BITS_PER_SECOND = 1e9;
const STORAGE_NS = 100_000;
const WORLD_NS = 50_000;
/** After this long without a step the guest waits for something that will not come. */
const IDLE_NS = 200_000_000;
const HOPELESS_NS = 5_000_000_000;
/** How long the other side may take to end after the guest has. */
const GRACE_NS = 100_000_000;

export interface SimulationOptions {
  description: MachineDescription;
  seed: string;
  /** Typed at the console. */
  input: Uint8Array;
  clients: number;
  faults: readonly Fault[];
  /** Without fault tolerance there is one host and no log. */
  faultTolerance: boolean;
  unsafe: ReadonlySet<UnsafeRule>;
  maxSteps: number;
  /** How fast each host is; 1 is 100 million steps a second. */
  speeds?: Partial<Record<HostId, number>>;
  tuning?: Partial<Tuning>;
  /** Console output, as it reaches the world: each byte once. */
  print: (data: Uint8Array) => void;
  tell: (event: SimEvent) => void;
}

export interface SimEvent {
  atNs: number;
  host: HostId;
  event: ReplicaEvent | WorldEvent;
}

export type WorldEvent =
  | { kind: 'crashed'; icount: number; made: number }
  | { kind: 'paused'; icount: number; forNs: number }
  | { kind: 'resumed'; icount: number }
  | { kind: 'partitioned'; forNs: number }
  | { kind: 'healed' }
  | { kind: 'delayed'; extraNs: number; forNs: number }
  | { kind: 'undelayed' };

/** How the run ended: the guest ended; no side was left; a limit or nothing to wait for; the sides differed. */
export type Outcome = 'completed' | 'lost' | 'limit' | 'diverged';

export interface Failover {
  from: HostId;
  to: HostId;
  crashIcount: number;
  liveIcount: number;
  detectMs: number;
  downMs: number;
  /** Output numbers that the new primary released and the world had already seen. */
  outputsReleasedAgain: number;
}

export interface LogStatistics {
  entries: number;
  entriesByKind: Partial<Record<EntryKind, number>>;
  bytes: number;
}

export class Simulation {
  readonly hosts: ReadonlyMap<HostId, Host>;
  readonly histories: ReadonlyMap<HostId, readonly Entry[]>;
  readonly console: Console;
  readonly network: ClientNetwork;
  readonly failovers: Failover[] = [];
  readonly log: LogStatistics = { entries: 0, entriesByKind: {}, bytes: 0 };
  /** Faults that never struck, because their moment did not come. */
  readonly unstruck: Set<Fault>;
  outcome: Outcome | undefined;
  divergence: Divergence | undefined;
  /** The host that ended the run, or that lived last. */
  survivor: HostId = 'primary';
  private readonly scheduler = new Scheduler();
  private readonly storage = new Storage({ primary: 'primary', backups: ['backup'] });
  private readonly links: Readonly<Record<HostId, Link>>;
  private readonly outputRule = new OutputRuleChecker();
  private readonly oneLive = new OneLiveChecker(this.storage);
  private readonly faultRandom: Random;
  private readonly struckAt = new Map<HostId, { ns: number; icount: number }>();
  /** The last output that each host has released. */
  readonly lastReleased = new Map<HostId, number>();
  private suspectedNs = 0;
  private lastStepNs = 0;
  private endNs: number | undefined;
  /** What is on its way to the world. */
  private deliveries = 0;

  constructor(private readonly options: SimulationOptions) {
    const { seed, faults, faultTolerance } = options;
    this.faultRandom = new Random(`${seed}/faults`);
    this.unstruck = new Set(faults);
    this.console = new Console(this.scheduler, options.input, options.print);
    this.network = new ClientNetwork(this.scheduler, new Random(`${seed}/clients`), options.clients);
    const link = () => new Link(this.scheduler, LINK_DELAY_NS, LINK_BITS_PER_SECOND);
    this.links = { primary: link(), backup: link() };
    const histories = new Map<HostId, Entry[]>();
    const hosts = new Map<HostId, Host>();
    for (const id of faultTolerance ? (['primary', 'backup'] as const) : (['primary'] as const)) {
      const history: Entry[] = [];
      histories.set(id, history);
      hosts.set(id, this.host(id, history));
    }
    this.histories = histories;
    this.hosts = hosts;
    this.network.learn((frame) => this.hosts.get('primary')!.deliver({ kind: 'frame', frame }));
    for (const host of hosts.values()) this.scheduler.at(0, () => host.deliver({ kind: 'start' }));
    for (const fault of faults) this.scheduleLinkFault(fault);
  }

  private host(id: HostId, history: Entry[]): Host {
    const { description, seed, faultTolerance, unsafe, tuning, faults, speeds } = this.options;
    const random = new Random(`${seed}/${id}`);
    const replica = new Replica({
      name: id,
      description,
      role: faultTolerance ? id : 'alone',
      entropy: (sizeBytes) => random.bytes(sizeBytes),
      tuning: { ...defaultTuning, ...tuning },
      unsafe,
      witness: (entry) => history.push(entry),
    });
    const hostFaults = faults.filter((fault): fault is HostFault => 'who' in fault);
    return new Host(
      id,
      replica,
      this.scheduler,
      speeds?.[id] ?? 1,
      this.options.maxSteps,
      hostFaults,
      (effect) => this.perform(id, effect),
      (fault) => this.strike(fault),
    );
  }

  get nowNs(): number {
    return this.scheduler.nowNs;
  }

  /** The machine that ended the run, or that lived last. */
  get machine() {
    return this.hosts.get(this.survivor)!.replica.vmm.machine;
  }

  /** Lets up to `events` events happen; false when the run is over. */
  advance(events: number): boolean {
    for (let i = 0; i < events; i++) if (this.isOver() || !this.scheduler.step()) return this.finish();
    return true;
  }

  /** Runs to the end. */
  run(): this {
    while (this.advance(100_000));
    return this;
  }

  private finish(): false {
    this.outcome ??= [...this.hosts.values()].some(({ alive }) => alive) ? 'limit' : 'lost';
    const again = this.console.droppedAgain + this.network.droppedAgain;
    for (const failover of this.failovers.slice(-1)) failover.outputsReleasedAgain = again;
    return false;
  }

  private isOver(): boolean {
    if (this.outcome === 'diverged') return true;
    if (this.endNs !== undefined) {
      const settled = this.deliveries === 0 && [...this.hosts.values()].every(({ alive }) => !alive);
      return settled || this.nowNs > this.endNs + GRACE_NS;
    }
    if ([...this.hosts.values()].every(({ alive }) => !alive)) return this.deliveries === 0;
    if (this.machine.icount >= this.options.maxSteps) return true;
    return this.isIdle();
  }
  /** Whether the guest waits for something that will not come. */
  private isIdle(): boolean {
    const silentNs = this.nowNs - this.lastStepNs;
    if (silentNs < IDLE_NS || this.machine.timerDeadline !== undefined) return false;
    const struckLater = [...this.unstruck].some((fault) => startOf(fault) > this.nowNs);
    const nothingToCome = this.console.exhausted && this.network.done && !struckLater;
    return nothingToCome || silentNs > HOPELESS_NS;
  }

  private tell(host: HostId, event: SimEvent['event']): void {
    this.options.tell({ atNs: this.nowNs, host, event });
  }

  /** Something on its way to the world: it arrives even when its sender dies. */
  private toWorld(action: () => void): void {
    this.deliveries++;
    this.scheduler.in(WORLD_NS, () => {
      this.deliveries--;
      action();
    });
  }

  private perform(id: HostId, effect: Effect): void {
    const host = this.hosts.get(id)!;
    switch (effect.do) {
      case 'ran':
        if (effect.steps > 0) this.lastStepNs = this.nowNs;
        return;
      case 'send':
        return this.links[id].stream(effect.bytes.length, () => this.arrive(other(id), effect.bytes));
      case 'datagram':
        return this.links[id].datagram(effect.bytes.length, () => this.arrive(other(id), effect.bytes));
      case 'release':
        this.outputRule.released(host.replica.role, effect);
        this.lastReleased.set(id, lastOf(effect.outputs.at(-1)!));
        return this.toWorld(() => {
          for (const output of effect.outputs)
            if (output.kind === 'console') this.console.release(output);
            else this.network.release(output, this.portOf(id));
        });
      case 'listen':
        return this.toWorld(() =>
          this.console.listen(effect.offset, (offset, data) => host.deliver({ kind: 'typed', offset, data })),
        );
      case 'announce':
        return this.toWorld(() => this.network.learn(this.portOf(id)));
      case 'claim':
        this.scheduler.in(STORAGE_NS, () => {
          const record = this.storage.testAndSet(effect.generation, effect.record);
          this.scheduler.in(STORAGE_NS, () =>
            host.deliver({ kind: 'claim-answer', generation: effect.generation, record }),
          );
        });
        return;
      case 'timer':
        return;
      case 'note':
        return this.noted(id, effect.event);
      case 'stop':
        return this.stopped(id, effect.reason);
    }
  }

  private portOf(id: HostId): (frame: Uint8Array) => void {
    return (frame) => this.hosts.get(id)!.deliver({ kind: 'frame', frame });
  }

  private arrive(id: HostId, bytes: Uint8Array): void {
    const host = this.hosts.get(id);
    if (!host?.alive) return;
    if (id === 'backup') this.outputRule.arrived(bytes);
    host.deliver({ kind: 'message', bytes });
  }

  private stopped(id: HostId, reason: 'completed' | 'halted' | 'diverged'): void {
    const host = this.hosts.get(id)!;
    host.stopped = reason;
    if (reason === 'diverged') this.outcome = 'diverged';
    if (reason !== 'completed' || this.endNs !== undefined) return;
    this.outcome = 'completed';
    this.endNs = this.nowNs;
  }

  private noted(id: HostId, event: ReplicaEvent): void {
    switch (event.kind) {
      case 'sent':
        this.log.bytes += event.sizeBytes;
        this.log.entries += event.entries.length;
        for (const { kind } of event.entries)
          this.log.entriesByKind[kind] = (this.log.entriesByKind[kind] ?? 0) + 1;
        break;
      case 'suspected':
        this.suspectedNs = this.nowNs;
        break;
      case 'live':
        this.failedOver(id, event.icount);
        this.oneLive.live(id, event.generation);
        break;
      case 'alone':
        this.survivor = id;
        this.oneLive.live(id, event.generation);
        break;
      case 'diverged':
        this.divergence = event.divergence;
    }
    this.tell(id, event);
  }

  private failedOver(to: HostId, liveIcount: number): void {
    const from = other(to);
    const struck = this.struckAt.get(from);
    const failedNs = struck?.ns ?? this.suspectedNs;
    this.survivor = to;
    this.failovers.push({
      from,
      to,
      crashIcount: struck?.icount ?? this.hosts.get(from)!.replica.vmm.icount,
      liveIcount,
      detectMs: (this.suspectedNs - failedNs) / 1e6,
      downMs: (this.nowNs - failedNs) / 1e6,
      outputsReleasedAgain: 0,
    });
  }

  private strike(fault: HostFault): void {
    const host = this.hosts.get(fault.who);
    if (!host?.alive) return;
    this.unstruck.delete(fault);
    const { icount } = host.replica.vmm;
    this.struckAt.set(fault.who, { ns: this.nowNs, icount });
    if (fault.kind === 'crash') {
      host.power = 'off';
      this.links[fault.who].cut(this.faultRandom);
      return this.tell(fault.who, { kind: 'crashed', icount, made: host.replica.vmm.machine.outputsMade });
    }
    host.power = 'paused';
    this.tell(fault.who, { kind: 'paused', icount, forNs: fault.forNs });
    this.scheduler.in(fault.forNs, () => {
      this.tell(fault.who, { kind: 'resumed', icount });
      host.resume();
    });
  }

  private scheduleLinkFault(fault: Fault): void {
    if (fault.kind !== 'partition' && fault.kind !== 'delay') return;
    const links = Object.values(this.links);
    this.scheduler.at(fault.atNs, () => {
      this.unstruck.delete(fault);
      if (fault.kind === 'partition') {
        for (const link of links) link.partition();
        this.tell('primary', { kind: 'partitioned', forNs: fault.forNs });
      } else {
        for (const link of links) link.extraDelayNs += fault.extraNs;
        this.tell('primary', { kind: 'delayed', extraNs: fault.extraNs, forNs: fault.forNs });
      }
    });
    this.scheduler.at(fault.atNs + fault.forNs, () => {
      for (const link of links) {
        if (fault.kind === 'partition') link.heal();
        else link.extraDelayNs -= fault.extraNs;
      }
      this.tell('primary', { kind: fault.kind === 'partition' ? 'healed' : 'undelayed' });
    });
  }

  /** What the checkers found. `outputs` also replays the survivor's whole history on a fresh machine. */
  violations(): Violation[] {
    assert(this.outcome !== undefined, 'the run is over');
    const found = [...this.outputRule.violations, ...this.oneLive.violations];
    for (const message of this.network.complaints)
      found.push({ invariant: 'acknowledged-requests', message });
    if (this.outcome === 'diverged') return found;
    const { description } = this.options;
    const history = this.histories.get(this.survivor)!;
    found.push(...checkSameMachine(this.comparison()));
    found.push(...checkInput(history, this.options.input));
    const seen = { console: this.transcript, frames: this.network.framesOut };
    return [
      ...found,
      ...checkOutputs(description, history, this.machine.icount, seen, this.outcome === 'completed'),
    ];
  }

  /**
   * Both machines at the last `icount` that they reached as one: where the backup went live, where they were found to differ, or where
   * both ended. They are built again from what came through their doors; undefined without a second machine.
   */
  comparison(): Comparison | undefined {
    const [a, b] = [this.hosts.get('primary'), this.hosts.get('backup')];
    if (!a || !b) return undefined;
    const reached = Math.min(a.replica.vmm.icount, b.replica.vmm.icount);
    const icount = this.failovers.at(-1)?.liveIcount ?? this.divergence?.icount ?? reached;
    const history = (id: HostId) => this.histories.get(id)!;
    return compareHistories(this.options.description, history('primary'), history('backup'), icount);
  }

  /** Everything that the console has printed. */
  get transcript(): Uint8Array {
    return Uint8Array.from(this.console.transcript.flatMap((part) => [...part]));
  }
}

const other = (id: HostId): HostId => (id === 'primary' ? 'backup' : 'primary');

const startOf = (fault: Fault): number => {
  if ('atNs' in fault) return fault.atNs;
  return fault.when.at === 'time' ? fault.when.ns : 0;
};
