/** Makes the faults of a schedule happen. */
import type { Random } from '../../base/random.ts';
import type { Host } from '../host.ts';
import type { Scheduler } from '../scheduler.ts';
import type { Mesh } from '../world/mesh.ts';
import type { Storage } from '../world/storage.ts';
import { type Fault, type HostFault, type HostId, LIVE, type NodeId, STORAGE, startOf } from './faults.ts';

/** What the faults act on. */
export interface Battlefield {
  readonly scheduler: Scheduler;
  readonly mesh: Mesh;
  readonly storage: Storage;
  readonly hosts: ReadonlyMap<HostId, Host>;
  domainOf(host: HostId): string;
  live(): Host | undefined;
  /** A host's power is back: it has a new, empty replica. */
  revive(host: Host): void;
  told(fault: Fault, host: Host | undefined, phase: 'begins' | 'ends'): void;
}

export class Injector {
  /** Faults that never struck, because their moment did not come. */
  readonly unstruck: Set<Fault>;
  /** When the last fault that has begun will be over. */
  lastEndNs = 0;

  constructor(
    private readonly field: Battlefield,
    private readonly random: Random,
    faults: readonly Fault[],
  ) {
    this.unstruck = new Set(faults);
    for (const fault of faults) this.schedule(fault);
  }

  /** One more, whose moment is a time. */
  add(fault: Fault): void {
    this.unstruck.add(fault);
    this.schedule(fault);
  }

  private schedule(fault: Fault): void {
    if (!('when' in fault) || fault.when.at === 'time')
      this.field.scheduler.at(startOf(fault), () => this.strike(fault, undefined));
  }

  /** Whether faults are to come at a known time. */
  get expecting(): boolean {
    const { nowNs } = this.field.scheduler;
    return nowNs < this.lastEndNs || [...this.unstruck].some((fault) => startOf(fault) > nowNs);
  }

  /** The moment of a fault has come: on a host, if the host found out itself. */
  strike(fault: Fault, on: Host | undefined): void {
    if (!this.unstruck.has(fault)) return;
    this.unstruck.delete(fault);
    if ('when' in fault) return this.strikeHost(fault, on ?? this.find(fault.who));
    if ('who' in fault) {
      const host = this.find(fault.who);
      if (fault.kind === 'clock') {
        if (host) host.wallOffsetNs += fault.jumpNs;
        return this.field.told(fault, host, 'begins');
      }
      if (!host) return;
      host.factor *= fault.factor;
      return this.during(fault, host, () => {
        host.factor /= fault.factor;
      });
    }
    switch (fault.kind) {
      case 'domain':
        this.field.told(fault, undefined, 'begins');
        for (const host of this.field.hosts.values())
          if (this.field.domainOf(host.id) === fault.domain)
            this.strikeHost(
              { ...fault, kind: 'crash', who: host.id, when: { at: 'time', ns: fault.atNs } },
              host,
            );
        return;
      case 'command':
        this.field.told(fault, this.field.live(), 'begins');
        this.field.live()?.deliver({ kind: 'command', command: fault.command });
        return;
      case 'outage':
        this.field.storage.outages++;
        return this.during(fault, undefined, () => {
          this.field.storage.outages--;
        });
      case 'restart':
        this.field.storage.outages++;
        this.field.storage.disk.cutPower(this.random);
        for (const host of this.field.hosts.keys()) this.breakStreams(host, STORAGE);
        return this.during(fault, undefined, () => {
          this.field.storage.outages--;
          for (const host of this.field.hosts.keys()) this.mendStreams(host, STORAGE);
        });
      case 'answers':
        this.field.storage.answerFault = fault.how;
        return this.during(fault, undefined, () => {
          this.field.storage.answerFault = undefined;
        });
      case 'full':
        this.field.storage.disk.full = true;
        return this.during(fault, undefined, () => {
          this.field.storage.disk.full = false;
        });
      case 'io-error':
        this.field.storage.disk.failing = true;
        return this.during(fault, undefined, () => {
          this.field.storage.disk.failing = false;
        });
      default:
        return this.strikeLink(fault);
    }
  }

  private find(who: HostId): Host | undefined {
    return who === LIVE ? this.field.live() : this.field.hosts.get(who);
  }

  private during(fault: Fault & { forNs: number }, host: Host | undefined, end: () => void): void {
    const { scheduler } = this.field;
    this.field.told(fault, host, 'begins');
    this.lastEndNs = Math.max(this.lastEndNs, scheduler.nowNs + fault.forNs);
    scheduler.in(fault.forNs, () => {
      end();
      this.field.told(fault, host, 'ends');
    });
  }

  private strikeHost(fault: HostFault, host: Host | undefined): void {
    if (!host?.alive) return;
    switch (fault.kind) {
      case 'crash':
        this.field.told(fault, host, 'begins');
        host.powerOff();
        this.field.mesh.cut(host.id, this.random);
        if (fault.forNs === undefined) return;
        this.lastEndNs = Math.max(this.lastEndNs, this.field.scheduler.nowNs + fault.forNs);
        this.field.scheduler.in(fault.forNs, () => {
          this.field.told(fault, host, 'ends');
          this.field.revive(host);
        });
        return;
      case 'pause':
        if (host.power !== 'on') return;
        host.pause();
        return this.during(fault, host, () => host.resume());
      case 'flip': {
        const ram = host.replica.vmm?.machine.hart.ram;
        if (!ram) return;
        // Unnoticed by whoever notes what is written: that is what makes it a fault.
        ram[fault.offset % ram.length]! ^= 1 << fault.bit;
        return this.field.told(fault, host, 'begins');
      }
    }
  }

  private strikeLink(
    fault: Exclude<
      Fault,
      | HostFault
      | { who: HostId }
      | { kind: 'domain' | 'command' | 'outage' | 'full' | 'io-error' | 'restart' | 'answers' }
    >,
  ): void {
    const { mesh } = this.field;
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
        this.field.told(fault, undefined, 'begins');
        return this.mendStreams(fault.from, fault.to);
    }
  }

  private breakStreams(one: NodeId, other: NodeId): void {
    for (const link of this.field.mesh.between(one, other)) link.break();
  }

  /** Streams work again as soon as the one who sends has learnt that they broke. */
  private mendStreams(one: NodeId, other: NodeId): void {
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      const host = this.field.hosts.get(from);
      if (host?.alive) host.deliver({ kind: 'reset', peer: to });
      else this.field.mesh.link(from, to).restore();
    }
  }
}
