/** Runs for sessions, and the same runs without one. */
import type fc from 'fast-check';
import { encode } from '../../../src/base/codec.ts';
import { xxh32 } from '../../../src/base/xxh32.ts';
import { Simulation } from '../../../src/sim/cluster/cluster.ts';
import type { SessionRun } from '../../../src/sim/session/session.ts';
import type { Trace } from '../../../src/sim/trace/events.ts';
import { Tracer } from '../../../src/sim/trace/tracer.ts';
import { guest } from '../support.ts';
import { drawnRuns, specOfDrawn } from '../traced.ts';

/** A guest with random faults. */
export const runs: fc.Arbitrary<SessionRun> = drawnRuns.map(({ name, seed }) => ({
  ...guest(name),
  spec: { ...specOfDrawn(name, seed), maxSteps: 300_000 },
}));

/** The same run, made by nothing but `advance`; one event less than `events` if the last one is its end. */
export function straight(run: SessionRun, events: number): { simulation: Simulation; trace: Trace } {
  const tracer = new Tracer(() => simulation.nowNs);
  const simulation: Simulation = new Simulation({
    ...run,
    print: () => {},
    onEvent: () => {},
    trace: tracer,
  });
  simulation.advance(events);
  return { simulation, trace: tracer.trace([...simulation.hosts.keys()]) };
}

/** The times of all events of a run. */
export function timesOf(run: SessionRun): number[] {
  const simulation = new Simulation({ ...run, print: () => {}, onEvent: () => {} });
  const times: number[] = [];
  while (simulation.advance(1)) times.push(simulation.nowNs);
  return times;
}

/** A short form of any plain data. */
export const digest = (value: unknown): number =>
  xxh32(
    new TextEncoder().encode(
      JSON.stringify(value, (_, part) =>
        typeof part === 'bigint' ? `${part}n` : part instanceof Uint8Array ? [...part] : part,
      ),
    ),
  );

/** What a simulation shows: its trace, and the whole state of every machine. */
export function shown(simulation: Simulation, trace: Trace) {
  const hosts = [...simulation.hosts.values()].map(({ id, power, replica }) => {
    const machine = replica.vmm?.machine;
    const state = machine && xxh32(encode(machine.schema, machine.state));
    return { id, power, role: replica.role, icount: machine?.icount, state, hash: machine?.hash(true) };
  });
  const { nowNs, outcome, transcript } = simulation;
  return { nowNs, outcome, hosts, console: digest(transcript), trace: digest(trace) };
}
