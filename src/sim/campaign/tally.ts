/** The totals of a campaign, in bounded memory. */

import { COPY_NS_PER_BYTE } from '../../cluster/driver.ts';
import { phases } from '../../ft/replica.ts';
import type { FaultKind } from '../faults/faults.ts';
import { type Ending, endings, type Finding, type RunResult } from './campaign.ts';

/** The phases in which faults can be injected, which a campaign should cover. */
export const injectedPhases: readonly string[] = [
  ...phases.filter((phase) => phase !== 'stopped'),
  'no primary',
];

/** The worst value of a measure. */
interface Worst {
  ns: number;
  /** The number of its run. */
  run: number | undefined;
}

/** A run that is reported individually. */
export interface Noted {
  run: number;
  ending: Ending;
  findings: Finding[];
}

/** The number of runs of each ending that are reported individually. */
export const NOTED_RUNS = 5;
const notedEndings: readonly Ending[] = ['limit', 'diverged', 'corrupted', 'violated'];

/** The totals of the runs that were added. */
export class Tally {
  runs = 0;
  readonly endings: Record<Ending, number>;
  failovers = 0;
  joins = 0;
  virtualNs = 0;
  steps = 0;
  injections = 0;
  notTriggered = 0;
  readonly worstDown: Worst = { ns: 0, run: undefined };
  readonly worstLag: Worst = { ns: 0, run: undefined };
  readonly worstStop: Worst = { ns: 0, run: undefined };
  /** How often each kind of fault was injected in each phase. */
  readonly coverage = new Map<string, Map<FaultKind, number>>();
  readonly noted: Noted[] = [];

  constructor() {
    this.endings = Object.fromEntries(endings.map((ending) => [ending, 0])) as Record<Ending, number>;
  }

  get violations(): number {
    return this.endings.violated;
  }

  /** Adds a run; must be called in the order of the numbers. */
  add(run: number, result: RunResult): void {
    const { ending, findings } = result;
    this.runs++;
    this.endings[ending]++;
    this.failovers += result.failovers;
    this.joins += result.joins;
    this.virtualNs += result.virtualNs;
    this.steps += result.steps;
    this.notTriggered += result.notTriggered;
    raise(this.worstDown, Math.max(0, ...result.downNs), run);
    raise(this.worstLag, result.worstLagNs, run);
    raise(this.worstStop, result.worstStopBytes * COPY_NS_PER_BYTE, run);
    for (const { during, kind } of result.injections) this.injected(during, kind);
    if (notedEndings.includes(ending) && this.endings[ending] <= NOTED_RUNS)
      this.noted.push({ run, ending, findings });
  }

  private injected(during: string, kind: FaultKind): void {
    this.injections++;
    const row = this.coverage.get(during) ?? new Map<FaultKind, number>();
    this.coverage.set(during, row);
    row.set(kind, (row.get(kind) ?? 0) + 1);
  }
}

function raise(worst: Worst, ns: number, run: number): void {
  if (ns > worst.ns) Object.assign(worst, { ns, run });
}
