/**
 * A region as one WebAssembly function: guest registers in locals, loops as loops. It takes exactly the steps that the
 * interpreter would, and returns to the interpreter before any that it can't take: beyond the limit, with a trap, or
 * with an access outside RAM.
 */
import { assert } from '../../base/assert.ts';
import {
  emitAction,
  emitExpr,
  emitNumber,
  type FloatOperand,
  loadOp,
  type Surface,
  storeOp,
} from '../emit.ts';
import type { AccessSize, Action, Expr, OperandName } from '../expr.ts';
import { isFused } from '../float/fused.ts';
import { fromNumber } from '../float/quick.ts';
import { extract, fields } from '../formats.ts';
import { getScratch, getWide, getWord, setWord } from '../hart-words.ts';
import { ENTRIES, NO_RESERVATION, offsetOf, RAM, RAM_BASE } from '../layout.ts';
import type { TranslationSupport } from '../support.ts';
import type { Body, Label } from '../wasm/module.ts';
import type { AccessKind } from './access-groups.ts';
import { DataAccesses, type DataMode } from './data-access.ts';
import type { Register, RegisterField } from './decoded.ts';
import { entryAt } from './entries.ts';
import { FloatState } from './float-state.ts';
import type { Block, Placed, Region } from './region.ts';
import { reserves } from './reserves.ts';
import { emitGraph } from './structure.ts';

/**
 * The maximum number of steps per call of a function: V8 replaces a running function by an optimized one only at a
 * call.
 */
const MAX_STEPS = 1 << 20;

/** The number of bits for the count of a block's steps that were not taken. */
const UNTAKEN_BITS = 8;
/** Steps are reserved at the start of a path for all of it, but at most this many. */
const MAX_RESERVE = 100;

const FIRST_FLOAT = offsetOf('f0') / 8;
/** The type of a register's local: floating-point registers are most often used as numbers. */
const typeOf = (register: Register): 'i64' | 'f64' =>
  register >= FIRST_FLOAT && register < FIRST_FLOAT + 32 ? 'f64' : 'i64';

/** The context of a translation. */
export interface Purpose {
  /** Its place in the table of functions. */
  slot: number;
  /** How data is addressed where it is entered. */
  data: DataMode;
}

/** Emits the body of a function (entry: i32) → (). */
export function emitTranslation(
  body: Body,
  support: TranslationSupport,
  region: Region,
  purpose: Purpose,
): void {
  new Translation(body, support, region, purpose).emit();
}

function successorsOf({ end }: Block): readonly number[] {
  switch (end.is) {
    case 'goto':
      return [end.to];
    case 'branch':
      return [end.to, end.otherwise];
    case 'indirect':
      return end.likely;
    case 'leave':
      return [];
  }
}

class Translation implements Surface {
  readonly floats;
  readonly fuses = isFused();
  readonly scratch;
  private readonly choice = 0;
  /** The `icount` at which to stop, and how many steps are left until then. */
  private readonly end: number;
  private readonly left: number;
  private readonly pc: number;
  private readonly data: DataAccesses;
  private readonly at: number;
  private readonly old: number;
  /** The local of each register that the region names. */
  private readonly locals = new Map<Register, number>();
  private readonly written = new Set<Register>();
  private usesFloat = false;
  private readonly byPc: ReadonlyMap<number, Block>;
  private readonly base: number;
  /** The blocks at whose start steps are reserved, and how many. */
  private reserves!: ReadonlyMap<Block, number>;
  /**
   * The branch target for leaving with `pc` set; and with an i32 of the distance from `base` and the number of steps
   * not taken.
   */
  private leave!: Label;
  private leaveBy!: Label;
  private again!: Label;
  private block!: Block;
  private position = 0;
  private readonly float: FloatState;
  /** The locals that hold the sign extension of their low 32 bits. */
  private readonly words = new Set<number>();

  constructor(
    readonly body: Body,
    support: TranslationSupport,
    private readonly region: Region,
    private readonly purpose: Purpose,
  ) {
    this.floats = support.floats;
    this.scratch = { f32: body.local('f32'), f64: body.local('f64') };
    this.end = body.local('i64');
    this.left = body.local('i64');
    this.pc = body.local('i64');
    this.data = new DataAccesses(body, support.reach, purpose.data);
    this.at = body.local('i32');
    this.old = body.local('i64');
    this.float = new FloatState(body);
    this.base = region.blocks[0]!.pc;
    this.byPc = new Map(region.blocks.map((block) => [block.pc, block]));
  }

  /** Emits the function of the region. Long: its prologue, dispatch and exits share its labels. */
  emit(): void {
    const { body, left, end, region } = this;
    this.findRegisters();
    getWord(body, 'icount').tee(end).i64(MAX_STEPS).op('i64.add').tee(left);
    getWide(body, 'LIMIT').get(left);
    getWide(body, 'LIMIT').op('i64.lt_u', 'select').tee(left).get(end).op('i64.sub');
    body.get(left).set(end).set(left);
    for (const [register, local] of this.locals)
      body
        .i32(0)
        .access(`${typeOf(register)}.load`, register * 8)
        .set(local);
    if (this.usesFloat) this.float.read();
    body.block((leave) => {
      this.leave = leave;
      body.block((leaveAt) => {
        this.leaveBy = leaveAt;
        body.loop((again) => {
          this.again = again;
          const nodes = region.blocks;
          const successors = new Map(nodes.map((block) => [block, this.successorsOf(block)]));
          const entries = region.entries.map((pc) => this.byPc.get(pc)!);
          const graph = { nodes, successors, entries };
          this.reserves = reserves(graph, (block) => block.instructions.length, MAX_RESERVE);
          emitGraph(body, graph, this.choice, (block, go) => this.emitBlock(block, go));
        });
        body.op('unreachable');
      }, 'i32');
      // The address, and the steps that were counted but not taken.
      body.tee(this.at).i32(UNTAKEN_BITS).op('i32.shr_s', 'i64.extend_i32_s').i64(1).op('i64.shl');
      body.i64(this.base).op('i64.add').set(this.pc);
      body
        .get(this.at)
        .i32(2 ** UNTAKEN_BITS - 1)
        .op('i32.and', 'i64.extend_i32_u')
        .get(left)
        .op('i64.add')
        .set(left);
    });
    for (const register of this.written)
      body
        .i32(0)
        .get(this.locals.get(register)!)
        .access(`${typeOf(register)}.store`, register * 8);
    setWord(body, 'pc', () => body.get(this.pc));
    setWord(body, 'icount', () => body.get(end).get(left).op('i64.sub'));
  }

  private findRegisters(): void {
    for (const { instructions } of this.region.blocks)
      for (const { is } of instructions) {
        for (const register of Object.values(is.registers))
          if (register !== 0 && !this.locals.has(register))
            this.locals.set(register, this.body.local(typeOf(register)));
        for (const register of is.written) this.written.add(register);
        this.usesFloat ||= is.row.meaning.some(({ do: kind }) => kind === 'needsFloat');
      }
  }

  private successorsOf(block: Block): Block[] {
    return successorsOf(block)
      .map((pc) => this.byPc.get(pc))
      .filter((found) => found !== undefined);
  }

  private get instruction(): Placed {
    return this.block.instructions[this.position]!;
  }

  /** Long: the end of a block depends on what its last instruction is. */
  private emitBlock(block: Block, go: (to: Block) => void): void {
    const { body, left } = this;
    this.block = block;
    this.float.startBlock();
    this.words.clear();
    this.data.startBlock(block.instructions);
    const steps = block.instructions.length;
    const reserve = this.reserves.get(block);
    if (reserve !== undefined) {
      body.get(left).i64(reserve).op('i64.lt_s');
      body.expect(false).if(() => this.leaveAt(block.pc));
    }
    body.get(left).i64(steps).op('i64.sub').set(left);
    const goTo = (pc: number) => {
      const to = this.byPc.get(pc);
      if (to) go(to);
      else this.leaveAt(pc);
    };
    for (this.position = 0; this.position < steps; this.position++) {
      const { row } = this.instruction.is;
      this.data.startGroup(this.position, () => this.operand('rs1'));
      for (const action of row.meaning) {
        if (action.do === 'jump' && action.when) {
          const { end } = block;
          assert(end.is === 'branch', 'a branch ends a block');
          emitExpr(this, action.when);
          body.if(() => goTo(end.to));
          goTo(end.otherwise);
          return;
        }
        if (action.do === 'jump' && block.end.is === 'goto') continue;
        emitAction(this, action);
      }
    }
    switch (block.end.is) {
      case 'goto':
        return goTo(block.end.to);
      case 'leave':
        return this.leaveAt(block.end.at);
      case 'indirect':
        return this.goIndirectly(block.end.likely, go);
    }
  }

  /** Continues at `pc`: in this function if that is one of its entries. */
  private goIndirectly(likely: readonly number[], go: (to: Block) => void): void {
    const { body, pc, at } = this;
    for (const target of likely) {
      const to = this.byPc.get(target);
      if (!to) continue;
      body.get(pc).i64(target).op('i64.eq');
      body.expect(true).if(() => go(to));
    }
    entryAt(body, pc);
    body.tee(at).access('i64.load', ENTRIES).get(pc).op('i64.ne').brIf(this.leave);
    body.get(at).access('i32.load', ENTRIES + 8);
    getScratch(body, 'KEY').op('i32.ne').brIf(this.leave);
    body
      .get(at)
      .access('i32.load16_u', ENTRIES + 14)
      .i32(this.purpose.slot)
      .op('i32.ne')
      .brIf(this.leave);
    body
      .get(at)
      .access('i32.load16_u', ENTRIES + 12)
      .set(this.choice)
      .br(this.again);
  }

  /** Leaves at an address; `untaken` steps of the present block were counted already. */
  private leaveAt(pc: number, untaken = 0): void {
    const { body, left } = this;
    const distance = (pc - this.base) / 2;
    if (Math.abs(distance) < 2 ** (31 - UNTAKEN_BITS) && untaken < 2 ** UNTAKEN_BITS) {
      body.i32((distance << UNTAKEN_BITS) | untaken).br(this.leaveBy);
      return;
    }
    if (untaken > 0) body.get(left).i64(untaken).op('i64.add').set(left);
    body.i64(pc).set(this.pc).br(this.leave);
  }

  /** Leaves before the present instruction: its step, and those after it in the block, are not taken. */
  private giveUp(): void {
    this.leaveAt(this.instruction.pc, this.block.instructions.length - this.position);
  }

  /** Gives up if the condition on the stack holds. */
  private giveUpIf(): void {
    this.body.expect(false).if(() => this.giveUp());
  }

  operand(name: OperandName): void {
    const { body } = this;
    const { pc, sizeBytes, is } = this.instruction;
    switch (name) {
      case 'imm':
        body.i64(is.immediate);
        return;
      case 'pc':
        body.i64(pc);
        return;
      case 'next':
        body.i64(pc + sizeBytes);
        return;
      case 'old':
        body.get(this.old);
        return;
      default:
        this.getRegister(name);
    }
  }

  constantOf(name: OperandName): bigint | undefined {
    const { pc, sizeBytes, is } = this.instruction;
    if (name === 'imm') return BigInt(is.immediate);
    if (name === 'pc') return BigInt(pc);
    if (name === 'next') return BigInt(pc + sizeBytes);
    return name !== 'old' && !name.startsWith('f') && this.localOf(name as RegisterField) === undefined
      ? 0n
      : undefined;
  }

  isWord(name: OperandName): boolean {
    return this.words.has(this.localOf(name as RegisterField)!);
  }

  private localOf(field: RegisterField): number | undefined {
    return this.locals.get(this.instruction.is.registers[field]!);
  }

  private getRegister(field: RegisterField): void {
    const local = this.localOf(field);
    if (local === undefined) this.body.i64(0);
    else this.body.get(local);
    if (field.startsWith('f')) fromNumber(this.body, 'D');
  }

  number(name: FloatOperand): void {
    this.body.get(this.localOf(name)!);
  }

  writeRd(value: () => void, isWord: boolean): void {
    const local = this.localOf('rd');
    value();
    if (local === undefined) {
      this.body.op('drop');
      return;
    }
    this.body.set(local);
    if (isWord) this.words.add(local);
    else this.words.delete(local);
  }

  writeFd(value: Expr): void {
    emitNumber(this, value, 'D');
    this.body.set(this.localOf('fd')!);
    this.float.setDirty();
  }

  needsFloat(rounds: boolean): void {
    const mode = rounds ? extract(fields.rm, this.instruction.is.word) : undefined;
    this.float.require(mode, () => this.giveUpIf());
  }

  roundingMode(): void {
    this.float.roundingMode();
  }

  isQuick(): void {
    this.float.isQuick();
  }

  raised(): void {
    this.float.raised();
  }

  /** Replaces the address on the stack by an offset in this memory, and returns what is to be added to that. */
  private reach(kind: AccessKind, sizeBytes: AccessSize): number {
    return this.data.emit(this.position, { kind, sizeBytes, giveUp: () => this.giveUp() });
  }

  load(sizeBytes: AccessSize, signed: boolean): void {
    this.body.access(loadOp(sizeBytes, signed), this.reach('load', sizeBytes));
  }

  loadNumber(): void {
    this.body.access('f64.load', this.reach('load', 8));
  }

  store(sizeBytes: AccessSize, value: Expr): void {
    const isNumber = sizeBytes === 8 && value.is === 'operand' && value.name.startsWith('fs');
    const offset = this.reach('store', sizeBytes);
    if (isNumber) emitNumber(this, value, 'D');
    else emitExpr(this, value);
    this.body.access(isNumber ? 'f64.store' : storeOp(sizeBytes), offset);
  }

  jump(): void {
    this.body.set(this.pc);
  }

  fallThrough(): void {}

  /** Puts the offset in memory of the address in rs1 into `at`. */
  private atomicAddress(sizeBytes: 4 | 8, access: 'load' | 'store'): void {
    const { body } = this;
    this.operand('rs1');
    body
      .op('i32.wrap_i64')
      .i32(sizeBytes - 1)
      .op('i32.and');
    this.giveUpIf();
    this.operand('rs1');
    const offset = this.reach(access, sizeBytes);
    if (offset !== 0) body.i32(offset).op('i32.add');
    body.set(this.at);
  }

  private loadAt(sizeBytes: 4 | 8): void {
    this.body.get(this.at).access(loadOp(sizeBytes, true), 0);
  }

  private storeAt(sizeBytes: 4 | 8, value: () => void): void {
    this.body.get(this.at);
    value();
    this.body.access(storeOp(sizeBytes), 0);
  }

  amo({ sizeBytes, value }: Action & { do: 'amo' }): void {
    this.atomicAddress(sizeBytes, 'store');
    this.loadAt(sizeBytes);
    this.body.set(this.old);
    this.storeAt(sizeBytes, () => emitExpr(this, value));
    this.writeRd(() => this.body.get(this.old), sizeBytes === 4);
  }

  /** Pushes the physical address of `at`. */
  private physical(): void {
    this.body
      .get(this.at)
      .i32((RAM - RAM_BASE) | 0)
      .op('i32.sub', 'i64.extend_i32_u');
  }

  reserve(action: Action & { do: 'lr' | 'sc' }): void {
    const { body } = this;
    const { sizeBytes } = action;
    if (action.do === 'lr') {
      this.atomicAddress(sizeBytes, 'load');
      setWord(body, 'reservation', () => this.physical());
      this.writeRd(() => this.loadAt(sizeBytes), sizeBytes === 4);
      return;
    }
    this.atomicAddress(sizeBytes, 'store');
    getWord(body, 'reservation');
    this.physical();
    body.op('i64.ne', 'i64.extend_i32_u').tee(this.old).op('i64.eqz');
    body.if(() => this.storeAt(sizeBytes, () => this.operand('rs2')));
    setWord(body, 'reservation', () => body.i64(NO_RESERVATION));
    this.writeRd(() => body.get(this.old), true);
  }

  csr(): void {
    assert(false, 'CSRs are for the interpreter');
  }

  helper(): void {
    assert(false, 'helpers are for the interpreter');
  }
}
