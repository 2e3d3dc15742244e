import { bool, record, u32, u64, type ValueOf } from '../base/codec.ts';
import type { Device, Surroundings } from './device.ts';
import { high32, low32, withHigh32, withLow32 } from './words.ts';

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

const NS_PER_TICK = 100n;

const schema = record({
  /** What the clock showed at boot, in nanoseconds since 1970: the machine's description, until the guest sets the time. */
  bootEpochNs: u64,
  /** TIME_HIGH, as latched by the last read of TIME_LOW. */
  timeHigh: u32,
  /** In nanoseconds since 1970. */
  alarm: u64,
  alarmRunning: bool,
  irqEnabled: bool,
});

/**
 * The goldfish real-time clock ("GOLDFISH VIRTUAL HARDWARE", section "Goldfish real-time clock"), 32-bit accesses only.
 * A read of TIME_LOW asks for the time and latches TIME_HIGH. A write sets one half of the time, as in QEMU. The alarm
 * registers keep what is written to them, but the alarm never rings, so the device has no interrupt line.
 */
export class Rtc implements Device<ValueOf<typeof schema>> {
  readonly name = 'rtc';
  readonly schema = schema;
  state: ValueOf<typeof schema>;

  constructor(bootEpochNs: bigint) {
    this.state = { bootEpochNs, timeHigh: 0, alarm: 0n, alarmRunning: false, irqEnabled: false };
  }

  read(offset: number, sizeBytes: number, around: Surroundings): bigint | undefined {
    if (sizeBytes !== 4) return undefined;
    return BigInt(this.register(offset, around));
  }

  private register(offset: number, around: Surroundings): number {
    const { state } = this;
    switch (offset) {
      case RTC.TIME_LOW: {
        const time = this.time(around);
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

  private time(around: Surroundings): bigint {
    return BigInt.asUintN(64, this.state.bootEpochNs + BigInt(around.clock()) * NS_PER_TICK);
  }

  write(offset: number, sizeBytes: number, value: bigint, around: Surroundings): boolean {
    if (sizeBytes !== 4) return false;
    const { state } = this;
    const word = low32(value);
    switch (offset) {
      case RTC.TIME_LOW:
        this.set((time) => withLow32(time, word), around);
        break;
      case RTC.TIME_HIGH:
        this.set((time) => withHigh32(time, word), around);
        break;
      case RTC.ALARM_LOW:
        // The driver writes ALARM_HIGH first: the low half arms the alarm.
        state.alarm = withLow32(state.alarm, word);
        state.alarmRunning = true;
        break;
      case RTC.ALARM_HIGH:
        state.alarm = withHigh32(state.alarm, word);
        break;
      case RTC.IRQ_ENABLED:
        state.irqEnabled = (word & 1) !== 0;
        break;
      case RTC.CLEAR_ALARM:
        state.alarmRunning = false;
        break;
    }
    return true;
  }

  private set(change: (time: bigint) => bigint, around: Surroundings): void {
    const time = this.time(around);
    this.state.bootEpochNs = BigInt.asUintN(64, this.state.bootEpochNs + change(time) - time);
  }
}
