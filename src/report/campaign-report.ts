/** The report of a campaign as text. */
import { type Ending, endings, type Finding } from '../sim/campaign/campaign.ts';
import { injectedPhases } from '../sim/campaign/tally.ts';
import type { Origin } from '../sim/cluster/alterations.ts';
import type { FaultKind } from '../sim/faults/faults.ts';
import type { CampaignDocument, Worst } from './campaign-document.ts';
import { missingRuns, rangeText } from './campaign-merge.ts';
import { ms } from './event-text.ts';
import { type Line, line, styled } from './styled-text.ts';

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

/** Reports a campaign with `lines` or `quietLines`. `diagram`: of the counterexample. */
export class CampaignReport {
  constructor(
    private readonly document: CampaignDocument,
    private readonly diagram: readonly Line[] = [],
  ) {}

  lines(): Line[] {
    return [
      ...this.summary(),
      [],
      ...this.coverage().map((row) => [row]),
      ...this.notedLines(),
      ...this.counterexampleLines(),
    ];
  }

  /** The report under `--quiet`: violations, and what was not executed; empty without either. */
  quietLines(): Line[] {
    const partial = this.partialLines();
    return [...partial, ...this.notedLines(['violated']), ...this.counterexampleLines()].slice(
      partial.length > 0 ? 0 : 1,
    );
  }

  /** What an interrupted or merged campaign lacks. */
  private partialLines(): Line[] {
    const { parts, interrupted, runs, from, to } = this.document;
    const missing = missingRuns(this.document);
    if (parts > 1)
      return missing.length === 0
        ? []
        : [line('warning', `  not executed: runs ${missing.map(rangeText).join(', ')}`)];
    if (!interrupted) return [];
    const ran = `${runs} of ${to - from}`;
    return [line('warning', `  interrupted after ${ran} runs; continue with --from ${from + runs}`)];
  }

  private summary(): Line[] {
    const { document } = this;
    const { program, seed, exhaustive, parts, jobs, seconds, runs, outcomes, faults } = document;
    const what = exhaustive ? 'a crash at every position' : 'random faults';
    const by = parts > 1 ? `${parts} parts` : `${jobs} ${jobs === 1 ? 'job' : 'jobs'}`;
    // Parts that ran at the same time have no common rate.
    const rate = (text: string) => (parts > 1 ? '' : `, ${text}`);
    const row = (label: string, text: string): Line => [`  ${label.padEnd(LABEL_WIDTH)}${text}`];
    const virtualSeconds = document.virtualMs / 1e3;
    return [
      line('heading', `${program}: ${what}, seed ${seed}, ${by}`),
      ...this.partialLines(),
      row('runs', `${runs} in ${seconds.toFixed(1)} s${rate(`${(runs / seconds).toFixed(1)} a second`)}`),
      ...endings
        .filter((ending) => outcomes[ending] > 0 || ending === 'corrupted' || ending === 'violated')
        .map((ending) => {
          const text = `${String(outcomes[ending]).padStart(COUNT_WIDTH)}  ${endingText[ending]}`;
          return ending === 'violated' && outcomes.violated > 0 ? line('alarm', text) : [text];
        }),
      row('faults', `${faults.injected} injected, ${faults.notTriggered} not triggered`),
      row(
        'failovers',
        `${document.failovers}${rate(`${((document.failovers / seconds) * 60).toFixed(0)} a minute`)}`,
      ),
      row('re-protections', `${document.protections} copies completed`),
      row('worst down time', worstText(document.worstDown, ' from the failure to the first new output')),
      ...(document.worstDown ? [line('aside', `    ${document.worstDown.command}`)] : []),
      row('worst lag', worstText(document.worstLag, ' behind')),
      row('longest pause', worstText(document.longestStop, ' for the last round of a copy')),
      row(
        'virtual time',
        `${virtualSeconds.toFixed(1)} s${rate(`${(virtualSeconds / seconds).toFixed(1)} times as fast as real time`)}`,
      ),
    ];
  }

  /** Injected faults by kind and phase. An empty cell is a combination that the campaign did not cover. */
  private coverage(): string[] {
    const { kinds, coverage } = this.document;
    const rows = [...new Set([...injectedPhases, ...Object.keys(coverage)])];
    const width = Math.max(...rows.map(({ length }) => length)) + 2;
    const cell = (text: string, kind: FaultKind) => text.padStart(Math.max(kind.length, 6) + 1);
    const count = (phase: string, kind: FaultKind) => String(coverage[phase]?.[kind] ?? EMPTY);
    return [
      'injected faults by phase of the host that they hit (a link or storage: phase of the primary)',
      `  ${''.padEnd(width)}${kinds.map((kind) => cell(kind, kind)).join('')}`,
      ...rows.map(
        (phase) => `  ${phase.padEnd(width)}${kinds.map((kind) => cell(count(phase, kind), kind)).join('')}`,
      ),
    ];
  }

  /** The first runs of each unusual ending, limited to the `wanted` ones. */
  private notedLines(wanted: readonly Ending[] = endings): Line[] {
    return this.document.noted
      .filter(({ ending }) => wanted.includes(ending))
      .flatMap(({ run, ending, findings, origin, command }) => [
        [],
        [`run ${run}: ${endingText[ending]}`],
        ...(ending === 'diverged' ? [[`  ${originText(origin)}`]] : []),
        ...findings.map(findingLine),
        line('aside', `  ${command}`),
      ]);
  }

  private counterexampleLines(): Line[] {
    const found = this.document.counterexample;
    if (!found) return [];
    const { foundInRun, tried, faults, drawn, findings, command } = found;
    return [
      [],
      line('alarm', `VIOLATION, found in run ${foundInRun}: the shortest schedule, after ${tried} runs`),
      [`  ${faults.length} of ${drawn} faults: ${faults.join('  ') || 'none'}`],
      ...findings.map(findingLine),
      [],
      ...(this.diagram.length > 0 ? [...this.diagram, []] : []),
      ['to reproduce it:'],
      [`  ${command}`],
    ];
  }
}

const worstText = (worst: Worst, how: string): string =>
  worst === null ? 'none' : `${ms(worst.ms * 1e6)}${how}: run ${worst.run}, seed ${worst.seed}`;

const findingLine = ({ invariant, message }: Finding): Line => [
  '  ',
  styled('bad', `${invariant}: ${message}`),
];

function originText(origin: Origin | null | undefined): string {
  if (!origin) return 'not traced: the corrupted machine is gone';
  const { host, atNs, pages, state, impossible } = origin;
  const where = pages.map((page) => `page 0x${page.toString(16)}`);
  if (state) where.push('registers or devices');
  const what = impossible === undefined ? where.join(', ') : `its history cannot be replayed: ${impossible}`;
  return `traced to ${host}, after ${ms(atNs)}: ${what}`;
}
