/** A campaign: many runs of one guest, each under other faults, and what became of each. */

import type { Violation } from '../../check/checkers.ts';
import type { Outcome } from '../../check/evidence.ts';
import { judge } from '../../check/verdict.ts';
import { alterations, FlipWatch } from '../alterations.ts';
import { type Guest, type SimEvent, Simulation } from '../cluster.ts';
import { evidenceOf } from '../evidence.ts';
import type { FaultKind, HostId } from '../faults/faults.ts';
import { campaignDefaults, type RunSpec } from '../spec/spec.ts';

/** What a campaign runs: a guest with its clients. */
export type ServedGuest = Guest & Pick<RunSpec, 'clients'>;

/** A guest, and what a run of it without faults comes to: faults are placed by it. */
export interface MeasuredGuest extends ServedGuest {
  outcome: Outcome;
  /** How long it takes, in virtual time. */
  lengthNs: number;
  steps: number;
  outputs: number;
  entries: number;
  /** Messages that each host sends to others. */
  sent: Record<HostId, number>;
}

/** Something that must not be: a checker's words, machines that differ although no bit flipped, or a bug that shows as an exception. */
export interface Finding {
  invariant: Violation['invariant'] | 'divergence' | 'exception';
  message: string;
}

/**
 * What became of a run. `lost`: nobody was left that could go on, and everybody who could have was dead. `limit`: the guest waits, or
 * runs for too long. `diverged`: a check found a bit that had flipped. `corrupted`: a bit flipped in a live machine, whose outputs then
 * were wrong; hosts that fail by stopping are all that the protocol is made for. `violated`: a rule does not hold.
 */
export const endings = ['completed', 'lost', 'limit', 'diverged', 'corrupted', 'violated'] as const;
export type Ending = (typeof endings)[number];

export interface RunResult {
  ending: Ending;
  /** What was found in a run that is `violated` or `corrupted`. */
  findings: Finding[];
  failovers: number;
  joins: number;
  /** Virtual time from each failure to the first new output in the world. */
  downNs: number[];
  worstLagNs: number;
  /** Bytes that were copied while the guest stood still, at most at once. */
  worstStopBytes: number;
  virtualNs: number;
  steps: number;
  /** What the host that was struck, or else the one that was live, was doing: {@link Replica.phase}. */
  strikes: { during: string; kind: FaultKind }[];
  /** Faults whose moment did not come. */
  notTriggered: number;
}

/** Sets up the simulation of a run. */
export function simulationOf(
  { description, execution, diskContent, input }: Guest,
  spec: RunSpec,
  onEvent: (event: SimEvent) => void = () => {},
): Simulation {
  return new Simulation({
    spec,
    description,
    execution,
    ...(diskContent && { diskContent }),
    input,
    print: () => {},
    onEvent,
  });
}

/** Runs it to the end, and has the checkers look at it. */
export function execute(guest: Guest, spec: RunSpec): RunResult {
  const strikes: RunResult['strikes'] = [];
  const simulation: Simulation = simulationOf(guest, spec, (occurred) => {
    const { event } = occurred;
    flips.see(occurred);
    if (event.kind === 'fault' && event.phase === 'begins')
      strikes.push({ during: event.during, kind: event.fault.kind });
  });
  const flips = new FlipWatch(simulation);
  const { ending, findings } = endingOf(simulation, flips);
  const { observer } = simulation;
  return {
    ending,
    findings,
    failovers: simulation.failovers.length,
    joins: observer.joins,
    downNs: simulation.failovers.flatMap(({ firstOutputMs }) =>
      firstOutputMs === undefined ? [] : [firstOutputMs * 1e6],
    ),
    worstLagNs: observer.worstLag.ns,
    worstStopBytes: observer.worstStopBytes,
    virtualNs: simulation.nowNs,
    steps: simulation.machine.icount,
    strikes,
    notTriggered: simulation.injector.missed.length,
  };
}

function endingOf(simulation: Simulation, flips: FlipWatch): { ending: Ending; findings: Finding[] } {
  const findings: Finding[] = [];
  try {
    findings.push(...judge(evidenceOf(simulation.run()), simulation.options.execution));
    if (simulation.outcome === 'diverged' && !isExplained(simulation, flips))
      findings.push({
        invariant: 'divergence',
        message: `${simulation.observer.diverged}: ${simulation.observer.divergence?.message}`,
      });
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    findings.push({ invariant: 'exception', message: `${error.name}: ${error.message}` });
  }
  const outcome = simulation.outcome ?? 'limit';
  if (findings.length === 0) return { ending: outcome, findings };
  const byFlip = flips.wasLive && findings.every((finding) => dependsOnMemory(finding, outcome));
  return { ending: byFlip ? 'corrupted' : 'violated', findings };
}

/** Whether a flipped bit is why the machines differ: one of them is not what its history makes, or has misled the others. */
const isExplained = (simulation: Simulation, flips: FlipWatch): boolean =>
  flips.wasLive || (flips.any && alterations(simulation).length > 0);

/** Whether the memory of a live guest, if it changes by itself, can make this happen. It has no part in the rest of the protocol. */
function dependsOnMemory({ invariant }: Finding, outcome: Outcome): boolean {
  switch (invariant) {
    case 'same-machine':
    case 'outputs-covered':
    case 'disk-covered':
    case 'acknowledged-requests':
    case 'linearizable':
      return true;
    case 'service':
      // A guest that has lost its way does not serve; a member that can't go on is another matter.
      return outcome === 'limit';
    default:
      return false;
  }
}

/** A run without faults, on a primary, a backup and a spare. */
export function measure(guest: ServedGuest, seed: string): MeasuredGuest {
  const simulation = simulationOf(guest, { ...campaignDefaults, seed, clients: guest.clients }).run();
  const { machine, nowNs, hosts } = simulation;
  return {
    ...guest,
    outcome: simulation.outcome!,
    lengthNs: nowNs,
    steps: machine.icount,
    outputs: machine.outputsMade,
    entries: hosts.get('primary')!.replica.logEnd,
    sent: Object.fromEntries([...hosts].map(([id, { sent }]) => [id, sent])),
  };
}
