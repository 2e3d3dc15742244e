/**
 * What a translation knows of the floating-point state. Only the interpreter executes instructions that write `frm` or
 * switch the state off, so `frm` and whether `mstatus.FS` is off hold for a whole call of the translation: they are read
 * once. Flags are only raised, by calls.
 */
import { FRM, MSTATUS } from '../csrs.ts';
import { FLAG, RM } from '../float/number.ts';
import { getWord, setWord } from '../hart-words.ts';
import type { Body } from '../wasm/module.ts';

/** The floating-point state in locals. */
export class FloatState {
  /** `mstatus.FS` in place (i64), `frm`, and whether NX is set and `frm` is to nearest (i32). */
  private readonly fs: number;
  private readonly frm: number;
  private readonly quick: number;
  /** What holds since the start of the block. */
  private isOn = false;
  private isDirty = false;
  private hasMode = false;
  /** The rounding mode of the present instruction: its own, or DYN. */
  private mode: number = RM.DYN;

  constructor(private readonly body: Body) {
    this.fs = body.local('i64');
    this.frm = body.local('i32');
    this.quick = body.local('i32');
  }

  /** Emitted where the translation begins. */
  read(): void {
    const { body } = this;
    getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.and').set(this.fs);
    getWord(body, 'fcsr').i64(FRM.shift).op('i64.shr_u', 'i32.wrap_i64').set(this.frm);
    this.raised();
  }

  /** Emitted after a call that may have raised flags. */
  raised(): void {
    getWord(this.body, 'fcsr')
      .i64(FLAG.NX | ((2 ** FRM.bits - 1) << FRM.shift))
      .op('i64.and')
      .i64(FLAG.NX)
      .op('i64.eq')
      .set(this.quick);
  }

  startBlock(): void {
    this.isOn = false;
    this.isDirty = false;
    this.hasMode = false;
  }

  /**
   * Gives up, by what `giveUpIf` emits for the condition on the stack, where the interpreter would trap: with the state
   * off, and for an instruction that rounds by a reserved mode.
   */
  require(mode: number | undefined, giveUpIf: () => void): void {
    const { body } = this;
    if (!this.isOn) {
      body.get(this.fs).op('i64.eqz');
      giveUpIf();
      this.isOn = true;
    }
    if (mode === undefined) return;
    this.mode = mode;
    if (mode <= RM.RMM || (mode === RM.DYN && this.hasMode)) return;
    if (mode === RM.DYN) body.get(this.frm);
    else body.i32(mode);
    body.i32(RM.RMM).op('i32.gt_u');
    giveUpIf();
    this.hasMode ||= mode === RM.DYN;
  }

  /** Pushes the rounding mode of the present instruction. */
  roundingMode(): void {
    if (this.mode === RM.DYN) this.body.get(this.frm);
    else this.body.i32(this.mode);
  }

  /** Pushes whether NX is set, and the present instruction rounds to nearest. */
  isQuick(): void {
    const { body, mode } = this;
    if (mode === RM.DYN) body.get(this.quick);
    else if (mode !== RM.RNE) body.i32(0);
    else getWord(body, 'fcsr').op('i32.wrap_i64').i32(FLAG.NX).op('i32.and');
  }

  /** Emitted after a register was written. */
  setDirty(): void {
    const { body } = this;
    if (this.isDirty) return;
    this.isDirty = true;
    body.get(this.fs).i64(MSTATUS.FS).op('i64.ne');
    body.expect(false).if(() => {
      setWord(body, 'mstatus', () => getWord(body, 'mstatus').i64(MSTATUS.FS).op('i64.or'));
      body.i64(MSTATUS.FS).set(this.fs);
    });
  }
}
