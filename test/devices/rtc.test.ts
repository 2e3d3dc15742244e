import { expect, test } from 'vitest';
import { RTC, Rtc } from '../../src/devices/rtc.ts';
import { World } from './world.ts';

const BOOT = 1_700_000_000_000_000_000n;

test('reading TIME_LOW latches TIME_HIGH, and is all that asks for the time', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  expect(rtc.read(RTC.TIME_HIGH, 4, world)).toBe(0n);
  expect(world.clockReads).toBe(0);
  const low = rtc.read(RTC.TIME_LOW, 4, world)!;
  const then = world.ticks;
  world.ticks += 1e9;
  const high = rtc.read(RTC.TIME_HIGH, 4, world)!;
  expect((high << 32n) | low).toBe(BOOT + BigInt(then) * 100n);
  for (let offset = 4; offset < 0x40; offset += 4) rtc.read(offset, 4, world);
  expect(world.clockReads).toBe(1);
});

test('the time can not be set', () => {
  const rtc = new Rtc(BOOT);
  expect(rtc.write(RTC.TIME_LOW, 4, 0n)).toBe(true);
  expect(rtc.write(RTC.TIME_HIGH, 4, 0n)).toBe(true);
  expect(rtc.state).toEqual(new Rtc(BOOT).state);
});

test('the alarm registers keep what is written', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  const read = (offset: number) => rtc.read(offset, 4, world);
  rtc.write(RTC.ALARM_HIGH, 4, 0x11111111n);
  expect(read(RTC.ALARM_STATUS)).toBe(0n);
  rtc.write(RTC.ALARM_LOW, 4, 0xfedcba98n);
  rtc.write(RTC.IRQ_ENABLED, 4, 3n);
  expect([RTC.ALARM_LOW, RTC.ALARM_HIGH, RTC.IRQ_ENABLED, RTC.ALARM_STATUS].map(read)).toEqual([
    0xfedcba98n,
    0x11111111n,
    1n,
    1n,
  ]);
  rtc.write(RTC.CLEAR_ALARM, 4, 1n);
  expect(read(RTC.ALARM_STATUS)).toBe(0n);
});

test.each([1, 2, 8])('accesses of %i bytes are refused', (sizeBytes) => {
  const world = new World();
  expect(new Rtc(BOOT).read(RTC.TIME_LOW, sizeBytes, world)).toBeUndefined();
  expect(new Rtc(BOOT).write(RTC.ALARM_LOW, sizeBytes, 0n)).toBe(false);
  expect(world.clockReads).toBe(0);
});
