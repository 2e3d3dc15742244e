/** Runs one conformance program on a single machine. */
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
  /** It reached its step limit. */
  | { outcome: 'timed-out' }
  /** It waits for an interrupt that cannot come. */
  | { outcome: 'asleep' }
  /** This machine can't run it. */
  | { outcome: 'refused'; reason: string }
  /** A bug in vmft. */
  | { outcome: 'broke-vmft'; reason: string };

/** `printed`: the end of its console output. `unanswered`: its first unknown HTIF command in `tohost`. */
export type Result = { name: string; steps: number; printed?: string; unanswered?: string } & Ending;

const PRINTED_MAX = 4096;

/** The speed of a simulated host: 10 ns per step, 100 ns per tick. */
const STEPS_PER_TICK = 10;

/** Virtual time that advances with the steps and jumps over sleep, and the same random numbers in each run. */
class SoloEnvironment implements Environment {
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

  /** Advances the clock to `ticks`. */
  sleepUntil(ticks: number, icount: number): void {
    this.sleptTicks += Math.max(0, ticks - this.clock(icount));
  }
}

/** Runs a program until it reports its result, for at most `maxSteps` steps. */
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
    const environment = new SoloEnvironment();
    const [description, doors] = [load(), new LiveDoors(environment)];
    vmm = new Vmm(description, doors, new Machine(description, doors, execution));
    return ended(toEnd(vmm, environment, maxSteps, printed));
  } catch (error) {
    if (error instanceof OperatingError) return ended({ outcome: 'refused', reason: error.message });
    return ended({ outcome: 'broke-vmft', reason: String(error) });
  }
}

/** The last {@link PRINTED_MAX} bytes of a program's console output. */
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

function toEnd(vmm: Vmm, environment: SoloEnvironment, maxSteps: number, printed: Printed): Ending {
  const { machine } = vmm;
  for (;;) {
    const pause = vmm.run(maxSteps - vmm.icount);
    printed.add(machine.takeOutputs());
    // `run` also returns to limit the outputs that wait in memory.
    if (pause === 'budget' && vmm.icount < maxSteps) continue;
    if (pause === 'off') {
      const { code } = machine.power;
      return code === 0 ? { outcome: 'passed' } : { outcome: 'failed', test: code };
    }
    if (pause !== 'waiting') return { outcome: 'timed-out' };
    const deadline = machine.timerDeadline;
    if (deadline === undefined || deadline > BigInt(Number.MAX_SAFE_INTEGER)) return { outcome: 'asleep' };
    if (environment.clock(vmm.icount) >= deadline) return { outcome: 'asleep' };
    environment.sleepUntil(Number(deadline), vmm.icount);
  }
}
