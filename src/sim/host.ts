import type { Effect, ReplicaInput, SliceEnd, TimerId } from '../ft/effects.ts';
import type { Phase, Replica } from '../ft/replica.ts';
import { type Stuck, StuckWatch } from '../vmm/stuck.ts';
import { type HostFault, type HostId, LIVE, type When } from './faults/faults.ts';
import type { Scheduler } from './scheduler.ts';

/** How fast a simulated host is at speed 1: 100 million steps a second. */
export const NS_PER_STEP = 10;
/** What it takes to copy, compress and checksum one byte of a guest's state. */
export const COPY_NS_PER_BYTE = 1;
/** A slice grows while the guest computes and is short while it talks, so that outputs don't wait for the end of a long one. */
const SHORT_SLICE_NS = 50_000;
const LONG_SLICE_NS = 800_000;
/** A backup acknowledges between slices. */
const BACKUP_SLICE_NS = 200_000;

/** What a host does for its replica, in the world around it. */
export interface HostWorld {
  perform(host: Host, effect: Effect): void;
  strike(fault: HostFault, host: Host): void;
  /** The guest that lives on this host goes round for ever. */
  stuck(host: Host, stuck: Stuck): void;
  /** The replica of this host has come to be in a phase. */
  entered(host: Host, phase: Phase): void;
  /** The stream to a node works again, now that this host knows that it was broken. */
  restored(host: Host, peer: HostId): void;
}

/**
 * A host: one processor that runs the VM in slices and handles messages in between, and power that can fail. Its clock goes as
 * fast as the scheduler's, and shows something else: no host knows what another's shows.
 */
export class Host {
  power: 'on' | 'paused' | 'off' = 'on';
  /** Why the replica stopped, once it has. */
  stopped: string | undefined;
  /** What the faults leave of its speed. */
  factor = 1;
  /** Messages sent to other hosts. */
  sent = 0;
  private watch = new StuckWatch();
  private phase: Phase | undefined;
  private inbox: ReplicaInput[] = [];
  private timers = new Map<TimerId, number>();
  /** A slice, or a copy, is under way. */
  busy = false;
  /** Counts the times that power came back: what was begun before is void. */
  life = 0;
  /** What came to its end while the host stood still. */
  private whenResumed: (() => void)[] = [];
  private sliceNs = SHORT_SLICE_NS;
  /** When the steps of the slice under way will have been taken. */
  private stepsEndNs = 0;
  /** Until then the guest is given no processor time. */
  private restUntilNs = 0;
  /** This host has been copying: the guest is given a slice before the next message, or a copy would starve it. */
  private guestsTurn = false;
  private readonly faults: HostFault[];

  constructor(
    readonly id: HostId,
    public replica: Replica,
    private readonly scheduler: Scheduler,
    private readonly speed: number,
    /** The VM takes no step beyond this one. */
    private readonly maxSteps: number,
    faults: readonly HostFault[],
    private readonly world: HostWorld,
    /** What the host's monotonic clock shows at time zero. */
    private readonly clockStartNs: number,
  ) {
    this.faults = faults.filter(({ who, when }) => (who === id || who === LIVE) && when.at !== 'time');
  }

  get alive(): boolean {
    return this.power !== 'off' && this.stopped === undefined;
  }

  private get clockNs(): number {
    return this.clockStartNs + Math.floor(this.scheduler.nowNs);
  }

  private get nsPerStep(): number {
    return NS_PER_STEP / (this.speed * this.factor);
  }

  /** Steps that the VM has taken by now. Those of a slice are computed when it begins, before their time has passed. */
  get stepsTaken(): number {
    const aheadNs = Math.max(0, this.stepsEndNs - this.scheduler.nowNs);
    return (this.replica.vmm?.icount ?? 0) - Math.ceil(aheadNs / this.nsPerStep);
  }

  deliver(input: ReplicaInput): void {
    if (!this.alive) return;
    this.inbox.push(input);
    this.pump();
  }

  pause(): void {
    if (this.power === 'on') this.power = 'paused';
  }

  resume(): void {
    if (this.power !== 'paused') return;
    this.power = 'on';
    for (const action of this.whenResumed.splice(0)) action();
    this.pump();
  }

  powerOff(): void {
    this.power = 'off';
    this.life++;
    this.inbox = [];
    this.timers = new Map();
    this.whenResumed = [];
    this.busy = false;
  }

  /** The power is back; the replica is another one, and knows nothing. */
  powerOn(replica: Replica): void {
    this.power = 'on';
    this.stopped = undefined;
    this.replica = replica;
    this.watch = new StuckWatch();
    this.deliver({ kind: 'start' });
  }

  /** Handles what has arrived, then runs the next slice if there is something to run. */
  private pump(): void {
    while (!this.busy && this.power === 'on' && this.stopped === undefined) {
      const input = this.guestsTurn && this.guestMayRun ? undefined : this.inbox.shift();
      if (input) this.take(input);
      else if (!this.guestMayRun) return;
      else this.slice();
    }
  }

  private get guestMayRun(): boolean {
    const { replica, scheduler } = this;
    return (
      replica.wantsCpu && (replica.vmm?.icount ?? 0) < this.maxSteps && scheduler.nowNs >= this.restUntilNs
    );
  }

  private take(input: ReplicaInput): void {
    if (input.kind === 'reset') this.world.restored(this, input.peer);
    const effects = this.handle(input);
    // Copying takes time, in which this host does nothing else.
    const copied = copiedBytes(effects);
    this.guestsTurn ||= copied > 0;
    if (copied > 0) this.occupy(copied * COPY_NS_PER_BYTE, () => this.act(effects));
    else this.act(effects);
    this.strikeWhereReached();
  }

  private handle(input: ReplicaInput): Effect[] {
    const effects = this.replica.handle(input, this.clockNs);
    const { phase } = this.replica;
    if (phase !== this.phase) this.world.entered(this, phase);
    this.phase = phase;
    return effects;
  }

  private occupy(ns: number, then: () => void): void {
    const { life } = this;
    this.busy = true;
    const end = () => {
      if (this.life !== life) return;
      if (this.power === 'paused') {
        this.whenResumed.push(end);
        return;
      }
      this.busy = false;
      then();
      this.pump();
    };
    this.scheduler.in(ns, end);
  }

  /** The guest rests; messages are handled meanwhile. */
  private rest(ns: number): void {
    this.restUntilNs = this.scheduler.nowNs + ns;
    this.scheduler.at(this.restUntilNs, () => this.pump());
  }

  private act(effects: readonly Effect[]): void {
    const { life } = this;
    for (const [index, effect] of effects.entries()) {
      if (this.life !== life) return;
      if (this.power === 'paused') {
        this.whenResumed.push(() => this.act(effects.slice(index)));
        return;
      }
      if (effect.do === 'timer') this.arm(effect.id, effect.atNs);
      else this.world.perform(this, effect);
      if (effect.do === 'send') {
        this.sent++;
        this.strikeWhereReached('sent');
      }
    }
  }

  private arm(id: TimerId, atNs: number): void {
    this.timers.set(id, atNs);
    this.scheduler.at(atNs - this.clockStartNs, () => {
      if (this.timers.get(id) !== atNs) return;
      this.timers.delete(id);
      this.deliver({ kind: 'timer', id });
    });
  }

  /** Runs the VM now and lets the effects happen when the time that the steps take has passed. */
  private slice(): void {
    const { scheduler, replica, nsPerStep } = this;
    const { machine } = replica.vmm!;
    const made = machine.outputsMade;
    this.guestsTurn = false;
    const input = { kind: 'cpu', steps: this.stepsAllowed(), nsPerStep, end: this.sliceEnd() } as const;
    const effects = this.handle(input);
    const [first] = effects;
    const { steps, restNs } = first?.do === 'ran' ? first : { steps: 0, restNs: 0 };
    const stuck = replica.role === 'primary' ? this.watch.look(machine) : undefined;
    this.sliceNs = machine.outputsMade > made ? SHORT_SLICE_NS : Math.min(this.sliceNs * 2, LONG_SLICE_NS);
    this.stepsEndNs = scheduler.nowNs + steps * nsPerStep;
    this.occupy(steps * nsPerStep + copiedBytes(effects) * COPY_NS_PER_BYTE, () => {
      this.act(effects);
      if (stuck) this.world.stuck(this, stuck);
      this.strikeWhereReached();
      if (restNs > 0) this.rest(restNs);
    });
  }

  /** A slice ends where a fault is to strike. */
  private stepsAllowed(): number {
    const { icount } = this.replica.vmm!;
    const sliceNs = this.replica.role === 'primary' ? this.sliceNs : BACKUP_SLICE_NS;
    let steps = Math.min(Math.floor(sliceNs / this.nsPerStep), this.maxSteps - icount);
    for (const { when, who } of this.faults)
      if (when.at === 'icount' && when.icount > icount && this.isMeant(who))
        steps = Math.min(steps, when.icount - icount);
    return Math.max(1, steps);
  }

  private sliceEnd(): SliceEnd {
    const { vmm, logEnd } = this.replica;
    const output = this.nextMoment('output', vmm!.machine.outputsMade);
    return { output, entry: this.nextMoment('entry', logEnd) };
  }

  /** The first number after this one at which a fault is to strike. */
  private nextMoment(at: 'output' | 'entry', last: number): number | undefined {
    const numbers = this.faults.flatMap(({ when, who }) =>
      when.at === at && when.number > last && this.isMeant(who) ? [when.number] : [],
    );
    return numbers.length > 0 ? Math.min(...numbers) : undefined;
  }

  private isMeant(who: HostId): boolean {
    return who === this.id || (who === LIVE && this.replica.role === 'primary');
  }

  /** Lets the faults strike whose moment has come; all of them, or those that wait for one kind of moment. */
  private strikeWhereReached(at?: When['at']): void {
    if (this.faults.length === 0) return;
    const { vmm, logEnd } = this.replica;
    for (const fault of [...this.faults]) {
      const { when, who } = fault;
      if (at && when.at !== at) continue;
      const reached =
        (when.at === 'icount' && vmm !== undefined && vmm.icount >= when.icount) ||
        (when.at === 'output' && vmm !== undefined && vmm.machine.outputsMade >= when.number) ||
        (when.at === 'entry' && logEnd >= when.number) ||
        (when.at === 'sent' && this.sent >= when.number);
      if (!reached || !this.isMeant(who)) continue;
      this.faults.splice(this.faults.indexOf(fault), 1);
      this.world.strike(fault, this);
    }
  }
}

const copiedBytes = (effects: readonly Effect[]): number => {
  let sum = 0;
  for (const effect of effects) if (effect.do === 'copied') sum += effect.sizeBytes;
  return sum;
};
