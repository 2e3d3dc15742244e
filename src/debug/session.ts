/** A run under a debugger: it is moved forwards and backwards along its history, to breakpoints and watchpoints. */

import type { Timeline } from '../replay/timeline.ts';
import type { Machine } from '../vmm/machine.ts';
import { type Hit, StopPoints } from './stop-points.ts';

/**
 * Why the guest stands where it does. `start` and `end` are those of its history; at `end` the guest may have switched
 * off.
 */
export type Stop = { why: 'moved' } | { why: 'start' } | { why: 'end' } | ({ why: 'hit' } & Hit);

/** Between two parts of an operation: whether the next one is to follow at once, or when something may have come in. */
export type Between = 'busy' | 'waiting';

/** Parts of an operation, between which it can be abandoned; it returns where the guest stands then. */
export type Operation = Generator<Between, Stop>;

/** A run whose history grows as far as the debugger asks. */
export interface LiveRun {
  /**
   * Goes on a little, and lets the timeline know. `more`: there is more history, or another; `waiting`: not yet, it
   * waits for something from outside; `over`: there will be no more.
   */
  advance(): 'more' | 'waiting' | 'over';
}

/** The steps of a part of an operation: some tens of milliseconds when every instruction is looked at. */
const PART_STEPS = 1_000_000;

/**
 * See the head of this file. A position is after the inputs that are applied there; and at a breakpoint after the
 * interrupt that led to it, if one did: taking an interrupt is not a step.
 */
export class DebugSession {
  readonly points: StopPoints;
  /** Whether the guest is at a breakpoint, perhaps after an interrupt. */
  private atBreakpoint = false;

  /**
   * @param timeline with snapshots
   * @param live the run that its history is of, if that goes on
   */
  constructor(
    readonly timeline: Timeline,
    private readonly live?: LiveRun,
  ) {
    this.points = new StopPoints(() => this.machine);
  }

  get machine(): Machine {
    return this.timeline.machine;
  }

  get icount(): number {
    return this.timeline.icount;
  }

  /** One step forwards. */
  *step(): Operation {
    this.atBreakpoint = false;
    this.observe(false);
    const { icount } = this;
    for (;;) {
      const pause = this.timeline.run(1);
      if (this.icount !== icount) return { why: 'moved' };
      // An input can make so many outputs that these are taken first.
      if (pause !== 'budget' && !(yield* this.goesOn())) return { why: 'end' };
    }
  }

  /** At the end of what is known: whether there is more now. */
  private *goesOn(): Generator<Between, boolean> {
    for (;;) {
      const how = this.live?.advance() ?? 'over';
      if (how !== 'waiting') return how === 'more';
      yield 'waiting';
    }
  }

  /** One step backwards. */
  *stepBack(): Operation {
    if (this.icount === 0) return { why: 'start' };
    yield* this.move(this.icount - 1);
    return { why: 'moved' };
  }

  /** To a position, or to the end if that is earlier. */
  *goTo(icount: number): Operation {
    // From there the next step back is quick, also when there is a snapshot just here.
    if (icount > 0) yield* this.move(icount - 1);
    return yield* this.move(icount);
  }

  /** To the end of what is known. */
  *goToEnd(): Operation {
    this.observe(false);
    this.atBreakpoint = false;
    yield* busy(this.timeline.seeking(Number.MAX_SAFE_INTEGER, 'after'));
    return { why: 'end' };
  }

  private *move(icount: number): Operation {
    this.observe(false);
    this.atBreakpoint = false;
    for (;;) {
      yield* busy(this.timeline.seeking(icount, 'after'));
      if (this.icount >= icount) return { why: 'moved' };
      if (!(yield* this.goesOn())) return { why: 'end' };
    }
  }

  /** Forwards to the next breakpoint or watchpoint, or to the end. */
  *continue(): Operation {
    this.points.arm();
    return yield* this.runToHit();
  }

  private *runToHit(): Operation {
    const { points, timeline } = this;
    this.atBreakpoint = false;
    for (;;) {
      // Another machine may take the place of the one before.
      this.observe(!points.isEmpty);
      const pause = timeline.run(PART_STEPS, () => points.hit !== undefined);
      const { hit } = points;
      if (hit) {
        this.atBreakpoint = hit.reached === 'breakpoint';
        // The inputs of the position.
        timeline.run(0);
        return { why: 'hit', ...hit };
      }
      if (pause !== 'budget' && !(yield* this.goesOn())) return { why: 'end' };
      yield 'busy';
    }
  }

  /**
   * Backwards to the last breakpoint that was reached before, or to before the last step that a watchpoint stops at;
   * else to the start. Looks through what lies between two snapshots at a time.
   */
  *reverseContinue(): Operation {
    const { points, timeline } = this;
    let end = this.icount;
    for (;;) {
      const start = timeline.snapshotBefore(end);
      if (start === undefined) break;
      yield* this.move(start);
      if (!points.isEmpty) {
        this.observe(true);
        points.armToNote();
        yield* busy(timeline.slices(end, PART_STEPS));
        const { hit } = points;
        if (hit) {
          yield* this.goTo(hit.icount);
          if (hit.reached === 'watchpoint') return { why: 'hit', ...hit };
          points.armFromHere();
          return yield* this.runToHit();
        }
      }
      end = start;
    }
    yield* this.goTo(0);
    return { why: 'start' };
  }

  /**
   * To the first position at which a condition holds that, once it holds, holds for good. It may change only where the
   * guest uses a device or a door. Returns `end` if it never holds.
   */
  *goToFirst(holds: () => boolean): Operation {
    for (let before: number | undefined = this.icount; holds() && before !== undefined; ) {
      before = this.timeline.snapshotBefore(before);
      yield* this.move(before ?? 0);
    }
    if (holds()) return { why: 'moved' };
    this.observe(false);
    for (;;) {
      const pause = this.timeline.run(PART_STEPS, holds);
      // The inputs of the position.
      if (holds()) this.timeline.run(0);
      if (holds()) return { why: 'moved' };
      if (pause !== 'budget' && !(yield* this.goesOn())) return { why: 'end' };
      yield 'busy';
    }
  }

  /** Makes it quick to come back here. */
  keep(): void {
    if (!this.atBreakpoint) this.timeline.keep();
  }

  /** Whether breakpoints and watchpoints count. */
  private observe(on: boolean): void {
    this.machine.observe(on ? this.points : undefined);
  }
}

/** Parts that follow each other at once. */
function* busy(parts: Generator<void, void>): Generator<Between, void> {
  for (const _ of parts) yield 'busy';
}
