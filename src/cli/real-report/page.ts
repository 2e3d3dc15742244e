/** The data of the page of a real run. */
import { chaptersOf } from '../../report/page/chapters.ts';
import { findingOf, grouped, machinesOf } from '../../report/page/page.ts';
import type { PageData, PageMachines } from '../../report/page/page-data.ts';
import { pageEvent } from '../../report/page/page-events.ts';
import type { ComparedHosts, RealRun, Verdict } from '../judging/run.ts';
import type { RealTrace } from './tracer.ts';

/** What the run does not know about its page. */
export type RealSetting = Pick<PageData, 'version' | 'command'>;

/** The data of the page: of what the evidence shows, and of what the checkers say. */
export function realPage(run: RealRun, verdict: Verdict, real: RealTrace, setting: RealSetting): PageData {
  const { trace, backups, beginUs } = real;
  const compared = run.compared();
  const machines = compared && machinesOf(compared.comparison, placeOf(compared));
  const { program, group } = verdict;
  return {
    ...setting,
    title: program,
    subtitle: `on real processes, group ${group}, from ${new Date(beginUs / 1000).toISOString()}`,
    source: 'evidence',
    before: verdict.missing.map((what) => `Not judged: ${what}.`),
    ...{ after: [], expectations: [] },
    verdict: verdictOf(run, verdict, machines),
    figures: figuresOf(verdict, real),
    hosts: [...trace.hosts],
    backups,
    endNs: trace.endNs,
    chapters: chaptersOf(trace.events, trace.hosts[0]!, backups.length > 0),
    events: trace.events.map(pageEvent),
    total: trace.total,
    bins: trace.bins,
    machines,
    findings: verdict.violations.map(findingOf),
  };
}

function verdictOf(
  { end }: RealRun,
  { outcome, survivor, violations, missing }: Verdict,
  machines: PageMachines | undefined,
): PageData['verdict'] {
  const isRight = violations.length === 0;
  const isWhole = missing.length === 0;
  const isCompleted = outcome === 'completed';
  const exitCode = isCompleted && end ? `, exit code ${end.code}` : '';
  return {
    tone: !isRight ? 'bad' : isWhole ? 'good' : 'plain',
    text: isCompleted ? `completed on ${survivor}${exitCode}` : `live last on ${survivor}`,
    notes: [
      ...(machines?.equal ? [`both machines equal ${machines.place}`] : []),
      ...(isRight ? [`no checker found a violation${isWhole ? '' : ' in what was judged'}`] : []),
      ...(isRight ? [] : [`violated: ${violations.map(({ invariant }) => invariant).join(', ')}`]),
    ],
  };
}

function figuresOf(
  { icount, generations, failovers, stateHash }: Verdict,
  { trace, failovers: known }: RealTrace,
): PageData['figures'] {
  const downNs = known.findLast((one) => one.downNs !== undefined)?.downNs;
  const figures: [string, string | undefined][] = [
    ['steps', grouped(icount)],
    ['time', `${(trace.endNs / 1e9).toFixed(3)} s`],
    ['generations', grouped(generations)],
    ['changes of the primary', grouped(failovers)],
    ['live again after', downNs === undefined ? undefined : `${(downNs / 1e6).toFixed(2)} ms`],
    ['state hash', stateHash?.toString(16).padStart(16, '0')],
  ];
  return figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

const placeOf = ({ hosts, isChange }: ComparedHosts): Pick<PageMachines, 'names' | 'place'> => ({
  names: hosts,
  place: isChange ? `where ${hosts[1]} went live` : 'the last position that both reached',
});
