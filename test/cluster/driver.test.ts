/** The driver of a replica: when it passes inputs on, and in which order it performs effects. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  DEFAULT_SLICES,
  Driver,
  type DriverListener,
  type Moments,
  type Slices,
} from '../../src/cluster/driver.ts';
import type { Clock, Ports } from '../../src/cluster/ports.ts';
import type { Effect, ReplicaInput } from '../../src/ft/effects.ts';
import type { Replica } from '../../src/ft/replica.ts';
import { Scheduler } from '../../src/sim/world/scheduler.ts';

const NS_PER_STEP = 10;
const bytes = Uint8Array.of(1);
const send = (to: string): Effect => ({ do: 'send', to, bytes });

/** A replica with scripted effects, and its driver on virtual time. */
class Stage {
  readonly scheduler = new Scheduler();
  /** What happened, with its time in µs. */
  readonly seen: string[] = [];
  /** Steps that the guest still takes; it wants the processor while some are left. */
  steps = 0;
  /** For each slice, the steps for which the guest has only computed. */
  computed: number[] = [];
  /** The positions at which the guest makes an output each, in order. */
  outputsAt: readonly number[] = [];
  answers: (input: ReplicaInput) => Effect[] = () => [];
  role: Replica['role'] = 'primary';
  private icount = 0;
  readonly driver: Driver;

  minRestNs = 0;

  constructor(maxSteps = Number.MAX_SAFE_INTEGER, slices?: Slices) {
    this.driver = new Driver(this.replica(), {
      ports: this.ports(),
      listener: this.listener(),
      maxSteps,
      ...(slices && { slices }),
    });
  }

  private note(what: string): void {
    this.seen.push(`${this.scheduler.nowNs / 1000} ${what}`);
  }

  replica(): Replica {
    const stage = this;
    return {
      handle: (input: ReplicaInput, nowNs: number) => stage.handle(input, nowNs),
      get wantsCpu() {
        return stage.steps > 0;
      },
      get role() {
        return stage.role;
      },
      phase: 'primary',
      get computedSteps() {
        return stage.computed.shift() ?? 0;
      },
      get vmm() {
        const { icount } = stage;
        const machine = {
          ...{ icount, hart: { exceptionsInARow: 0 } },
          get outputsMade() {
            return stage.outputsAt.filter((at) => at <= stage.icount).length;
          },
        };
        return { icount, machine };
      },
    } as unknown as Replica;
  }

  private handle(input: ReplicaInput, nowNs: number): Effect[] {
    if (input.kind !== 'cpu') {
      this.note(input.kind === 'timer' ? `timer ${input.id} at ${nowNs}` : input.kind);
      return this.answers(input);
    }
    const first = this.outputsAt.find((at) => at > this.icount) ?? Number.POSITIVE_INFINITY;
    const end = first + (input.afterOutput ?? Number.POSITIVE_INFINITY);
    const taken = Math.min(input.steps, this.steps, end - this.icount);
    this.steps -= taken;
    this.icount += taken;
    this.note(`cpu ${taken} of ${input.steps}`);
    return [{ do: 'ran', steps: taken, restNs: 0 }, ...this.answers(input)];
  }

  private ports(): Ports {
    const { scheduler } = this;
    const minRestNs = () => this.minRestNs;
    const clock: Clock = {
      get monotonicNs() {
        return 1_000_000 + Math.floor(scheduler.nowNs);
      },
      get nowNs() {
        return scheduler.nowNs;
      },
      nsPerStep: NS_PER_STEP,
      get minRestNs() {
        return minRestNs();
      },
      wakeAt: (_, atNs, action) => scheduler.at(atNs - 1_000_000, action),
      after: (ns, action) => scheduler.in(ns, action),
      spend: (ns, action) => scheduler.in(ns, action),
    };
    const transport = {
      stream: (to: string) => this.note(`to ${to}`),
      datagram: (to: string) => this.note(`datagram to ${to}`),
      restored: (peer: string) => this.note(`restored ${peer}`),
    };
    return { clock, transport } as unknown as Ports;
  }

  private listener(): DriverListener {
    return {
      noted: ({ kind }) => this.note(`noted ${kind}`),
      ran: (steps) => this.note(`ran ${steps}`),
      copied: (sizeBytes) => this.note(`copied ${sizeBytes}`),
      stopped: (reason) => this.note(`stopped ${reason}`),
      stuck: () => this.note('stuck'),
      entered: (phase) => this.note(`entered ${phase}`),
    };
  }

  run(): string[] {
    while (this.scheduler.step());
    return this.seen.splice(0);
  }
}
const frame: ReplicaInput = { kind: 'frame', number: 1, frame: bytes };

describe('a driver', () => {
  test('performs effects in order; those of a slice once its time has passed', () => {
    const stage = new Stage();
    stage.answers = ({ kind }) =>
      kind === 'frame' ? [send('a'), { do: 'datagram', to: 'b', bytes }] : [send('c')];
    stage.driver.deliver(frame);
    stage.steps = 100;
    stage.driver.deliver(frame);
    expect(stage.run()).toEqual([
      ...['0 frame', '0 entered primary', '0 to a', '0 datagram to b'],
      ...['0 frame', '0 to a', '0 datagram to b'],
      ...['0 cpu 100 of 5000', '1 ran 100', '1 to c'],
    ]);
    expect(stage.driver.sent).toBe(3);
  });

  test('delays inputs until the end of the slice; slices grow while the guest makes no output', () => {
    const stage = new Stage();
    stage.steps = 20_000;
    stage.driver.deliver(frame);
    stage.scheduler.at(10_000, () => {
      stage.driver.deliver({ kind: 'typed', offset: 0, data: bytes });
      stage.driver.deliver(frame);
    });
    expect(stage.run().filter((what) => !what.includes('entered'))).toEqual([
      ...['0 frame', '0 cpu 5000 of 5000', '50 ran 5000'],
      ...['50 typed', '50 frame', '50 cpu 10000 of 10000', '150 ran 10000'],
      ...['150 cpu 5000 of 20000', '200 ran 5000'],
    ]);
  });

  test('lets no output wait for a long slice, and no input longer than a part of the quiet before it', () => {
    const least = 1000 * NS_PER_STEP;
    // Slices are of whole steps.
    const rounding = 20 * NS_PER_STEP;
    const primary = [least, 20 * least] as const;
    const quiet = fc.oneof(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 1, max: 200_000 }));
    fc.assert(
      fc.property(
        fc.array(quiet, { minLength: 1, maxLength: 12 }),
        fc.constantFrom(1.25, 1.5, 2),
        (quiets, growth) => {
          const stage = new Stage(undefined, { ...DEFAULT_SLICES, primary, growth, long: least });
          let at = 0;
          stage.outputsAt = quiets.map((steps) => {
            at += steps;
            return at;
          });
          stage.steps = at + 1000;
          stage.driver.deliver(frame);
          let begin = 0;
          for (const what of stage.run()) {
            const [, ran] = /ran (\d+)/.exec(what) ?? [];
            if (ran === undefined) continue;
            const end = begin + Number(ran);
            const before = Math.max(0, ...stage.outputsAt.filter((one) => one <= begin));
            const length = (end - begin) * NS_PER_STEP;
            expect(length).toBeLessThanOrEqual(primary[1]);
            expect(length).toBeLessThanOrEqual(
              least + (begin - before) * NS_PER_STEP * (growth - 1) + rounding,
            );
            const first = stage.outputsAt.find((one) => one > begin && one <= end);
            if (first !== undefined) expect((end - first) * NS_PER_STEP).toBeLessThanOrEqual(least);
            begin = end;
          }
        },
      ),
    );
  });

  test('stops the guest at the maximum number of steps', () => {
    const stage = new Stage(7000);
    stage.steps = 20_000;
    stage.driver.deliver(frame);
    expect(stage.run().filter((what) => what.includes('cpu'))).toEqual([
      '0 cpu 5000 of 5000',
      '50 cpu 2000 of 2000',
    ]);
  });

  test('ends a slice at a requested moment, and reports each effect', () => {
    const stage = new Stage();
    const passed: (string | undefined)[] = [];
    const moments: Moments = {
      limit: () => 3,
      end: () => ({ output: 9 }),
      passed: (what) => passed.push(what),
    };
    stage.driver.moments = moments;
    stage.steps = 3;
    stage.answers = (input) => (input.kind === 'cpu' ? [send(`output ${input.end?.output}`)] : []);
    stage.driver.deliver(frame);
    expect(stage.run()).toContain('0.03 to output 9');
    expect(passed).toEqual([undefined, 'sent', undefined]);
  });

  test('wakes the replica when a timer expires; setting a timer again replaces it', () => {
    const stage = new Stage();
    const timer = (id: 'heartbeat' | 'suspect', atNs: number): Effect => ({ do: 'timer', id, atNs });
    stage.answers = ({ kind }) =>
      kind === 'frame'
        ? [timer('heartbeat', 1_005_000), timer('suspect', 1_002_000), timer('heartbeat', 1_009_000)]
        : [];
    stage.driver.deliver(frame);
    expect(stage.run().slice(2)).toEqual(['2 timer suspect at 1002000', '9 timer heartbeat at 1009000']);
  });

  test('charges time for copying, after which the guest runs', () => {
    const stage = new Stage();
    stage.steps = 10;
    stage.answers = ({ kind }) => (kind === 'frame' ? [{ do: 'copied', sizeBytes: 3000 }, send('a')] : []);
    stage.driver.deliver(frame);
    stage.driver.deliver(frame);
    expect(stage.run().filter((what) => !what.includes('entered'))).toEqual([
      ...['0 frame', '3 copied 3000', '3 to a', '3 cpu 10 of 5000', '3.1 ran 10'],
      ...['3.1 frame', '6.1 copied 3000', '6.1 to a'],
    ]);
  });

  test('runs the guest for as long as a copy took, before the next input', () => {
    const stage = new Stage();
    stage.steps = 100_000;
    stage.answers = ({ kind }) => (kind === 'frame' ? [{ do: 'copied', sizeBytes: 200_000 }] : []);
    stage.driver.deliver(frame);
    stage.driver.deliver(frame);
    expect(stage.run().filter((what) => /frame|cpu/.test(what))).toEqual([
      ...['0 frame', '200 cpu 5000 of 5000', '250 cpu 10000 of 10000', '350 cpu 20000 of 20000', '550 frame'],
      ...['750 cpu 40000 of 40000', '1150 cpu 25000 of 80000'],
    ]);
  });

  test('throttles the guest, and handles what arrives meanwhile', () => {
    const stage = new Stage();
    stage.steps = 5001;
    const handle = stage.driver.replica.handle.bind(stage.driver.replica);
    stage.driver.replica.handle = (input, nowNs) =>
      handle(input, nowNs).map((effect) => (effect.do === 'ran' ? { ...effect, restNs: 20_000 } : effect));
    stage.driver.deliver(frame);
    stage.scheduler.at(60_000, () => stage.driver.deliver(frame));
    expect(stage.run().filter((what) => /frame|cpu/.test(what))).toEqual([
      ...['0 frame', '0 cpu 5000 of 5000', '60 frame', '70 cpu 1 of 10000'],
    ]);
  });

  test('accumulates rests that are too short for the clock', () => {
    const stage = new Stage(undefined, {
      ...DEFAULT_SLICES,
      primary: [50_000, 50_000],
    });
    stage.minRestNs = 30_000;
    stage.steps = 20_000;
    const handle = stage.driver.replica.handle.bind(stage.driver.replica);
    stage.driver.replica.handle = (input, nowNs) =>
      handle(input, nowNs).map((effect) => (effect.do === 'ran' ? { ...effect, restNs: 20_000 } : effect));
    stage.driver.deliver(frame);
    expect(stage.run().filter((what) => what.includes('cpu'))).toEqual([
      ...['0 cpu 5000 of 5000', '50 cpu 5000 of 5000', '140 cpu 5000 of 5000', '190 cpu 5000 of 5000'],
    ]);
  });

  test('limits the slices of a backup by separate bounds', () => {
    const stage = new Stage(undefined, { ...DEFAULT_SLICES, backup: [100_000, 150_000] });
    stage.role = 'backup';
    stage.steps = 50_000;
    stage.driver.deliver(frame);
    expect(stage.run().filter((what) => what.includes('cpu'))).toEqual([
      ...[
        '0 cpu 10000 of 10000',
        '100 cpu 10000 of 10000',
        '200 cpu 15000 of 15000',
        '350 cpu 15000 of 15000',
      ],
    ]);
  });

  test('lets a guest that only computes run an eighth longer than it has, within a bound', () => {
    const lengths = fc.array(fc.nat(3_000_000), { maxLength: 20 });
    fc.assert(
      fc.property(lengths, fc.constantFrom('primary', 'backup'), (computed, role) => {
        const stage = new Stage(undefined, { ...DEFAULT_SLICES, computing: 2_000_000 });
        stage.role = role;
        stage.steps = 10_000_000;
        stage.computed = [...computed];
        const after: (number | undefined)[] = [];
        stage.answers = (input) => {
          if (input.kind === 'cpu') after.push(input.afterOutput);
          return [];
        };
        stage.driver.deliver(frame);
        const slices = stage.run().flatMap((what) => /cpu .* of (\d+)/.exec(what)?.[1] ?? []);
        const usual = (index: number) => (role === 'backup' ? 20_000 : Math.min(5000 * 2 ** index, 80_000));
        const long = computed.map((steps) => Math.min(Math.floor(steps / 8), 200_000));
        const expected = slices.map((_, index) => Math.max(usual(index), long[index] ?? 0));
        expect(slices.map(Number)).toEqual(expected);
        expect(after.map((steps) => steps === 5000)).toEqual(
          expected.map((steps, index) => steps > usual(index)),
        );
      }),
    );
  });

  test('that is paused performs nothing, and resumes where it was', () => {
    const stage = new Stage();
    stage.answers = () => [send('a'), send('b')];
    stage.driver.moments = {
      limit: (steps) => steps,
      end: () => ({}),
      passed: (what) => what === 'sent' && stage.driver.sent === 1 && stage.driver.pause(),
    };
    stage.driver.deliver(frame);
    expect(stage.run()).toEqual(['0 frame', '0 entered primary', '0 to a']);
    stage.driver.deliver(frame);
    expect(stage.run()).toEqual([]);
    stage.driver.resume();
    expect(stage.run()).toEqual(['0 to b', '0 frame', '0 to a', '0 to b']);
  });

  test('drops pending effects on power-off, and starts with a new replica on power-on', () => {
    const stage = new Stage();
    stage.answers = ({ kind }) =>
      kind === 'start' ? [] : [{ do: 'timer', id: 'claim', atNs: 1_020_000 }, send('a')];
    stage.steps = 100;
    stage.driver.deliver(frame);
    stage.driver.powerOff();
    stage.steps = 0;
    stage.driver.deliver(frame);
    stage.driver.powerOn(stage.replica());
    expect(stage.run()).toEqual([
      ...['0 frame', '0 entered primary', '0 to a', '0 cpu 100 of 5000', '0 start', '0 entered primary'],
    ]);
    expect([stage.driver.alive, stage.driver.life]).toEqual([true, 1]);
  });

  test('does not apply the rest of the previous replica to a restarted one', () => {
    const stage = new Stage();
    stage.steps = 5000;
    const throttled = stage.replica();
    const handle = throttled.handle.bind(throttled);
    throttled.handle = (input, nowNs) =>
      handle(input, nowNs).map((effect) => (effect.do === 'ran' ? { ...effect, restNs: 1e9 } : effect));
    stage.driver.replica = throttled;
    stage.driver.deliver(frame);
    stage.scheduler.at(60_000, () => {
      stage.driver.powerOff();
      stage.steps = 100;
      stage.driver.powerOn(stage.replica());
    });
    expect(stage.run().filter((what) => /start|cpu/.test(what))).toEqual([
      ...['0 cpu 5000 of 5000', '60 start', '60 cpu 100 of 5000'],
    ]);
  });

  test('that has stopped ignores inputs', () => {
    const stage = new Stage();
    stage.answers = () => [{ do: 'stop', reason: 'completed' }];
    stage.driver.deliver(frame);
    stage.driver.deliver(frame);
    expect(stage.run()).toEqual(['0 frame', '0 entered primary', '0 stopped completed']);
    expect([stage.driver.alive, stage.driver.stopReason]).toEqual([false, 'completed']);
  });

  test('restores a broken stream when the replica handles the reset', () => {
    const stage = new Stage();
    stage.driver.deliver({ kind: 'reset', peer: 'b' });
    expect(stage.run()).toEqual(['0 restored b', '0 reset', '0 entered primary']);
  });
});
