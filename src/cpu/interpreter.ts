/**
 * The interpreter: one WebAssembly function generated from the instruction table. It fetches, decodes through jump tables made
 * from the rows' match and mask, and runs each row's meaning on registers and RAM in the shared memory.
 */
import { CAUSE, csrNumbers, FRM, MSTATUS, PRIVILEGE } from './csrs.ts';
import { emitDecoder } from './decoder.ts';
import { emitAction, emitExpr, extend, loadOp, type Surface, storeOp } from './emit.ts';
import type { AccessSize, Action, Expr } from './expr.ts';
import { RM } from './float/number.ts';
import { type Field, fields } from './formats.ts';
import { anyOf, getScratch, getWide, getWord, setScratch, setWide, setWord } from './hart-words.ts';
import { type Instruction, immediateOf } from './instructions.ts';
import {
  ENTRIES,
  EXPANSIONS,
  HEAT,
  HEAT_COUNT,
  NO_RESERVATION,
  offsetOf,
  RAM,
  RAM_BASE,
  SCRATCH_WORDS,
  TARGETS,
  TLB_KIND,
} from './layout.ts';
import { ACCESS } from './page-walk.ts';
import { declareImports, emitSupport, type Support, supportFunctions, supportNames } from './support.ts';
import { emitLookUp, found } from './tlb.ts';
import { isRelative } from './translator/decoded.ts';
import { entryAt, targetsAt } from './translator/entries.ts';
import {
  type Body,
  type FunctionRef,
  type Label,
  ModuleBuilder,
  type Signature,
  type TypeRef,
} from './wasm/module.ts';

/** Why `run` came back. */
export const EXIT = { limit: 0, waiting: 1, stop: 2 } as const;

/** What a function that was translated takes: which of its entries to begin at. */
export const TRANSLATION: Signature = { params: ['i32'], results: [] };

/**
 * The module of the interpreter, ready to be compiled. It exports `run(limit) → EXIT`, `flush`, `flushStores`, `hash`, `hashRam`,
 * and `codePage`. With `translates` it enters translations, tells `env.landed` where there should be one, and puts what they call into the
 * table `env.translations`.
 */
export function interpreterModule(translates: boolean): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  if (translates) module.importTable('translations', supportNames.length);
  const support = emitSupport(module, declareImports(module));
  if (translates) module.fillTable(supportFunctions(support));
  const translation = module.type(TRANSLATION);
  module.function({ params: ['i64'], results: ['i32'], exportAs: 'run' }, (body) =>
    new Interpreter(body, support, translates ? translation : undefined).emit(),
  );
  return module.finish();
}

const MIP = csrNumbers.get('mip')!;

class Interpreter implements Surface {
  readonly functions;
  readonly floats;
  readonly scratch;
  private readonly limit: number;
  private readonly pc: number;
  private readonly icount: number;
  private readonly word: number;
  /** Where instructions can be fetched from without further ado, and where that lies in memory. */
  private readonly fetchStart: number;
  private readonly fetchBytes: number;
  private readonly fetchAt: number;
  readonly context: { local: number };
  /** The length of the instruction in bytes, and the parcel that it was when it is compressed. */
  private readonly length: number;
  private readonly parcel: number;
  readonly entry: number;
  readonly address: number;
  private readonly at: number;
  private readonly old: number;
  private readonly value: number;
  private readonly cause: number;
  private readonly tval: number;
  private readonly rm: number;
  private row!: Instruction;
  /** Where a row goes when it traps, when it isn't an instruction, and when the hart must look up between two steps. */
  private trap!: Label;
  private illegal!: Label;
  private boundary!: Label;
  private step!: Label;
  /** Where the next step is taken after a jump. */
  private landed!: Label;

  /** @param translation the type of translated functions, if there are any. */
  constructor(
    readonly body: Body,
    private readonly support: Support,
    private readonly translation: TypeRef | undefined,
  ) {
    this.functions = support;
    this.floats = support.floats;
    this.scratch = { f32: body.local('f32'), f64: body.local('f64') };
    this.limit = body.local('i64');
    this.pc = body.local('i64');
    this.icount = body.local('i64');
    this.word = body.local('i32');
    this.fetchStart = body.local('i64');
    this.fetchBytes = body.local('i64');
    this.fetchAt = body.local('i32');
    this.context = { local: body.local('i32') };
    this.length = body.local('i64');
    this.parcel = body.local('i32');
    this.entry = body.local('i32');
    this.address = body.local('i64');
    this.at = body.local('i32');
    this.old = body.local('i64');
    this.value = body.local('i64');
    this.cause = body.local('i64');
    this.tval = body.local('i64');
    this.rm = body.local('i32');
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
          body.loop((landed) => {
            this.landed = landed;
            if (this.translation) this.enterTranslation(this.translation);
            body.loop((step) => {
              this.step = step;
              this.fetch();
              emitDecoder(body, this.word, illegal, (row) => this.instruction(row));
            });
          });
        });
        this.raise(CAUSE.illegalInstruction, () => {
          body
            .get(this.parcel)
            .get(this.word)
            .get(this.length)
            .i64(2)
            .op('i64.eq', 'select', 'i64.extend_i32_u');
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

  /** Stops, interrupts and waiting are looked at here, and only here: after anything that can change them. */
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

  /** Goes on in translated code where there is some for `pc`; where there should be, says so. */
  private enterTranslation(translation: TypeRef): void {
    const { body, entry, pc, icount } = this;
    body.get(icount).get(this.limit).op('i64.ge_u').brIf(this.boundary);
    entryAt(body, pc);
    body.tee(entry).access('i64.load', ENTRIES).get(pc).op('i64.eq');
    body.get(entry).access('i32.load', ENTRIES + 8);
    getScratch(body, 'KEY').op('i32.eq', 'i32.and');
    body.if(
      () => {
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
        // Where no step was taken the interpreter takes one.
        body.op('i64.ne').brIf(this.landed);
      },
      () => {
        body.get(pc).op('i32.wrap_i64').i32(1).op('i32.shl');
        body
          .i32((HEAT_COUNT - 1) * 4)
          .op('i32.and')
          .tee(entry);
        body.get(entry).access('i32.load', HEAT).i32(1).op('i32.add').tee(this.at);
        body.access('i32.store', HEAT);
        body.get(this.at);
        getScratch(body, 'HOT').op('i32.ge_s');
        body.if(() => body.get(pc).op('f64.convert_i64_s').call(this.support.imports.landed));
      },
    );
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
    body.get(this.word).i32(3).op('i32.and').i32(3).op('i32.eq');
    body.if(
      () => body.i64(4).set(this.length),
      () => this.expand(),
    );
  }

  /** Fetches through the MMU, and looks where the next instructions can be fetched from. */
  private fetchElsewhere(): void {
    const { body } = this;
    this.spill();
    body.get(this.pc).call(this.support.mmu.fetch).set(this.word);
    getWide(body, 'FETCH_START').set(this.fetchStart);
    getWide(body, 'FETCH_BYTES').set(this.fetchBytes);
    getScratch(body, 'FETCH_AT').set(this.fetchAt);
    this.trapIfFailed();
  }

  /** A compressed instruction is the one that it stands for. */
  private expand(): void {
    const { body } = this;
    body.i64(2).set(this.length);
    body.get(this.word).i32(0xffff).op('i32.and').tee(this.parcel);
    body.i32(2).op('i32.shl').access('i32.load', EXPANSIONS).tee(this.word).op('i32.eqz');
    body.if(() => {
      body.get(this.parcel).call(this.support.imports.expand).tee(this.word).op('i32.eqz').brIf(this.illegal);
    });
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
    body.br(jumps ? this.landed : this.step);
  }

  private countStep(): void {
    this.body.get(this.icount).i64(1).op('i64.add').set(this.icount);
  }

  /** Makes the step that follows look at stops and interrupts first. */
  private lookUpAfterThis(): void {
    this.body.i64(0).set(this.limit);
  }

  private spill(): void {
    const { body } = this;
    setWord(body, 'pc', () => body.get(this.pc));
    setWord(body, 'icount', () => body.get(this.icount));
  }

  private raise(cause: number, tval: () => void): void {
    this.body.i64(cause).set(this.cause);
    tval();
    this.body.set(this.tval);
    this.body.br(this.trap);
  }

  /** Pushes the byte offset of the register that a field names: its number times eight. */
  private registerOffset({ pieces: [piece] }: Field): void {
    const shift = piece!.at - 3;
    this.body.get(this.word).i32(shift).op('i32.shr_u').i32(0xf8).op('i32.and');
  }

  private immediate(of: Field): void {
    const { body, word } = this;
    const top = Math.max(...of.pieces.map(({ to, width }) => to + width));
    of.pieces.forEach(({ at, width, to }, index) => {
      body.get(word);
      if (of.signed && to + width === top) {
        // The highest piece brings its sign along.
        if (at + width < 32) body.i32(32 - at - width).op('i32.shl');
        body.i32(32 - width).op('i32.shr_s');
      } else {
        if (at > 0) body.i32(at).op('i32.shr_u');
        if (at + width < 32) body.i32(2 ** width - 1).op('i32.and');
      }
      if (to > 0) body.i32(to).op('i32.shl');
      if (index > 0) body.op('i32.or');
    });
    body.op(of.signed ? 'i64.extend_i32_s' : 'i64.extend_i32_u');
  }

  operand(name: (Expr & { is: 'operand' })['name']): void {
    const { body } = this;
    switch (name) {
      case 'rs1':
      case 'rs2':
        this.registerOffset(fields[name]);
        body.access('i64.load', offsetOf('x0'));
        return;
      case 'fs1':
      case 'fs2':
      case 'fs3':
        this.registerOffset(fields[name]);
        body.access('i64.load', offsetOf('f0'));
        return;
      case 'imm':
        return this.immediate(immediateOf(this.row)!);
      case 'pc':
        body.get(this.pc);
        return;
      case 'next':
        // A jump has moved `pc` by now and kept the following address in `value`.
        body.get(this.value);
        return;
      case 'old':
        body.get(this.old);
        return;
    }
  }

  writeRd(value: () => void): void {
    const { body } = this;
    this.registerOffset(fields.rd);
    value();
    body.access('i64.store', offsetOf('x0'));
    setWord(body, 'x0', () => body.i64(0));
  }

  writeFd(value: () => void): void {
    const { body } = this;
    this.registerOffset(fields.fd);
    value();
    body.access('i64.store', offsetOf('f0'));
    // Most often it is dirty already.
    getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.and').i64(MSTATUS.FS).op('i64.ne');
    body.if(() => setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.or')));
  }

  needsFloat(rounds: boolean): void {
    const { body, rm } = this;
    getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.and', 'i64.eqz').brIf(this.illegal);
    if (!rounds) return;
    body.get(this.word).i32(fields.rm.pieces[0]!.at).op('i32.shr_u').i32(7).op('i32.and').tee(rm);
    body.i32(RM.DYN).op('i32.eq');
    body.if(() => getWord(body, 'fcsr').i64(FRM.shift).op('i64.shr_u', 'i32.wrap_i64').set(rm));
    body.get(rm).i32(RM.RMM).op('i32.gt_u').brIf(this.illegal);
  }

  roundingMode(): void {
    this.body.get(this.rm);
  }

  /** After a call that has looked at memory for this instruction. */
  private trapIfFailed(): void {
    const { body } = this;
    // FAULT and ATTENTION stand side by side.
    body.i32(0).access('i64.load', SCRATCH_WORDS.FAULT).op('i64.eqz', 'i32.eqz');
    body.if(() => {
      this.lookUpAfterThis();
      getScratch(body, 'FAULT');
      body.if(() => {
        getScratch(body, 'FAULT').i32(1).op('i32.sub', 'i64.extend_i32_u').set(this.cause);
        getWide(body, 'FAULT_VALUE').set(this.tval);
        setScratch(body, 'FAULT', () => body.i32(0));
        body.br(this.trap);
      });
    });
  }

  load(sizeBytes: AccessSize, signed: boolean): void {
    const { body } = this;
    emitLookUp(body, this, TLB_KIND.load, sizeBytes);
    body.if(
      () => {
        found(body, this, TLB_KIND.load);
        body.access(loadOp(sizeBytes, signed), 0);
      },
      () => {
        this.spill();
        body.get(this.address).i32(sizeBytes).call(this.support.mmu.load).set(this.value);
        this.trapIfFailed();
        body.get(this.value);
        if (signed && sizeBytes < 8) extend(body, (sizeBytes * 8) as 8 | 16 | 32, true);
      },
      'i64',
    );
  }

  store(sizeBytes: AccessSize, value: () => void): void {
    const { body } = this;
    emitLookUp(body, this, TLB_KIND.store, sizeBytes);
    body.if(
      () => {
        found(body, this, TLB_KIND.store);
        value();
        body.access(storeOp(sizeBytes), 0);
      },
      () => {
        this.spill();
        body.get(this.address).i32(sizeBytes);
        value();
        body.call(this.support.mmu.store);
        this.trapIfFailed();
      },
    );
  }

  jump(): void {
    const { body } = this;
    // Instructions are aligned to two bytes, and so is every target: there is no misaligned one.
    body.get(this.pc).get(this.length).op('i64.add').set(this.value);
    const { meaning } = this.row;
    if (this.translation && meaning.some((action) => action.do === 'jump' && !isRelative(action.target))) {
      body.set(this.address);
      this.noteTarget();
      body.get(this.address);
    }
    body.set(this.pc);
    if (meaning.at(-1)?.do !== 'jump') return;
    this.countStep();
    body.br(this.landed);
  }

  /** Notes for the translator that the indirect jump at `pc` goes to `address`. */
  private noteTarget(): void {
    const { body, entry } = this;
    targetsAt(body, this.pc);
    body
      .tee(entry)
      .access('i64.load', TARGETS + 8)
      .get(this.address)
      .op('i64.ne');
    body.if(() => {
      body
        .get(entry)
        .get(entry)
        .access('i64.load', TARGETS + 8)
        .access('i64.store', TARGETS + 16);
      body
        .get(entry)
        .get(this.address)
        .access('i64.store', TARGETS + 8);
      body.get(entry).get(this.pc).access('i64.store', TARGETS);
    });
  }

  fallThrough(): void {
    this.body.get(this.pc).get(this.length).op('i64.add').set(this.pc);
  }

  /** Leaves rs1 in `address`, and where it lies in memory in `at`; traps unless it is aligned and in RAM: devices take no atomic accesses. */
  private atomicAddress(
    sizeBytes: 4 | 8,
    misaligned: number,
    access: 'load' | 'store',
    probe = this.support.mmu.probe,
  ): void {
    const { body } = this;
    this.operand('rs1');
    body
      .tee(this.address)
      .op('i32.wrap_i64')
      .i32(sizeBytes - 1)
      .op('i32.and');
    body.if(() => this.raise(misaligned, () => body.get(this.address)));
    body.get(this.address);
    emitLookUp(body, this, TLB_KIND[access], sizeBytes);
    body.if(
      () => found(body, this, TLB_KIND[access]),
      () => {
        this.spill();
        body.get(this.address).i32(sizeBytes).i32(ACCESS[access]).call(probe).set(this.at);
        this.trapIfFailed();
        body.get(this.at);
      },
      'i32',
    );
    body.set(this.at);
  }

  private loadAt(sizeBytes: 4 | 8): void {
    this.body.get(this.at).access(loadOp(sizeBytes, true), 0);
  }

  /** Pushes the physical address of `at`. */
  private physical(): void {
    this.body
      .get(this.at)
      .i32((RAM - RAM_BASE) | 0)
      .op('i32.sub', 'i64.extend_i32_u');
  }

  amo({ sizeBytes, value }: Action & { do: 'amo' }): void {
    const { body } = this;
    this.atomicAddress(sizeBytes, CAUSE.storeMisaligned, 'store');
    this.loadAt(sizeBytes);
    body.set(this.old);
    body.get(this.address);
    this.store(sizeBytes, () => emitExpr(this, value));
    this.writeRd(() => body.get(this.old));
  }

  reserve(action: Action & { do: 'lr' | 'sc' }): void {
    const { body } = this;
    const { sizeBytes } = action;
    if (action.do === 'lr') {
      this.atomicAddress(sizeBytes, CAUSE.loadMisaligned, 'load');
      setWord(body, 'reservation', () => this.physical());
      this.writeRd(() => this.loadAt(sizeBytes));
      return;
    }
    // Where it fails nothing is written, and the page does not become dirty.
    this.atomicAddress(sizeBytes, CAUSE.storeMisaligned, 'store', this.support.mmu.probeOnly);
    getWord(body, 'reservation');
    this.physical();
    body.op('i64.ne', 'i64.extend_i32_u').tee(this.old);
    body.op('i64.eqz');
    body.if(() => {
      body.get(this.address);
      this.store(sizeBytes, () => this.operand('rs2'));
    });
    setWord(body, 'reservation', () => body.i64(NO_RESERVATION));
    this.writeRd(() => body.get(this.old));
  }

  csr({ operation, operand }: Action & { do: 'csr' }): void {
    const { body } = this;
    const { csrLegal, csrRead, csrWrite } = this.support;
    const number = () => body.get(this.word).i32(20).op('i32.shr_u');
    // CSRRW with rd = x0 doesn't read; CSRRS and CSRRC with rs1 = x0 (or a zero immediate) don't write.
    const fieldIsSet = (at: number) =>
      body
        .get(this.word)
        .i32(0x1f << at)
        .op('i32.and')
        .i32(0)
        .op('i32.ne');
    const writes = () => (operation === 'write' ? body.i32(1) : fieldIsSet(15));
    this.spill();
    number();
    writes();
    body.call(csrLegal).op('i32.eqz').brIf(this.illegal);
    const read = () => {
      number();
      body.call(csrRead).set(this.old);
    };
    if (operation === 'write') {
      fieldIsSet(7);
      body.if(read);
    } else read();
    writes();
    body.if(() => {
      number();
      emitExpr(this, operand);
      if (operation !== 'write') {
        if (operation === 'clear') body.i64(-1).op('i64.xor');
        // The levels of interrupt lines show in `mip`, and are no part of what is written back.
        getWord(body, 'mip').get(this.old);
        number().i32(MIP).op('i32.eq', 'select');
        body.op(operation === 'clear' ? 'i64.and' : 'i64.or');
      }
      body.call(csrWrite);
    });
    this.writeRd(() => body.get(this.old));
    this.lookUpAfterThis();
  }

  helper({ name }: Action & { do: 'helper' }): void {
    const { body } = this;
    switch (name) {
      case 'ecall':
        this.ecall();
        break;
      case 'ebreak':
        return this.raise(CAUSE.breakpoint, () => body.i64(0));
      case 'mret':
        this.illegalBelow(PRIVILEGE.M);
        this.returnBy(this.support.mret);
        break;
      case 'sret':
        this.illegalBelow(PRIVILEGE.S);
        this.illegalInS(MSTATUS.TSR);
        this.returnBy(this.support.sret);
        break;
      case 'wfi':
        this.illegalBelow(PRIVILEGE.S);
        this.illegalInS(MSTATUS.TW);
        setWord(body, 'waiting', () => body.i64(1));
        this.fallThrough();
        break;
      case 'sfence.vma':
        // The TLB agrees with the page tables at all times.
        this.illegalBelow(PRIVILEGE.S);
        this.illegalInS(MSTATUS.TVM);
        this.fallThrough();
        break;
    }
    this.countStep();
    body.br(this.boundary);
  }

  private illegalBelow(privilege: number): void {
    getWord(this.body, 'privilege').i64(privilege).op('i64.lt_u').brIf(this.illegal);
  }

  /** A bit of `mstatus` that takes an instruction from supervisor mode. */
  private illegalInS(bit: bigint): void {
    const { body } = this;
    getWord(body, 'privilege').i64(PRIVILEGE.S).op('i64.eq');
    anyOf(getWord(body, 'mstatus'), bit).op('i32.and').brIf(this.illegal);
  }

  private returnBy(from: FunctionRef): void {
    this.spill();
    this.body.call(from);
    getWord(this.body, 'pc').set(this.pc);
  }

  /** From supervisor mode it is a call to the VMM, if that answers (SBI); else an exception whose cause says which mode it came from. */
  private ecall(): void {
    const { body } = this;
    getWord(body, 'privilege').i64(PRIVILEGE.S).op('i64.eq');
    getScratch(body, 'HOST_CALLS').op('i32.and', 'i32.eqz');
    body.if(() => {
      getWord(body, 'privilege').i64(CAUSE.ecallFromU).op('i64.add').set(this.cause);
      body.i64(0).set(this.tval).br(this.trap);
    });
    this.spill();
    body.call(this.support.imports.hostCall);
    this.fallThrough();
  }
}
