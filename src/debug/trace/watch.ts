/** Looks at every instruction before it is executed, without single steps: some millions a second. */
import type { Machine } from '../../vmm/machine.ts';
import { CodeReader } from './code-reader.ts';
import { type Mode, modeOf, type TrapEvent } from './events.ts';
import { HartHalves, HartImage, PLACE } from './hart-image.ts';
import { type Decoded, decodeWord } from './instruction.ts';
import type { RecordedSteps } from './recorded-steps.ts';
import { trapsSince } from './traps.ts';

/** The steps between two turns. */
const TURN_STEPS = 200_000;
/** As {@link Hart.observe} takes it: every page. */
export const EVERYWHERE = { address: 0n, sizeBytes: 2 ** 24 } as const;

/** An instruction that is about to be executed. */
export interface Watched {
  icount: number;
  pc: bigint;
  mode: Mode;
  /** undefined when it can't be fetched. */
  decoded: Decoded | undefined;
}

type Sees = (step: Watched, isEnd: boolean) => boolean;

/** See the head of this file. */
export class InstructionWatch {
  /** The traps between the instruction before and the present one, without what they changed. */
  traps: readonly TrapEvent[] = [];
  /** The instruction before; undefined at the first one. */
  previous: Watched | undefined;
  readonly halves: HartHalves;
  private readonly machine: Machine;
  private readonly code: CodeReader;
  private readonly before = new HartImage();

  constructor(private readonly steps: RecordedSteps) {
    // A timeline that only goes forwards has one machine.
    this.machine = steps.machine;
    this.halves = new HartHalves(this.machine.hart);
    this.code = new CodeReader(this.machine.hart, this.halves);
  }

  /**
   * Runs up to the end of step `to`, in parts. `sees` is called for each instruction, and returns whether to
   * go on; once more where the run ends, with what would be executed next.
   */
  *parts(to: number, sees: Sees): Generator<void, void> {
    const { steps, machine } = this;
    let goesOn = true;
    do steps.timeline.run(0);
    while (steps.hasInput);
    this.before.copy(this.halves.all);
    machine.observe({
      ranges: [{ ...EVERYWHERE, access: 'fetch' }],
      stopsAt: (address) => {
        // A run that was stopped here goes on here.
        goesOn &&= this.look(address, sees, false);
        return !goesOn;
      },
    });
    while (goesOn && steps.icount <= to) {
      const pause = steps.timeline.run(Math.min(TURN_STEPS, to + 1 - steps.icount), () => !goesOn);
      steps.takeOutputs();
      steps.taken();
      if (pause !== 'budget') break;
      yield;
    }
    if (goesOn) this.look(machine.hart.get('pc'), sees, true);
    machine.observe(undefined);
  }

  private look(pc: bigint, sees: Sees, isEnd: boolean): boolean {
    const { halves, before, previous } = this;
    const { hart } = this.machine;
    // Before the first one at most an interrupt is taken.
    const attempt = previous ?? { icount: hart.icount - 1, pc, decoded: undefined };
    this.traps = trapsSince(hart, halves, before, attempt);
    const word = this.code.atPc();
    const step = {
      icount: hart.icount,
      pc,
      mode: modeOf(halves.low(PLACE.privilege)),
      decoded: word === undefined ? undefined : decodeWord(word),
    };
    before.copyForTraps(halves.all);
    const goesOn = sees(step, isEnd);
    this.previous = step;
    return goesOn;
  }
}
