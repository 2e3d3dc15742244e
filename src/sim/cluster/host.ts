/** A simulated host: a driver on virtual time. */
import { Driver, type DriverOptions } from '../../cluster/driver.ts';
import type { Clock } from '../../cluster/ports.ts';
import type { ReplicaInput, TimerId } from '../../ft/effects.ts';
import type { Replica } from '../../ft/replica.ts';
import type { HostId } from '../faults/faults.ts';
import type { Scheduler } from '../world/scheduler.ts';

/** How fast a simulated host is at speed 1: 100 million steps a second. */
export const NS_PER_STEP = 10;

/** The clock of a host: it runs at the rate of virtual time, from another origin. */
export class HostClock implements Clock {
  readonly minRestNs = 0;
  /** The factor that `slow` faults leave of the host's speed. */
  factor = 1;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly speed: number,
    /** The monotonic clock at virtual time 0. */
    private readonly startNs: number,
  ) {}

  get monotonicNs(): number {
    return this.startNs + Math.floor(this.nowNs);
  }

  get nowNs(): number {
    return this.scheduler.nowNs;
  }

  get nsPerStep(): number {
    return NS_PER_STEP / (this.speed * this.factor);
  }

  wakeAt(_id: TimerId, atNs: number, action: () => void): void {
    this.scheduler.at(atNs - this.startNs, action);
  }

  after(ns: number, action: () => void): void {
    this.scheduler.in(ns, action);
  }

  spend(ns: number, action: () => void): void {
    this.scheduler.in(ns, action);
  }
}

/** A host by its name, with the clock that `slow` faults change. */
export class Host extends Driver {
  constructor(
    readonly id: HostId,
    replica: Replica,
    readonly hostClock: HostClock,
    options: DriverOptions,
    /** Told of every input when it is queued. */
    private readonly queued?: (input: ReplicaInput) => void,
  ) {
    super(replica, options);
  }

  override deliver(input: ReplicaInput): void {
    this.queued?.(input);
    super.deliver(input);
  }
}
