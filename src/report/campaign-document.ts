/** The result of a campaign, or of a part of one, as plain data: what `vmft chaos --json` prints and `merge` reads. */
import { type Ending, type Finding, simulationOf } from '../sim/campaign/campaign.ts';
import { type Campaign, type DrawOptions, faultKinds, runsOf, sizeOf } from '../sim/campaign/draw.ts';
import type { Counterexample } from '../sim/campaign/search.ts';
import type { Tally } from '../sim/campaign/tally.ts';
import { firstAlteration, type Origin } from '../sim/cluster/alterations.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { FaultKind } from '../sim/faults/faults.ts';
import type { RunSpec } from '../sim/spec/spec.ts';

/** A run, and the command that repeats it. */
export interface ShownRun {
  seed: string;
  faults: string[];
  command: string;
}

/** The worst value of a measure, and its run; null if no run has one. */
export type Worst = (ShownRun & { ms: number; run: number }) | null;

/** A run that is reported individually; `origin`: the memory corruption that a check detected, null if not traced. */
export interface NotedRun extends ShownRun {
  run: number;
  ending: Ending;
  findings: Finding[];
  origin?: Origin | null;
}

/** Numbers of runs: from this one, and before that one. */
export interface Range {
  from: number;
  to: number;
}

/** What determines the run of every number: reports with the same are parts of one campaign. */
export interface CampaignIdentity {
  seed: string;
  /** The number of runs of the whole campaign. */
  of: number;
  exhaustive: boolean;
  /** What is not drawn. */
  fixed: Omit<DrawOptions, 'kinds'>;
  kinds: readonly FaultKind[];
  /** The guest without faults, by which these are placed. */
  faultless: { steps: number; outputs: number; entries: number; virtualMs: number };
}

/** See the head of this file. Times are real time in `seconds`, virtual time in `ms`. */
export interface CampaignDocument extends CampaignIdentity {
  program: string;
  /** The number of reports that this one was merged of; 1 for a campaign. */
  parts: number;
  jobs: number;
  /** The sum over the parts. */
  seconds: number;
  interrupted: boolean;
  /** The runs that were to be executed: from this number, and before that one. */
  from: number;
  to: number;
  /** The executed runs, in the order of their numbers; `runs` is their total. */
  executed: Range[];
  runs: number;
  outcomes: Record<Ending, number>;
  faults: { injected: number; notTriggered: number };
  failovers: number;
  protections: number;
  worstDown: Worst;
  worstLag: Worst;
  longestStop: Worst;
  virtualMs: number;
  /** Injected faults by phase and kind. */
  coverage: Record<string, Partial<Record<FaultKind, number>>>;
  /** The first {@link NOTED_RUNS} of each unusual ending. */
  noted: NotedRun[];
  counterexample:
    | (ShownRun & { foundInRun: number; drawn: number; tried: number; findings: Finding[] })
    | null;
}

/** A campaign, or a part of one, and its results. */
export interface CampaignFacts {
  path: string;
  campaign: Campaign;
  /** The numbers of the runs that were to be executed. */
  range: Range;
  tally: Tally;
  jobs: number;
  seconds: number;
  interrupted: boolean;
}

/**
 * The document of a campaign. `command`: the command that repeats a run; `steps`: how many the guest took in it. Long:
 * one object literal.
 */
export function documentOf(
  { path, campaign, range, tally, jobs, seconds, interrupted }: CampaignFacts,
  command: (run: RunSpec, steps?: number) => string,
  found: Counterexample | undefined,
): CampaignDocument {
  const { guest, options } = campaign;
  const { kinds, ...fixed } = options;
  const runOf = runsOf(campaign);
  const shown = (run: RunSpec, steps?: number): ShownRun => ({
    seed: run.seed,
    faults: run.faults.map(faultText),
    command: command(run, steps),
  });
  const worst = ({ ns, run }: { ns: number; run: number | undefined }): Worst =>
    run === undefined ? null : { ms: ns / 1e6, run, ...shown(runOf(run)) };
  /** The memory corruption that a check detected in a run, if it can be traced. */
  const origin = (run: number): Origin | null =>
    firstAlteration((onEvent) => simulationOf(guest, runOf(run), onEvent)) ?? null;
  const { steps, outputs, entries, lengthNs } = guest;
  return {
    program: path,
    seed: campaign.seed,
    of: sizeOf(campaign),
    exhaustive: campaign.runs === 'every',
    fixed,
    kinds: campaign.runs === 'every' ? ['crash'] : (kinds ?? faultKinds),
    faultless: { steps, outputs, entries, virtualMs: lengthNs / 1e6 },
    parts: 1,
    jobs,
    seconds,
    interrupted,
    ...range,
    executed: tally.runs === 0 ? [] : [{ from: range.from, to: range.from + tally.runs }],
    runs: tally.runs,
    outcomes: tally.endings,
    faults: { injected: tally.injections, notTriggered: tally.notTriggered },
    failovers: tally.failovers,
    protections: tally.joins,
    worstDown: worst(tally.worstDown),
    worstLag: worst(tally.worstLag),
    longestStop: worst(tally.worstStop),
    virtualMs: tally.virtualNs / 1e6,
    coverage: Object.fromEntries(
      [...tally.coverage].map(([phase, byKind]) => [phase, Object.fromEntries(byKind)]),
    ),
    noted: tally.noted.map(({ run, ending, findings }) => ({
      run,
      ending,
      findings,
      ...(ending === 'diverged' && { origin: origin(run) }),
      ...shown(runOf(run)),
    })),
    counterexample: found
      ? {
          foundInRun: found.number,
          drawn: runOf(found.number).faults.length,
          tried: found.tried,
          findings: found.result.findings,
          ...shown(found.run, found.result.steps),
        }
      : null,
  };
}
