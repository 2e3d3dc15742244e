import { describe, expect, test } from 'vitest';
import { RTC, Rtc } from '../../src/devices/rtc.ts';
import { World } from '../../tools/testing/devices/world.ts';

const BOOT = 1_700_000_000_000_000_000n;

test('only a read of TIME_LOW asks for the time, and it latches TIME_HIGH', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  expect(rtc.read(RTC.TIME_HIGH, 4, world)).toBe(0n);
  expect(world.clockReads).toBe(0);
  const low = rtc.read(RTC.TIME_LOW, 4, world)!;
  const then = world.ticks;
  world.ticks += 1e9;
  const high = rtc.read(RTC.TIME_HIGH, 4, world)!;
  expect((high << 32n) | low).toBe(BOOT + BigInt(then) * 100n);
  for (let offset = 4; offset < 0x24; offset += 4) rtc.read(offset, 4, world);
  expect(world.clockReads).toBe(1);
});

test('the time is set in halves, as Linux does, and continues from there', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  const time = 0x1234_5678_9abc_def0n;
  expect(rtc.write(RTC.TIME_HIGH, 4, time >> 32n, world)).toBe(true);
  expect(rtc.write(RTC.TIME_LOW, 4, time & 0xffff_ffffn, world)).toBe(true);
  const then = world.ticks;
  world.ticks += 100;
  const low = rtc.read(RTC.TIME_LOW, 4, world)!;
  const high = rtc.read(RTC.TIME_HIGH, 4, world)!;
  expect((high << 32n) | low).toBe(time + BigInt(world.ticks - then) * 100n);
});

test('a time before the boot and one before 1970 stay within 64 bits', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  for (const half of [0n, 0xffff_ffffn, 0n]) {
    rtc.write(RTC.TIME_HIGH, 4, half, world);
    rtc.write(RTC.TIME_LOW, 4, half, world);
    expect(rtc.read(RTC.TIME_HIGH, 4, world)).toBeLessThan(1n << 32n);
    expect(rtc.state.bootEpochNs).toBe(BigInt.asUintN(64, rtc.state.bootEpochNs));
  }
});

const BEFORE = BOOT >> 32n;
const AFTER = BEFORE + 0x1000n;

/** Sets the alarm to the lower half 5 of an upper one, as Linux does: the upper one first. */
function setAlarm(rtc: Rtc, world: World, high: bigint): void {
  rtc.write(RTC.ALARM_HIGH, 4, high, world);
  rtc.write(RTC.ALARM_LOW, 4, 5n, world);
}

describe('the alarm', () => {
  test('is set by its lower half, runs until its time, and can be cleared', () => {
    const rtc = new Rtc(BOOT);
    const world = new World();
    const read = (offset: number) => rtc.read(offset, 4, world);
    rtc.write(RTC.ALARM_HIGH, 4, AFTER, world);
    expect(read(RTC.ALARM_STATUS)).toBe(0n);
    setAlarm(rtc, world, AFTER);
    expect([RTC.ALARM_LOW, RTC.ALARM_HIGH, RTC.ALARM_STATUS].map(read)).toEqual([5n, AFTER, 1n]);
    const alarmNs = (AFTER << 32n) + 5n;
    expect(rtc.deadline).toBe((alarmNs - BOOT + 99n) / 100n);
    rtc.write(RTC.CLEAR_ALARM, 4, 1n, world);
    expect([read(RTC.ALARM_STATUS), rtc.deadline]).toEqual([0n, undefined]);
  });

  test('becomes pending when it gets the time; its line is high while it is pending and enabled', () => {
    const rtc = new Rtc(BOOT);
    const world = new World();
    rtc.write(RTC.IRQ_ENABLED, 4, 3n, world);
    expect(rtc.read(RTC.IRQ_ENABLED, 4, world)).toBe(1n);
    setAlarm(rtc, world, AFTER);
    const deadline = Number(rtc.deadline!);
    rtc.timer(deadline - 1);
    expect([rtc.interrupt, rtc.state.interruptRequested]).toEqual([false, false]);
    rtc.timer(deadline);
    expect([rtc.interrupt, rtc.state.interruptRequested, rtc.deadline]).toEqual([true, true, undefined]);
    rtc.write(RTC.CLEAR_INTERRUPT, 4, 0n, world);
    expect(rtc.interrupt).toBe(false);
  });

  test('is pending at once when it is past; enabling it asks for the time each time', () => {
    const rtc = new Rtc(BOOT);
    const world = new World();
    const asked = () => {
      const { interruptRequested } = rtc.state;
      rtc.state.interruptRequested = false;
      return interruptRequested;
    };
    setAlarm(rtc, world, BEFORE - 1n);
    expect([rtc.read(RTC.ALARM_STATUS, 4, world), asked()]).toEqual([0n, false]);
    for (let time = 0; time < 2; time++) {
      rtc.write(RTC.IRQ_ENABLED, 4, 1n, world);
      expect([rtc.interrupt, asked()]).toEqual([true, true]);
    }
    setAlarm(rtc, world, 0xffff_ffffn);
    expect([rtc.read(RTC.ALARM_STATUS, 4, world), asked()]).toEqual([0n, true]);
  });

  test('fires as planned when the time is set meanwhile', () => {
    const rtc = new Rtc(BOOT);
    const world = new World();
    setAlarm(rtc, world, AFTER);
    const planned = rtc.deadline;
    rtc.write(RTC.TIME_HIGH, 4, AFTER + 1n, world);
    expect(rtc.deadline).toBe(planned);
  });
});

test('8 bytes are two accesses of 4', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  rtc.write(RTC.ALARM_LOW, 8, (AFTER << 32n) | 7n, world);
  expect(rtc.read(RTC.ALARM_LOW, 8, world)).toBe((AFTER << 32n) | 7n);
  const time = rtc.read(RTC.TIME_LOW, 8, world)!;
  expect(time).toBe(BOOT + BigInt(world.ticks) * 100n);
});

test.each([
  [1, RTC.TIME_LOW],
  [2, RTC.TIME_LOW],
  [4, 0x24],
  [8, 0x20],
])('accesses of %i bytes at %i are refused', (sizeBytes, offset) => {
  const world = new World();
  expect(new Rtc(BOOT).read(offset, sizeBytes, world)).toBeUndefined();
  expect(new Rtc(BOOT).write(offset, sizeBytes, 0n, world)).toBe(false);
  expect(world.clockReads).toBe(0);
});
