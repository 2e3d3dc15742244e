/**
 * Drives a replica: inputs queue in an inbox, the guest runs in slices in between, and effects are performed in order.
 * It does no I/O, and has time only from its {@link Clock}.
 */
import type { Effect, ReplicaEvent, ReplicaInput, SliceEnd, StopReason, TimerId } from '../ft/effects.ts';
import type { Phase, Replica } from '../ft/replica.ts';
import { type Stuck, StuckWatch } from '../vmm/stuck.ts';
import { perform } from './perform.ts';
import type { Clock, Ports } from './ports.ts';

/** The time to copy, compress and checksum one byte of a guest's state. */
export const COPY_NS_PER_BYTE = 1;
/** The least and the greatest time that the guest runs before the inbox is looked at, in ns. */
export interface Slices {
  /**
   * On a primary. They grow while the guest only computes, and are short while it makes outputs, which wait for the
   * slice's end.
   */
  primary: readonly [least: number, greatest: number];
  /** By how much a primary's slice is longer than the one before. */
  growth: number;
  /** A primary's slice that is longer than this ends soon after its first output: after the least. */
  long: number;
  /** On a backup, whose acknowledgements wait for the slice's end. */
  backup: readonly [least: number, greatest: number];
  /**
   * The greatest on either while the guest only computes: then slices may take up to {@link COMPUTING_SHARE} of the
   * steps for which it has. Without it, or where it is less, the others hold.
   */
  computing?: number;
}

/** By default. A guest that computes leaves heartbeats their period. */
export const DEFAULT_SLICES: Required<Slices> = {
  ...{ primary: [50_000, 800_000], growth: 2, long: 800_000 },
  backup: [200_000, 200_000],
  computing: 2_000_000,
};
/** What comes for a guest that only computes waits for the slice's end: this much longer, relative to the time before. */
const COMPUTING_SHARE = 1 / 8;
/**
 * Of a host without others, which no message waits for. A slice costs JavaScript that V8 has to optimize first, some 0.2 s
 * of a processor in a run of 1,000 of them.
 */
export const LONE_SLICES: Slices = { ...DEFAULT_SLICES, primary: [50_000, 100_000_000] };

/** The longest that a live guest runs before the inbox is looked at, in ns. */
export const longestOf = ({ primary, computing = 0 }: Slices): number => Math.max(primary[1], computing);

/** Receives what the replica does. */
export interface DriverListener {
  noted(event: ReplicaEvent): void;
  /** The guest has taken `steps`, and gets no processor time for `restNs`. */
  ran(steps: number, restNs: number): void;
  /** `sizeBytes` of the guest's state were copied. */
  copied(sizeBytes: number): void;
  stopped(reason: StopReason): void;
  /** The live guest is stuck. */
  stuck(stuck: Stuck): void;
  /** The replica has entered a phase. */
  entered(phase: Phase): void;
  /**
   * The replica, or a port, has thrown: the host has lost its power. Without this listener the error is rethrown.
   */
  failed?: (error: unknown) => void;
  /** The replica has handled an input and asks for these effects, which come next. */
  handled?(input: ReplicaInput, effects: readonly Effect[]): void;
}

/** Moments at which the simulator injects faults: slices end there, and progress is reported. */
export interface Moments {
  /** The steps of the next slice: at most `steps`, up to the next moment. */
  limit(steps: number): number;
  /** The other ends of the next slice. */
  end(): SliceEnd;
  /** The replica has made progress, so a moment may be due; `sent`: a message has been sent. */
  passed(what?: 'sent'): void;
}

const NO_MOMENTS: Moments = { limit: (steps) => steps, end: () => ({}), passed: () => {} };

/** What a {@link Driver} is made with. */
export interface DriverOptions {
  ports: Ports;
  listener: DriverListener;
  /** The position at which the guest stops. */
  maxSteps: number;
  slices?: Slices;
}

/** One host: a replica, its inbox and its timers. */
export class Driver {
  power: 'on' | 'paused' | 'off' = 'on';
  /** Why the replica has stopped; undefined before. */
  stopReason: StopReason | undefined;
  /** The number of stream messages sent to other hosts. */
  sent = 0;
  /** A slice, or a copy, is under way. */
  busy = false;
  /** The number of power losses: callbacks of an earlier life are void. */
  life = 0;
  moments: Moments = NO_MOMENTS;
  private watch = new StuckWatch();
  private phase: Phase | undefined;
  private inbox: ReplicaInput[] = [];
  private timers = new Map<TimerId, number>();
  /** Completions that are deferred while the host is paused. */
  private whenResumed: (() => void)[] = [];
  private readonly slices: Slices;
  private sliceNs: number;
  /** Rests that were too short for the clock. */
  private owedRestNs = 0;
  /** When the steps of the slice under way will have been taken. */
  private stepsEndNs = 0;
  /** The guest gets no processor time before this. */
  private restUntilNs = Number.NEGATIVE_INFINITY;
  /**
   * Until then the guest runs before the next input is handled: after a copy step, for as long as the step took.
   * Otherwise a copy would starve the guest.
   */
  private guestsTurnUntilNs = Number.NEGATIVE_INFINITY;

  constructor(
    public replica: Replica,
    private readonly options: DriverOptions,
  ) {
    this.slices = options.slices ?? DEFAULT_SLICES;
    [this.sliceNs] = this.slices.primary;
  }

  private get clock(): Clock {
    return this.options.ports.clock;
  }

  get alive(): boolean {
    return this.power !== 'off' && this.stopReason === undefined;
  }

  /**
   * Steps that the guest has taken by now. The steps of a slice are computed at its start, before their time has
   * passed.
   */
  get stepsTaken(): number {
    const { nowNs, nsPerStep } = this.clock;
    const aheadNs = Math.max(0, this.stepsEndNs - nowNs);
    return (this.replica.vmm?.icount ?? 0) - Math.ceil(aheadNs / nsPerStep);
  }

  /** Queues an input and runs the host; without power it is dropped. */
  deliver(input: ReplicaInput): void {
    if (!this.alive) return;
    this.inbox.push(input);
    this.pump();
  }

  /** Pauses the host: inputs queue up until {@link resume}. */
  pause(): void {
    if (this.power === 'on') this.power = 'paused';
  }

  resume(): void {
    if (this.power !== 'paused') return;
    this.power = 'on';
    for (const action of this.whenResumed.splice(0)) action();
    this.pump();
  }

  /** The host loses its power, and with it inbox and timers. */
  powerOff(): void {
    this.power = 'off';
    this.life++;
    this.inbox = [];
    this.timers = new Map();
    this.whenResumed = [];
    this.busy = false;
  }

  /** The power is back; `replica` is a new one, restarted empty. */
  powerOn(replica: Replica): void {
    this.power = 'on';
    this.stopReason = undefined;
    this.replica = replica;
    this.phase = undefined;
    this.watch = new StuckWatch();
    [this.sliceNs] = this.slices.primary;
    this.owedRestNs = 0;
    this.stepsEndNs = 0;
    this.restUntilNs = Number.NEGATIVE_INFINITY;
    this.guestsTurnUntilNs = Number.NEGATIVE_INFINITY;
    this.deliver({ kind: 'start' });
  }

  /** Handles the inbox, then runs slices while the guest may run. */
  private pump(): void {
    this.guarded(() => {
      while (!this.busy && this.power === 'on' && this.stopReason === undefined) {
        const isGuestsTurn = this.clock.nowNs < this.guestsTurnUntilNs && this.guestMayRun;
        const input = isGuestsTurn ? undefined : this.inbox.shift();
        if (input) this.take(input);
        else if (!this.guestMayRun) return;
        else this.slice();
      }
    });
  }

  private get guestMayRun(): boolean {
    const { replica, clock, options } = this;
    return (
      replica.wantsCpu && (replica.vmm?.icount ?? 0) < options.maxSteps && clock.nowNs >= this.restUntilNs
    );
  }

  private take(input: ReplicaInput): void {
    if (input.kind === 'reset') this.options.ports.transport.restored(input.peer);
    const startNs = this.clock.nowNs;
    const effects = this.handle(input);
    const copied = copiedBytes(effects);
    // The host does nothing else during a copy.
    if (copied > 0)
      this.occupy(copied * COPY_NS_PER_BYTE, () => {
        this.act(effects);
        const { nowNs } = this.clock;
        this.guestsTurnUntilNs = nowNs + (nowNs - startNs);
      });
    else this.act(effects);
    this.moments.passed();
  }

  private handle(input: ReplicaInput): Effect[] {
    const { listener } = this.options;
    const effects = this.replica.handle(input, this.clock.monotonicNs);
    listener.handled?.(input, effects);
    const { phase } = this.replica;
    if (phase !== this.phase) listener.entered(phase);
    this.phase = phase;
    return effects;
  }

  /** Runs an action. An error leaves the replica in an unknown state, so the host then loses its power. */
  private guarded(action: () => void): void {
    const { failed } = this.options.listener;
    try {
      action();
    } catch (error) {
      if (!failed) throw error;
      this.powerOff();
      failed(error);
    }
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
      this.guarded(then);
      this.pump();
    };
    this.clock.spend(ns, end);
  }

  /** Gives the guest no processor time for `restNs`, now or together with later rests. Inputs are handled meanwhile. */
  private rest(restNs: number): void {
    const ns = this.owedRestNs + restNs;
    const isLong = ns >= this.clock.minRestNs;
    this.owedRestNs = isLong ? 0 : ns;
    if (!isLong) return;
    this.restUntilNs = this.clock.nowNs + ns;
    this.clock.after(ns, () => this.pump());
  }

  private act(effects: readonly Effect[]): void {
    const { life } = this;
    for (let index = 0; index < effects.length; index++) {
      const effect = effects[index]!;
      if (this.life !== life) return;
      if (this.power === 'paused') {
        this.whenResumed.push(() => this.act(effects.slice(index)));
        return;
      }
      this.perform(effect);
      if (effect.do !== 'send') continue;
      this.sent++;
      this.moments.passed('sent');
    }
  }

  private perform(effect: Effect): void {
    const { listener, ports } = this.options;
    switch (effect.do) {
      case 'ran':
        return listener.ran(effect.steps, effect.restNs);
      case 'copied':
        return listener.copied(effect.sizeBytes);
      case 'timer':
        return this.arm(effect.id, effect.atNs);
      case 'note':
        return listener.noted(effect.event);
      case 'stop':
        this.stopReason = effect.reason;
        return listener.stopped(effect.reason);
      default:
        return perform(effect, ports, (input) => this.deliver(input));
    }
  }

  private arm(id: TimerId, atNs: number): void {
    this.timers.set(id, atNs);
    this.clock.wakeAt(id, atNs, () => {
      if (this.timers.get(id) !== atNs) return;
      this.timers.delete(id);
      this.deliver({ kind: 'timer', id });
    });
  }

  /** Runs the VM now, and performs the effects when the steps' time has passed. */
  private slice(): void {
    const { clock, replica, moments, options } = this;
    const { nsPerStep } = clock;
    const { machine } = replica.vmm!;
    const made = machine.outputsMade;
    const usual = this.usualSteps(nsPerStep);
    const long = this.computingSteps(nsPerStep);
    const left = options.maxSteps - machine.icount;
    const steps = moments.limit(Math.min(Math.max(usual, long), left));
    const [least, greatest] = this.slices.primary;
    // An output does not wait for the end of a long slice.
    const isLong = long > usual || usual * nsPerStep > this.slices.long;
    const afterOutput = isLong ? Math.floor(least / nsPerStep) : undefined;
    const effects = this.handle({
      kind: 'cpu',
      steps: Math.max(1, steps),
      nsPerStep,
      end: moments.end(),
      afterOutput,
    });
    const [first] = effects;
    const { steps: taken, restNs } = first?.do === 'ran' ? first : { steps: 0, restNs: 0 };
    const stuck = replica.role === 'primary' ? this.watch.sample(machine) : undefined;
    const longerNs = Math.min(this.sliceNs * this.slices.growth, greatest);
    this.sliceNs = machine.outputsMade > made ? least : longerNs;
    this.stepsEndNs = clock.nowNs + taken * nsPerStep;
    this.occupy(taken * nsPerStep + copiedBytes(effects) * COPY_NS_PER_BYTE, () => {
      this.act(effects);
      if (stuck) options.listener.stuck(stuck);
      moments.passed();
      if (restNs > 0) this.rest(restNs);
    });
  }

  private usualSteps(nsPerStep: number): number {
    const [least, greatest] = this.replica.role === 'primary' ? this.slices.primary : this.slices.backup;
    return Math.floor(Math.max(least, Math.min(this.sliceNs, greatest)) / nsPerStep);
  }

  /** The steps that a guest may take which only computes. */
  private computingSteps(nsPerStep: number): number {
    const { computing = 0 } = this.slices;
    return Math.floor(Math.min(computing / nsPerStep, this.replica.computedSteps * COMPUTING_SHARE));
  }
}

const copiedBytes = (effects: readonly Effect[]): number => {
  let sum = 0;
  for (const effect of effects) if (effect.do === 'copied') sum += effect.sizeBytes;
  return sum;
};
