/** Runs with a trace and without. */
import fc from 'fast-check';
import { measure } from '../../src/sim/campaign/campaign.ts';
import { drawRun } from '../../src/sim/campaign/draw.ts';
import { type SimEvent, Simulation } from '../../src/sim/cluster/cluster.ts';
import type { RunSpec } from '../../src/sim/spec/spec.ts';
import type { Trace } from '../../src/sim/trace/events.ts';
import { Tracer } from '../../src/sim/trace/tracer.ts';
import { type GuestName, guest, guests } from './support.ts';

export interface Run {
  simulation: Simulation;
  events: SimEvent[];
  trace: Trace | undefined;
}

export function traceRun(name: GuestName, spec: RunSpec, traced: boolean, limit?: number): Run {
  const events: SimEvent[] = [];
  const tracer = traced ? new Tracer(() => simulation.nowNs, limit) : undefined;
  const simulation: Simulation = new Simulation({
    ...guest(name),
    spec,
    print: () => {},
    onEvent: (event) => events.push(event),
    ...(tracer && { trace: tracer }),
  });
  simulation.run();
  return { simulation, events, trace: tracer?.trace([...simulation.hosts.keys()]) };
}

/** Everything that a run shows. */
export const shownBy = ({ simulation, events }: Run) => ({
  hash: simulation.machine.hash(),
  icount: simulation.machine.icount,
  nowNs: simulation.nowNs,
  outcome: simulation.outcome,
  console: simulation.transcript,
  violations: simulation.observer.violations,
  events,
});

const names: readonly GuestName[] = ['bank', 'kv', 'journal', 'race'];
const measured = new Map<GuestName, ReturnType<typeof measure>>();
/** A run under random faults. */
export function specOfDrawn(name: GuestName, seed: number): RunSpec {
  if (!measured.has(name))
    measured.set(name, measure({ ...guest(name), clients: guests[name].clients }, '1'));
  return drawRun(measured.get(name)!, `trace/${seed}`);
}
export const drawnRuns = fc.record({ name: fc.constantFrom(...names), seed: fc.nat() });
