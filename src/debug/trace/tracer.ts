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
import { HartHalves, HartImage } from './hart-image.ts';
import { type Decoded, decodeWord } from './instruction.ts';
import { RecordedSteps, reachesGuest, type TraceSource } from './recorded-steps.ts';

/** What a trace tells of. */
export interface TraceOptions {
  /** The first and the last position, in steps. */
  from: number;
  to: number;
  /** Steps, and their exceptions, that are told; with a filter nothing else is. */
  filter: StepFilter;
  /** The kinds of events; by default all but blocks. Filters are for `step`. */
  kinds?: readonly TraceEvent['kind'][];
  /** Whether blocks are told when they are executed for the first time, with their instructions, or each time. */
  blocks?: { first: boolean; each: boolean };
  /** Receives the events in order; returns whether more are wanted. */
  emit(event: TraceEvent): boolean;
}

/** The steps between two turns: some milliseconds when each is told. */
const TURN_STEPS = 2000;
/** The steps between two turns when few are told. */
const SEARCH_STEPS = 200_000;
/** As {@link Hart.observe} takes it: every page. */
const EVERYWHERE = { address: 0n, sizeBytes: 2 ** 24 } as const;
/** The bit of `mcause` that says that it is an interrupt. */
const INTERRUPT_SHIFT = 63n;

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
  private active = false;
  private done = false;

  constructor(
    source: TraceSource,
    private readonly options: TraceOptions,
  ) {
    this.steps = new RecordedSteps(source, (entry) => this.applies(entry));
    const hart = () => this.steps.machine.hart;
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
    if (isEmpty(filter)) yield* this.everyStep();
    else yield* this.matchingSteps();
  }

  private begin(): void {
    this.before.copy(this.halves.all);
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
    if (before.differs('privilege', now) || before.differs('mstatus', now)) {
      const words = this.before.changes(now);
      this.waiting.push(this.trap(words));
      before.copy(now);
    }
    const step = this.present();
    this.doing = step;
    if (this.options.blocks) this.noteBlock(step);
  }

  private noteBlock({ pc, mode, decoded, icount }: Doing & { is: 'step' }): void {
    if (!this.blocks.begins(pc, decoded)) return;
    const { each, first } = this.options.blocks!;
    const instructions = first ? this.blocks.list(pc, mode, this.before.get('satp')) : undefined;
    if (instructions) this.waiting.push({ kind: 'block', icount, mode, pc, instructions });
    if (each) this.waiting.push({ kind: 'block', icount, mode, pc });
  }

  /** The step that begins here. */
  private present(): Doing & { is: 'step' } {
    const word = this.code.atPc();
    return {
      is: 'step',
      icount: this.icount,
      pc: this.steps.machine.hart.get('pc'),
      mode: modeOf(this.halves.low('privilege')),
      decoded: word === undefined ? undefined : decodeWord(word),
    };
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
    const { doing, steps } = this;
    const read = steps.taken().filter(({ kind }) => kind === 'clock' || kind === 'entropy');
    for (const entry of read) this.waiting.push({ kind: 'entry', icount: entry.icount, entry, changes: [] });
    if (!doing) return;
    this.doing = undefined;
    const now = this.halves.all;
    const words = this.before.changes(now);
    if (doing.is === 'step') this.settleStep(doing, words);
    else {
      const { entry } = doing;
      const changes = changesOf(steps.machine, words);
      this.waiting.push({ kind: 'entry', icount: entry.icount, entry, changes });
    }
    const { icount } = doing.is === 'step' ? doing : doing.entry;
    this.waiting.push({ outputs: steps.machine.outputsMade, icount });
    this.before.copy(now);
  }

  private settleStep({ icount, pc, mode, decoded }: Doing & { is: 'step' }, words: HartWord[]): void {
    const { before, steps } = this;
    const trapped = this.hasTrapped(pc);
    if (!trapped && !this.told.has('step')) return;
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
    this.waiting.push(
      this.trap(
        words.filter((word) => word !== 'minstretBias'),
        icount,
      ),
    );
  }

  /** Whether the step at `pc` ended in an exception: no instruction has retired, and a handler has been entered. */
  private hasTrapped(pc: bigint): boolean {
    const { before, halves } = this;
    if (((before.low('minstretBias') - halves.low('minstretBias')) | 0) !== 1) return false;
    const { hart } = this.steps.machine;
    const isMachine = modeOf(halves.low('privilege')) === 'M';
    const cause = hart.get(isMachine ? 'mcause' : 'scause');
    return hart.get(isMachine ? 'mepc' : 'sepc') === pc && cause >> INTERRUPT_SHIFT === 0n;
  }

  /** The trap that the hart has just taken. `icount`: of the step, for an exception. */
  private trap(words: readonly HartWord[], icount = this.icount): TraceEvent {
    const { hart } = this.steps.machine;
    const to = modeOf(this.halves.low('privilege'));
    const isMachine = to === 'M';
    const cause = hart.get(isMachine ? 'mcause' : 'scause');
    return {
      kind: 'trap',
      icount,
      isInterrupt: cause >> INTERRUPT_SHIFT === 1n,
      code: Number(BigInt.asUintN(63, cause)),
      from: modeOf(this.before.low('privilege')),
      to,
      epc: hart.get(isMachine ? 'mepc' : 'sepc'),
      tval: hart.get(isMachine ? 'mtval' : 'stval'),
      handler: hart.get('pc'),
      changes: changesOf(this.steps.machine, words),
    };
  }

  /** After a run: tells its events, with the outputs where they were made. */
  private endRun(): void {
    this.settle();
    const { waiting } = this;
    this.waiting = [];
    const outputs = this.steps.takeOutputs();
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

  /** With `memory`, the guest is stopped by accesses to these addresses; else by instructions that may match. */
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
    return mayShow(this.options.filter, address, modeOf(this.halves.low('privilege')), () => {
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
