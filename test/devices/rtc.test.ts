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

test('the time is set in halves, as Linux does, and goes on from there', () => {
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

test('the alarm registers keep what is written', () => {
  const rtc = new Rtc(BOOT);
  const world = new World();
  const read = (offset: number) => rtc.read(offset, 4, world);
  rtc.write(RTC.ALARM_HIGH, 4, 0x11111111n, world);
  expect(read(RTC.ALARM_STATUS)).toBe(0n);
  rtc.write(RTC.ALARM_LOW, 4, 0xfedcba98n, world);
  rtc.write(RTC.IRQ_ENABLED, 4, 3n, world);
  expect([RTC.ALARM_LOW, RTC.ALARM_HIGH, RTC.IRQ_ENABLED, RTC.ALARM_STATUS].map(read)).toEqual([
    0xfedcba98n,
    0x11111111n,
    1n,
    1n,
  ]);
  rtc.write(RTC.CLEAR_ALARM, 4, 1n, world);
  expect(read(RTC.ALARM_STATUS)).toBe(0n);
});

test.each([1, 2, 8])('accesses of %i bytes are refused', (sizeBytes) => {
  const world = new World();
  expect(new Rtc(BOOT).read(RTC.TIME_LOW, sizeBytes, world)).toBeUndefined();
  expect(new Rtc(BOOT).write(RTC.ALARM_LOW, sizeBytes, 0n, world)).toBe(false);
  expect(world.clockReads).toBe(0);
});
