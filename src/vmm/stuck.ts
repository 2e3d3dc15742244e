import { CAUSE } from '../cpu/csrs.ts';
import { hartWords } from '../cpu/layout.ts';
import type { Machine } from './machine.ts';

/** What a guest does that will go on as it does for ever. */
export interface Stuck {
  /** An address of the loop: where it last trapped, or where it is. */
  pc: bigint;
  /** Steps since it is known to repeat itself. */
  steps: number;
  /** Exceptions meanwhile. */
  traps: number;
  /** The cause of the last exception, where it is the exceptions that go on and on. */
  cause: number | undefined;
}

/** How many steps lie between two looks, at least. A look costs as much as some thousand steps. */
const LOOK_STEPS = 1_000_000;
/** As many exceptions are too many, and as many steps too long. A second of a guest at full speed. */
const TRAPS = 10_000;
const STEPS = 100_000_000;
/** A loop of so many steps is found after as many looks; a longer one where chance helps. */
const KEPT_LOOKS = 32;

/** The position, and what goes on with it: a loop goes round without them. */
const counting: ReadonlySet<string> = new Set(['icount', 'mcycleBias', 'minstretBias']);
const compared = hartWords.filter((word) => !counting.has(word));

/** Calls are how a program works, however many it makes. */
const calls: ReadonlySet<number> = new Set([CAUSE.ecallFromU, CAUSE.ecallFromS, CAUSE.ecallFromM]);

/**
 * Notices a guest that repeats itself: that spins or traps for ever. When the registers and RAM are as they were at an earlier step,
 * nothing from outside was asked for since, and nothing from outside can reach the guest, then it goes round for ever, for its next step is a
 * function of these. It looks between two runs of the machine, changes nothing, and keeps nothing that is state. A guest that waits by
 * counting `cycle` or `instret` alone looks the same, and would be reported of if it did so for {@link STEPS}.
 */
export class StuckWatch {
  private seen: string[] = [];
  private contacts = -1;
  private nextLook = 0;
  /** Where the guest was first known to repeat itself, and how many exceptions it had taken. */
  private since: { icount: number; traps: number } | undefined;
  private reported = false;

  /** To be called now and then. Says once what the guest repeats. */
  look(machine: Machine): Stuck | undefined {
    if (machine.contacts !== this.contacts || machine.icount < this.nextLook - LOOK_STEPS) {
      this.begin(machine);
      return undefined;
    }
    if (this.reported || machine.icount < this.nextLook) return undefined;
    this.nextLook = machine.icount + LOOK_STEPS;
    if (machine.isLeftAlone) return this.compare(machine);
    this.begin(machine);
    return undefined;
  }

  /** The guest has to do with the world around it: what was seen before does not count. */
  private begin(machine: Machine): void {
    this.contacts = machine.contacts;
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
    // A step counts among those that retire unless it ends in an exception.
    const taken = Number(BigInt.asIntN(64, -hart.get('minstretBias')));
    if (!repeats) return undefined;
    this.since ??= { icount, traps: taken };
    const [steps, traps] = [icount - this.since.icount, taken - this.since.traps];
    const { cause, pc } = lastException(machine);
    const trapping = traps >= TRAPS && !calls.has(cause);
    if (!trapping && steps < STEPS) return undefined;
    this.reported = true;
    return trapping ? { pc, steps, traps, cause } : { pc: hart.get('pc'), steps, traps, cause: undefined };
  }
}

/** The last exception, in the mode that takes them: where the guest is in supervisor mode, and they are delegated, that mode's. */
function lastException({ hart }: Machine): { cause: number; pc: bigint } {
  const [inMachine, bySupervisor] = [Number(hart.get('mcause')), Number(hart.get('scause'))];
  const delegated =
    hart.get('privilege') !== 3n && ((hart.get('medeleg') >> BigInt(bySupervisor & 63)) & 1n) === 1n;
  return delegated
    ? { cause: bySupervisor, pc: hart.get('sepc') }
    : { cause: inMachine, pc: hart.get('mepc') };
}
