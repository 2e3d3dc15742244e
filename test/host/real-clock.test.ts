/** The clock of a real host. Order is tested here, not duration. */
import { connect, createServer } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { RealClock } from '../../src/host/real-clock.ts';
import { StepTime } from '../../src/host/step-time.ts';

const clocks: RealClock[] = [];
afterEach(() => {
  for (const clock of clocks.splice(0)) clock.close();
  vi.useRealTimers();
});
function clockOf(): RealClock {
  const clock = new RealClock();
  clocks.push(clock);
  return clock;
}
const MS = 1_000_000;
const later = (clock: RealClock, ns: number) => new Promise<void>((resolve) => clock.after(ns, resolve));

describe('a real clock', () => {
  test('never calls back early, nor before the call returns', async () => {
    const clock = clockOf();
    for (const ns of [0, 1, 500_000, 3 * MS]) {
      const from = clock.monotonicNs;
      let returned = false;
      const woken = new Promise<boolean>((resolve) =>
        clock.wakeAt('retry', from + ns, () => resolve(returned)),
      );
      returned = true;
      expect(await woken).toBe(true);
      expect(clock.monotonicNs).toBeGreaterThanOrEqual(from + ns);
    }
    let returned = false;
    const spent = new Promise<boolean>((resolve) => clock.spend(5 * MS, () => resolve(returned)));
    returned = true;
    expect(await spent).toBe(true);
  });

  test('has one callback for each id: a later one replaces it', async () => {
    const clock = clockOf();
    const woken: string[] = [];
    clock.wakeAt('guest', clock.monotonicNs + 2 * MS, () => woken.push('replaced'));
    clock.wakeAt('epoch', clock.monotonicNs + 2 * MS, () => woken.push('epoch'));
    clock.wakeAt('guest', clock.monotonicNs + 5 * MS, () => woken.push('guest'));
    clock.wakeAt('claim', clock.monotonicNs + 1e18, () => woken.push('never'));
    await later(clock, 10 * MS);
    expect(woken).toEqual(['epoch', 'guest']);
  });

  test('brings forward what may come early, and nothing else, and calls it back once', async () => {
    const clock = clockOf();
    const woken: string[] = [];
    const wake = (id: 'heartbeat' | 'retry' | 'suspect' | 'guest', ns: number) =>
      clock.wakeAt(id, clock.monotonicNs + ns, () => woken.push(id));
    for (const id of ['suspect', 'guest', 'heartbeat'] as const) wake(id, 3 * MS);
    wake('retry', 1e12);
    clock.coalesce();
    clock.coalesce();
    expect(woken).toEqual([]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(woken).toEqual(['heartbeat', 'suspect']);
    await later(clock, 10 * MS);
    expect(woken).toEqual(['heartbeat', 'suspect', 'guest']);
  });

  test.each([
    { heartbeat: 30, suspect: 30, retry: 50 },
    { heartbeat: 4, suspect: 4, retry: 10 },
  ])(
    'a timer that comes brings others forward, none of them by more than half of its time: %o',
    async (periodsMs) => {
      vi.useFakeTimers({
        toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
      });
      const clock = clockOf();
      const ids = Object.keys(periodsMs) as (keyof typeof periodsMs)[];
      const calledMs: Record<keyof typeof periodsMs, number[]> = { heartbeat: [], suspect: [], retry: [] };
      const repeat = (id: (typeof ids)[number]) =>
        clock.wakeAt(id, clock.monotonicNs + periodsMs[id] * MS, () => {
          calledMs[id].push(performance.now());
          repeat(id);
        });
      const startMs = performance.now();
      for (const id of ids) {
        calledMs[id] = [startMs];
        repeat(id);
      }
      await vi.advanceTimersByTimeAsync(1000);
      for (const id of ids) {
        // No wake-up of its own: it comes in the same turn, or in the next.
        for (const ms of calledMs[id])
          expect(Math.min(...calledMs.heartbeat.map((beatMs) => Math.abs(ms - beatMs)))).toBeLessThanOrEqual(
            1,
          );
        const waits = calledMs[id].slice(1).map((ms, index) => ms - calledMs[id][index]!);
        // Timers are rounded up, and a retry waits for a heartbeat.
        const lateMs = id === 'retry' ? periodsMs.heartbeat : 0;
        expect(waits.length).toBeGreaterThan(1000 / (periodsMs[id] + lateMs + 2) - 2);
        expect(Math.min(...waits)).toBeGreaterThanOrEqual(periodsMs[id] / 2);
      }
    },
  );

  test('a busy host gives its heartbeats every 15 ms, and what the slice under way still takes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 50, maxLength: 50 }),
        async (slicesMs) => {
          vi.useFakeTimers({
            toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'],
          });
          const clock = clockOf();
          const beats = [performance.now()];
          const beat = () => {
            clock.wakeAt('heartbeat', clock.monotonicNs + 30 * MS, () => {
              beats.push(performance.now());
              beat();
            });
          };
          beat();
          for (const ms of slicesMs) {
            await vi.advanceTimersByTimeAsync(ms);
            await new Promise<void>((resolve) => {
              clock.spend(0, resolve);
              vi.advanceTimersToNextTimer();
            });
          }
          const gaps = beats.slice(1).map((ms, index) => ms - beats[index]!);
          expect(gaps.length).toBeGreaterThan(0);
          for (const gap of gaps) expect(gap).toBeGreaterThanOrEqual(15);
          for (const gap of gaps) expect(gap).toBeLessThanOrEqual(20 + 1);
        },
      ),
      { numRuns: 20 },
    );
  });

  test('after a stall, what has come over the network is handled before a timer that is due', async () => {
    const seen: string[] = [];
    const server = createServer((socket) => socket.on('data', () => seen.push('message')));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const client = connect(port, '127.0.0.1');
    await new Promise<void>((resolve) => client.once('connect', resolve));
    const clock = clockOf();
    await later(clock, 5 * MS);
    clock.wakeAt('suspect', clock.monotonicNs + MS, () => seen.push('suspects'));
    client.write('alive');
    // The process stalls until both are due.
    const until = clock.monotonicNs + 30 * MS;
    while (clock.monotonicNs < until);
    while (seen.length < 2) await later(clock, MS);
    expect(seen).toEqual(['message', 'suspects']);
    client.destroy();
    server.close();
  });

  test('calls nothing back once it is closed', async () => {
    const clock = clockOf();
    const called: string[] = [];
    clock.wakeAt('guest', clock.monotonicNs, () => called.push('timer'));
    clock.after(0, () => called.push('after'));
    clock.spend(0, () => called.push('spent'));
    clock.close();
    clock.after(0, () => called.push('too late'));
    await later(clockOf(), 5 * MS);
    expect(called).toEqual([]);
  });
});

describe('the time of a step', () => {
  test('is about the shortest measured, whatever preemption adds to single slices', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.2, max: 100, noNaN: true }),
        fc.infiniteStream(
          fc.oneof({ weight: 3, arbitrary: fc.constant(1) }, fc.double({ min: 1, max: 1e4, noNaN: true })),
        ),
        (nsPerStep, delays) => {
          const time = new StepTime();
          for (let slice = 0; slice < 2000; slice++)
            time.measured(10_000, 10_000 * nsPerStep * delays.next().value);
          expect(time.nsPerStep).toBeGreaterThan(0.99 * nsPerStep);
          expect(time.nsPerStep).toBeLessThan(1.2 * nsPerStep);
        },
      ),
      { numRuns: 50 },
    );
  });

  test('follows a machine that becomes slower, and one that becomes faster at once', () => {
    const time = new StepTime();
    const slices = (count: number, nsPerStep: number) => {
      for (let slice = 0; slice < count; slice++) time.measured(10_000, 10_000 * nsPerStep);
      return time.nsPerStep;
    };
    expect(slices(10, 2)).toBe(2);
    expect(slices(2000, 20)).toBe(20);
    expect(slices(1, 3)).toBe(3);
  });

  test('is not taken from a slice of few steps, most of which is overhead', () => {
    const time = new StepTime();
    time.measured(10, 1);
    time.measured(0, 1000);
    expect(time.nsPerStep).toBe(10);
  });
});
