/** When a run is over: the guest has ended, no eligible replica is left, or nothing more will happen. */
import type { Slices } from '../../cluster/driver.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { HostId } from '../faults/faults.ts';
import type { Scheduler } from '../world/scheduler.ts';
import type { World } from '../world/world.ts';
import type { Host } from './host.ts';
import type { Injector } from './injector.ts';

/** The run is stopped after this long without a step of an idle guest that no input is pending for. */
const IDLE_NS = 200_000_000;
/** The run is stopped after this long without a step of any guest that has set no timer. */
const STALL_NS = 2_000_000_000;
/** The interval of checks for the end of a run. */
const CHECK_NS = 20_000;
/** How long the other hosts may take to end after the guest has. */
const GRACE_NS = 100_000_000;
/** The bound of the delay of messages that a crashed host has sent. */
const MESSAGE_NS = 200_000;

/** What {@link Ending} needs of the run. */
interface RunState {
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly hosts: ReadonlyMap<HostId, Host>;
  readonly injector: Injector;
  readonly machine: Machine;
  readonly maxSteps: number;
  readonly slices: Slices;
}

/** Decides whether a run is over. */
export class Ending {
  /** When the guest last took a step. */
  lastStepNs = 0;
  /** When the guest ended. */
  private endNs: number | undefined;
  /** When the last check was. */
  private checkedNs = -CHECK_NS;
  /** Since when no eligible replica is left. */
  private lostNs: number | undefined;

  constructor(private readonly run: RunState) {}

  get guestHasEnded(): boolean {
    return this.endNs !== undefined;
  }

  guestEnds(): void {
    this.endNs ??= this.run.scheduler.nowNs;
  }

  /** Whether the run is over; checked at most every {@link CHECK_NS}. */
  get isReached(): boolean {
    const { scheduler, hosts, machine, maxSteps, slices } = this.run;
    const { nowNs } = scheduler;
    if (nowNs < this.checkedNs + CHECK_NS) return false;
    this.checkedNs = nowNs;
    if (this.endNs !== undefined) {
      const allEnded = [...hosts.values()].every(({ alive, replica }) => !alive || replica.role === 'spare');
      return allEnded || nowNs > this.endNs + GRACE_NS;
    }
    if (!this.isEligibleLeft) {
      // Outputs in flight still arrive, and the end of a guest is known when the time of its last slice has passed.
      this.lostNs ??= nowNs;
      return nowNs > this.lostNs + slices.primary[1] + MESSAGE_NS && !this.isBusy;
    }
    return machine.icount >= maxSteps || this.isIdle;
  }

  /** Nothing will happen without interactive input. */
  get isStalled(): boolean {
    const { world, scheduler } = this.run;
    return world.console.open && scheduler.idle && this.endNs === undefined && this.isEligibleLeft;
  }

  /** Whether a replica is live, or is eligible and a member of the newest generation. */
  get isEligibleLeft(): boolean {
    const { primary, backups } = this.run.world.storage.generations.latest;
    for (const { power, stopReason, replica, id } of this.run.hosts.values()) {
      if (power === 'off' || stopReason !== undefined) continue;
      if (replica.isEligible && (id === primary || backups.includes(id) || replica.role === 'primary'))
        return true;
      if (replica.phase === 'catching-up' && backups.includes(id)) return true;
    }
    return false;
  }

  /** Whether the time of a slice has not passed. */
  private get isBusy(): boolean {
    for (const { busy } of this.run.hosts.values()) if (busy) return true;
    return false;
  }

  /** Whether the guest waits for an input that will not come. */
  private get isIdle(): boolean {
    const { world, scheduler, injector, machine } = this.run;
    const { console, network } = world;
    if (console.open) return false;
    const silentNs = scheduler.nowNs - Math.max(this.lastStepNs, injector.lastEndNs);
    if (silentNs < IDLE_NS || injector.expecting || machine.timerDeadline !== undefined) return false;
    // A slice's steps count only after their time has passed.
    if (this.isBusy) return false;
    const nothingToCome = machine.idle && console.exhausted && network.done && !machine.diskOpen;
    return nothingToCome || silentNs > STALL_NS;
  }
}
