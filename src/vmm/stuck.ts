import { CAUSE, exceptionNames, PRIVILEGE } from '../cpu/csrs.ts';
import { hartWords } from '../cpu/layout.ts';
import type { Machine } from './machine.ts';

/** What a guest does that repeats itself, and can hardly do anything else any more. */
export interface Stuck {
  /**
   * `trap`: it takes an exception again and again. `loop`: its registers and memory repeat, and nothing outside can reach
   * it. `wait`: it is in a WFI, and no interrupt that it has enabled can come.
   */
  how: 'trap' | 'loop' | 'wait';
  /** `trap`: of the instruction that traps; `loop`: an address in the loop; `wait`: of the WFI. */
  pc: bigint;
  /** The step from which on it is known to do so: of the first of the exceptions, or the earliest equal state. */
  since: number;
  /** Steps since then. */
  steps: number;
  /** Exceptions since then. */
  traps: number;
  /** `trap`: the cause of the last exception, and what it has left in `mtval` or `stval`. */
  cause: number | undefined;
  tval: bigint | undefined;
}

/**
 * The number of steps between two samples: at first, and at most. It doubles while the guest does not repeat itself: a
 * sample hashes the pages that have changed, which took 3 % of a computing guest's time each million steps.
 */
const LOOK_STEPS = 1_000_000;
const MAX_LOOK_STEPS = 16_000_000;
/** The samples after which the distance begins to grow. */
const EARLY_LOOKS = 4;
/** What repeats exactly is reported after this many exceptions or steps: about a second of a guest at full speed. */
const TRAPS = 10_000;
const STEPS = 100_000_000;
/** One exception is reported after this many in a row, whatever else changes. */
const TRAPS_IN_A_ROW = 100_000;
/**
 * The samples kept. A loop of up to this many steps is found after as many samples; a longer one only by coincidence.
 */
const KEPT_LOOKS = 32;
const WFI_BYTES = 4n;

/** The position and the words that change with it: they do not count when states are compared. */
const counting: ReadonlySet<string> = new Set(['icount', 'mcycleBias', 'minstretBias']);
const compared = hartWords.filter((word) => !counting.has(word));

/** Environment calls, which a working program makes in any number. */
const calls: ReadonlySet<number> = new Set([CAUSE.ecallFromU, CAUSE.ecallFromS, CAUSE.ecallFromM]);

/** A state of the guest, and how many exceptions it had taken before. */
interface Look {
  state: string;
  icount: number;
  traps: number;
}

/**
 * Detects a guest that is stuck, in three ways.
 *
 * - The hart counts exceptions in a row that are all of one instruction and one cause: its handler returns to it without
 *   having removed the cause, or has the exception itself. The count begins again with another exception, an interrupt,
 *   a return to elsewhere, and here with each use of a device. So a kernel that loads pages on demand, emulates
 *   instructions or polls a device is not reported.
 * - When the registers and RAM are as they were at an earlier step, the guest used nothing outside since, and nothing
 *   outside can reach it, it repeats itself forever, because its next step is a function of these. A guest that waits by
 *   counting `cycle` or `instret` alone looks the same, and is reported if it does so for {@link STEPS}.
 * - It waits for an interrupt, and none that it has enabled can come.
 *
 * The machine is looked at between two runs; nothing is changed or becomes state.
 */
export class StuckWatch {
  private seen: Look[] = [];
  private interactions = -1;
  private inputs = -1;
  private nextLook = 0;
  private lookSteps = LOOK_STEPS;
  /** The exceptions in a row when the guest had last used something outside. */
  private inARowBefore = { since: -1, count: 0 };
  /** What was reported: the first step of the exceptions in a row; whether of anything else. */
  private reportedSince = -1;
  private reported = false;

  /** @param trapsInARow how many exceptions in a row are reported */
  constructor(private readonly trapsInARow = TRAPS_IN_A_ROW) {}

  /** Looks at the machine; to be called between runs. Returns what the guest repeats once, when it is found. */
  sample(machine: Machine): Stuck | undefined {
    const stuck = this.look(machine);
    if (stuck) this.reported = true;
    return stuck;
  }

  private look(machine: Machine): Stuck | undefined {
    const { icount, interactions, inputs } = machine;
    const wentBack = icount < this.nextLook - this.lookSteps;
    if (interactions !== this.interactions || wentBack) {
      this.reported = false;
      this.inARowBefore = machine.hart.repeatedException ?? { since: -1, count: 0 };
    }
    if (interactions !== this.interactions || wentBack || inputs !== this.inputs) this.begin(machine);
    const exception = this.exceptionInARow(machine);
    if (exception) return exception;
    if (this.reported) return undefined;
    if (machine.idle) return machine.canWake ? undefined : waiting(machine);
    if (icount < this.nextLook) return undefined;
    if (!machine.isIsolated) {
      this.begin(machine);
      return undefined;
    }
    const stuck = this.compare(machine);
    this.nextLook = icount + this.lookSteps;
    return stuck;
  }

  /** Starts over: something outside was used, or has come, so earlier samples do not count. */
  private begin(machine: Machine): void {
    this.interactions = machine.interactions;
    this.inputs = machine.inputs;
    this.lookSteps = LOOK_STEPS;
    this.nextLook = machine.icount + LOOK_STEPS;
    this.seen = [];
  }

  private exceptionInARow({ hart, icount, interactedAt }: Machine): Stuck | undefined {
    if (hart.exceptionsInARow < this.trapsInARow) return undefined;
    const { pc, cause, tval, count, since } = hart.repeatedException!;
    const { inARowBefore } = this;
    const before = since <= interactedAt && since === inARowBefore.since ? inARowBefore.count : 0;
    if (count - before < this.trapsInARow || since === this.reportedSince || calls.has(cause))
      return undefined;
    this.reportedSince = since;
    return { how: 'trap', pc, since, steps: icount - since, traps: count, cause, tval };
  }

  private compare(machine: Machine): Stuck | undefined {
    const { hart, icount } = machine;
    const state = [...compared.map((word) => hart.get(word)), hart.hashRam()].join();
    // Every step retires an instruction unless it ends in an exception.
    const taken = Number(BigInt.asIntN(64, -hart.get('minstretBias')));
    const first = this.seen.find((look) => look.state === state);
    if (!first) {
      this.seen.push({ state, icount, traps: taken });
      if (this.seen.length > KEPT_LOOKS) this.seen.shift();
      if (this.seen.length > EARLY_LOOKS) this.lookSteps = Math.min(this.lookSteps * 2, MAX_LOOK_STEPS);
      return undefined;
    }
    const { icount: since } = first;
    const [steps, traps] = [icount - since, taken - first.traps];
    const { cause, pc, tval } = lastException(machine);
    if (traps >= TRAPS && !calls.has(cause)) {
      // The hart knows better since when, if all are one.
      const one = hart.repeatedException;
      const same = one && one.count >= traps ? { since: one.since, traps: one.count } : { since, traps };
      this.reportedSince = one?.since ?? -1;
      return { how: 'trap', pc, ...same, steps: icount - same.since, cause, tval };
    }
    if (steps < STEPS) return undefined;
    return { how: 'loop', pc: hart.get('pc'), since, steps, traps, cause: undefined, tval: undefined };
  }
}

const waiting = ({ hart, icount }: Machine): Stuck => ({
  ...{ how: 'wait', pc: BigInt.asUintN(64, hart.get('pc') - WFI_BYTES), since: icount },
  ...{ steps: 0, traps: 0, cause: undefined, tval: undefined },
});

/**
 * The last exception, from the CSRs of the mode that takes it: supervisor mode when it is delegated from the present
 * mode.
 */
function lastException({ hart }: Machine): { cause: number; pc: bigint; tval: bigint } {
  const [inMachine, bySupervisor] = [Number(hart.get('mcause')), Number(hart.get('scause'))];
  const delegated =
    hart.get('privilege') !== BigInt(PRIVILEGE.M) &&
    ((hart.get('medeleg') >> BigInt(bySupervisor & 63)) & 1n) === 1n;
  return delegated
    ? { cause: bySupervisor, pc: hart.get('sepc'), tval: hart.get('stval') }
    : { cause: inMachine, pc: hart.get('mepc'), tval: hart.get('mtval') };
}

/** What a stuck guest does, in words. @param place gives an address as text, with its name if it has one */
export function stuckText({ how, pc, since, traps, cause, tval }: Stuck, place = hex): string {
  switch (how) {
    case 'trap': {
      const what = exceptionNames[cause!] ?? `exception ${cause}`;
      return `the guest traps again and again: ${what} at ${place(pc)}, tval ${hex(tval!)}; ${traps} times since step ${since}`;
    }
    case 'loop':
      return `the guest loops at ${place(pc)}: its registers and memory repeat, since step ${since} at the latest, and no interrupt can reach it`;
    case 'wait':
      return `the guest waits in WFI at ${place(pc)} since step ${since}, and no interrupt that it has enabled can come`;
  }
}

const hex = (value: bigint): string => `0x${value.toString(16)}`;
