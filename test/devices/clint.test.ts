import { describe, expect, test } from 'vitest';
import { CLINT, Clint } from '../../src/devices/clint.ts';
import { World } from '../../tools/testing/devices/world.ts';

const ALL_ONES = 0xffff_ffff_ffff_ffffn;

test('msip keeps its lowest bit', () => {
  const clint = new Clint();
  const world = new World();
  clint.write(CLINT.msip, 4, 0xffff_ffffn, world);
  expect(clint.softwareInterrupt).toBe(true);
  expect(clint.read(CLINT.msip, 4, world)).toBe(1n);
  clint.write(CLINT.msip, 4, 2n, world);
  expect(clint.softwareInterrupt).toBe(false);
});

test('the second hart does not exist', () => {
  const clint = new Clint();
  const world = new World();
  clint.write(CLINT.msip + 4, 4, 1n, world);
  clint.write(CLINT.mtimecmp + 8, 8, 1n, world);
  expect(clint.state).toEqual(new Clint().state);
  expect(clint.read(CLINT.mtimecmp + 8, 8, new World())).toBe(0n);
});

describe('the timer', () => {
  test('is pending at power-on, as mtimecmp is 0, and never with the largest mtimecmp', () => {
    const clint = new Clint();
    expect([clint.timerInterrupt, clint.read(CLINT.mtimecmp, 8, new World())]).toEqual([true, 0n]);
    clint.write(CLINT.mtimecmp, 8, ALL_ONES, new World());
    clint.timer(Number.MAX_SAFE_INTEGER);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.deadline).toBeUndefined();
  });

  test('becomes pending when it gets the time, not before', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp, 8, 500n, world);
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

  test('is pending at once when it is set to a known time', () => {
    const clint = new Clint();
    const world = new World();
    clint.clockRead(700);
    clint.write(CLINT.mtimecmp, 8, 700n, world);
    expect(clint.timerInterrupt).toBe(true);
    clint.write(CLINT.mtimecmp, 8, 701n, world);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.deadline).toBe(701n);
  });

  test('becomes pending when a read of mtime gets the time', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp, 8, BigInt(world.ticks), world);
    expect(clint.timerInterrupt).toBe(false);
    expect(clint.read(CLINT.mtime, 8, world)).toBe(BigInt(world.ticks));
    expect(clint.timerInterrupt).toBe(true);
  });

  test('mtimecmp is set by halves, as RV32 programs do', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp + 4, 4, 0x89abcdefn, world);
    clint.write(CLINT.mtimecmp, 4, 0xfedcba98n, world);
    expect(clint.read(CLINT.mtimecmp, 8, world)).toBe(0x89abcdef_fedcba98n);
    expect(clint.read(CLINT.mtimecmp, 4, world)).toBe(0xfedcba98n);
    expect(clint.read(CLINT.mtimecmp + 4, 4, world)).toBe(0x89abcdefn);
    clint.write(CLINT.mtimecmp, 8, ALL_ONES, world);
    expect(clint.deadline).toBeUndefined();
  });
});

test('mtime is read by halves and does not go back', () => {
  const clint = new Clint();
  const world = new World();
  world.ticks = 5 * 2 ** 32;
  expect(clint.read(CLINT.mtime + 4, 4, world)).toBe(5n);
  expect(clint.read(CLINT.mtime, 4, world)).toBe(14n);
  clint.timer(6 * 2 ** 32);
  expect(clint.read(CLINT.mtime, 8, world)).toBe(6n << 32n);
});

describe('mtime is set', () => {
  test('as a whole, and continues from there', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtime, 8, 1n << 60n, world);
    const then = world.ticks;
    world.ticks += 1000;
    expect(clint.read(CLINT.mtime, 8, world)).toBe((1n << 60n) + BigInt(world.ticks - then));
    clint.write(CLINT.mtime, 8, 5n, world);
    expect(clint.read(CLINT.mtime, 8, world)).toBe(5n + 7n);
  });

  test('by halves', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtime + 4, 4, 0xabcdn, world);
    clint.write(CLINT.mtime, 4, 0x1000n, world);
    expect(clint.read(CLINT.mtime, 8, world)).toBe(0xabcd_0000_1007n);
  });

  test('the timer follows it, and its deadline stays in ticks since boot', () => {
    const clint = new Clint();
    const world = new World();
    clint.write(CLINT.mtimecmp, 8, 1n << 40n, world);
    expect(clint.timerInterrupt).toBe(false);
    clint.write(CLINT.mtime, 8, (1n << 40n) - 50n, world);
    expect([clint.timerInterrupt, clint.deadline]).toEqual([false, BigInt(world.ticks) + 50n]);
    clint.timer(world.ticks + 49);
    expect(clint.timerInterrupt).toBe(false);
    clint.timer(world.ticks + 50);
    expect(clint.timerInterrupt).toBe(true);
    clint.write(CLINT.mtime, 8, 0n, world);
    expect(clint.timerInterrupt).toBe(false);
  });
});

test('accesses that QEMU refuses: small ones, 8 bytes of msip, and any past mtime', () => {
  const world = new World();
  for (const [offset, sizeBytes] of [
    [CLINT.mtime, 1],
    [CLINT.mtimecmp, 2],
    [CLINT.msip, 8],
    [CLINT.msip, 2],
    [0xc000, 4],
    [0xfff8, 8],
  ] as const) {
    expect(new Clint().read(offset, sizeBytes, world)).toBeUndefined();
    expect(new Clint().write(offset, sizeBytes, 0n, world)).toBe(false);
  }
  expect(new Clint().read(0x3ffc, 4, world)).toBe(0n);
});
