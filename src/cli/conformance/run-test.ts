/** One conformance program, alone on a machine. */
import { OperatingError } from '../../base/errors.ts';
import { Random } from '../../base/random.ts';
import type { Execution } from '../../cpu/engine.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { type Environment, LiveDoors } from '../../vmm/doors.ts';
import { Machine } from '../../vmm/machine.ts';
import type { Output } from '../../vmm/outputs.ts';
import { Vmm } from '../../vmm/vmm.ts';

/** How a program ended. */
export type Ending =
  | { outcome: 'passed' }
  /** `test`: the number that the program gave to the case that failed. */
  | { outcome: 'failed'; test: number }
  /** It used up its steps. */
  | { outcome: 'timed-out' }
  /** It waits for an interrupt that cannot come. */
  | { outcome: 'asleep' }
  /** It is no program for this machine. */
  | { outcome: 'refused'; reason: string }
  /** A bug in vmft. */
  | { outcome: 'broke-vmft'; reason: string };

/** `printed`: the end of what it printed. `unanswered`: the first command to `tohost` that there is no answer to. */
export type Result = { name: string; steps: number; printed?: string; unanswered?: string } & Ending;

const PRINTED_MAX = 4096;

/** As fast as a simulated host: 10 ns a step, 100 ns a tick. */
const STEPS_PER_TICK = 10;

/** Time that passes with the steps and jumps while the guest sleeps, and chance that is alike in each run. */
class Alone implements Environment {
  private readonly random = new Random('conformance');
  private sleptTicks = 0;

  clock(icount: number): number {
    return this.sleptTicks + Math.floor(icount / STEPS_PER_TICK);
  }

  icountAt(ticks: number): number {
    return (ticks - this.sleptTicks) * STEPS_PER_TICK;
  }

  entropy(sizeBytes: number): Uint8Array {
    return Uint8Array.from({ length: sizeBytes }, () => this.random.below(256));
  }

  /** The guest sleeps until the clock shows `ticks`. */
  sleepUntil(ticks: number, icount: number): void {
    this.sleptTicks += Math.max(0, ticks - this.clock(icount));
  }
}

/** Runs a program until it says how it went, for so many steps at most. */
export function runTest(
  name: string,
  load: () => MachineDescription,
  maxSteps: number,
  execution?: Execution,
): Result {
  let vmm: Vmm | undefined;
  const printed = new Printed();
  const ended = (ending: Ending): Result => {
    const unanswered = vmm?.machine.unansweredCommand;
    return {
      name,
      steps: vmm?.icount ?? 0,
      ...(printed.text && { printed: printed.text }),
      ...(unanswered !== undefined && { unanswered: `0x${unanswered.toString(16)}` }),
      ...ending,
    };
  };
  try {
    const world = new Alone();
    const [description, doors] = [load(), new LiveDoors(world)];
    vmm = new Vmm(description, doors, new Machine(description, doors, execution));
    return ended(toEnd(vmm, world, maxSteps, printed));
  } catch (error) {
    if (error instanceof OperatingError) return ended({ outcome: 'refused', reason: error.message });
    return ended({ outcome: 'broke-vmft', reason: String(error) });
  }
}

/** Keeps the end of what a program prints. */
class Printed {
  private bytes = new Uint8Array(0);

  add(outputs: readonly Output[]): void {
    for (const output of outputs)
      if (output.kind === 'console')
        this.bytes = Uint8Array.from([...this.bytes, ...output.data].slice(-PRINTED_MAX));
  }

  get text(): string {
    return new TextDecoder().decode(this.bytes);
  }
}

function toEnd(vmm: Vmm, world: Alone, maxSteps: number, printed: Printed): Ending {
  const { machine } = vmm;
  for (;;) {
    const pause = vmm.run(maxSteps - vmm.icount);
    printed.add(machine.takeOutputs());
    // A program that prints much is stopped now and then.
    if (pause === 'budget' && vmm.icount < maxSteps) continue;
    if (pause === 'off') {
      const { code } = machine.power;
      return code === 0 ? { outcome: 'passed' } : { outcome: 'failed', test: code };
    }
    if (pause !== 'waiting') return { outcome: 'timed-out' };
    const deadline = machine.timerDeadline;
    if (deadline === undefined || deadline > BigInt(Number.MAX_SAFE_INTEGER)) return { outcome: 'asleep' };
    if (world.clock(vmm.icount) >= deadline) return { outcome: 'asleep' };
    world.sleepUntil(Number(deadline), vmm.icount);
  }
}
