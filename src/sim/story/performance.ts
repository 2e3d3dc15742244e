/** Plays a story: runs its scenario, and has the checkers look at it. */
import { OperatingError } from '../../base/errors.ts';
import type { Violation } from '../../check/checkers.ts';
import { judge } from '../../check/verdict.ts';
import type { MachineDescription } from '../../vmm/description.ts';
import { hostNames, type SimEvent, Simulation } from '../cluster.ts';
import { evidenceOf } from '../evidence.ts';
import { mustBePossible } from '../faults/possible.ts';
import type { Scenario } from './scenario.ts';

/** What happened when a story was played. */
export interface Performance {
  simulation: Simulation;
  events: SimEvent[];
  /** What the console printed, and when. */
  printed: { atNs: number; text: string }[];
  violations: Violation[];
}

/** @throws {OperatingError} with the story's file for a fault that can't be had on its hosts */
export function mustBePlayable({ setup, memorySizeBytes, file }: Scenario): void {
  const hosts = hostNames(setup.backups, setup.spares ?? 0);
  try {
    mustBePossible(setup.faults ?? [], { hosts, memorySizeBytes, domains: setup.domains ?? {} });
  } catch (error) {
    if (error instanceof OperatingError) throw new OperatingError(`${file}: ${error.message}`);
    throw error;
  }
}

/** Plays it with the guest that it names. `ownInput`: typed when the story says nothing else. */
export function perform(
  { setup, typed }: Scenario,
  description: MachineDescription,
  ownInput: Uint8Array,
): Performance {
  const events: SimEvent[] = [];
  const printed: Performance['printed'] = [];
  const simulation: Simulation = new Simulation({
    ...setup,
    description,
    input: typed === undefined ? ownInput : new TextEncoder().encode(typed),
    print: (data) => printed.push({ atNs: simulation.nowNs, text: new TextDecoder().decode(data) }),
    tell: (event) => events.push(event),
  });
  simulation.run();
  return { simulation, events, printed, violations: judge(evidenceOf(simulation)) };
}
