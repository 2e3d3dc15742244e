import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LagControl } from '../../src/ft/lag.ts';

const tuning = { lagBoundNs: 1000, lagIntervalNs: 10 };

/** Adjusts to lags, one each interval; returns the share after each. */
function sharesUnder(control: LagControl, lags: readonly number[], startNs = 10): number[] {
  return lags.map((lagNs, index) => {
    control.adjust(lagNs, startNs + index * tuning.lagIntervalNs);
    return control.perMille;
  });
}

describe('the share of processor time', () => {
  test('falls in small steps while the backup lags, never below its minimum, and recovers', () => {
    const control = new LagControl(tuning);
    const falling = sharesUnder(control, Array(120).fill(5000));
    for (const [index, share] of falling.entries()) {
      const before = falling[index - 1] ?? 1000;
      expect(share).toBeLessThanOrEqual(before);
      expect(before - share).toBeLessThanOrEqual(before * 0.05 + 1);
    }
    expect(falling[0]).toBe(950);
    expect(falling.at(-1)).toBe(20);
    const rising = sharesUnder(control, Array(120).fill(0), 10_000);
    for (const [index, share] of rising.entries()) {
      const before = rising[index - 1] ?? 20;
      expect(share).toBeGreaterThanOrEqual(before);
      expect(share - before).toBeLessThanOrEqual(before * 0.05 + 1);
    }
    expect(rising.at(-1)).toBe(1000);
  });

  test('stays within its limits, and changes at most once in an interval, whatever the lags', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(2500), fc.nat(25)), { maxLength: 200 }), (steps) => {
        const control = new LagControl(tuning);
        let nowNs = 0;
        let changedNs = 0;
        for (const [lagNs, laterNs] of steps) {
          nowNs += laterNs;
          const before = control.perMille;
          const changed = control.adjust(lagNs, nowNs);
          expect(control.perMille).toBeGreaterThanOrEqual(20);
          expect(control.perMille).toBeLessThanOrEqual(1000);
          if (!changed) expect(control.perMille).toBe(before);
          else {
            expect(nowNs - changedNs).toBeGreaterThanOrEqual(tuning.lagIntervalNs);
            changedNs = nowNs;
            if (lagNs > tuning.lagBoundNs) expect(control.perMille).toBeLessThanOrEqual(before);
            else expect(control.perMille).toBeGreaterThan(before);
          }
          // Between half the bound and the bound it does not change.
          if (lagNs >= 500 && lagNs <= 1000) expect(changed).toBe(false);
        }
      }),
    );
  });

  test('is 1000 per mille again after a reset', () => {
    const control = new LagControl(tuning);
    sharesUnder(control, [5000, 5000]);
    control.mark(10, 0);
    control.reset();
    expect([control.perMille, control.behind(0, 99)]).toEqual([1000, 0]);
  });
});

describe('the execution lag', () => {
  test('is the time since the primary left the position where the backup is', () => {
    const step = fc.record({ ran: fc.nat(5), tookNs: fc.integer({ min: 1, max: 50 }), follows: fc.nat(8) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 100 }), (steps) => {
        const control = new LagControl(tuning);
        const marks: { icount: number; ns: number }[] = [];
        let [nowNs, icount, backup] = [0, 0, 0];
        for (const { ran, tookNs, follows } of steps) {
          control.mark(icount, nowNs);
          marks.push({ icount, ns: nowNs });
          nowNs += tookNs;
          icount += ran;
          backup = Math.min(icount, backup + follows);
          const next = marks.find((mark) => mark.icount > backup);
          expect(control.behind(backup, nowNs)).toBe(next ? nowNs - next.ns : 0);
        }
      }),
    );
  });

  test('is the worst so far only if it clearly exceeds the previous worst', () => {
    const control = new LagControl(tuning);
    expect([100, 105, 111, 100, 122, 123].map((lagNs) => control.isWorst(lagNs))).toEqual([
      true,
      false,
      true,
      false,
      false,
      true,
    ]);
    expect(new LagControl(tuning).isWorst(0)).toBe(false);
  });
});
