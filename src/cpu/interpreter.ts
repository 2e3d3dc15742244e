/**
 * The interpreter: one WebAssembly function generated from the instruction table. It fetches, goes by the instruction's
 * record to the code of its row, and runs the row's meaning on registers and RAM in the shared memory.
 */
import { CAUSE } from './csrs.ts';
import { emitAction } from './emit.ts';
import { getScratch, getWide, getWord, setScratch, setWide } from './hart-words.ts';
import { type Instruction, instructions } from './instructions.ts';
import { StepSurface } from './interpreter-steps.ts';
import { ENTRIES, HEAT, RECORD, RECORDS } from './layout.ts';
import { emitRecorder, recordAt } from './records.ts';
import { declareImports, emitSupport, type Support, supportFunctions, supportNames } from './support.ts';
import { entryAt, heatAt } from './translator/entries.ts';
import {
  type Body,
  type FunctionRef,
  type Label,
  ModuleBuilder,
  type Signature,
  type TypeRef,
} from './wasm/module.ts';

/** Why `run` returned. */
export const EXIT = { limit: 0, waiting: 1, stop: 2 } as const;

/** The type of translated functions: the parameter is the entry to begin at. */
export const TRANSLATION: Signature = { params: ['i32'], results: [] };

/**
 * The module of the interpreter, ready to be compiled. It exports `run(limit) → EXIT`, `flush`, `flushStores`, `hash`,
 * `hashRam`, and `codePage`. With `translates` it enters translations, calls `env.jumpedTo` at hot addresses without one,
 * and puts the functions that they call into the table `env.translations`.
 */
export function interpreterModule(translates: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  if (translates) module.importTable('translations', supportNames.length);
  const support = emitSupport(module, declareImports(module));
  if (translates) module.fillTable(supportFunctions(support));
  const translation = module.type(TRANSLATION);
  const recorder = emitRecorder(module, support.imports.expand);
  module.function({ params: ['i64'], results: ['i32'], exportAs: 'run' }, (body) =>
    new Interpreter(body, support, translates ? translation : undefined, recorder).emit(),
  );
  return module.finish();
}

class Interpreter extends StepSurface {
  /** The virtual addresses that instructions can be fetched from directly, and their offset in memory. */
  private readonly fetchStart: number;
  private readonly fetchBytes: number;
  private readonly fetchAt: number;
  private step!: Label;

  constructor(
    body: Body,
    support: Support,
    translation: TypeRef | undefined,
    private readonly recorder: FunctionRef,
  ) {
    super(body, support, translation);
    this.fetchStart = body.local('i64');
    this.fetchBytes = body.local('i64');
    this.fetchAt = body.local('i32');
  }

  /** `run(limit)`: parameter 0 is the `icount` to stop at. */
  emit(): void {
    const { body } = this;
    getWord(body, 'pc').set(this.pc);
    getWord(body, 'icount').set(this.icount);
    body.loop((boundary) => {
      this.boundary = boundary;
      this.betweenSteps();
      body.block((trap) => {
        this.trap = trap;
        body.block((illegal) => {
          this.illegal = illegal;
          body.loop((jumped) => {
            this.jumped = jumped;
            if (this.translation) this.enterTranslation(this.translation);
            body.loop((step) => {
              this.step = step;
              this.fetch();
              this.dispatch(illegal);
            });
          });
        });
        this.raise(CAUSE.illegalInstruction, () => {
          // What follows a compressed instruction is not part of it.
          body.get(this.word);
          body.get(this.word).i32(0xffff).op('i32.and');
          body.get(this.word).i32(3).op('i32.and').i32(3).op('i32.eq', 'select', 'i64.extend_i32_u');
        });
      });
      this.spill();
      body.get(this.cause).get(this.tval).call(this.support.exception);
      getWord(body, 'pc').set(this.pc);
      this.countStep();
      body.br(boundary);
    });
    body.op('unreachable');
  }

  /** The only place where stops, interrupts and waiting are checked: after anything that can change them. */
  private betweenSteps(): void {
    const { body } = this;
    const leaveIf = (reason: number) => body.if(() => body.i32(reason).op('return'));
    this.spill();
    getScratch(body, 'STOP');
    leaveIf(EXIT.stop);
    body.get(this.icount).get(0).op('i64.ge_u');
    leaveIf(EXIT.limit);
    body.call(this.support.interrupts);
    getWord(body, 'pc').set(this.pc);
    getWord(body, 'waiting').op('i32.wrap_i64');
    leaveIf(EXIT.waiting);
    body.get(0).set(this.limit);
    getScratch(body, 'DATA_TLB').set(this.context.local);
    if (this.translation) setWide(body, 'LIMIT', () => body.get(0));
    setScratch(body, 'ATTENTION', () => body.i32(0));
    body.i64(0).set(this.fetchBytes);
  }

  /** Counts a jump to `pc`, enters the translation for it if there is one, and reports an address that has become hot. */
  private enterTranslation(translation: TypeRef): void {
    const { body, entry, pc, icount, at } = this;
    body.get(icount).get(this.limit).op('i64.ge_u').brIf(this.boundary);
    heatAt(body, pc);
    body
      .tee(entry)
      .get(entry)
      .access('i32.load', HEAT)
      .i32(1)
      .op('i32.add')
      .tee(at)
      .access('i32.store', HEAT);
    entryAt(body, pc);
    body.tee(entry).access('i64.load', ENTRIES).get(pc).op('i64.eq');
    body.get(entry).access('i32.load', ENTRIES + 8);
    getScratch(body, 'KEY').op('i32.eq', 'i32.and');
    body.if(
      () => {
        // Afterwards there may be another translation.
        this.reportJumps('HOT_ENTERED', () => body.br(this.jumped));
        this.spill();
        body.get(entry).access('i32.load16_u', ENTRIES + 12);
        body
          .get(entry)
          .access('i32.load16_u', ENTRIES + 14)
          .callIndirect(translation);
        getWord(body, 'pc').set(pc);
        body.get(icount);
        getWord(body, 'icount').tee(icount);
        getScratch(body, 'ATTENTION');
        body.if(() => this.lookUpAfterThis());
        // If the translation took no step, the interpreter takes one.
        body.op('i64.ne').brIf(this.jumped);
      },
      () => this.reportJumps('HOT'),
    );
  }

  /** Calls the translator when the count in `at` has reached a limit, and goes on with `then`. */
  private reportJumps(limit: 'HOT' | 'HOT_ENTERED', then: () => void = () => {}): void {
    const { body } = this;
    body.get(this.at);
    getScratch(body, limit).op('i32.ge_s');
    body.if(() => {
      body.get(this.pc).op('f64.convert_i64_s').call(this.support.imports.jumpedTo);
      then();
    });
  }

  private fetch(): void {
    const { body } = this;
    body.get(this.icount).get(this.limit).op('i64.ge_u').brIf(this.boundary);
    body.get(this.pc).get(this.fetchStart).op('i64.sub').tee(this.value).get(this.fetchBytes).op('i64.lt_u');
    body.if(
      () =>
        body
          .get(this.value)
          .op('i32.wrap_i64')
          .get(this.fetchAt)
          .op('i32.add')
          .access('i32.load', 0)
          .set(this.word),
      () => this.fetchElsewhere(),
    );
    recordAt(body, this.pc)
      .tee(this.record)
      .access('i32.load', RECORDS + RECORD.bits);
    body.get(this.word).op('i32.ne');
    body.if(() => body.get(this.word).get(this.record).call(this.recorder));
  }

  /** Goes to the code of the recorded operation. */
  private dispatch(illegal: Label): void {
    const { body } = this;
    const labels: Label[] = [];
    const open = (index: number): void => {
      body.block((label) => {
        labels[index] = label;
        if (index + 1 < instructions.length) return open(index + 1);
        body.get(this.record).access('i32.load8_u', RECORDS + RECORD.operation);
        body.brTable([illegal, ...labels], illegal);
      });
      this.instruction(instructions[index]!);
    };
    open(0);
  }

  /** Fetches through the MMU, and updates the addresses that can be fetched from directly. */
  private fetchElsewhere(): void {
    const { body } = this;
    this.spill();
    body.get(this.pc).call(this.support.mmu.fetch).set(this.word);
    getWide(body, 'FETCH_START').set(this.fetchStart);
    getWide(body, 'FETCH_BYTES').set(this.fetchBytes);
    getScratch(body, 'FETCH_AT').set(this.fetchAt);
    getScratch(body, 'STOP').brIf(this.boundary);
    this.trapIfFailed();
  }

  private instruction(row: Instruction): void {
    const { body } = this;
    this.row = row;
    for (const action of row.meaning) emitAction(this, action);
    const last = row.meaning.map(({ do: kind }) => kind);
    if (last.includes('helper')) return;
    const jumps = last.includes('jump');
    if (!jumps) this.fallThrough();
    this.countStep();
    body.br(jumps ? this.jumped : this.step);
  }
}
