/** A simulation of a session's run: how far it is, and what was seen of it. */
import { OperatingError } from '../../base/errors.ts';
import { judge } from '../../check/verdict.ts';
import { inMemory } from '../../replay/spool.ts';
import { type Guest, type SimEvent, Simulation, type SimulationOptions } from '../cluster/cluster.ts';
import { evidenceOf } from '../cluster/evidence.ts';
import type { HostId } from '../faults/faults.ts';
import type { Performance } from '../story/performance.ts';
import type { Trace } from '../trace/events.ts';
import { Tracer } from '../trace/tracer.ts';
import type { HeldOutput } from './cluster-state.ts';
import { Flips } from './flips.ts';

/** All that a run is a function of. */
export type SessionRun = Guest & Pick<SimulationOptions, 'spec' | 'attended' | 'actions'>;

/** How much of one simulation is kept in memory. */
export interface CourseLimits {
  /** Events of the trace, and of the run. */
  events: number;
  /** Evidence: what came through the doors, the console's output, frames and writes. */
  evidenceBytes: number;
}

/** See the head of this file. */
export class Course {
  /** The number of events so far. The last one of a run is that it ends. */
  events = 0;
  /** When the last event came, in virtual time. */
  lastNs = 0;
  isOver = false;
  readonly simulation: Simulation;
  readonly flips = new Flips();
  private readonly tracer: Tracer;
  private readonly happened: SimEvent[] = [];
  private isAllKept = true;
  private readonly printed: Performance['printed'] = [];
  private readonly decoder = new TextDecoder();
  private readonly held = new Map<HostId, HeldOutput[]>();

  constructor(run: SessionRun, { events, evidenceBytes }: CourseLimits) {
    this.tracer = new Tracer(() => this.simulation.nowNs, events);
    this.simulation = new Simulation({
      ...run,
      evidence: inMemory(evidenceBytes),
      print: (data) => this.print(data),
      onEvent: (event) => {
        if (this.happened.length < events) this.happened.push(event);
        else this.isAllKept = false;
        this.noteHeld(event);
        this.flips.observe(event, this.simulation);
      },
      trace: this.tracer,
    });
  }

  private print(data: Uint8Array): void {
    const text = this.decoder.decode(data, { stream: true });
    // Only a part of a character so far.
    if (text !== '') this.printed.push({ atNs: this.simulation.nowNs, text });
  }

  /** Performs one event; false if there is none: the run is over, or waits for its user. */
  step(): boolean {
    if (this.isOver || this.simulation.stalled) return false;
    this.lastNs = this.nextNs;
    this.isOver = !this.simulation.advance(1);
    this.events++;
    return true;
  }

  /** When the next event comes, in virtual time. If nothing is to come, the end comes at once. */
  get nextNs(): number {
    const { nextNs, nowNs } = this.simulation;
    return nextNs === Number.POSITIVE_INFINITY ? nowNs : nextNs;
  }

  private noteHeld({ host, event }: SimEvent): void {
    const before = this.heldBy(host);
    if (event.kind === 'held') {
      const { first, last, text } = event;
      this.held.set(host, [...before, { first, last, text }]);
    } else if (event.kind === 'released')
      this.held.set(
        host,
        before.filter(({ last }) => last > event.last),
      );
  }

  /** Outputs that wait at a host for an acknowledgement. */
  heldBy(id: HostId): HeldOutput[] {
    const host = this.simulation.hosts.get(id);
    if (!host?.alive || host.replica.role !== 'primary') this.held.delete(id);
    return this.held.get(id) ?? [];
  }

  /** The trace so far. */
  get trace(): Trace {
    return this.tracer.trace([...this.simulation.hosts.keys()]);
  }

  /** What reports need of a run that is over. @throws {OperatingError} if it is not over, or was not kept in full */
  performance(): Performance {
    const { simulation, happened, printed } = this;
    if (!this.isOver) throw new OperatingError('the run is not over: go to its end first');
    if (!this.isAllKept)
      throw new OperatingError('too much happened in this run to be kept in memory; limit it with max-steps');
    const { execution } = simulation.options;
    return { simulation, events: happened, printed, violations: judge(evidenceOf(simulation), execution) };
  }
}
