/** Executes the runs of a campaign, and classifies how each ended. */

import type { Violation } from '../../check/checkers.ts';
import type { Outcome } from '../../check/evidence.ts';
import { judge } from '../../check/verdict.ts';
import { alterations, CorruptionTracker } from '../cluster/alterations.ts';
import { type Guest, type SimEvent, Simulation } from '../cluster/cluster.ts';
import { evidenceOf } from '../cluster/evidence.ts';
import type { FaultKind, HostId } from '../faults/faults.ts';
import { campaignDefaults, type RunSpec } from '../spec/spec.ts';

/** A guest with its clients. */
export type ServedGuest = Guest & Pick<RunSpec, 'clients'>;

/** A guest, and the measures of a run without faults, by which faults are placed. */
export interface MeasuredGuest extends ServedGuest {
  outcome: Outcome;
  /** The length of the run, in virtual time. */
  lengthNs: number;
  steps: number;
  outputs: number;
  entries: number;
  /** The number of messages that each host sends to others. */
  sent: Record<HostId, number>;
}

/** An error of the run: a checker's violation, a divergence without a flipped bit, or an exception. */
export interface Finding {
  invariant: Violation['invariant'] | 'divergence' | 'exception';
  message: string;
}

/**
 * How a run ended. `lost`: no eligible replica was left, since all had failed. `limit`: the guest waits, or runs for
 * too long. `diverged`: a check found a flipped bit. `corrupted`: a bit flipped in a live machine, whose outputs were
 * wrong afterwards; the protocol tolerates only fail-stop failures. `violated`: an invariant was violated.
 */
export const endings = ['completed', 'lost', 'limit', 'diverged', 'corrupted', 'violated'] as const;
/** See {@link endings}. */
export type Ending = (typeof endings)[number];

/** What a campaign keeps of one run: plain data, which worker processes send. */
export interface RunResult {
  ending: Ending;
  /** The findings of a run that is `violated` or `corrupted`. */
  findings: Finding[];
  failovers: number;
  joins: number;
  /** Virtual time from each failure to the delivery of the first new output. */
  downNs: number[];
  worstLagNs: number;
  /** The maximum number of bytes that were copied in one pause of the guest. */
  worstStopBytes: number;
  virtualNs: number;
  steps: number;
  /** The injected faults; `during`: the phase of the fault's host, or of the primary ({@link Replica.phase}). */
  injections: { during: string; kind: FaultKind }[];
  /** The number of faults that were not triggered. */
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

/** Runs to the end, and applies the checkers. */
export function execute(guest: Guest, spec: RunSpec): RunResult {
  const injections: RunResult['injections'] = [];
  const simulation: Simulation = simulationOf(guest, spec, (occurred) => {
    const { event } = occurred;
    flips.observe(occurred);
    if (event.kind === 'fault' && event.phase === 'begins')
      injections.push({ during: event.during, kind: event.fault.kind });
  });
  const flips = new CorruptionTracker(simulation);
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
    injections,
    notTriggered: simulation.injector.notTriggered.length,
  };
}

function endingOf(simulation: Simulation, flips: CorruptionTracker): { ending: Ending; findings: Finding[] } {
  const findings: Finding[] = [];
  try {
    findings.push(...judge(evidenceOf(simulation.run()), simulation.options.execution));
    if (simulation.outcome === 'diverged' && !isDueToFlip(simulation, flips))
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

/** Whether the machines differ because of a flipped bit: one differs from a replay of its history, or was live so. */
const isDueToFlip = (simulation: Simulation, flips: CorruptionTracker): boolean =>
  flips.wasLive || (flips.any && alterations(simulation).length > 0);

/** Whether memory corruption in a live guest can cause this finding. The protocol's own rules do not depend on it. */
function dependsOnMemory({ invariant }: Finding, outcome: Outcome): boolean {
  switch (invariant) {
    case 'same-machine':
    case 'outputs-covered':
    case 'disk-covered':
    case 'acknowledged-requests':
    case 'linearizable':
      return true;
    case 'service':
      // A corrupted guest may stop serving; but it does not make a member ineligible.
      return outcome === 'limit';
    default:
      return false;
  }
}

/** Measures a run without faults, on a primary, a backup and a spare. */
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
