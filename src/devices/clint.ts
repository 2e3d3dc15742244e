import { bool, record, u64, uint, type ValueOf } from '../base/codec.ts';
import type { Device, Surroundings } from './device.ts';
import { high32, low32, withHigh32, withLow32 } from './words.ts';

/** Register offsets, for hart 0. */
export const CLINT = { msip: 0x0000, mtimecmp: 0x4000, mtime: 0xbff8 } as const;

/** The timer is off: no time reaches it. */
const NEVER = 0xffff_ffff_ffff_ffffn;

const schema = record({
  msip: bool,
  mtimecmp: u64,
  /** The latest time that the guest or this device has been told, in ticks of 100 ns since boot. */
  lastKnownTicks: uint,
});

/**
 * The SiFive CLINT of one hart (SiFive FU540-C000 manual, chapter "Core-Local Interruptor"; RISC-V privileged
 * architecture, section 3.2.1 "Machine Timer Registers"), mtime at 10 MHz. Accesses of 4 and 8 bytes; registers of other
 * harts read as zero.
 *
 * There is no clock in here. The timer interrupt compares mtimecmp with the time last told, by {@link timer}, by
 * {@link clockRead} or by a read of mtime, so that it is a function of the state alone and two copies of the machine
 * that get the same inputs agree on it. Time doesn't go back and can't be set: writes to mtime are ignored.
 */
export class Clint implements Device<ValueOf<typeof schema>> {
  readonly name = 'clint';
  readonly schema = schema;
  state: ValueOf<typeof schema> = { msip: false, mtimecmp: NEVER, lastKnownTicks: 0 };

  /** The MSIP line. */
  get softwareInterrupt(): boolean {
    return this.state.msip;
  }

  /** The MTIP line. */
  get timerInterrupt(): boolean {
    // As a number: comparing one with a bigint is slow. What no number holds exactly is later than any time.
    return this.state.lastKnownTicks >= Number(this.state.mtimecmp);
  }

  /** The tick at which {@link timer} is to be called next; undefined when no time makes a difference. */
  get deadline(): bigint | undefined {
    const { mtimecmp } = this.state;
    return this.timerInterrupt || mtimecmp === NEVER ? undefined : mtimecmp;
  }

  /** The timer input: at least `ticks` have passed since boot. */
  timer(ticks: number): void {
    this.state.lastKnownTicks = Math.max(this.state.lastKnownTicks, ticks);
  }

  /** Notes that the guest was told this time through the `time` CSR, so that mtime and the timer agree with it. */
  clockRead(ticks: number): void {
    this.timer(ticks);
  }

  read(offset: number, sizeBytes: number, around: Surroundings): bigint | undefined {
    if (sizeBytes !== 4 && sizeBytes !== 8) return undefined;
    const value = this.register(offset & ~7, around);
    if (sizeBytes === 8) return value;
    return BigInt(offset & 4 ? high32(value) : low32(value));
  }

  /** The 8 bytes at `offset`. */
  private register(offset: number, around: Surroundings): bigint {
    switch (offset) {
      case CLINT.msip:
        return this.state.msip ? 1n : 0n;
      case CLINT.mtimecmp:
        return this.state.mtimecmp;
      case CLINT.mtime:
        this.clockRead(around.clock());
        return BigInt(this.state.lastKnownTicks);
      default:
        return 0n;
    }
  }

  write(offset: number, sizeBytes: number, value: bigint): boolean {
    if (sizeBytes !== 4 && sizeBytes !== 8) return false;
    const { state } = this;
    if (offset === CLINT.msip) state.msip = (value & 1n) !== 0n;
    if ((offset & ~7) === CLINT.mtimecmp) {
      if (sizeBytes === 8) state.mtimecmp = BigInt.asUintN(64, value);
      else if (offset & 4) state.mtimecmp = withHigh32(state.mtimecmp, low32(value));
      else state.mtimecmp = withLow32(state.mtimecmp, low32(value));
    }
    return true;
  }
}
