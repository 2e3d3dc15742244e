import { describe, expect, test } from 'vitest';
import { CLINT, Clint } from '../../src/devices/clint.ts';
import { World } from './world.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

test('msip keeps its lowest bit', () => {
  const clint = new Clint();
  const world = new World();
  clint.write(CLINT.msip, 4, 0xffff_ffffn);
  expect(clint.softwareInterrupt).toBe(true);
  expect(clint.read(CLINT.msip, 4, world)).toBe(1n);
  clint.write(CLINT.msip, 4, 2n);
  expect(clint.softwareInterrupt).toBe(false);
});

test('the second hart is not there', () => {
  const clint = new Clint();
  clint.write(CLINT.msip + 4, 4, 1n);
  clint.write(CLINT.mtimecmp + 8, 8, 1n);
  expect(clint.state).toEqual(new Clint().state);
  expect(clint.read(CLINT.mtimecmp + 8, 8, new World())).toBe(0n);
});

describe('the timer', () => {
  test('is off at power-on', () => {
    const clint = new Clint();
    clint.timer(Number.MAX_SAFE_INTEGER);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.deadline).toBeUndefined();
  });

  test('rings when it is told the time, not before', () => {
    const clint = new Clint();
    clint.write(CLINT.mtimecmp, 8, 500n);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.deadline).toBe(500n);
    clint.timer(499);
    expect(clint.timerInterrupt).toBe(false);
    clint.timer(500);
    expect(clint.timerInterrupt).toBe(true);
    expect(clint.deadline).toBeUndefined();
    clint.timer(3);
    expect(clint.timerInterrupt).toBe(true);
  });

  test('rings at once when it is set to a time that has been told', () => {
    const clint = new Clint();
    clint.clockRead(700);
    clint.write(CLINT.mtimecmp, 8, 700n);
    expect(clint.timerInterrupt).toBe(true);
    clint.write(CLINT.mtimecmp, 8, 701n);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.deadline).toBe(701n);
  });

  test('reading mtime tells the time', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp, 8, BigInt(world.ticks));
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.read(CLINT.mtime, 8, world)).toBe(BigInt(world.ticks));
    expect(clint.timerInterrupt).toBe(true);
  });

  test('mtimecmp is set by halves, as RV32 programs do', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp + 4, 4, 0x89abcdefn);
    clint.write(CLINT.mtimecmp, 4, 0xfedcba98n);
    expect(clint.read(CLINT.mtimecmp, 8, world)).toBe(0x89abcdef_fedcba98n);
    expect(clint.read(CLINT.mtimecmp, 4, world)).toBe(0xfedcba98n);
    expect(clint.read(CLINT.mtimecmp + 4, 4, world)).toBe(0x89abcdefn);
    clint.write(CLINT.mtimecmp, 8, ALL_ONES);
    expect(clint.deadline).toBeUndefined();
  });
});

test('mtime is read by halves, does not go back and is not set', () => {
  const clint = new Clint();
  const world = new World();
  world.ticks = 5 * 2 ** 32;
  expect(clint.read(CLINT.mtime + 4, 4, world)).toBe(5n);
  expect(clint.read(CLINT.mtime, 4, world)).toBe(14n);
  clint.timer(6 * 2 ** 32);
  expect(clint.read(CLINT.mtime, 8, world)).toBe(6n << 32n);
  expect(clint.write(CLINT.mtime, 8, 0n)).toBe(true);
  expect(clint.read(CLINT.mtime, 8, world)).toBe(6n << 32n);
});

test.each([1, 2])('accesses of %i bytes are refused', (sizeBytes) => {
  expect(new Clint().read(CLINT.mtime, sizeBytes, new World())).toBeUndefined();
  expect(new Clint().write(CLINT.mtimecmp, sizeBytes, 0n)).toBe(false);
});
