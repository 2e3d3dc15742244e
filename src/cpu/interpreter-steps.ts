/**
 * The interpreter's code for the rows of the instruction table: registers and RAM are in the shared memory, the current
 * instruction is in locals.
 */
import { unreachable } from '../base/assert.ts';
import { CAUSE, csrNumbers, FRM, MSTATUS, PRIVILEGE } from './csrs.ts';
import { emitExpr, extend, loadOp, type Surface, storeOp } from './emit.ts';
import type { AccessSize, Action, Expr } from './expr.ts';
import { RM } from './float/number.ts';
import { type Field, fields } from './formats.ts';
import { anyOf, getScratch, getWide, getWord, setScratch, setWord } from './hart-words.ts';
import { type Instruction, immediateOf } from './instructions.ts';
import { NO_RESERVATION, offsetOf, RAM, RAM_BASE, SCRATCH_WORDS, TARGETS, TLB_KIND } from './layout.ts';
import { ACCESS } from './page-walk.ts';
import type { Support } from './support.ts';
import { emitLookUp, found } from './tlb.ts';
import { isRelative } from './translator/decoded.ts';
import { targetsAt } from './translator/entries.ts';
import type { Body, FunctionRef, Label, TypeRef } from './wasm/module.ts';

const MIP = csrNumbers.get('mip')!;

/** The {@link Surface} of the interpreter. */
export abstract class StepSurface implements Surface {
  readonly functions;
  readonly floats;
  readonly scratch;
  protected readonly limit: number;
  protected readonly pc: number;
  protected readonly icount: number;
  protected readonly word: number;
  readonly context: { local: number };
  /** The length of the instruction in bytes, and its parcel when it is compressed. */
  protected readonly length: number;
  protected readonly parcel: number;
  readonly entry: number;
  readonly address: number;
  protected readonly at: number;
  private readonly old: number;
  protected readonly value: number;
  protected readonly cause: number;
  protected readonly tval: number;
  private readonly rm: number;
  protected row!: Instruction;
  /**
   * Where a row branches to when it traps, when it isn't an instruction, and when stops and interrupts must be checked.
   */
  protected trap!: Label;
  protected illegal!: Label;
  protected boundary!: Label;
  /** Where the next step is taken after a jump. */
  protected jumped!: Label;

  /** @param translation the type of translated functions, if there are any. */
  constructor(
    readonly body: Body,
    protected readonly support: Support,
    protected readonly translation: TypeRef | undefined,
  ) {
    this.functions = support;
    this.floats = support.floats;
    this.scratch = { f32: body.local('f32'), f64: body.local('f64') };
    this.limit = body.local('i64');
    this.pc = body.local('i64');
    this.icount = body.local('i64');
    this.word = body.local('i32');
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

  protected countStep(): void {
    this.body.get(this.icount).i64(1).op('i64.add').set(this.icount);
  }

  /** Checks stops and interrupts before the next step. */
  protected lookUpAfterThis(): void {
    this.body.i64(0).set(this.limit);
  }

  protected spill(): void {
    const { body } = this;
    setWord(body, 'pc', () => body.get(this.pc));
    setWord(body, 'icount', () => body.get(this.icount));
  }

  protected raise(cause: number, tval: () => void): void {
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
    // It is usually dirty already.
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

  /** Emitted after a call that has accessed memory for this instruction. */
  protected trapIfFailed(): void {
    const { body } = this;
    // FAULT and ATTENTION are adjacent.
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
    // Every target is even, and IALIGN is 16: there is no misaligned target.
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
    body.br(this.jumped);
  }

  /** Records for the translator that the indirect jump at `pc` goes to `address`. */
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

  /**
   * Puts rs1 into `address`, and its offset in memory into `at`; traps unless it is aligned and in RAM: devices take no
   * atomic accesses.
   */
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
    // A failing SC writes nothing, and does not set D.
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

  /** Long: one sequence, in the order of the manual: legality, read, write. */
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
        // The levels of interrupt lines are visible in `mip`, but are not written back.
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
      default:
        return unreachable(name);
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

  /** From supervisor mode a call to the VMM if that implements the SBI; else an exception, with a cause by mode. */
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
