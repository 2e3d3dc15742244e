/** Replays a recording and tells what happens in it: steps, traps, log entries, outputs, blocks. */
import type { AccessKind } from '../../cpu/hart.ts';
import type { HartWord } from '../../cpu/layout.ts';
import type { Entry } from '../../vmm/entries.ts';
import type { Pause } from '../../vmm/vmm.ts';
import { Blocks } from './blocks.ts';
import { accessesOf, changesOf } from './changes.ts';
import { CodeReader } from './code-reader.ts';
import { type Mode, modeOf, type StepEvent, type TraceEvent } from './events.ts';
import { type AddressRange, isEmpty, mayShow, type StepFilter, shows } from './filter.ts';
import { HartHalves, HartImage, PLACE } from './hart-image.ts';
import { type Decoded, decodeWord } from './instruction.ts';
import { RecordedSteps, reachesGuest, type TraceSource } from './recorded-steps.ts';
import { exceptionAt, trapInto } from './traps.ts';
import { EVERYWHERE, InstructionWatch, type Watched } from './watch.ts';

/** What a trace tells of. */
export interface TraceOptions {
  /** The first and the last position, in steps. */
  from: number;
  to: number;
  /** Steps, and their exceptions, that are told; with a filter nothing else is. */
  filter: StepFilter;
  /** The kinds of events; by default all but blocks. Filters are for `step`. */
  kinds?: readonly TraceEvent['kind'][];
  /**
   * Whether blocks are told when they are executed for the first time, with their instructions, or each time.
   */
  blocks?: { first: boolean; each: boolean };
  /** Receives the events in order; returns whether more are wanted. */
  emit(event: TraceEvent): boolean;
}

/** The steps between two turns: some milliseconds when each is told. */
const TURN_STEPS = 2000;
/** The steps between two turns when few are told. */
const SEARCH_STEPS = 200_000;

/** What changes the hart at present. */
type Doing =
  | { is: 'entry'; entry: Entry }
  | { is: 'step'; icount: number; pc: bigint; mode: Mode; decoded: Decoded | undefined };

/** See the head of this file. */
export class Tracer {
  private readonly steps: RecordedSteps;
  private readonly halves: HartHalves;
  private readonly code: CodeReader;
  private readonly blocks: Blocks;
  /** The hart when its changes were last told. */
  private readonly before = new HartImage();
  private doing: Doing | undefined;
  /** Events of the present run, and after each step or input how many outputs had been made, and where. */
  private waiting: (TraceEvent | { outputs: number; icount: number })[] = [];
  private readonly told: ReadonlySet<TraceEvent['kind']>;
  /** The outputs that the machine had made when its changes were last told. */
  private made = 0;
  private active = false;
  private done = false;

  constructor(
    source: TraceSource,
    private readonly options: TraceOptions,
  ) {
    this.steps = new RecordedSteps(source, (entry) => this.applies(entry));
    // A timeline that only goes forwards has one machine.
    const { hart } = this.steps.machine;
    this.halves = new HartHalves(hart);
    this.code = new CodeReader(hart, this.halves);
    this.blocks = new Blocks((address) =>
      this.code.at(Number(BigInt.asIntN(32, address)), Number(BigInt.asIntN(32, address >> 32n))),
    );
    this.told = new Set(options.kinds ?? ['step', 'trap', 'entry', 'output']);
  }

  /** Where the replay is: at the end of a trace, how far it went. */
  get icount(): number {
    return this.steps.icount;
  }

  /**
   * Traces, in parts: one at each turn.
   * @throws {Divergence} if the machine contradicts the recording
   */
  *parts(): Generator<void, void> {
    const { from, filter } = this.options;
    for (const _ of this.steps.timeline.seeking(from, 'before')) yield;
    this.steps.taken();
    this.steps.takeOutputs();
    if (this.icount < from) return;
    this.active = true;
    this.begin();
    if (!this.told.has('step')) yield* this.trapsAndBlocks();
    else if (isEmpty(filter)) yield* this.everyStep();
    else yield* this.matchingSteps();
  }

  private begin(): void {
    this.before.copy(this.halves.all);
    this.made = this.steps.machine.outputsMade;
  }

  // ── Every step ────────────────────────────────────────────────────────────────────────────────────────────────────

  private *everyStep(): Generator<void, void> {
    const { steps } = this;
    steps.machine.observe({
      ranges: [{ ...EVERYWHERE, access: 'fetch' }],
      stopsAt: () => {
        this.fetches();
        return false;
      },
    });
    do this.run(0);
    while (steps.hasInput);
    for (let count = 1; !this.isOver; count++) {
      const { icount } = this;
      const pause = this.run(1);
      while (steps.hasInput) this.run(0);
      if (this.icount === icount && pause !== 'budget') return;
      if (count % TURN_STEPS === 0) yield;
    }
  }

  private get isOver(): boolean {
    return this.done || this.icount > this.options.to;
  }

  private run(steps: 0 | 1): Pause {
    const pause = this.steps.timeline.run(steps);
    this.endRun();
    return pause;
  }

  /** An instruction is about to be executed, after an interrupt if that was due. */
  private fetches(): void {
    const { before, halves } = this;
    const now = halves.all;
    if (before.differs(PLACE.privilege, now) || before.differs(PLACE.mstatus, now)) {
      const to = modeOf(this.halves.low(PLACE.privilege)) === 'M' ? 'M' : 'S';
      this.waiting.push(this.trap(to, before.changes(now)));
      before.copy(now);
    }
    this.doing = this.present();
  }

  private noteBlock({ pc, mode, decoded, icount }: Watched): void {
    if (!this.blocks.begins(pc, decoded)) return;
    const { each, first } = this.options.blocks!;
    const space = this.steps.machine.hart.get('satp');
    const instructions = first ? this.blocks.list(pc, mode, space) : undefined;
    if (instructions) this.tell({ kind: 'block', icount, mode, pc, instructions });
    if (each) this.tell({ kind: 'block', icount, mode, pc });
  }

  /** The step that begins here. */
  private present(): Doing & { is: 'step' } {
    const word = this.code.atPc();
    return {
      is: 'step',
      icount: this.icount,
      pc: this.steps.machine.hart.get('pc'),
      mode: modeOf(this.halves.low(PLACE.privilege)),
      decoded: word === undefined ? undefined : decodeWord(word),
    };
  }

  // ── Without steps ─────────────────────────────────────────────────────────────────────────────────────────────────

  private *trapsAndBlocks(): Generator<void, void> {
    const { to } = this.options;
    const watch = new InstructionWatch(this.steps);
    yield* watch.parts(to, (step, isEnd) => {
      for (const trap of watch.traps) this.tell(trap);
      if (this.options.blocks && !isEnd) this.noteBlock(step);
      return !this.done;
    });
  }

  // ── What has changed ──────────────────────────────────────────────────────────────────────────────────────────────

  /** An entry is about to be applied, or a marker is passed. */
  private applies(entry: Entry): void {
    if (!this.active) {
      // Entries that nobody takes would stay in memory.
      this.steps.taken();
      return;
    }
    this.settle();
    if (reachesGuest(entry)) this.doing = { is: 'entry', entry };
  }

  /** Tells what was done since the last call. */
  private settle(): void {
    const { doing, steps, before } = this;
    for (const entry of steps.taken())
      if (entry.kind === 'clock' || entry.kind === 'entropy')
        this.waiting.push({ kind: 'entry', icount: entry.icount, entry, changes: [] });
    if (!doing) return;
    this.doing = undefined;
    const now = this.halves.all;
    if (doing.is === 'step') this.settleStep(doing);
    else {
      const { entry } = doing;
      const changes = changesOf(steps.machine, before.changes(now));
      this.waiting.push({ kind: 'entry', icount: entry.icount, entry, changes });
    }
    const { outputsMade } = steps.machine;
    if (outputsMade !== this.made) {
      this.made = outputsMade;
      const { icount } = doing.is === 'step' ? doing : doing.entry;
      this.waiting.push({ outputs: outputsMade, icount });
    }
    before.copy(now);
  }

  private settleStep({ icount, pc, mode, decoded }: Doing & { is: 'step' }): void {
    const { before, halves, steps } = this;
    const handledIn = exceptionAt(steps.machine.hart, halves, before, pc);
    const trapped = handledIn !== undefined;
    const words = before.changes(halves.all);
    const step: StepEvent = {
      kind: 'step',
      icount,
      mode,
      pc,
      decoded,
      trapped,
      changes: trapped ? [] : changesOf(steps.machine, words),
      accesses: trapped || !decoded ? [] : accessesOf(steps.machine.hart, before, decoded),
    };
    if (!shows(this.options.filter, step)) return;
    this.waiting.push(step);
    if (!trapped) return;
    // The step counts, but no instruction retires: that is said by the exception itself.
    const others = words.filter((word) => word !== 'minstretBias');
    this.waiting.push(this.trap(handledIn, others, icount));
  }

  /** The trap that the hart has just taken into this mode. `icount`: of the step, for an exception. */
  private trap(to: 'M' | 'S', words: readonly HartWord[], icount = this.icount): TraceEvent {
    const { machine } = this.steps;
    const from = modeOf(this.before.low(PLACE.privilege));
    const event = trapInto(machine.hart, to, { icount, from, handler: machine.hart.get('pc') });
    return { ...event, changes: changesOf(machine, words) };
  }

  /** After a run: tells its events, with the outputs where they were made. */
  private endRun(): void {
    this.settle();
    const { waiting } = this;
    const outputs = this.steps.takeOutputs();
    if (waiting.length === 0) return;
    this.waiting = [];
    for (const event of waiting) {
      if ('kind' in event) {
        this.tell(event);
        continue;
      }
      const { icount } = event;
      while (outputs[0] && outputs[0].first <= event.outputs)
        this.tell({ kind: 'output', icount, output: outputs.shift()! });
    }
  }

  private tell(event: TraceEvent): void {
    const { from, to, filter, emit } = this.options;
    if (this.done || !this.told.has(event.kind) || event.icount < from || event.icount > to) return;
    const isOther = event.kind === 'entry' || event.kind === 'output';
    if (isOther && !isEmpty(filter)) return;
    if (!emit(event)) this.done = true;
  }

  // ── Steps that match a filter ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * With `memory`, the guest is stopped by accesses to these addresses; else by instructions that may match.
   */
  private *matchingSteps(): Generator<void, void> {
    const { steps } = this;
    const { filter, to } = this.options;
    const { timeline, machine } = steps;
    let found = false;
    let isStepping = false;
    const { memory } = filter;
    machine.observe({
      ranges: observedRanges(filter),
      stopsAt: (address, sizeBytes, access) => {
        if (isStepping || found) return found;
        found = memory ? this.accesses(memory, address, sizeBytes) : this.mayShowHere(address, access);
        return found;
      },
    });
    for (let count = 1; !this.isOver; count++) {
      const pause = timeline.run(Math.min(SEARCH_STEPS, to + 1 - this.icount), () => found);
      const hasFound = found;
      found = false;
      if (hasFound && !memory) {
        this.begin();
        this.doing = this.present();
        isStepping = true;
        timeline.run(1);
        isStepping = false;
      }
      this.endRun();
      if (!hasFound && pause !== 'budget') return;
      if (!hasFound || count % TURN_STEPS === 0) yield;
    }
  }

  private mayShowHere(address: bigint, access: AccessKind): boolean {
    if (access !== 'fetch') return false;
    return mayShow(this.options.filter, address, modeOf(this.halves.low(PLACE.privilege)), () => {
      const word = this.code.atPc();
      return word === undefined ? undefined : decodeWord(word);
    });
  }

  /** An instruction accesses observed memory, and has changed nothing yet. */
  private accesses(memory: readonly AddressRange[], address: bigint, sizeBytes: number): boolean {
    const last = address + BigInt(sizeBytes - 1);
    if (!memory.some((range) => address <= range.last && last >= range.first)) return false;
    const step = this.present();
    if (!mayShow(this.options.filter, step.pc, step.mode, () => step.decoded)) return false;
    this.begin();
    this.doing = step;
    return true;
  }
}

/** Where the guest must be looked at to find what matches. */
function observedRanges({ memory, pc }: StepFilter) {
  const ranges = (of: readonly AddressRange[], access: AccessKind) =>
    of.map(({ first, last }) => ({
      address: first,
      sizeBytes: Math.min(Number(last - first) + 1, EVERYWHERE.sizeBytes),
      access,
    }));
  if (memory) return [...ranges(memory, 'load'), ...ranges(memory, 'store')];
  return pc ? ranges(pc, 'fetch') : [{ ...EVERYWHERE, access: 'fetch' as const }];
}
