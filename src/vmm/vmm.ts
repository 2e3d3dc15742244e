import type { MachineDescription } from './description.ts';
import type { Doors } from './doors.ts';
import { Divergence } from './doors.ts';
import type { Entry } from './entries.ts';
import { Machine } from './machine.ts';

/**
 * Why {@link Vmm.run} returned. `budget`: the steps are used up, `until` was true, or the outputs must be taken first;
 * `waiting`: the guest waits for an interrupt; `stalled`: the doors do not allow a further step yet; `off`: the guest
 * has switched off.
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

  /** Going live only exchanges the doors. */
  set doors(doors: Doors) {
    this.current = doors;
    this.machine.doors = doors;
  }

  /**
   * Runs up to `steps` steps, applying inputs where they are due. The run ends with the step or input after which
   * `until` returns true.
   * @throws {Divergence} in replay
   */
  run(steps: number, until: () => boolean = () => false): Pause {
    try {
      return this.advance(steps, until);
    } catch (error) {
      if (error instanceof Divergence) error.pc = this.machine.hart.get('pc');
      throw error;
    }
  }

  private advance(steps: number, until: () => boolean): Pause {
    const { machine } = this;
    const end = machine.icount + steps;
    // When the guest makes room for a waiting input, the input is applied at that position.
    machine.stopCondition = () => until() || this.current.inputWaits(machine);
    for (;;) {
      this.applyInputs(until);
      if (machine.power.off) return 'off';
      if (machine.icount >= end || machine.isFull || until()) return 'budget';
      const limit = Math.min(end, this.current.limit(machine));
      if (limit <= machine.icount) return 'stalled';
      const exit = machine.run(limit);
      // While the hart waits, only an input at this position can wake it.
      if (exit === 'waiting' && !this.applyInputs(until))
        return machine.isFull || until() ? 'budget' : 'waiting';
    }
  }

  private applyInputs(until: () => boolean): boolean {
    const { machine, current } = this;
    let any = false;
    // An input can start the next operation of a disk request, so several completions may come at one position.
    while (!machine.isFull && !until()) {
      const input = current.input(machine);
      if (!input) break;
      machine.apply(input);
      any = true;
    }
    return any;
  }
}

/**
 * Checks a machine against a marker: a `check` entry's hash, an `output` entry's count.
 * @throws {Divergence} when it differs
 */
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
