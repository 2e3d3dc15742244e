/** What a campaign adds up to. It stays small, however many runs there are. */

import { COPY_NS_PER_BYTE } from '../../cluster/driver.ts';
import { phases } from '../../ft/replica.ts';
import type { FaultKind } from '../faults/faults.ts';
import { type Ending, endings, type Finding, type RunResult } from './campaign.ts';

/** What a fault can strike in the middle of, and what a campaign should have met: a side that is done is no part of it. */
export const injectedPhases: readonly string[] = [
  ...phases.filter((phase) => phase !== 'stopped'),
  'nobody live',
];

/** A measure that was worst in a run. */
interface Worst {
  ns: number;
  /** The number of that run. */
  run: number | undefined;
}

/** A run that is to be told of. */
export interface Noted {
  run: number;
  ending: Ending;
  findings: Finding[];
}

/** So many runs of each ending are told of one by one. */
const NOTED_RUNS = 5;
const notedEndings: readonly Ending[] = ['limit', 'diverged', 'corrupted', 'violated'];

export class Tally {
  runs = 0;
  readonly endings: Record<Ending, number>;
  failovers = 0;
  joins = 0;
  virtualNs = 0;
  steps = 0;
  strikes = 0;
  notTriggered = 0;
  readonly worstDown: Worst = { ns: 0, run: undefined };
  readonly worstLag: Worst = { ns: 0, run: undefined };
  readonly worstStop: Worst = { ns: 0, run: undefined };
  /** How often each kind struck each phase. */
  readonly coverage = new Map<string, Map<FaultKind, number>>();
  readonly noted: Noted[] = [];

  constructor() {
    this.endings = Object.fromEntries(endings.map((ending) => [ending, 0])) as Record<Ending, number>;
  }

  get violations(): number {
    return this.endings.violated;
  }

  /** Runs are added in the order of their numbers. */
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
    for (const { during, kind } of result.strikes) this.struck(during, kind);
    if (notedEndings.includes(ending) && this.endings[ending] <= NOTED_RUNS)
      this.noted.push({ run, ending, findings });
  }

  private struck(during: string, kind: FaultKind): void {
    this.strikes++;
    const row = this.coverage.get(during) ?? new Map<FaultKind, number>();
    this.coverage.set(during, row);
    row.set(kind, (row.get(kind) ?? 0) + 1);
  }
}

function raise(worst: Worst, ns: number, run: number): void {
  if (ns > worst.ns) Object.assign(worst, { ns, run });
}
