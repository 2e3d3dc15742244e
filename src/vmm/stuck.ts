import { CAUSE, PRIVILEGE } from '../cpu/csrs.ts';
import { hartWords } from '../cpu/layout.ts';
import type { Machine } from './machine.ts';

/** How a guest that repeats itself endlessly does so. */
export interface Stuck {
  /** An address in the loop: of the last trap, or the present one. */
  pc: bigint;
  /** Steps since the guest is known to repeat itself. */
  steps: number;
  /** Exceptions taken during these steps. */
  traps: number;
  /** The cause of the last exception, if the guest loops through exceptions. */
  cause: number | undefined;
}

/**
 * The number of steps between two samples: at first, and at most. It doubles while the guest does not repeat itself: a
 * sample hashes the pages that have changed, which took 3 % of a computing guest's time each million steps.
 */
const LOOK_STEPS = 1_000_000;
const MAX_LOOK_STEPS = 16_000_000;
/** The samples after which the distance begins to grow. */
const EARLY_LOOKS = 4;
/** A loop is reported after this many exceptions or steps: about a second of a guest at full speed. */
const TRAPS = 10_000;
const STEPS = 100_000_000;
/**
 * The samples kept. A loop of up to this many steps is found after as many samples; a longer one only by coincidence.
 */
const KEPT_LOOKS = 32;

/** The position and the words that change with it: they do not count when states are compared. */
const counting: ReadonlySet<string> = new Set(['icount', 'mcycleBias', 'minstretBias']);
const compared = hartWords.filter((word) => !counting.has(word));

/** Environment calls, which a working program makes in any number. */
const calls: ReadonlySet<number> = new Set([CAUSE.ecallFromU, CAUSE.ecallFromS, CAUSE.ecallFromM]);

/**
 * Detects a guest that loops or traps endlessly. When the registers and RAM are as they were at an earlier step, the
 * guest used nothing outside since, and nothing outside can reach it, it repeats itself forever, because its next step
 * is a function of these. The state is sampled between two runs of the machine; nothing is changed or becomes state. A
 * guest that waits by counting `cycle` or `instret` alone looks the same, and is reported if it does so for
 * {@link STEPS}.
 */
export class StuckWatch {
  private seen: string[] = [];
  private interactions = -1;
  private nextLook = 0;
  private lookSteps = LOOK_STEPS;
  /** Where the guest was first known to repeat itself, and the number of exceptions taken until then. */
  private since: { icount: number; traps: number } | undefined;
  private reported = false;

  /** Takes a sample; to be called between runs. Returns the loop once, when it is found. */
  sample(machine: Machine): Stuck | undefined {
    if (machine.interactions !== this.interactions || machine.icount < this.nextLook - this.lookSteps) {
      this.begin(machine);
      return undefined;
    }
    if (this.reported || machine.icount < this.nextLook) return undefined;
    if (!machine.isIsolated) {
      this.begin(machine);
      return undefined;
    }
    const stuck = this.compare(machine);
    this.nextLook = machine.icount + this.lookSteps;
    return stuck;
  }

  /** Starts over: the guest has used something outside, so earlier samples do not count. */
  private begin(machine: Machine): void {
    this.interactions = machine.interactions;
    this.lookSteps = LOOK_STEPS;
    this.nextLook = machine.icount + LOOK_STEPS;
    this.seen = [];
    this.since = undefined;
    this.reported = false;
  }

  private compare(machine: Machine): Stuck | undefined {
    const { hart, icount } = machine;
    const now = [...compared.map((word) => hart.get(word)), hart.hashRam()].join();
    const repeats = this.seen.includes(now);
    this.seen.push(now);
    if (this.seen.length > KEPT_LOOKS) this.seen.shift();
    // Every step retires an instruction unless it ends in an exception.
    const taken = Number(BigInt.asIntN(64, -hart.get('minstretBias')));
    if (!repeats) {
      if (this.seen.length > EARLY_LOOKS) this.lookSteps = Math.min(this.lookSteps * 2, MAX_LOOK_STEPS);
      return undefined;
    }
    this.since ??= { icount, traps: taken };
    const [steps, traps] = [icount - this.since.icount, taken - this.since.traps];
    const { cause, pc } = lastException(machine);
    const trapping = traps >= TRAPS && !calls.has(cause);
    if (!trapping && steps < STEPS) return undefined;
    this.reported = true;
    return trapping ? { pc, steps, traps, cause } : { pc: hart.get('pc'), steps, traps, cause: undefined };
  }
}

/**
 * The last exception, from the CSRs of the mode that takes it: supervisor mode when it is delegated from the present
 * mode.
 */
function lastException({ hart }: Machine): { cause: number; pc: bigint } {
  const [inMachine, bySupervisor] = [Number(hart.get('mcause')), Number(hart.get('scause'))];
  const delegated =
    hart.get('privilege') !== BigInt(PRIVILEGE.M) &&
    ((hart.get('medeleg') >> BigInt(bySupervisor & 63)) & 1n) === 1n;
  return delegated
    ? { cause: bySupervisor, pc: hart.get('sepc') }
    : { cause: inMachine, pc: hart.get('mepc') };
}
