import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ComputedTime, GuestClock, MeasuredTime } from '../../src/ft/guest-clock.ts';

const clockOf = () => new GuestClock((sizeBytes) => new Uint8Array(sizeBytes));
const NS_PER_STEP = 7;
/** The longest time that a message is in flight. */
const MAX_DELAY_NS = 30_000;

describe("the guest's clock", () => {
  /**
   * Hosts with arbitrary clocks that drift. The primary gives the guest the time and sends readings to the others,
   * which are delayed; now and then another host goes live.
   */
  test('follows true time across failovers, and never runs backwards', () => {
    const act = fc.record({
      passesNs: fc.nat(5_000_000),
      steps: fc.array(fc.nat(2000), { maxLength: 4 }),
      delayNs: fc.integer({ min: 1_000, max: MAX_DELAY_NS }),
      /** The delay of an additional, late message. */
      lateNs: fc.option(fc.integer({ min: 1e6, max: 1e9 })),
      goesLive: fc.constantFrom(undefined, undefined, 0, 1, 2),
    });
    const hosts = fc.array(fc.record({ startNs: fc.nat(1e14), ppm: fc.integer({ min: -200, max: 200 }) }), {
      minLength: 3,
      maxLength: 3,
    });
    fc.assert(
      fc.property(hosts, fc.array(act, { minLength: 1, maxLength: 30 }), (made, acts) => {
        const all = made.map(({ startNs, ppm }) => ({
          clock: clockOf(),
          now: (ns: number) => startNs + Math.floor(ns * (1 + ppm / 1e6)),
        }));
        let [trueNs, icount, last, primary, moves] = [0, 0, 0, all[0]!, 0];
        primary.clock.startAt(0, primary.now(0));
        for (const { passesNs, steps, delayNs, lateNs, goesLive } of acts) {
          for (const host of all)
            if (host !== primary)
              host.clock.heard(primary.clock.reading(primary.now(trueNs)), host.now(trueNs + delayNs));
          trueNs += delayNs + passesNs;
          if (lateNs !== null)
            for (const host of all)
              if (host !== primary && trueNs > lateNs)
                host.clock.heard(Math.floor((trueNs - lateNs) / 100), host.now(trueNs));
          if (goesLive !== undefined && all[goesLive] !== primary) {
            primary = all[goesLive]!;
            primary.clock.continueFrom(last, primary.now(trueNs));
            moves++;
          }
          primary.clock.beginSlice(primary.now(trueNs), icount, NS_PER_STEP);
          const begin = icount;
          for (const step of steps) {
            icount += step;
            const ticks = primary.clock.clock(icount);
            expect(ticks).toBeGreaterThanOrEqual(last);
            last = ticks;
            // Each reading rounds by up to a microsecond; two hosts drift apart by less than 400 ppm.
            const slackNs = 1_000 * (moves + 1) + moves * MAX_DELAY_NS + trueNs * 4e-4;
            expect(Math.abs(ticks * 100 - (trueNs + (icount - begin) * NS_PER_STEP))).toBeLessThan(slackNs);
          }
          trueNs += (icount - begin) * NS_PER_STEP;
          primary.clock.endSlice(icount);
        }
      }),
    );
  });

  test('reaches a time at the position that it predicts, and not before', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.integer({ min: 1, max: 5000 }), fc.nat(1000), (nowNs, ahead, icount) => {
        const clock = clockOf();
        clock.startAt(0, nowNs);
        clock.beginSlice(nowNs, icount, NS_PER_STEP);
        const ticks = clock.clock(icount) + ahead;
        const at = clock.icountAt(ticks);
        expect(clock.clock(at - 1)).toBeLessThan(ticks);
        expect(clock.clock(at)).toBeGreaterThanOrEqual(ticks);
        expect(clock.nsAt(ticks)).toBeLessThanOrEqual(nowNs + (at - icount) * NS_PER_STEP);
      }),
    );
  });

  test('takes the later of two readings, until possible drift exceeds the difference', () => {
    const clock = clockOf();
    const shownAt = (nowNs: number) => clock.reading(nowNs);
    clock.heard(1_000, 50_000);
    expect(shownAt(150_000)).toBe(2_000);
    // Delayed by 100 ms: no later than the known reading.
    clock.heard(1_000, 100_050_000);
    expect(shownAt(100_150_000)).toBe(1_002_000);
    // A minute later the two may have drifted apart by up to 60 ms.
    clock.heard(600_000_000 - 300_000, 60_000_000_000);
    expect(shownAt(60_000_000_000)).toBe(599_700_000);
  });

  test('continues from the last time that the guest has read if no reading was received', () => {
    const clock = clockOf();
    clock.continueFrom(700, 5_000_000_000);
    clock.beginSlice(5_000_000_000, 0, 100);
    expect([clock.clock(0), clock.clock(10)]).toEqual([700, 710]);
  });

  /** A slice is computed faster than its time passes, so the next one may begin inside it: processor speed varies. */
  test('never runs backwards when slices overlap, nor do the readings sent to others', () => {
    const slice = fc.record({
      passesNs: fc.nat(20_000),
      nsPerStep: fc.integer({ min: 1, max: 20 }),
      steps: fc.nat(5_000),
      reads: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(slice, { minLength: 2, maxLength: 20 }), (slices) => {
        const clock = clockOf();
        let [nowNs, icount, read] = [0, 0, 0];
        clock.startAt(0, nowNs);
        for (const { passesNs, nsPerStep, steps, reads } of slices) {
          nowNs += passesNs;
          clock.beginSlice(nowNs, icount, nsPerStep);
          icount += steps;
          if (reads) {
            const ticks = clock.clock(icount);
            expect(ticks).toBeGreaterThanOrEqual(read);
            read = ticks;
          }
          clock.endSlice(icount);
          // The guest may have been shown the end of its slice by its timer: a later primary must not show less.
          const shown = Math.floor((nowNs + steps * nsPerStep) / 100);
          expect(clock.reading(nowNs)).toBeGreaterThanOrEqual(Math.max(read, shown));
        }
      }),
    );
  });
});

describe('on a host whose clock is read', () => {
  /** Slices of a guest that takes `trueNs` per step, on a host that assumes `guessNs`. */
  const slice = fc.record({
    steps: fc.nat(100_000),
    trueNs: fc.double({ min: 0.5, max: 50, noNaN: true }),
    guessNs: fc.double({ min: 0.05, max: 500, noNaN: true }),
    idleNs: fc.nat(1_000_000),
  });

  /** Runs the slices; returns the difference of the guest's clock from the host's at the end, in ns. */
  function errorOf(
    slices: (typeof slice extends fc.Arbitrary<infer T> ? T : never)[],
    reads: boolean,
  ): number {
    let nowNs = 0;
    let icount = 0;
    const time = reads ? new MeasuredTime(() => Math.floor(nowNs)) : new ComputedTime();
    const clock = new GuestClock((sizeBytes) => new Uint8Array(sizeBytes), time);
    clock.startAt(0, 0);
    let last = 0;
    for (const { steps, trueNs, guessNs, idleNs } of slices) {
      nowNs += idleNs;
      clock.beginSlice(Math.floor(nowNs), icount, guessNs);
      for (let part = 0; part < 4; part++) {
        nowNs += (steps * trueNs) / 4;
        icount += Math.floor(steps / 4);
        const ticks = clock.clock(icount);
        expect(ticks).toBeGreaterThanOrEqual(last);
        last = ticks;
        // The predicted position of the next tick is always ahead.
        expect(clock.icountAt(ticks + 1)).toBeGreaterThan(icount);
      }
      clock.endSlice(icount);
    }
    return Math.abs(last * 100 - nowNs);
  }

  test('the guest clock follows the host clock, however wrong the assumed speed is', () => {
    fc.assert(
      fc.property(fc.array(slice, { minLength: 1, maxLength: 20 }), (slices) => {
        expect(errorOf(slices, true)).toBeLessThanOrEqual(101);
      }),
    );
  });

  test('a computed clock instead runs fast if the assumed time per step is too large', () => {
    const slices = Array.from({ length: 20 }, () => ({ steps: 100_000, trueNs: 1, guessNs: 10, idleNs: 0 }));
    expect(errorOf(slices, false)).toBeGreaterThan(500_000);
  });
});
