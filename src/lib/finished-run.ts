/** A finished run, as the library presents it. */
import { joined } from '../base/bytes.ts';
import { OperatingError } from '../base/errors.ts';
import type { Outcome as Ending } from '../check/evidence.ts';
import { recordingOf } from '../replay/recorder.ts';
import { drawDiagram } from '../report/diagram.ts';
import type { SimEvent, Simulation } from '../sim/cluster/cluster.ts';
import type { FaultOutcome } from '../sim/cluster/injector.ts';
import { failoverFigures } from '../sim/cluster/observer.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { Naming } from '../symbols/naming.ts';
import { runEvent } from './events.ts';
import { MachineView } from './machine-view.ts';
import type { Failover, FaultResult, LogStatistics, Outcome, Run, RunEvent, RunSpec } from './types.ts';

/** What {@link run} and {@link record} return. */
export class FinishedRun implements Run {
  readonly machine: MachineView;
  private converted: readonly RunEvent[] | undefined;

  /** `happened`: the events that were kept. */
  constructor(
    readonly simulation: Simulation,
    private readonly happened: readonly SimEvent[],
    private readonly naming: Naming,
  ) {
    this.machine = new MachineView(() => simulation.machine);
  }

  get spec(): RunSpec {
    const { spec } = this.simulation.options;
    return { ...spec, faults: spec.faults.map(faultText) };
  }

  get outcome(): Outcome {
    return this.simulation.outcome as Ending;
  }

  get exitCode(): number | undefined {
    return this.outcome === 'completed' ? this.simulation.machine.power.code : undefined;
  }

  get console(): Uint8Array {
    if (!this.simulation.console.transcript.isWhole) throw notKept('console output');
    return this.simulation.transcript;
  }

  get consoleText(): string {
    return new TextDecoder().decode(this.console);
  }

  get steps(): number {
    return this.simulation.machine.icount;
  }

  get virtualNs(): number {
    return this.simulation.nowNs;
  }

  get failovers(): Failover[] {
    return this.simulation.failovers.map(failoverFigures);
  }

  get faults(): FaultResult[] {
    return this.simulation.injector.outcomes.map(faultResult);
  }

  get log(): LogStatistics {
    const { log } = this.simulation.observer;
    return { ...log, entriesByKind: { ...log.entriesByKind } };
  }

  get events(): readonly RunEvent[] {
    this.converted ??= this.happened.map((event) => runEvent(event, this.naming));
    return this.converted;
  }

  recording(): Uint8Array {
    const { machine, observer } = this.simulation;
    if (!observer.history.isWhole) throw notKept('log of inputs');
    return joined([...recordingOf(machine, observer.history)]);
  }

  diagram(columns?: number): string {
    if (this.happened.length === 0) return '';
    return drawDiagram(this.happened, [...this.simulation.hosts.keys()], columns).join('\n');
  }
}

/** The error when evidence that is needed exceeded `evidenceBytes`. */
export const notKept = (what: 'console output' | 'log of inputs'): OperatingError =>
  new OperatingError(
    `the ${what} was not kept in full: give it more evidenceBytes, or limit the run with maxSteps`,
  );

function faultResult(outcome: FaultOutcome): FaultResult {
  const fault = faultText(outcome.fault);
  if ('notTriggered' in outcome) return { fault, notTriggered: outcome.notTriggered };
  const { atNs, host, icount } = outcome.injected;
  return {
    fault,
    injected: { atNs, ...(host !== undefined && { host }), ...(icount !== undefined && { icount }) },
  };
}
