/** When a run is over: the guest has ended, nobody is left that could go on, or nothing more will happen. */
import type { Machine } from '../vmm/machine.ts';
import type { HostId } from './faults/faults.ts';
import type { Injector } from './faults/injector.ts';
import type { Host } from './host.ts';
import type { Scheduler } from './scheduler.ts';
import type { World } from './world/world.ts';

/** After this long without a step the guest waits for something that will not come. */
const IDLE_NS = 200_000_000;
const HOPELESS_NS = 2_000_000_000;
/** How often it is looked whether a run is over. */
const LOOK_NS = 20_000;
/** How long the other hosts may take to end after the guest has. */
const GRACE_NS = 100_000_000;
/** How long what a dead host has sent may be on its way. */
const LAST_NS = 1_000_000;

/** What the end of a run depends on. */
interface Course {
  readonly scheduler: Scheduler;
  readonly world: World;
  readonly hosts: ReadonlyMap<HostId, Host>;
  readonly injector: Injector;
  readonly machine: Machine;
  readonly maxSteps: number;
}

export class Ending {
  /** When the guest last took a step. */
  lastStepNs = 0;
  /** When the guest ended. */
  private endNs: number | undefined;
  /** When it was last looked. */
  private lookedNs = -LOOK_NS;
  /** Since when nobody is left that could go on. */
  private lostNs: number | undefined;

  constructor(private readonly run: Course) {}

  get guestHasEnded(): boolean {
    return this.endNs !== undefined;
  }

  guestEnds(): void {
    this.endNs ??= this.run.scheduler.nowNs;
  }

  get isReached(): boolean {
    const { scheduler, hosts, machine, maxSteps } = this.run;
    const { nowNs } = scheduler;
    if (nowNs < this.lookedNs + LOOK_NS) return false;
    this.lookedNs = nowNs;
    if (this.endNs !== undefined) {
      const settled = [...hosts.values()].every(({ alive, replica }) => !alive || replica.role === 'spare');
      return settled || nowNs > this.endNs + GRACE_NS;
    }
    if (!this.somebodyCanGoOn) {
      // What is on its way to the world still arrives.
      this.lostNs ??= nowNs;
      return nowNs > this.lostNs + LAST_NS;
    }
    return machine.icount >= maxSteps || this.isIdle;
  }

  /** Nothing will happen unless somebody types. */
  get isStalled(): boolean {
    const { world, scheduler } = this.run;
    return world.console.open && scheduler.idle && this.endNs === undefined && this.somebodyCanGoOn;
  }

  /** Whether a host has a machine that is live, or may become so: storage says whom it counts on. */
  get somebodyCanGoOn(): boolean {
    const { primary, backups } = this.run.world.storage.generations.latest;
    for (const { power, stopReason, replica, id } of this.run.hosts.values()) {
      if (power === 'off' || stopReason !== undefined) continue;
      if (replica.isEligible && (id === primary || backups.includes(id) || replica.role === 'primary'))
        return true;
      if (replica.phase === 'catching-up' && backups.includes(id)) return true;
    }
    return false;
  }

  /** Whether the guest waits for something that will not come. */
  private get isIdle(): boolean {
    const { world, scheduler, injector, machine, hosts } = this.run;
    const { console, network } = world;
    if (console.open) return false;
    const silentNs = scheduler.nowNs - Math.max(this.lastStepNs, injector.lastEndNs);
    if (silentNs < IDLE_NS || injector.expecting || machine.timerDeadline !== undefined) return false;
    // The steps of a slice count when their time has passed.
    if ([...hosts.values()].some(({ busy }) => busy)) return false;
    const nothingToCome = machine.idle && console.exhausted && network.done && !machine.diskOpen;
    return nothingToCome || silentNs > HOPELESS_NS;
  }
}
