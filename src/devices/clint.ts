import { bool, record, u64, uint, type ValueOf } from '../base/codec.ts';
import type { Device, DeviceContext } from './device.ts';
import { high32, low32, withHigh32, withLow32 } from './words.ts';

/** Register offsets, for hart 0. */
export const CLINT = { msip: 0x0000, mtimecmp: 0x4000, mtime: 0xbff8 } as const;
/** Accesses from this offset on fault, as on QEMU. */
const CLINT_BYTES = 0xc000;

/** The timer is off: mtime never reaches this. */
const NEVER = 0xffff_ffff_ffff_ffffn;

const schema = record({
  msip: bool,
  mtimecmp: u64,
  /** The latest time that the guest or this device knows, in ticks of 100 ns since boot. */
  lastKnownTicks: uint,
  /** mtime minus the ticks since boot, modulo 2^64: 0 until the guest sets mtime. */
  offsetTicks: u64,
});

/**
 * The SiFive CLINT of one hart (SiFive FU540-C000 manual, chapter "Core-Local Interruptor"; RISC-V privileged
 * architecture, section 3.2.1 "Machine Timer Registers"), mtime at 10 MHz. Accesses of 4 bytes, and of 8 to the timers;
 * registers of other harts read as zero. As on QEMU, mtimecmp starts with 0: the timer interrupt is pending at boot.
 *
 * The device has no clock. The timer interrupt compares mtimecmp with the latest known time, from {@link timer},
 * {@link clockRead} or an access to mtime. So it is a function of the state alone, and replicas that get the same
 * inputs agree on it. The guest may set mtime, which the `time` CSR also shows; the ticks since boot, in which the
 * device is given the time, are not affected.
 */
export class Clint implements Device<ValueOf<typeof schema>> {
  readonly name = 'clint';
  readonly schema = schema;
  state: ValueOf<typeof schema> = { msip: false, mtimecmp: 0n, lastKnownTicks: 0, offsetTicks: 0n };

  /** The MSIP line. */
  get softwareInterrupt(): boolean {
    return this.state.msip;
  }

  /** The MTIP line. */
  get timerInterrupt(): boolean {
    return this.hasReached(this.state.mtimecmp);
  }

  /** The tick since boot at which {@link timer} is to be called next; undefined when no time changes the interrupt. */
  get deadline(): bigint | undefined {
    return this.ticksAt(this.state.mtimecmp);
  }

  /** The value of mtime at `ticks` since boot. */
  mtime(ticks: number): bigint {
    return BigInt.asUintN(64, BigInt(ticks) + this.state.offsetTicks);
  }

  /** Whether mtime has reached a value at the latest known time. */
  hasReached(mtime: bigint): boolean {
    const { lastKnownTicks, offsetTicks } = this.state;
    // As a number: comparing one with a bigint is slow. A value that no number holds exactly is later than any time.
    return offsetTicks === 0n ? lastKnownTicks >= Number(mtime) : this.mtime(lastKnownTicks) >= mtime;
  }

  /** The tick since boot at which mtime will reach a value; undefined when it has, or never will. */
  ticksAt(mtime: bigint): bigint | undefined {
    if (mtime === NEVER || this.hasReached(mtime)) return undefined;
    const { lastKnownTicks } = this.state;
    return BigInt(lastKnownTicks) + mtime - this.mtime(lastKnownTicks);
  }

  /** The timer input: at least `ticks` have passed since boot. */
  timer(ticks: number): void {
    this.state.lastKnownTicks = Math.max(this.state.lastKnownTicks, ticks);
  }

  /** The guest has read this time from the `time` CSR: mtime and the timer agree with it. */
  clockRead(ticks: number): void {
    this.timer(ticks);
  }

  read(offset: number, sizeBytes: number, context: DeviceContext): bigint | undefined {
    if (!accepts(offset, sizeBytes)) return undefined;
    const value = this.register(offset & ~7, context);
    if (sizeBytes === 8) return value;
    return BigInt(offset & 4 ? high32(value) : low32(value));
  }

  /** The 8 bytes at `offset`. */
  private register(offset: number, context: DeviceContext): bigint {
    switch (offset) {
      case CLINT.msip:
        return this.state.msip ? 1n : 0n;
      case CLINT.mtimecmp:
        return this.state.mtimecmp;
      case CLINT.mtime:
        return this.now(context);
      default:
        return 0n;
    }
  }

  private now(context: DeviceContext): bigint {
    this.clockRead(context.clock());
    return this.mtime(this.state.lastKnownTicks);
  }

  write(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): boolean {
    if (!accepts(offset, sizeBytes)) return false;
    const { state } = this;
    if (offset === CLINT.msip) state.msip = (value & 1n) !== 0n;
    const merge = (old: bigint): bigint => {
      if (sizeBytes === 8) return BigInt.asUintN(64, value);
      return offset & 4 ? withHigh32(old, low32(value)) : withLow32(old, low32(value));
    };
    switch (offset & ~7) {
      case CLINT.mtimecmp:
        state.mtimecmp = merge(state.mtimecmp);
        break;
      case CLINT.mtime: {
        const now = this.now(context);
        state.offsetTicks = BigInt.asUintN(64, state.offsetTicks + merge(now) - now);
        break;
      }
    }
    return true;
  }
}

const accepts = (offset: number, sizeBytes: number): boolean =>
  offset < CLINT_BYTES && (sizeBytes === 4 || (sizeBytes === 8 && offset >= CLINT.mtimecmp));
