/**
 * A run of the simulated cluster that can be looked at at any moment, and goes both ways in time. Forwards it performs
 * the scheduler's events; backwards it performs them again, from the start or in a simulation that is parked before.
 */
import { OperatingError } from '../../base/errors.ts';
import type { Simulation } from '../cluster/cluster.ts';
import type { HostId } from '../faults/faults.ts';
import type { Performance } from '../story/performance.ts';
import type { Trace } from '../trace/events.ts';
import { type ClusterState, clusterState } from './cluster-state.ts';
import { Course, type CourseLimits, type SessionRun } from './course.ts';
import { HostMachine } from './host-machine.ts';

export type { SessionRun } from './course.ts';

/** Events between two looks at whether a move is to be abandoned: some ten milliseconds at most, at the usual speed. */
const PART_EVENTS = 16;

/**
 * A moment of a run: after so many events, at a time in virtual ns (after all events of that time), or its end. An
 * endless guest has no end, and an attended run none before its user quits.
 */
export type Moment = { event: number } | { atNs: number } | 'end';

/** What a {@link Session} keeps in memory. */
export interface SessionOptions extends Partial<CourseLimits> {
  /** The most simulations that are parked to go back to; each has up to a machine (a WebAssembly memory) for each host. */
  parkedAtMost?: number;
}

const DEFAULTS: Required<SessionOptions> = { parkedAtMost: 8, events: 100_000, evidenceBytes: 32 << 20 };

/** See the head of this file. Where a session stands is a function of its run and the moment, not of the way there. */
export class Session {
  private readonly limits: Required<SessionOptions>;
  private current: Course;
  /** By their number of events, which differ. */
  private parked: Course[] = [];
  /** The number of events of the whole run, once it was at its end. */
  private known: number | undefined;
  /** The time that was sought, if that is after the last event. */
  private soughtNs = 0;
  private readonly machines = new Map<HostId, HostMachine>();

  /** @param run its specification must be `validated`, and suit the guest (`mustSuit`) */
  constructor(
    readonly run: SessionRun,
    options: SessionOptions = {},
  ) {
    this.limits = { ...DEFAULTS, ...options };
    this.current = this.fresh();
  }

  private fresh(): Course {
    return new Course(this.run, this.limits);
  }

  /** The number of events so far, from 0. The last event of a run is that it ends. */
  get event(): number {
    return this.current.events;
  }

  /** Virtual time, in ns: of the last event, or the time that was sought, if the next event is later. */
  get atNs(): number {
    return Math.max(this.current.simulation.nowNs, this.soughtNs);
  }

  /** The run has ended: it was completed, lost, stopped at its limit, or has diverged. */
  get isOver(): boolean {
    return this.current.isOver;
  }

  /** An attended run waits for its user: there is no event to come. */
  get isWaiting(): boolean {
    return !this.isOver && this.simulation.stalled;
  }

  /** The number of events of the whole run; undefined until its end was reached once. */
  get length(): number | undefined {
    return this.known;
  }

  /** The number of simulations that are parked. */
  get parkedCount(): number {
    return this.parked.length;
  }

  /** The simulation at the present moment: to be read only. After a move it may be another one. */
  get simulation(): Simulation {
    return this.current.simulation;
  }

  // ── Moving ────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Performs up to `events` events; returns how many there were. Fewer: the run is over, or waits for its user. */
  advance(events: number): number {
    let count = 0;
    while (count < events && this.step()) count++;
    return count;
  }

  private step(): boolean {
    const { current } = this;
    if (!current.step()) return false;
    this.soughtNs = 0;
    if (current.isOver) this.known = current.events;
    return true;
  }

  /** Goes to a moment; returns whether the run has it: it may be over before, or wait for its user. */
  seek(moment: Moment): boolean {
    const parts = this.seeking(moment);
    for (;;) {
      const { done, value } = parts.next();
      if (done) return value;
    }
  }

  /**
   * As {@link seek}, in parts of some ten milliseconds: a part at each turn. If it is abandoned, the session stands at the
   * moment that it has reached, from which it can be moved as from any other.
   */
  *seeking(moment: Moment): Generator<void, boolean> {
    mustBeMoment(moment);
    this.goBackFor(moment);
    for (let count = 1; !this.isAt(moment); count++) {
      if (!this.step()) return false;
      if (count % PART_EVENTS === 0) yield;
    }
    if (moment !== 'end' && 'atNs' in moment) this.soughtNs = moment.atNs;
    return true;
  }

  private isAt(moment: Moment): boolean {
    const { events, isOver, nextNs } = this.current;
    if (moment === 'end') return isOver;
    return 'event' in moment ? events >= moment.event : nextNs > moment.atNs;
  }

  /** Takes the simulation that is the nearest before a moment, and parks the one so far if that is another. */
  private goBackFor(moment: Moment): void {
    this.soughtNs = 0;
    const isBefore = ({ events, lastNs }: Course): boolean =>
      moment === 'end' || ('event' in moment ? events <= moment.event : lastNs <= moment.atNs);
    const nearest = [this.current, ...this.parked]
      .filter(isBefore)
      .reduce<Course | undefined>((a, b) => (a && a.events >= b.events ? a : b), undefined);
    if (nearest === this.current) return;
    this.parked = this.parked.filter((one) => one !== nearest);
    this.park(this.current);
    this.current = nearest ?? this.fresh();
    this.machines.clear();
  }

  /** Keeps a simulation to go on from; gives up one that is the closest after another if they are too many. */
  private park(course: Course): void {
    const others = this.parked.filter(({ events }) => events !== course.events);
    this.parked = [...others, course].sort((a, b) => a.events - b.events);
    while (this.parked.length > this.limits.parkedAtMost) {
      const gaps = this.parked.map(({ events }, index) => events - (this.parked[index - 1]?.events ?? 0));
      this.parked.splice(gaps.indexOf(Math.min(...gaps)), 1);
    }
  }

  // ── What is there ─────────────────────────────────────────────────────────────────────────────────────────────────

  /** The state of the cluster. */
  state(): ClusterState {
    const { event, atNs, current } = this;
    return clusterState(current.simulation, { event, atNs, held: (host) => current.heldBy(host) });
  }

  /** The trace so far. */
  trace(): Trace {
    return this.current.trace;
  }

  /**
   * The whole run with the checkers' verdict, for reports; replays it, which may take as long as the run did.
   * @throws {OperatingError} if the run is not over here, or was too long for its evidence to be kept
   */
  performance(): Performance {
    return this.current.performance();
  }

  /**
   * A host's machine at a position (steps since boot): rebuilt from what came through its doors. Of a position that the
   * host has not reached yet, the last one before.
   * @throws {OperatingError} if the host has no machine, or its history was too long to be kept
   */
  machineAt(host: HostId, icount: number): HostMachine {
    const machine = this.machineOf(host);
    machine.seek(icount);
    return machine;
  }

  /** A host's machine, to be moved by the caller: see {@link HostMachine.seeking}. @throws as {@link machineAt} */
  machineOf(host: HostId): HostMachine {
    const known = this.machines.get(host);
    if (known?.isOf(this.current)) return known;
    const made = new HostMachine(host, this.current);
    this.machines.set(host, made);
    return made;
  }
}

function mustBeMoment(moment: Moment): void {
  if (moment === 'end') return;
  const [what, value] = 'event' in moment ? ['event', moment.event] : ['time', moment.atNs];
  if (!(value >= 0)) throw new OperatingError(`there is no ${what} ${value}: they count from 0`);
}
