/** A recorded run, made again up to a moment, and compared with its recording on the way. */
import { OperatingError } from '../../base/errors.ts';
import { sameEntry } from '../../replay/comparison.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { describeEntry, type Entry } from '../../vmm/entries.ts';
import { faultText } from '../faults/fault-text.ts';
import { type Fault, timeOf } from '../faults/faults.ts';
import type { RecordedRun } from '../spec/origin.ts';
import { type Guest, Simulation, type SimulationOptions } from './cluster.ts';
import type { HistoryFollower } from './observer.ts';

/** A moment of a run: when the live machine has taken so many steps, or a time in virtual ns. */
export type RunMoment = { icount: number } | { atNs: number };

/** The history of the live machine, beside that of the recording. */
class Agreement implements HistoryFollower {
  /** The number of entries that are the same in both, from the first on. */
  same = 0;
  /** The first entry that differs. */
  found: Entry | undefined;
  /** The entry of the recording that comes next. */
  expected: Entry | undefined;
  private recorded!: Iterator<Entry, void>;

  constructor(private readonly recording: LogReader) {
    this.restart();
  }

  private restart(): void {
    this.recorded = this.recording.from(0);
    this.found = undefined;
    this.same = 0;
    this.next();
  }

  private next(): void {
    const { value } = this.recorded.next();
    this.expected = value || undefined;
  }

  append(entry: Entry): void {
    if (this.found) return;
    if (!this.expected || !sameEntry(entry, this.expected)) this.found = entry;
    else {
      this.same++;
      this.next();
    }
  }

  continueAs(history: Iterable<Entry>): void {
    this.restart();
    for (const entry of history) this.append(entry);
  }

  /** The position up to which nothing differs. */
  get icount(): number {
    const [found, expected] = [this.found, this.expected].map(
      (entry) => entry?.icount ?? Number.POSITIVE_INFINITY,
    ) as [number, number];
    return Math.min(found, expected);
  }
}

/** What {@link Retrace} needs besides the recorded run. */
export interface RetraceOptions extends Pick<Guest, 'description' | 'execution' | 'diskContent'> {
  /** Faults that are added to those of the run. */
  added: readonly Fault[];
  evidence: SimulationOptions['evidence'];
  maxSteps?: number | undefined;
}

/** See the head of this file. */
export class Retrace {
  readonly simulation: Simulation;
  /** The time of the moment in ns, once it is reached. */
  atNs: number | undefined;
  private readonly agreement: Agreement;
  private readonly added: ReadonlySet<Fault>;
  private early: Fault | undefined;
  /** The number of marks that are in the past. */
  private passed = 0;

  /** `name`: that of the recording, for messages. */
  constructor(
    private readonly run: RecordedRun,
    private readonly moment: RunMoment,
    private readonly name: string,
    { added, maxSteps, evidence, ...guest }: RetraceOptions,
  ) {
    const { spec, input, typeAfter, attended } = run.origin;
    // What comes at the very time of the moment, or later, can't come before it.
    const timed = 'atNs' in moment ? moment.atNs : Number.POSITIVE_INFINITY;
    const early = added.filter((fault) => fault.after !== undefined || (timeOf(fault) ?? 0) < timed);
    this.added = new Set(early);
    this.agreement = new Agreement(run.recording);
    this.simulation = new Simulation({
      ...guest,
      spec: { ...spec, faults: [...spec.faults, ...early], ...(maxSteps !== undefined && { maxSteps }) },
      input,
      ...(typeAfter !== undefined && { typeAfter }),
      attended,
      actions: run.actions,
      ...(evidence && { evidence }),
      print: () => {},
      onEvent: ({ event }) => {
        if (event.kind === 'fault' && this.added.has(event.fault)) this.early ??= event.fault;
      },
    });
    this.simulation.observer.follow(this.agreement);
    if ('atNs' in moment && moment.atNs > run.endNs)
      throw new OperatingError(`${name} ends before that time, at ${run.endNs / 1e6} ms of virtual time`);
    this.look(false);
  }

  /**
   * Performs up to `events` events; false once the moment is reached.
   * @throws {OperatingError} when the run is not the recorded one, or an added fault comes before the moment
   */
  advance(events: number): boolean {
    for (let i = 0; i < events && this.atNs === undefined; i++) {
      const goesOn = this.simulation.advance(1);
      if (this.early)
        throw new OperatingError(
          `${faultText(this.early)} is before the fork: it comes at ${this.simulation.nowNs / 1e6} ms; choose a later moment for it, or an earlier fork`,
        );
      this.mustAgree(!goesOn);
      this.look(!goesOn);
      const isPast = this.simulation.nowNs > this.run.endNs;
      if (this.atNs === undefined && (!goesOn || isPast || this.simulation.stalled)) throw this.notTheSame();
    }
    return this.atNs === undefined;
  }

  /** The position of the live machine at the moment. */
  get icount(): number {
    const { moment, simulation } = this;
    if ('icount' in moment) return moment.icount;
    const { hosts, survivor, machine, nowNs } = simulation;
    const host = hosts.get(survivor)!;
    if (!host.alive) return machine.icount;
    const steps = Math.floor((moment.atNs - nowNs) / host.hostClock.nsPerStep);
    return Math.min(machine.icount, host.stepsTaken + steps);
  }

  /** Sets the time of the moment if it is reached. */
  private look(isOver: boolean): void {
    const { simulation, moment, agreement } = this;
    const { nowNs, scheduler, machine, hosts, survivor } = simulation;
    if ('atNs' in moment) {
      // A run may be over before other events of the same time.
      const isReached = scheduler.nextNs > moment.atNs || (isOver && Math.ceil(nowNs) >= moment.atNs);
      if (isReached) this.atNs = moment.atNs;
      return;
    }
    if (machine.icount < moment.icount || agreement.icount < moment.icount) return;
    // The steps of a slice are computed at its start.
    const host = hosts.get(survivor)!;
    const aheadNs = (moment.icount - host.stepsTaken) * host.hostClock.nsPerStep;
    this.atNs = Math.ceil(nowNs + (moment.icount > 0 && host.alive ? Math.max(0, aheadNs) : 0));
  }

  /** Entries that the recording has up to a mark are never replaced by others after its time. */
  private mustAgree(isOver: boolean): void {
    const { run, simulation, agreement } = this;
    const untilNs = isOver ? Math.ceil(simulation.nowNs) + 1 : simulation.nowNs;
    for (let mark = run.marks[this.passed]; mark && mark.atNs < untilNs; mark = run.marks[this.passed]) {
      if (agreement.same < mark.count) throw this.notTheSame();
      this.passed++;
    }
  }

  private notTheSame(): OperatingError {
    const { agreement, name, simulation, run } = this;
    const { found, expected, same } = agreement;
    const where =
      found || expected
        ? `entry ${same + 1} is "${found ? describeEntry(found) : 'missing'}" now, and "${expected ? describeEntry(expected) : 'missing'}" in the recording`
        : `it ends at icount ${simulation.machine.icount}, and the recording at ${run.icount}`;
    return new OperatingError(
      `${name}: the run is another one when it is made again: ${where}; vmft ${run.origin.version} has recorded it: fork it with the same build`,
    );
  }
}
