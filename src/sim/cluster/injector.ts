/** Injects the faults of a schedule. */
import type { Random } from '../../base/random.ts';
import type { Phase } from '../../ft/replica.ts';
import {
  type Fault,
  type HostFault,
  type HostId,
  LIVE,
  type NodeId,
  STORAGE,
  timeOf,
} from '../faults/faults.ts';
import type { Mesh } from '../world/mesh.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { Storage } from '../world/storage.ts';
import type { Host } from './host.ts';

const NO_PRIMARY = 'no host was live';
const inMs = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

/** What the faults act on. */
export interface FaultTargets {
  readonly scheduler: Scheduler;
  readonly mesh: Mesh;
  readonly storage: Storage;
  readonly hosts: ReadonlyMap<HostId, Host>;
  domainOf(host: HostId): string;
  live(): Host | undefined;
  /** A host's power is back: it has a new, empty replica. */
  restartHost(host: Host): void;
  onFault(fault: Fault, host: Host | undefined, phase: 'begins' | 'ends'): void;
}

/** The outcome of a fault: when and where it was injected, or why it was not triggered. */
export type FaultOutcome = { fault: Fault } & (
  | { injected: { atNs: number; host: HostId | undefined; icount: number | undefined } }
  | { notTriggered: string }
);

/** Schedules faults by time and phase, injects them, and knows the outcome of each. */
export class Injector {
  /** Faults that are not triggered yet. */
  private readonly waiting = new Set<Fault>();
  private readonly scheduled: Fault[] = [];
  private readonly known = new Map<Fault, FaultOutcome>();
  /** Since when hosts have been without power. */
  private readonly deadSinceNs = new Map<HostId, number>();
  /** The end of the last fault that has begun, and the begin of the last whose time is known. */
  lastEndNs = 0;
  private lastStartNs = 0;
  /** How often the `after` phase of a fault has begun. */
  private readonly times = new Map<Fault, number>();

  constructor(
    private readonly targets: FaultTargets,
    private readonly random: Random,
    faults: readonly Fault[],
  ) {
    for (const fault of faults) this.add(fault);
  }

  /** Adds a fault; during the run only one whose moment is a time. */
  add(fault: Fault): void {
    this.scheduled.push(fault);
    this.waiting.add(fault);
    if (!fault.after) this.expect(fault, 0);
  }

  /** Schedules a fault whose moment is a time, which counts from `fromNs`. */
  private expect(fault: Fault, fromNs: number): void {
    const ns = timeOf(fault);
    if (ns === undefined) return;
    this.lastStartNs = Math.max(this.lastStartNs, fromNs + ns);
    this.targets.scheduler.at(fromNs + ns, () => this.inject(fault, undefined));
  }

  /** A host has entered a phase: schedules the faults that wait for it. */
  entered(host: Host, phase: Phase): void {
    for (const fault of this.waiting) {
      const { after } = fault;
      if (
        after?.phase !== phase ||
        (after.host !== host.id && !(after.host === LIVE && host.replica.role === 'primary'))
      )
        continue;
      const times = (this.times.get(fault) ?? 0) + 1;
      this.times.set(fault, times);
      if (times === after.number) this.expect(fault, this.targets.scheduler.nowNs);
    }
  }

  /** Whether a fault of the schedule is not triggered yet. */
  isWaiting(fault: Fault): boolean {
    return this.waiting.has(fault);
  }

  /** Whether a fault is under way, or scheduled for a known time. */
  get expecting(): boolean {
    const { nowNs } = this.targets.scheduler;
    return nowNs < Math.max(this.lastEndNs, this.lastStartNs);
  }

  /**
   * Injects a fault; `on`: the host that has reached its position, if that triggered it. Long: a case for each kind of
   * fault.
   */
  inject(fault: Fault, on: Host | undefined): void {
    if (!this.waiting.delete(fault)) return;
    if ('when' in fault) return this.injectAtHost(fault, on ?? this.find(fault.who));
    if ('who' in fault) {
      const host = this.find(fault.who);
      if (!host) return this.miss(fault, NO_PRIMARY);
      // A replica never reads the time of day, and its host's monotonic clock is not affected.
      if (fault.kind === 'clock') return this.begins(fault, host);
      host.hostClock.factor *= fault.factor;
      return this.during(fault, host, () => {
        host.hostClock.factor /= fault.factor;
      });
    }
    switch (fault.kind) {
      case 'domain':
        return this.injectAtDomain(fault);
      case 'command': {
        const live = this.targets.live();
        if (!live) return this.miss(fault, NO_PRIMARY);
        this.begins(fault, live);
        return live.deliver({ kind: 'command', command: fault.command });
      }
      case 'outage':
        this.targets.storage.outages++;
        return this.during(fault, undefined, () => {
          this.targets.storage.outages--;
        });
      case 'restart':
        this.targets.storage.outages++;
        this.targets.storage.disk.cutPower(this.random);
        for (const host of this.targets.hosts.keys()) this.breakStreams(host, STORAGE);
        return this.during(fault, undefined, () => {
          this.targets.storage.outages--;
          for (const host of this.targets.hosts.keys()) this.mendStreams(host, STORAGE);
        });
      case 'answers':
        this.targets.storage.answerFaults.push(fault.how);
        return this.during(fault, undefined, () => {
          const { answerFaults } = this.targets.storage;
          answerFaults.splice(answerFaults.indexOf(fault.how), 1);
        });
      case 'full':
        this.targets.storage.disk.fullFaults++;
        return this.during(fault, undefined, () => {
          this.targets.storage.disk.fullFaults--;
        });
      case 'io-error':
        this.targets.storage.disk.errorFaults++;
        return this.during(fault, undefined, () => {
          this.targets.storage.disk.errorFaults--;
        });
      default:
        return this.injectAtLink(fault);
    }
  }

  private injectAtDomain(fault: Extract<Fault, { kind: 'domain' }>): void {
    const hosts = [...this.targets.hosts.values()].filter(
      ({ id }) => this.targets.domainOf(id) === fault.domain,
    );
    if (!hosts.some(({ alive }) => alive))
      return this.miss(fault, 'every host in the domain was dead already');
    this.begins(fault, undefined);
    for (const host of hosts)
      this.injectAtHost(
        { ...fault, kind: 'crash', who: host.id, when: { at: 'time', ns: fault.atNs } },
        host,
      );
  }

  private begins(fault: Fault, host: Host | undefined): void {
    const icount = host?.replica.vmm?.icount;
    this.known.set(fault, {
      fault,
      injected: { atNs: this.targets.scheduler.nowNs, host: host?.id, icount },
    });
    this.targets.onFault(fault, host, 'begins');
  }

  private miss(fault: Fault, notTriggered: string): void {
    this.known.set(fault, { fault, notTriggered });
  }

  /** The outcome of every fault by now, in the order of the schedule. */
  get outcomes(): FaultOutcome[] {
    return this.scheduled.map(
      (fault) => this.known.get(fault) ?? { fault, notTriggered: this.whyWaiting(fault) },
    );
  }

  /** Faults that were not triggered, and why. */
  get notTriggered(): { fault: Fault; notTriggered: string }[] {
    return this.outcomes.filter((outcome) => 'notTriggered' in outcome);
  }

  /** Why a fault is not triggered yet. */
  private whyWaiting(fault: Fault): string {
    const { after } = fault;
    if (after && (this.times.get(fault) ?? 0) < after.number)
      return `${after.host} was ${after.phase} ${this.times.get(fault) ?? 0} times`;
    if (!('when' in fault) || fault.when.at === 'time')
      return `the run ended before, at ${inMs(this.targets.scheduler.nowNs)}`;
    const host = this.targets.hosts.get(fault.who);
    if (!host) return 'no live host reached it';
    const cause = host.power === 'off' ? this.dead(host) : `${host.id} did not reach it`;
    const { vmm, logEnd } = host.replica;
    const reached = {
      icount: vmm ? `its machine is at icount ${vmm.icount}` : 'it has no machine',
      output: vmm ? `its machine has made ${vmm.machine.outputsMade} outputs` : 'it has no machine',
      entry: `its log ends with entry ${logEnd}`,
      sent: `it has sent ${host.sent} messages`,
    };
    return `${cause}; ${reached[fault.when.at]}`;
  }

  private dead({ id }: Host): string {
    return `${id} was dead already, since ${inMs(this.deadSinceNs.get(id) ?? 0)}`;
  }

  private find(who: HostId): Host | undefined {
    return who === LIVE ? this.targets.live() : this.targets.hosts.get(who);
  }

  /** Begins a fault, and calls `end` after its length, unless `isOver` says that something else has ended it. */
  private during(
    fault: Fault & { forNs: number },
    host: Host | undefined,
    end: () => void,
    isOver: () => boolean = () => false,
  ): void {
    const { scheduler } = this.targets;
    this.begins(fault, host);
    this.lastEndNs = Math.max(this.lastEndNs, scheduler.nowNs + fault.forNs);
    scheduler.in(fault.forNs, () => {
      if (isOver()) return;
      end();
      this.targets.onFault(fault, host, 'ends');
    });
  }

  private injectAtHost(fault: HostFault, host: Host | undefined): void {
    if (!host) return this.miss(fault, NO_PRIMARY);
    if (host.power === 'off') return this.miss(fault, this.dead(host));
    if (!host.alive) return this.miss(fault, `the machine of ${host.id} had ended already`);
    switch (fault.kind) {
      case 'crash':
      case 'kill':
        this.begins(fault, host);
        this.deadSinceNs.set(host.id, this.targets.scheduler.nowNs);
        host.powerOff();
        if (fault.kind === 'crash') this.targets.mesh.cut(host.id, this.random);
        else this.closeStreams(host.id);
        if (fault.forNs === undefined) return;
        this.lastEndNs = Math.max(this.lastEndNs, this.targets.scheduler.nowNs + fault.forNs);
        this.targets.scheduler.in(fault.forNs, () => {
          this.targets.onFault(fault, host, 'ends');
          this.targets.restartHost(host);
        });
        return;
      case 'pause': {
        if (host.power !== 'on') return this.miss(fault, `${host.id} was paused already`);
        const { life } = host;
        host.pause();
        return this.during(
          fault,
          host,
          () => host.resume(),
          () => host.life !== life,
        );
      }
      case 'flip': {
        const ram = host.replica.vmm?.machine.hart.ram;
        if (!ram) return this.miss(fault, `${host.id} has no machine`);
        // Bypasses the tracking of changed pages, as a soft error does.
        ram[fault.offset % ram.length]! ^= 1 << fault.bit;
        return this.begins(fault, host);
      }
    }
  }

  private injectAtLink(
    fault: Exclude<
      Fault,
      | HostFault
      | { who: HostId }
      | { kind: 'domain' | 'command' | 'outage' | 'full' | 'io-error' | 'restart' | 'answers' }
    >,
  ): void {
    const { mesh } = this.targets;
    const links = mesh.between(fault.from, fault.to, fault.kind !== 'partition' || fault.both);
    switch (fault.kind) {
      case 'partition':
        for (const link of links) link.partition();
        return this.during(fault, undefined, () => {
          for (const link of links) link.heal();
        });
      case 'delay':
        for (const link of links) link.extraDelayNs += fault.extraNs;
        return this.during(fault, undefined, () => {
          for (const link of links) link.extraDelayNs -= fault.extraNs;
        });
      case 'lose':
        for (const link of links) link.loss += fault.probability;
        return this.during(fault, undefined, () => {
          for (const link of links) link.loss -= fault.probability;
        });
      case 'duplicate':
        for (const link of links) link.duplication += fault.probability;
        return this.during(fault, undefined, () => {
          for (const link of links) link.duplication -= fault.probability;
        });
      case 'reset':
        this.breakStreams(fault.from, fault.to);
        this.begins(fault, undefined);
        return this.mendStreams(fault.from, fault.to);
    }
  }

  /** The operating system of a host sends what is on its way, and then closes the streams to the other hosts. */
  private closeStreams(id: HostId): void {
    for (const other of this.targets.hosts.values())
      if (other.id !== id)
        this.targets.mesh.link(id, other.id).close(() => other.deliver({ kind: 'closed', peer: id }));
  }

  private breakStreams(one: NodeId, other: NodeId): void {
    for (const link of this.targets.mesh.between(one, other)) link.break();
  }

  /** Streams work again once the sender has received the `reset`. */
  private mendStreams(one: NodeId, other: NodeId): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const host = this.targets.hosts.get(from);
      if (host?.alive) host.deliver({ kind: 'reset', peer: to });
      else this.targets.mesh.link(from, to).restore();
    }
  }
}
