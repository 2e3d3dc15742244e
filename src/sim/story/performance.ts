/** Plays a story: runs its scenario, and applies the checkers. */
import type { Violation } from '../../check/checkers.ts';
import { judge } from '../../check/verdict.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { type RunTrace, type SimEvent, Simulation } from '../cluster/cluster.ts';
import { evidenceOf } from '../cluster/evidence.ts';
import type { Scenario } from './scenario.ts';

/** The result of playing a story. */
export interface Performance {
  simulation: Simulation;
  events: SimEvent[];
  /** What the console printed, and when. */
  printed: { atNs: number; text: string }[];
  violations: Violation[];
}

/**
 * Plays a story on its guest. `ownInput`: the program's own input, which the story's `typed` replaces; `traced` makes
 * what records the run, given its clock.
 */
export function perform(
  { spec, typed }: Scenario,
  description: MachineDescription,
  ownInput: Uint8Array,
  traced?: (nowNs: () => number) => RunTrace,
): Performance {
  const events: SimEvent[] = [];
  const printed: Performance['printed'] = [];
  const decoder = new TextDecoder();
  const print = (data: Uint8Array): void => {
    const text = decoder.decode(data, { stream: true });
    // Only a part of a character so far.
    if (text !== '') printed.push({ atNs: simulation.nowNs, text });
  };
  const simulation: Simulation = new Simulation({
    spec,
    description,
    input: typed === undefined ? ownInput : new TextEncoder().encode(typed),
    print,
    onEvent: (event) => events.push(event),
    ...(traced && { trace: traced(() => simulation.nowNs) }),
  });
  simulation.run();
  return { simulation, events, printed, violations: judge(evidenceOf(simulation)) };
}
