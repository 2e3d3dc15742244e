/** The report of a campaign, as text and as JSON. */

import {
  type Ending,
  endings,
  type Finding,
  type RunResult,
  simulationOf,
} from '../sim/campaign/campaign.ts';
import { type Campaign, faultKinds, runsOf, sizeOf } from '../sim/campaign/draw.ts';
import { injectedPhases, type Tally } from '../sim/campaign/tally.ts';
import { firstAlteration, type Origin } from '../sim/cluster/alterations.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { FaultKind } from '../sim/faults/faults.ts';
import type { RunSpec } from '../sim/spec/spec.ts';
import { ms } from './event-text.ts';
import { type Line, line, styled } from './styled-text.ts';

/** A campaign and its results. */
export interface CampaignFacts {
  path: string;
  campaign: Campaign;
  /** The number of the first run. */
  from: number;
  tally: Tally;
  jobs: number;
  seconds: number;
  interrupted: boolean;
}

/** The shortest run that reproduces the first violation. */
export interface Counterexample {
  /** The number of the run that found it. */
  number: number;
  run: RunSpec;
  result: RunResult;
  /** Number of runs made to shrink the schedule. */
  tried: number;
  diagram: readonly Line[];
}

const endingText: Record<Ending, string> = {
  completed: 'completed',
  lost: 'lost: every eligible replica failed',
  limit: 'stopped: the guest waits for input, or exceeded the step limit',
  diverged: 'diverged: a check detected memory corruption',
  corrupted: 'corrupted: wrong outputs after memory corruption on a primary',
  violated: 'VIOLATED',
};

const LABEL_WIDTH = 18;
const COUNT_WIDTH = 9;
const EMPTY = '·';

/** Reports a campaign with `lines`, `quietLines` or `json`. */
export class CampaignReport {
  private readonly runOf: (index: number) => RunSpec;

  constructor(
    private readonly facts: CampaignFacts,
    /** The command that reproduces a run; `steps`: how many the guest took in it. */
    private readonly command: (run: RunSpec, steps?: number) => string,
    private readonly counterexample: Counterexample | undefined,
  ) {
    this.runOf = runsOf(facts.campaign);
  }

  // ── Text ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  lines(): Line[] {
    return [
      ...this.summary(),
      [],
      ...this.coverage().map((row) => [row]),
      ...this.notedLines(),
      ...(this.counterexample ? [[], ...this.counterexampleLines(this.counterexample)] : []),
    ];
  }

  /** The report under `--quiet`: violations, and how to continue an interrupted campaign; empty without either. */
  quietLines(): Line[] {
    return [
      ...this.interruptedLines(),
      ...this.notedLines(['violated']),
      ...(this.counterexample ? [[], ...this.counterexampleLines(this.counterexample)] : []),
    ].slice(this.facts.interrupted ? 0 : 1);
  }

  private interruptedLines(): Line[] {
    const { campaign, from, tally, interrupted } = this.facts;
    if (!interrupted) return [];
    const ran = `${tally.runs} of ${sizeOf(campaign) - from}`;
    return [line('warning', `  interrupted after ${ran} runs; continue with --from ${from + tally.runs}`)];
  }

  private summary(): Line[] {
    const { path, campaign, tally, jobs, seconds } = this.facts;
    const what = campaign.runs === 'every' ? 'a crash at every position' : 'random faults';
    const row = (label: string, text: string): Line => [`  ${label.padEnd(LABEL_WIDTH)}${text}`];
    const worst = ({ ns, run }: { ns: number; run: number | undefined }, how: string): string =>
      run === undefined ? 'none' : `${ms(ns)}${how}: run ${run}, seed ${this.runOf(run).seed}`;
    const down = tally.worstDown.run;
    return [
      line('heading', `${path}: ${what}, seed ${campaign.seed}, ${jobs} ${jobs === 1 ? 'job' : 'jobs'}`),
      ...this.interruptedLines(),
      row('runs', `${tally.runs} in ${seconds.toFixed(1)} s, ${(tally.runs / seconds).toFixed(1)} a second`),
      ...endings
        .filter((ending) => tally.endings[ending] > 0 || ending === 'corrupted' || ending === 'violated')
        .map((ending) => {
          const text = `${String(tally.endings[ending]).padStart(COUNT_WIDTH)}  ${endingText[ending]}`;
          return ending === 'violated' && tally.violations > 0 ? line('alarm', text) : [text];
        }),
      row('faults', `${tally.injections} injected, ${tally.notTriggered} not triggered`),
      row('failovers', `${tally.failovers}, ${((tally.failovers / seconds) * 60).toFixed(0)} a minute`),
      row('re-protections', `${tally.joins} copies completed`),
      row('worst down time', worst(tally.worstDown, ' from the failure to the first new output')),
      ...(down === undefined ? [] : [line('aside', `    ${this.command(this.runOf(down))}`)]),
      row('worst lag', worst(tally.worstLag, ' behind')),
      row('longest pause', worst(tally.worstStop, ' for the last round of a copy')),
      row(
        'virtual time',
        `${(tally.virtualNs / 1e9).toFixed(1)} s, ${(tally.virtualNs / 1e9 / seconds).toFixed(1)} times as fast as real time`,
      ),
    ];
  }

  /** Injected faults by kind and phase. An empty cell is a combination that the campaign did not cover. */
  private coverage(): string[] {
    const { tally } = this.facts;
    const kinds = this.kinds();
    const rows = [...new Set([...injectedPhases, ...tally.coverage.keys()])];
    const width = Math.max(...rows.map(({ length }) => length)) + 2;
    const cell = (text: string, kind: FaultKind) => text.padStart(Math.max(kind.length, 6) + 1);
    const count = (phase: string, kind: FaultKind) => tally.coverage.get(phase)?.get(kind);
    return [
      'injected faults by phase of the host that they hit (a link or storage: phase of the primary)',
      `  ${''.padEnd(width)}${kinds.map((kind) => cell(kind, kind)).join('')}`,
      ...rows.map(
        (phase) =>
          `  ${phase.padEnd(width)}${kinds.map((kind) => cell(String(count(phase, kind) ?? EMPTY), kind)).join('')}`,
      ),
    ];
  }

  private kinds(): readonly FaultKind[] {
    const { runs, options } = this.facts.campaign;
    return runs === 'every' ? ['crash'] : (options.kinds ?? faultKinds);
  }

  /** The first runs of each unusual ending, limited to the `wanted` ones. */
  private notedLines(wanted: readonly Ending[] = endings): Line[] {
    const noted = this.facts.tally.noted.filter(({ ending }) => wanted.includes(ending));
    return noted.flatMap(({ run, ending, findings }) => {
      return [
        [],
        [`run ${run}: ${endingText[ending]}`],
        ...(ending === 'diverged' ? [[`  ${originText(this.origin(run))}`]] : []),
        ...findings.map(findingLine),
        line('aside', `  ${this.command(this.runOf(run))}`),
      ];
    });
  }

  private counterexampleLines({ number, run, result, tried, diagram }: Counterexample): Line[] {
    const before = this.runOf(number).faults.length;
    return [
      line('alarm', `VIOLATION, found in run ${number}: the shortest schedule, after ${tried} runs`),
      [`  ${run.faults.length} of ${before} faults: ${run.faults.map(faultText).join('  ') || 'none'}`],
      ...result.findings.map(findingLine),
      [],
      ...diagram,
      [],
      ['to reproduce it:'],
      [`  ${this.command(run, result.steps)}`],
    ];
  }

  /** The memory corruption that a divergence check detected in a run; undefined when it can't be traced. */
  private origin(run: number): Origin | undefined {
    const { guest } = this.facts.campaign;
    return firstAlteration((onEvent) => simulationOf(guest, this.runOf(run), onEvent));
  }

  // ── JSON ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The report for programs. Long: one object literal. */
  json(): object {
    const { path, campaign, from, tally, jobs, seconds, interrupted } = this.facts;
    const shown = (run: RunSpec, steps?: number) => ({
      seed: run.seed,
      faults: run.faults.map(faultText),
      command: this.command(run, steps),
    });
    const worst = ({ ns, run }: { ns: number; run: number | undefined }) =>
      run === undefined ? null : { ms: ns / 1e6, run, ...shown(this.runOf(run)) };
    const found = this.counterexample;
    return {
      program: path,
      seed: campaign.seed,
      jobs,
      seconds,
      interrupted,
      from,
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
        [...tally.coverage].map(([phase, kinds]) => [phase, Object.fromEntries(kinds)]),
      ),
      noted: tally.noted.map(({ run, ending, findings }) => ({
        run,
        ending,
        findings,
        ...(ending === 'diverged' && { origin: this.origin(run) ?? null }),
        ...shown(this.runOf(run)),
      })),
      counterexample: found
        ? {
            foundInRun: found.number,
            tried: found.tried,
            findings: found.result.findings,
            ...shown(found.run, found.result.steps),
          }
        : null,
    };
  }
}

const findingLine = ({ invariant, message }: Finding): Line => [
  '  ',
  styled('bad', `${invariant}: ${message}`),
];

function originText(origin: Origin | undefined): string {
  if (!origin) return 'not traced: the corrupted machine is gone';
  const { host, atNs, pages, state, impossible } = origin;
  const where = pages.map((page) => `page 0x${page.toString(16)}`);
  if (state) where.push('registers or devices');
  const what = impossible === undefined ? where.join(', ') : `its history cannot be replayed: ${impossible}`;
  return `traced to ${host}, after ${ms(atNs)}: ${what}`;
}
