import type { Effect, ReplicaInput, TimerId } from '../ft/effects.ts';
import type { Replica } from '../ft/replica.ts';
import type { HostFault, HostId } from './faults.ts';
import type { Scheduler } from './scheduler.ts';

/** How fast a simulated host is at speed 1: 100 million steps a second. */
export const NS_PER_STEP = 10;
/** A slice grows while the guest computes and is short while it talks, so that outputs don't wait for the end of a long one. */
const SHORT_SLICE_NS = 50_000;
const LONG_SLICE_NS = 800_000;
/** A backup acknowledges between slices. */
const BACKUP_SLICE_NS = 200_000;

/** What a host does for its replica, in the world around it. */
export type Perform = (effect: Effect) => void;

/**
 * A host: one processor that runs the VM in slices and handles messages in between, and power that can fail. Its time is the
 * scheduler's.
 */
export class Host {
  power: 'on' | 'paused' | 'off' = 'on';
  /** Why the replica stopped, once it has. */
  stopped: string | undefined;
  private readonly inbox: ReplicaInput[] = [];
  private readonly timers = new Map<TimerId, number>();
  private busy = false;
  /** The end of a slice that came while the host stood still. */
  private whenResumed: (() => void) | undefined;
  private sliceNs = SHORT_SLICE_NS;
  private readonly nsPerStep: number;
  private readonly faults: HostFault[];

  constructor(
    readonly id: HostId,
    readonly replica: Replica,
    private readonly scheduler: Scheduler,
    speed: number,
    /** The VM takes no step beyond this one. */
    private readonly maxSteps: number,
    faults: readonly HostFault[],
    private readonly perform: Perform,
    private readonly strike: (fault: HostFault) => void,
  ) {
    this.nsPerStep = NS_PER_STEP / speed;
    this.faults = faults.filter(({ who }) => who === id);
    for (const fault of this.faults)
      if (fault.when.at === 'time') scheduler.at(fault.when.ns, () => this.power !== 'off' && strike(fault));
  }

  get alive(): boolean {
    return this.power !== 'off' && this.stopped === undefined;
  }

  /** Whether the host is in the middle of a slice, or would run one. */
  get working(): boolean {
    return this.busy || this.inbox.length > 0 || this.replica.wantsCpu;
  }

  deliver(input: ReplicaInput): void {
    if (!this.alive) return;
    this.inbox.push(input);
    this.pump();
  }

  resume(): void {
    if (this.power !== 'paused') return;
    this.power = 'on';
    this.whenResumed?.();
    this.whenResumed = undefined;
    this.pump();
  }

  /** Handles what has arrived, then runs the next slice if there is something to run. */
  private pump(): void {
    while (!this.busy && this.power === 'on' && this.stopped === undefined) {
      const input = this.inbox.shift();
      if (input) this.act(this.replica.handle(input, this.scheduler.nowNs));
      else if (this.replica.wantsCpu) this.slice();
      else return;
    }
  }

  private act(effects: readonly Effect[]): void {
    for (const effect of effects) {
      if (effect.do === 'timer') this.arm(effect.id, effect.atNs);
      else this.perform(effect);
    }
  }

  private arm(id: TimerId, atNs: number): void {
    this.timers.set(id, atNs);
    this.scheduler.at(atNs, () => {
      if (this.timers.get(id) !== atNs) return;
      this.timers.delete(id);
      this.deliver({ kind: 'timer', id });
    });
  }

  /** Runs the VM now and lets the effects happen when the time that the steps take has passed. */
  private slice(): void {
    const { scheduler, replica } = this;
    const steps = this.stepsAllowed();
    const made = replica.vmm.machine.outputsMade;
    const effects = replica.handle({ kind: 'cpu', steps, nsPerStep: this.nsPerStep }, scheduler.nowNs);
    const ran = effects[0]?.do === 'ran' ? effects[0].steps : 0;
    const spoke = replica.vmm.machine.outputsMade > made;
    this.sliceNs = spoke ? SHORT_SLICE_NS : Math.min(this.sliceNs * 2, LONG_SLICE_NS);
    this.busy = true;
    scheduler.in(ran * this.nsPerStep, () => this.endSlice(effects));
  }

  private endSlice(effects: readonly Effect[]): void {
    if (this.power === 'off') return;
    if (this.power === 'paused') {
      this.whenResumed = () => this.endSlice(effects);
      return;
    }
    this.busy = false;
    this.act(effects);
    this.strikeWhereReached();
    this.pump();
  }

  /** A slice ends where a fault is to strike. */
  private stepsAllowed(): number {
    const { icount } = this.replica.vmm;
    const sliceNs = this.replica.role === 'backup' ? BACKUP_SLICE_NS : this.sliceNs;
    let steps = Math.min(Math.floor(sliceNs / this.nsPerStep), this.maxSteps - icount);
    for (const { when } of this.faults) {
      if (when.at === 'icount' && when.icount > icount) steps = Math.min(steps, when.icount - icount);
      if (when.at === 'time' && when.ns > this.scheduler.nowNs)
        steps = Math.min(steps, Math.floor((when.ns - this.scheduler.nowNs) / this.nsPerStep));
    }
    return Math.max(1, steps);
  }

  private strikeWhereReached(): void {
    const { machine, icount } = this.replica.vmm;
    for (const fault of [...this.faults]) {
      const { when } = fault;
      const reached =
        (when.at === 'icount' && icount >= when.icount) ||
        (when.at === 'output' && machine.outputsMade >= when.number);
      if (!reached) continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      this.strike(fault);
    }
  }
}
