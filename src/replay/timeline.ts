import { assert } from '../base/assert.ts';
import type { Execution } from '../cpu/engine.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import { type Entry, isInput } from '../vmm/entries.ts';
import { Machine } from '../vmm/machine.ts';
import type { Output } from '../vmm/outputs.ts';
import { restoreSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { type Pause, Vmm, verifyMarker } from '../vmm/vmm.ts';
import { type Place, type PlacedSnapshot, Snapshots } from './snapshots.ts';

/** The default number of steps of a slice. */
const SLICE_STEPS = 10_000_000;

/** What a {@link Timeline} is made with; every member is optional. */
export interface TimelineOptions {
  /**
   * The position up to which nothing else came through the doors, if the entries end earlier. In steps. A function for
   * a history that grows: see {@link Timeline.resume}.
   */
  end?: number | (() => number);
  /** Receives the machine's outputs in order; again after each rewind. */
  made?: (output: Output) => void;
  /** Receives the machine after each stretch that it has run. */
  ran?: (machine: Machine) => void;
  /** Receives each entry when the machine reaches it; by default state hashes and output counts are verified. */
  passed?: (entry: Entry, machine: Machine) => void;
  /** A machine at the position where the entries begin; by default a fresh one. A timeline with one cannot go back. */
  machine?: Machine;
  /** How machines that are made here execute instructions; by default as `machine` does. */
  execution?: Execution | undefined;
  /** Memory for snapshots, from which going back starts; without it from the beginning. In bytes. */
  snapshotBytes?: number;
  /** Snapshots of this recording that are known already, in order. */
  knownSnapshots?: readonly PlacedSnapshot[];
  /** A clock in milliseconds, by which the distances between snapshots are chosen. */
  nowMs?: () => number;
}

/** Without a clock, snapshots of a replay that goes far are about this many steps apart. */
const SNAPSHOT_STEPS = 50_000_000;
/** With one, this long: a replay from the last one takes about as long at most. In milliseconds. */
const SNAPSHOT_MS = 200;
/** The steps between two looks at the clock. */
const LOOK_STEPS = 1_000_000;
/** Snapshots are taken this many steps before a position that is sought: for single steps back from there. */
const NEAR_STEPS = [1_000_000, 1000];

/** The entries of a recording, which can be read repeatedly. */
export interface EntrySource extends Iterable<Entry> {
  /** The entries from number `start` on, counted from 0; by default all are read, and those before are left out. */
  from?(start: number): Iterable<Entry>;
}

/** Whether a seek ends before or after the inputs of its position are applied. */
export type InputsThere = 'before' | 'after';

/** A machine that replays a recording to any position, forwards and backwards. */
export class Timeline {
  private doors!: ReplayDoors;
  private vmm!: Vmm;
  /** The number of entries that the doors have taken. */
  private taken = 0;
  private isEndTaken = false;
  readonly snapshots: Snapshots | undefined;
  /** When and where the last snapshot was taken or restored. */
  private kept = { icount: 0, ms: 0 };
  private readonly passed: (entry: Entry, machine: Machine) => void;

  /**
   * `entries` are read when the machine reaches them, so that little of a long recording is in memory; and from the
   * beginning again to go back, or for a {@link clone}.
   */
  constructor(
    private readonly description: MachineDescription,
    private readonly entries: EntrySource,
    private readonly options: TimelineOptions = {},
  ) {
    this.passed = options.passed ?? verifyMarker;
    if (options.snapshotBytes !== undefined)
      this.snapshots = new Snapshots(options.snapshotBytes, options.knownSnapshots);
    this.begin(options.machine ?? this.fresh(), 0);
    this.keep();
  }

  /** Takes a snapshot here, if snapshots are taken. */
  keep(): void {
    this.snapshots?.take(this.machine, { icount: this.icount, consumed: this.consumed });
    this.noteKept();
  }

  private noteKept(): void {
    this.kept = { icount: this.icount, ms: this.options.nowMs?.() ?? 0 };
  }

  /** Whether a replay from the last snapshot would take long. */
  private get isFarFromSnapshot(): boolean {
    const { nowMs } = this.options;
    const steps = this.icount - this.kept.icount;
    return nowMs ? steps > 0 && nowMs() - this.kept.ms >= SNAPSHOT_MS : steps >= SNAPSHOT_STEPS;
  }

  /** How many entries have come through the doors. */
  get consumed(): number {
    // The last one that waits may be the end, which is no entry.
    return this.taken - Math.max(0, this.doors.waiting - (this.isEndTaken ? 1 : 0));
  }

  /** The entry that comes next; undefined at the end. */
  get next(): Entry | undefined {
    return this.doors.next;
  }

  private fresh(): Machine {
    const { execution, machine } = this.options;
    return new Machine(this.description, new ReplayDoors(), execution ?? machine?.execution);
  }

  /** Begins with a machine through whose doors `consumed` entries have come. */
  private begin(machine: Machine, consumed: number): void {
    this.doors = new ReplayDoors(this.passed);
    this.taken = consumed;
    this.isEndTaken = false;
    this.doors.follow(this.from(consumed));
    this.vmm = new Vmm(this.description, this.doors, machine);
  }

  private *from(consumed: number): Generator<Entry, void> {
    let index = 0;
    for (const entry of this.entries.from?.(consumed) ?? this.entries) {
      if (!this.entries.from && index++ < consumed) continue;
      this.taken++;
      yield entry;
    }
    const { end } = this.options;
    if (end === undefined) return;
    this.isEndTaken = true;
    yield { kind: 'progress', icount: typeof end === 'number' ? end : end() };
  }

  /** Goes on reading: the history has grown. */
  resume(): void {
    this.begin(this.machine, this.consumed);
  }

  /**
   * The history is another one after a place: after this many entries, or after this position. Goes back if the machine
   * is further.
   */
  truncated(place: Place): void {
    this.snapshots?.forgetAfter(place);
    const isFurther = this.icount > place.icount || this.consumed > place.consumed;
    if (!isFurther) return this.resume();
    this.rewind();
    this.seek(place.icount, 'after');
  }

  get machine(): Machine {
    return this.vmm.machine;
  }

  /** The machine's position, in steps since boot. */
  get icount(): number {
    return this.vmm.icount;
  }

  /**
   * Runs `steps` steps, and applies the inputs of the last position. At the end of the recording it stops earlier, with
   * a result other than `budget`. It ends with the step after which `until` returns true.
   * @throws {Divergence} if the machine contradicts the recording.
   */
  run(steps: number, until?: () => boolean): Pause {
    this.doors.heldFrom = Number.POSITIVE_INFINITY;
    return this.go(steps, until);
  }

  private go(steps: number, until?: () => boolean): Pause {
    const end = this.icount + steps;
    for (;;) {
      const most = this.snapshots ? LOOK_STEPS : Number.POSITIVE_INFINITY;
      const { icount } = this;
      const pause = this.vmm.run(Math.min(most, end - icount), until);
      for (const output of this.machine.takeOutputs()) this.options.made?.(output);
      this.options.ran?.(this.machine);
      // A run that was ended may be past an interrupt that belongs to the next step.
      const ended = until?.() ?? false;
      if (this.snapshots && !ended && this.isFarFromSnapshot) this.keep();
      if (pause !== 'budget' || ended || this.icount >= end || this.icount < icount + most) return pause;
    }
  }

  /** Runs to the end of the recording, or to `icount`; yields between slices. */
  *slices(icount = Number.POSITIVE_INFINITY, steps = SLICE_STEPS): Generator<void, void> {
    while (this.icount < icount && this.run(Math.min(steps, icount - this.icount)) === 'budget') yield;
  }

  /**
   * Goes to a position, or to the end of the recording if that is earlier; backwards by a replay from the last snapshot
   * before it, or from the beginning.
   * @throws {Divergence} if the machine contradicts the recording.
   */
  seek(icount: number, inputsThere: InputsThere): this {
    for (const _ of this.seeking(icount, inputsThere));
    return this;
  }

  /** As {@link seek}, in parts: a part at each turn. */
  *seeking(icount: number, inputsThere: InputsThere): Generator<void, void> {
    this.startFor(icount, inputsThere);
    if (this.snapshots)
      for (const distance of NEAR_STEPS)
        if (this.icount < icount - 2 * distance) {
          for (const _ of this.slices(icount - distance)) yield;
          this.keep();
        }
    this.doors.heldFrom = inputsThere === 'before' ? icount : Number.POSITIVE_INFINITY;
    while (
      this.go(Math.min(SLICE_STEPS, icount - this.icount)) === 'budget' &&
      (this.icount < icount || this.inputsLeft)
    )
      yield;
  }

  /** Goes back, unless the position is ahead; and to a snapshot that is nearer than the present position. */
  private startFor(icount: number, inputsThere: InputsThere): void {
    const isPast = icount < this.icount || (icount === this.icount && inputsThere === 'before');
    const snapshot = this.snapshots?.lastUntil(icount, inputsThere === 'before');
    if (!snapshot) {
      if (isPast) this.rewind();
    } else if (isPast || snapshot.icount > this.icount) this.restore(snapshot);
  }

  /**
   * Goes back to the beginning, whatever state the machine is in: after a {@link Divergence}, which leaves it in the
   * middle of a step, or when something else has run it. With snapshots the machine and its translations are kept.
   */
  restart(): void {
    assert(!this.options.machine, 'a timeline on a given machine cannot go back');
    const first = this.snapshots?.lastUntil(0);
    if (first) this.restore(first);
    else this.begin(this.fresh(), 0);
  }

  /** The position of the last snapshot before a position; undefined when there is none. */
  snapshotBefore(icount: number): number | undefined {
    return this.snapshots?.lastUntil(icount, true)?.icount;
  }

  /** Whether inputs of this position are pending: a run ends early if the machine has made too many outputs. */
  private get inputsLeft(): boolean {
    const { next, heldFrom } = this.doors;
    return next !== undefined && isInput(next) && next.icount === this.icount && next.icount < heldFrom;
  }

  private rewind(): void {
    if (this.icount > 0 || this.taken > 0) this.restart();
  }

  private restore(snapshot: PlacedSnapshot): void {
    const { machine } = this;
    const one = machine.hart.ramSizeBytes <= snapshot.ramSizeBytes ? machine : this.fresh();
    this.snapshots!.restore(one, snapshot);
    this.begin(one, snapshot.consumed);
    this.noteKept();
  }

  /** Continues with another machine at the same position. */
  continueOn(machine: Machine): void {
    assert(machine.icount === this.icount, 'both machines are at one position');
    this.vmm = new Vmm(this.description, this.doors, machine);
  }

  /** A timeline with a copy of the machine at the same position. */
  clone(): Timeline {
    const { machine: _, ...options } = this.options;
    const { execution } = this.machine;
    const other = new Timeline(this.description, this.entries, { ...options, execution });
    restoreSnapshot(other.machine, takeSnapshot(this.machine));
    other.begin(other.machine, this.consumed);
    return other;
  }
}
