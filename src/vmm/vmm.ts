import type { MachineDescription } from './description.ts';
import type { Doors } from './doors.ts';
import { Divergence } from './doors.ts';
import type { Entry } from './entries.ts';
import { Machine } from './machine.ts';

/**
 * Why {@link Vmm.run} came back: the steps are used up, or it was enough, or so much was made that somebody must take it first; the guest waits for
 * an interrupt; the doors let it go no further for now; the guest has switched off.
 */
export type Pause = 'budget' | 'waiting' | 'stalled' | 'off';

/** A machine and the doors it is run with. */
export class Vmm {
  readonly machine: Machine;
  private current: Doors;

  constructor(description: MachineDescription, doors: Doors, machine?: Machine) {
    this.current = doors;
    this.machine = machine ?? new Machine(description, doors);
    this.machine.doors = doors;
  }

  get icount(): number {
    return this.machine.icount;
  }

  /** Going live is nothing but other doors. */
  set doors(doors: Doors) {
    this.current = doors;
    this.machine.doors = doors;
  }

  /**
   * Runs up to `steps` steps, applying inputs where they are due. `enough` ends the run with the very step, or input, after which it
   * is true. @throws {Divergence} in replay.
   */
  run(steps: number, enough: () => boolean = () => false): Pause {
    const { machine } = this;
    const end = machine.icount + steps;
    // Where the guest makes room for an input that waits, it is given that.
    machine.enough = () => enough() || this.current.inputWaits(machine);
    for (;;) {
      this.applyInputs(enough);
      if (machine.power.off) return 'off';
      if (machine.icount >= end || machine.isFull || enough()) return 'budget';
      const limit = Math.min(end, this.current.limit(machine));
      if (limit <= machine.icount) return 'stalled';
      const exit = machine.run(limit);
      // While the hart waits, only an input at this very position can go on.
      if (exit === 'waiting' && !this.applyInputs(enough))
        return machine.isFull || enough() ? 'budget' : 'waiting';
    }
  }

  private applyInputs(enough: () => boolean): boolean {
    const { machine, current } = this;
    let any = false;
    // An input can start the next operation of a disk request: those of a whole one may come at one position.
    while (!machine.isFull && !enough()) {
      const input = current.input(machine);
      if (!input) break;
      machine.apply(input);
      any = true;
    }
    return any;
  }
}

/** Checks a machine against a `check` entry. @throws {Divergence} when the state is another. */
export function verifyMarker(entry: Entry, machine: Machine): void {
  if (entry.kind === 'check' && machine.hash(true) !== entry.hash)
    throw new Divergence(
      machine.icount,
      `the state has the hash ${machine.hash().toString(16).padStart(16, '0')}`,
      entry,
    );
  if (entry.kind === 'output' && machine.outputsMade !== entry.made)
    throw new Divergence(machine.icount, `the guest has made ${machine.outputsMade} outputs`, entry);
}
