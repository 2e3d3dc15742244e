/**
 * The interpreter: one WebAssembly function generated from the instruction table. It fetches, decodes through jump tables made
 * from the rows' match and mask, and runs each row's meaning on registers and RAM in the shared memory.
 */
import { CAUSE, PRIVILEGE } from './csrs.ts';
import { emitAction, emitExpr, extend, loadOp, type Surface, storeOp } from './emit.ts';
import type { AccessSize, Action, Expr } from './expr.ts';
import { type Field, fields } from './formats.ts';
import { type Instruction, immediateOf, instructions } from './instructions.ts';
import {
  type HartWord,
  NO_RESERVATION,
  offsetOf,
  PAGE_BYTES,
  PAGE_FLAGS,
  RAM,
  RAM_BASE,
  REFUSED,
  STOP,
} from './layout.ts';
import { declareImports, emitSupport, type Support } from './support.ts';
import { type Body, type Label, ModuleBuilder } from './wasm/module.ts';

/** Why `run` came back. */
export const EXIT = { limit: 0, waiting: 1, stop: 2 } as const;

/** The module of the interpreter, ready to be compiled. It exports `run(limit, ramSize) → EXIT`, `hash` and `hashRam`. */
export function interpreterModule(): Uint8Array<ArrayBuffer> {
  const module = new ModuleBuilder();
  const support = emitSupport(module, declareImports(module));
  module.function({ params: ['i64', 'i64'], results: ['i32'], exportAs: 'run' }, (body) =>
    new Interpreter(body, support).emit(),
  );
  return module.finish();
}

/** The bits that tell rows apart, in the order in which the decoder looks at them: opcode and funct3, then funct7. */
const levels = [
  { sizeBits: 10, mask: 0x707f },
  { sizeBits: 7, mask: 0xfe00_0000 },
] as const;

/** Up to this many rows are told apart by comparing one after the other. */
const CHAIN = 4;

/** The parameter of `run` that says how large RAM is. */
const RAM_SIZE = 1;

class Interpreter implements Surface {
  readonly functions;
  private readonly limit: number;
  private readonly pc: number;
  private readonly icount: number;
  private readonly word: number;
  private readonly ramEnd: number;
  private readonly address: number;
  private readonly at: number;
  private readonly old: number;
  private readonly value: number;
  private readonly cause: number;
  private readonly tval: number;
  private row!: Instruction;
  /** Where a row goes when it traps, when it isn't an instruction, and when the hart must look up between two steps. */
  private trap!: Label;
  private illegal!: Label;
  private boundary!: Label;
  private step!: Label;

  constructor(
    readonly body: Body,
    private readonly support: Support,
  ) {
    this.functions = support;
    this.limit = body.local('i64');
    this.pc = body.local('i64');
    this.icount = body.local('i64');
    this.word = body.local('i32');
    this.ramEnd = body.local('i64');
    this.address = body.local('i64');
    this.at = body.local('i32');
    this.old = body.local('i64');
    this.value = body.local('i64');
    this.cause = body.local('i64');
    this.tval = body.local('i64');
  }

  /** `run(limit, ramSize)`: parameter 0 is the `icount` to stop at, parameter 1 the size of RAM in bytes. */
  emit(): void {
    const { body } = this;
    // An access that starts this close to the end of RAM takes the careful path, whatever its size.
    body.get(RAM_SIZE).i64(7).op('i64.sub').set(this.ramEnd);
    this.getWord('pc').set(this.pc);
    this.getWord('icount').set(this.icount);
    body.loop((boundary) => {
      this.boundary = boundary;
      this.betweenSteps();
      body.block((trap) => {
        this.trap = trap;
        body.block((illegal) => {
          this.illegal = illegal;
          body.loop((step) => {
            this.step = step;
            this.fetch();
            this.dispatch(instructions, 0);
          });
        });
        this.raise(CAUSE.illegalInstruction, () => body.get(this.word).op('i64.extend_i32_u'));
      });
      this.spill();
      body.get(this.cause).get(this.tval).call(this.support.exception);
      this.getWord('pc').set(this.pc);
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
    body.i32(0).access('i32.load', STOP);
    leaveIf(EXIT.stop);
    body.get(this.icount).get(0).op('i64.ge_u');
    leaveIf(EXIT.limit);
    body.call(this.support.interrupts);
    this.getWord('pc').set(this.pc);
    this.getWord('waiting').op('i32.wrap_i64');
    leaveIf(EXIT.waiting);
    body.get(0).set(this.limit);
  }

  private fetch(): void {
    const { body } = this;
    body.get(this.icount).get(this.limit).op('i64.ge_u').brIf(this.boundary);
    body.get(this.pc).i64(RAM_BASE).op('i64.sub').tee(this.address).get(RAM_SIZE).op('i64.ge_u');
    body.if(() => this.raise(CAUSE.instructionFault, () => body.get(this.pc)));
    body.get(this.address).op('i32.wrap_i64').access('i32.load', RAM).set(this.word);
  }

  /** Emits the choice between rows; each arm ends by going to the next step, a trap or `illegal`. */
  private dispatch(rows: readonly Instruction[], level: number): void {
    const { body } = this;
    const at = levels[level];
    if (!at || (level > 0 && rows.length <= CHAIN)) return this.chain(rows);
    const arms: Instruction[][] = [];
    const armOf = new Map<string, number>();
    const table = Array.from({ length: 2 ** at.sizeBits }, (_, index) => {
      const found = rows.filter((row) => couldBe(row, at, index));
      if (found.length === 0) return -1;
      const key = found.map(({ mnemonic }) => mnemonic).join();
      if (!armOf.has(key)) armOf.set(key, arms.push(found) - 1);
      return armOf.get(key)!;
    });
    const labels: Label[] = [];
    const open = (arm: number) => {
      body.block((label) => {
        labels.push(label);
        if (arm + 1 < arms.length) return open(arm + 1);
        this.pushIndex(level);
        body.brTable(
          table.map((index) => labels[index] ?? this.illegal),
          this.illegal,
        );
      });
      const found = arms[arm]!;
      this.dispatch(found, level + 1);
    };
    open(0);
  }

  /** Pushes the bits of the word at this level, side by side: the inverse is in `couldBe`. */
  private pushIndex(level: number): void {
    const { body } = this;
    if (level === 1) body.get(this.word).i32(25).op('i32.shr_u');
    else {
      body.get(this.word).i32(0x7f).op('i32.and');
      body.get(this.word).i32(5).op('i32.shr_u').i32(0x380).op('i32.and', 'i32.or');
    }
  }

  private chain(rows: readonly Instruction[]): void {
    const { body } = this;
    for (const row of rows) {
      if ((row.mask & ~levels[0].mask) === 0) return this.instruction(row);
      body.get(this.word).i32(row.mask).op('i32.and').i32(row.match).op('i32.eq');
      body.if(() => this.instruction(row));
    }
    body.br(this.illegal);
  }

  private instruction(row: Instruction): void {
    const { body } = this;
    this.row = row;
    for (const action of row.meaning) emitAction(this, action);
    const last = row.meaning.map(({ do: kind }) => kind);
    if (last.includes('helper')) return;
    if (!last.includes('jump')) this.fallThrough();
    this.countStep();
    body.br(this.step);
  }

  private countStep(): void {
    this.body.get(this.icount).i64(1).op('i64.add').set(this.icount);
  }

  /** Makes the step that follows look at stops and interrupts first. */
  private lookUpAfterThis(): void {
    this.body.i64(0).set(this.limit);
  }

  private spill(): void {
    this.setWord('pc', () => this.body.get(this.pc));
    this.setWord('icount', () => this.body.get(this.icount));
  }

  private raise(cause: number, tval: () => void): void {
    this.body.i64(cause).set(this.cause);
    tval();
    this.body.set(this.tval);
    this.body.br(this.trap);
  }

  private getWord(word: HartWord): Body {
    return this.body.i32(0).access('i64.load', offsetOf(word));
  }

  private setWord(word: HartWord, value: () => void): void {
    this.body.i32(0);
    value();
    this.body.access('i64.store', offsetOf(word));
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
    this.setWord('x0', () => body.i64(0));
  }

  /** Pushes whether the access at `address` lies in RAM with room to spare, and leaves its offset there in `at`. */
  private inRam(): void {
    const { body } = this;
    body.get(this.address).i64(RAM_BASE).op('i64.sub').tee(this.value).op('i32.wrap_i64').set(this.at);
    body.get(this.value).get(this.ramEnd).op('i64.lt_u');
  }

  private trapIfRefused(cause: number): void {
    const { body } = this;
    this.lookUpAfterThis();
    body.i32(0).access('i32.load', REFUSED);
    // mtval is the address of the part that was refused: `REFUSED` is one more than its distance.
    body.if(() =>
      this.raise(cause, () =>
        body.get(this.address).i32(0).access('i64.load32_u', REFUSED).op('i64.add').i64(1).op('i64.sub'),
      ),
    );
  }

  load(sizeBytes: AccessSize, signed: boolean): void {
    const { body } = this;
    body.set(this.address);
    this.inRam();
    body.if(
      () => body.get(this.at).access(loadOp(sizeBytes, signed), RAM),
      () => {
        this.spill();
        body.get(this.address).i32(sizeBytes).call(this.support.load).set(this.value);
        this.trapIfRefused(CAUSE.loadFault);
        body.get(this.value);
        if (signed && sizeBytes < 8) extend(body, (sizeBytes * 8) as 8 | 16 | 32, true);
      },
      'i64',
    );
  }

  store(sizeBytes: AccessSize, value: () => void): void {
    const { body } = this;
    body.set(this.address);
    this.inRam();
    // The page must be one of which stores need no notice, and hold all of the access.
    const page = Math.log2(PAGE_BYTES);
    body.get(this.at).i32(page).op('i32.shr_u').access('i32.load8_u', PAGE_FLAGS).op('i32.and');
    if (sizeBytes > 1) {
      body
        .get(this.at)
        .i32(PAGE_BYTES - 1)
        .op('i32.and');
      body.i32(PAGE_BYTES - sizeBytes + 1).op('i32.lt_u', 'i32.and');
    }
    body.if(
      () => {
        body.get(this.at);
        value();
        body.access(storeOp(sizeBytes), RAM);
      },
      () => {
        this.spill();
        body.get(this.address).i32(sizeBytes);
        value();
        body.call(this.support.store);
        this.trapIfRefused(CAUSE.storeFault);
      },
    );
  }

  jump(): void {
    const { body } = this;
    body.tee(this.address).op('i32.wrap_i64').i32(3).op('i32.and');
    body.if(() => this.raise(CAUSE.instructionMisaligned, () => body.get(this.address)));
    body.get(this.pc).i64(4).op('i64.add').set(this.value);
    body.get(this.address).set(this.pc);
  }

  fallThrough(): void {
    this.body.get(this.pc).i64(4).op('i64.add').set(this.pc);
  }

  /** Leaves rs1 in `address`; traps unless it is aligned and in RAM. Devices take no atomic accesses. */
  private atomicAddress(sizeBytes: 4 | 8, misaligned: number, fault: number): void {
    const { body } = this;
    this.operand('rs1');
    body
      .tee(this.address)
      .op('i32.wrap_i64')
      .i32(sizeBytes - 1)
      .op('i32.and');
    body.if(() => this.raise(misaligned, () => body.get(this.address)));
    body.get(this.address).i64(RAM_BASE).op('i64.sub').tee(this.value).op('i32.wrap_i64').set(this.at);
    body.get(this.value).get(RAM_SIZE).op('i64.ge_u');
    body.if(() => this.raise(fault, () => body.get(this.address)));
  }

  private loadAt(sizeBytes: 4 | 8): void {
    this.body.get(this.at).access(loadOp(sizeBytes, true), RAM);
  }

  amo({ sizeBytes, value }: Action & { do: 'amo' }): void {
    const { body } = this;
    this.atomicAddress(sizeBytes, CAUSE.storeMisaligned, CAUSE.storeFault);
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
      this.atomicAddress(sizeBytes, CAUSE.loadMisaligned, CAUSE.loadFault);
      this.setWord('reservation', () => body.get(this.address));
      this.writeRd(() => this.loadAt(sizeBytes));
      return;
    }
    this.atomicAddress(sizeBytes, CAUSE.storeMisaligned, CAUSE.storeFault);
    this.getWord('reservation').get(this.address).op('i64.ne', 'i64.extend_i32_u').tee(this.old);
    body.op('i64.eqz');
    body.if(() => {
      body.get(this.address);
      this.store(sizeBytes, () => this.operand('rs2'));
    });
    this.setWord('reservation', () => body.i64(NO_RESERVATION));
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
      if (operation === 'clear') body.i64(-1).op('i64.xor').get(this.old).op('i64.and');
      if (operation === 'set') body.get(this.old).op('i64.or');
      body.call(csrWrite);
    });
    this.writeRd(() => body.get(this.old));
    this.lookUpAfterThis();
  }

  helper({ name }: Action & { do: 'helper' }): void {
    const { body } = this;
    const lower = () => this.getWord('privilege').i64(PRIVILEGE.M).op('i64.ne');
    switch (name) {
      case 'ecall':
        body.i64(CAUSE.ecallFromM).i64(CAUSE.ecallFromU);
        this.getWord('privilege').i64(PRIVILEGE.M).op('i64.eq', 'select').set(this.cause);
        body.i64(0).set(this.tval).br(this.trap);
        return;
      case 'ebreak':
        return this.raise(CAUSE.breakpoint, () => body.get(this.pc));
      case 'mret':
        lower().brIf(this.illegal);
        this.spill();
        body.call(this.support.mret);
        this.getWord('pc').set(this.pc);
        break;
      case 'wfi':
        // mstatus.TW makes WFI illegal below M-mode.
        this.getWord('mstatus').i64(21).op('i64.shr_u', 'i32.wrap_i64').i32(1).op('i32.and');
        lower().op('i32.and').brIf(this.illegal);
        this.setWord('waiting', () => body.i64(1));
        this.fallThrough();
        break;
    }
    this.countStep();
    body.br(this.boundary);
  }
}

/** Whether an instruction word whose bits at this level are `index` could be the row. */
function couldBe(row: Instruction, level: (typeof levels)[number], index: number): boolean {
  const bits = level.sizeBits === 7 ? index << 25 : (index & 0x7f) | ((index & 0x380) << 5);
  return ((bits ^ row.match) & row.mask & level.mask) === 0;
}
