import { bool, record, u32, u64, type ValueOf } from '../base/codec.ts';
import type { DeviceContext, InterruptingDevice } from './device.ts';
import { high32, low32, readHalves, withHigh32, withLow32 } from './words.ts';

/** Register offsets. */
export const RTC = {
  TIME_LOW: 0x00,
  TIME_HIGH: 0x04,
  ALARM_LOW: 0x08,
  ALARM_HIGH: 0x0c,
  IRQ_ENABLED: 0x10,
  CLEAR_ALARM: 0x14,
  ALARM_STATUS: 0x18,
  CLEAR_INTERRUPT: 0x1c,
} as const;

/** Accesses from this offset on fault, as on QEMU. */
const RTC_BYTES = 0x24;

const NS_PER_TICK = 100n;

const schema = record({
  /** The time at boot, in nanoseconds since 1970: from the machine's description, until the guest sets the time. */
  bootEpochNs: u64,
  /** TIME_HIGH, as latched by the last read of TIME_LOW. */
  timeHigh: u32,
  /** In nanoseconds since 1970. */
  alarm: u64,
  alarmRunning: bool,
  /** When an armed alarm goes off, in ticks of 100 ns since boot. Setting the time afterwards does not change it. */
  alarmTicks: u64,
  irqEnabled: bool,
  irqPending: bool,
  interruptRequested: bool,
});

/**
 * The goldfish real-time clock ("GOLDFISH VIRTUAL HARDWARE", section "Goldfish real-time clock"). Accesses of 4 bytes;
 * 8 are two. A read of TIME_LOW takes the time and latches TIME_HIGH. A write sets one half of the time, as in QEMU.
 * The alarm goes off when {@link timer} reaches its time, or at once when it is set to a time in the past.
 */
export class Rtc implements InterruptingDevice<ValueOf<typeof schema>> {
  readonly name = 'rtc';
  readonly schema = schema;
  state: ValueOf<typeof schema>;

  constructor(bootEpochNs: bigint) {
    this.state = {
      bootEpochNs,
      timeHigh: 0,
      alarm: 0n,
      alarmRunning: false,
      alarmTicks: 0n,
      irqEnabled: false,
      irqPending: false,
      interruptRequested: false,
    };
  }

  get interrupt(): boolean {
    return this.state.irqPending && this.state.irqEnabled;
  }

  /** The tick at which {@link timer} is to be called next; undefined while no alarm is armed. */
  get deadline(): bigint | undefined {
    return this.state.alarmRunning ? this.state.alarmTicks : undefined;
  }

  /** The timer input: `ticks` have passed since boot. */
  timer(ticks: number): void {
    if (this.state.alarmRunning && BigInt(ticks) >= this.state.alarmTicks) this.ring();
  }

  private ring(): void {
    this.state.alarmRunning = false;
    this.state.irqPending = true;
    this.driveInterrupt();
  }

  /** Drives the interrupt line from the state. A line that is high already requests an interrupt again. */
  private driveInterrupt(): void {
    if (this.interrupt) this.state.interruptRequested = true;
  }

  read(offset: number, sizeBytes: number, context: DeviceContext): bigint | undefined {
    if (!accepts(offset, sizeBytes)) return undefined;
    const read = (at: number) => BigInt(this.register(at, context));
    return sizeBytes === 8 ? readHalves(offset, read) : read(offset);
  }

  private register(offset: number, context: DeviceContext): number {
    const { state } = this;
    switch (offset) {
      case RTC.TIME_LOW: {
        const time = this.time(context);
        state.timeHigh = high32(time);
        return low32(time);
      }
      case RTC.TIME_HIGH:
        return state.timeHigh;
      case RTC.ALARM_LOW:
        return low32(state.alarm);
      case RTC.ALARM_HIGH:
        return high32(state.alarm);
      case RTC.IRQ_ENABLED:
        return Number(state.irqEnabled);
      case RTC.ALARM_STATUS:
        return Number(state.alarmRunning);
      default:
        return 0;
    }
  }

  private time(context: DeviceContext): bigint {
    return BigInt.asUintN(64, this.state.bootEpochNs + BigInt(context.clock()) * NS_PER_TICK);
  }

  write(offset: number, sizeBytes: number, value: bigint, context: DeviceContext): boolean {
    if (!accepts(offset, sizeBytes)) return false;
    this.writeRegister(offset, low32(value), context);
    if (sizeBytes === 8) this.writeRegister(offset + 4, high32(value), context);
    return true;
  }

  private writeRegister(offset: number, word: number, context: DeviceContext): void {
    const { state } = this;
    switch (offset) {
      case RTC.TIME_LOW:
        this.set((time) => withLow32(time, word), context);
        break;
      case RTC.TIME_HIGH:
        this.set((time) => withHigh32(time, word), context);
        break;
      case RTC.ALARM_LOW:
        // The driver writes ALARM_HIGH first: the low half arms the alarm.
        state.alarm = withLow32(state.alarm, word);
        this.setAlarm(context);
        break;
      case RTC.ALARM_HIGH:
        state.alarm = withHigh32(state.alarm, word);
        break;
      case RTC.IRQ_ENABLED:
        state.irqEnabled = (word & 1) !== 0;
        this.driveInterrupt();
        break;
      case RTC.CLEAR_ALARM:
        state.alarmRunning = false;
        break;
      case RTC.CLEAR_INTERRUPT:
        state.irqPending = false;
        break;
    }
  }

  /** An alarm beyond the range of a signed 64-bit number of nanoseconds counts as past, as on QEMU. */
  private setAlarm(context: DeviceContext): void {
    const { state } = this;
    const now = this.time(context);
    const sinceBootNs = BigInt.asIntN(64, state.alarm - state.bootEpochNs);
    state.alarmRunning = state.alarm > now && sinceBootNs > 0n;
    if (state.alarmRunning) state.alarmTicks = (sinceBootNs + NS_PER_TICK - 1n) / NS_PER_TICK;
    else this.ring();
  }

  private set(change: (time: bigint) => bigint, context: DeviceContext): void {
    const time = this.time(context);
    this.state.bootEpochNs = BigInt.asUintN(64, this.state.bootEpochNs + change(time) - time);
  }
}

const accepts = (offset: number, sizeBytes: number): boolean =>
  (sizeBytes === 4 || sizeBytes === 8) && offset + sizeBytes <= RTC_BYTES;
