/** A machine that goes along a recording: to any position of it, forwards and backwards. */
import { assert } from '../base/assert.ts';
import type { Execution } from '../cpu/engine.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { ReplayDoors } from '../vmm/doors.ts';
import { type Entry, isInput } from '../vmm/entries.ts';
import { Machine } from '../vmm/machine.ts';
import type { Output } from '../vmm/outputs.ts';
import { restoreSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { type Pause, Vmm, verifyMarker } from '../vmm/vmm.ts';

/** How many steps are taken at once where nobody else says so. */
const SLICE_STEPS = 10_000_000;

export interface TimelineOptions {
  /** Nothing else came through the doors before this position, although the entries end earlier. In steps. */
  end?: number;
  /** Is given what the machine puts out, in order, also when it goes the same way again. */
  made?: (output: Output) => void;
  /** Is told of each entry as the machine comes to it; by default state hashes and output counts are compared. */
  passed?: (entry: Entry, machine: Machine) => void;
  /** A machine that stands where the entries begin; by default a fresh one. Going back then ends there with an error. */
  machine?: Machine;
  /** How the machines that are made here execute instructions; by default as the one that was given. */
  execution?: Execution | undefined;
}

/** Before the inputs of a position are applied, or after them. */
export type InputsThere = 'before' | 'after';

export class Timeline {
  private doors!: ReplayDoors;
  private vmm!: Vmm;
  /** Entries that the doors have taken. */
  private taken = 0;
  private readonly passed: (entry: Entry, machine: Machine) => void;

  /**
   * `entries` are read as the machine comes to them, so that of a long recording little is in memory; and from their beginning again
   * to go back, or for a {@link clone}.
   */
  constructor(
    private readonly description: MachineDescription,
    private readonly entries: Iterable<Entry>,
    private readonly options: TimelineOptions = {},
  ) {
    this.passed = options.passed ?? verifyMarker;
    this.begin(options.machine ?? this.fresh(), 0);
  }

  private fresh(): Machine {
    const { execution, machine } = this.options;
    return new Machine(this.description, new ReplayDoors(), execution ?? machine?.execution);
  }

  /** The machine stands where `consumed` entries have come through its doors. */
  private begin(machine: Machine, consumed: number): void {
    this.doors = new ReplayDoors(this.passed);
    this.taken = consumed;
    this.doors.follow(this.from(consumed));
    this.vmm = new Vmm(this.description, this.doors, machine);
  }

  private *from(consumed: number): Generator<Entry, void> {
    let index = 0;
    for (const entry of this.all()) {
      if (index++ < consumed) continue;
      this.taken++;
      yield entry;
    }
  }

  private *all(): Generator<Entry, void> {
    yield* this.entries;
    const { end } = this.options;
    if (end !== undefined) yield { kind: 'progress', icount: end };
  }

  get machine(): Machine {
    return this.vmm.machine;
  }

  /** Where it stands, in steps since boot. */
  get icount(): number {
    return this.vmm.icount;
  }

  /**
   * Goes `steps` steps on, and applies the inputs of the place where that ends; or as far as the recording goes, which is when the
   * result is something else than `budget`. @throws {Divergence} when the machine does not do what the recording says.
   */
  run(steps: number): Pause {
    this.doors.heldFrom = Number.POSITIVE_INFINITY;
    return this.go(steps);
  }

  private go(steps: number): Pause {
    const pause = this.vmm.run(steps);
    for (const output of this.machine.takeOutputs()) this.options.made?.(output);
    return pause;
  }

  /** Goes to the end of the recording, or to `icount`, a slice at a time: whoever asks for the next may do something else in between. */
  *slices(icount = Number.POSITIVE_INFINITY, steps = SLICE_STEPS): Generator<void, void> {
    while (this.icount < icount && this.run(Math.min(steps, icount - this.icount)) === 'budget') yield;
  }

  /**
   * Goes to a position, backwards by beginning anew. Where the recording ends before it, that is how far the machine goes.
   * @throws {Divergence} when the machine does not do what the recording says.
   */
  seek(icount: number, inputsThere: InputsThere): this {
    if (icount < this.icount || (icount === this.icount && inputsThere === 'before')) this.rewind();
    this.doors.heldFrom = inputsThere === 'before' ? icount : Number.POSITIVE_INFINITY;
    while (
      this.go(Math.min(SLICE_STEPS, icount - this.icount)) === 'budget' &&
      (this.icount < icount || this.inputsLeft)
    );
    return this;
  }

  /** Whether inputs of this position wait, because too much was put out to apply all of them at once. */
  private get inputsLeft(): boolean {
    const { next, heldFrom } = this.doors;
    return next !== undefined && isInput(next) && next.icount === this.icount && next.icount < heldFrom;
  }

  private rewind(): void {
    if (this.icount === 0 && this.taken === 0) return;
    assert(!this.options.machine, 'a machine that was given can go back to the beginning');
    this.begin(this.fresh(), 0);
  }

  /** From here on another machine goes this way, which stands where this one does. */
  continueOn(machine: Machine): void {
    assert(machine.icount === this.icount, 'both machines stand at one position');
    this.vmm = new Vmm(this.description, this.doors, machine);
  }

  /** Another machine at the same position, which goes its own way from here. */
  clone(): Timeline {
    const { machine: _, ...options } = this.options;
    const { execution } = this.machine;
    const other = new Timeline(this.description, this.entries, { ...options, execution });
    restoreSnapshot(other.machine, takeSnapshot(this.machine));
    other.begin(other.machine, this.taken - this.doors.waiting);
    return other;
  }
}
