import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GuestClock } from '../../src/ft/guest-clock.ts';

const clockOf = () => new GuestClock((sizeBytes) => new Uint8Array(sizeBytes));
const NS_PER_STEP = 7;

describe("the guest's clock", () => {
  test('starts at zero, and never runs backwards, whatever the clocks of its hosts show', () => {
    const slice = fc.record({
      jumpNs: fc.integer({ min: -1_000_000, max: 1_000_000 }),
      steps: fc.array(fc.nat(2000), { maxLength: 4 }),
      /** The VM goes on at another host, whose clock shows something else. */
      moves: fc.constantFrom(false, false, true),
    });
    fc.assert(
      fc.property(fc.nat(1e9), fc.array(slice, { minLength: 1, maxLength: 30 }), (startNs, slices) => {
        let clock = clockOf();
        let [wallNs, icount, last] = [2e9 + startNs, 0, 0];
        for (const [index, { jumpNs, steps, moves }] of slices.entries()) {
          wallNs += jumpNs;
          if (moves) {
            clock = clockOf();
            clock.startAt(last);
          }
          clock.beginSlice(wallNs, icount, NS_PER_STEP);
          const first = clock.clock(icount);
          if (index === 0 || moves) expect(first).toBe(last);
          const begin = icount;
          for (const step of steps) {
            icount += step;
            const ticks = clock.clock(icount);
            expect(ticks).toBeGreaterThanOrEqual(last);
            last = ticks;
          }
          expect(clock.sliceEndNs(icount)).toBe(wallNs + (icount - begin) * NS_PER_STEP);
          last = Math.max(last, first);
        }
      }),
    );
  });

  test('shows a time at the position that it says, and not before', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 5000 }), fc.nat(1000), (wallNs, ahead, icount) => {
        const clock = clockOf();
        clock.beginSlice(wallNs, icount, NS_PER_STEP);
        const ticks = clock.clock(icount) + ahead;
        const at = clock.icountAt(ticks);
        expect(clock.clock(at - 1)).toBeLessThan(ticks);
        expect(clock.clock(at)).toBeGreaterThanOrEqual(ticks);
        expect(clock.wallNs(ticks)).toBeLessThanOrEqual(clock.sliceEndNs(at));
      }),
    );
  });

  test('is set forward with the clock of its host, and not back', () => {
    const clock = clockOf();
    const at = (wallNs: number, icount: number) => {
      clock.beginSlice(wallNs, icount, 100);
      return clock.clock(icount);
    };
    expect([at(5_000, 0), at(6_000, 10), at(106_000, 20), at(1_000, 30), at(2_000, 40)]).toEqual([
      0, 10, 1010, 1010, 1020,
    ]);
  });
});
