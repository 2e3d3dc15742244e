/** Makes the data of a run's page. */
import type { Violation } from '../../check/checkers.ts';
import type { Comparison } from '../../replay/comparison.ts';
import { failoverFigures } from '../../sim/cluster/observer.ts';
import { faultText } from '../../sim/faults/fault-text.ts';
import type { RunSpec } from '../../sim/spec/spec.ts';
import type { Trace } from '../../sim/trace/events.ts';
import { fullEntry } from '../entries.ts';
import { place, type RunFacts } from '../run-report.ts';
import { chaptersOf } from './chapters.ts';
import type { Finding, PageData, PageMachines } from './page-data.ts';
import { pageEvent } from './page-events.ts';

/** What the run does not know about its page. */
export interface PageSetting {
  version: string;
  title: string;
  /** The command that makes the page again. */
  command: string;
  /** As in {@link PageData}. */
  playground?: string | undefined;
}

/** The data of the page. Of `facts.asked`, `verify` says whether the run was replayed and checked. */
export function pageOf(facts: RunFacts, trace: Trace, setting: PageSetting): PageData {
  const { simulation, comparison, violations } = facts;
  const { spec } = simulation.options;
  const machines = comparison && machinesOf(comparison, placeOf(facts, comparison));
  return {
    ...setting,
    subtitle: subtitleOf(spec),
    source: 'simulation',
    ...{ before: [], after: [], expectations: [] },
    verdict: verdictOf(facts, machines),
    figures: figuresOf(facts),
    hosts: [...trace.hosts],
    backups: [...trace.hosts].slice(1, 1 + spec.backups),
    endNs: trace.endNs,
    chapters: chaptersOf(trace.events, 'primary', spec.backups > 0),
    events: trace.events.map(pageEvent),
    total: trace.total,
    bins: trace.bins,
    machines,
    findings: [...divergenceOf(facts), ...violations.map(findingOf)],
  };
}

function subtitleOf({ faults, unsafe, backups }: RunSpec): string {
  const what = faults.length > 0 ? faults.map(faultText).join(', ') : 'no faults';
  const rules = unsafe.length > 0 ? `, without ${unsafe.join(', ')}` : '';
  return `${backups === 0 ? 'one machine, ' : ''}${what}${rules}`;
}

function verdictOf(
  { simulation, violations, asked, ended }: RunFacts,
  machines: PageMachines | undefined,
): PageData['verdict'] {
  const outcome = simulation.outcome!;
  const { machine } = simulation;
  const texts = {
    completed: `completed, exit code ${machine.power.code}`,
    lost: 'lost: no eligible replica is left',
    limit: `stopped after ${grouped(machine.icount)} steps`,
    diverged: 'stopped: the machines have diverged',
  };
  const isRight = violations.length === 0 && outcome !== 'diverged';
  const checked = asked.verify && isRight && ended === undefined;
  return {
    tone: !isRight || outcome === 'lost' ? 'bad' : outcome === 'completed' ? 'good' : 'plain',
    text: ended ?? texts[outcome],
    notes: [
      ...(checked && outcome === 'completed' ? ['every byte reached the console once and in order'] : []),
      ...(checked && outcome !== 'completed' ? ['what left is what one faultless machine makes'] : []),
      ...(machines?.equal ? [`both machines equal ${machines.place}`] : []),
      ...(checked ? ['no checker found a violation'] : []),
      ...(violations.length > 0
        ? [`violated: ${violations.map(({ invariant }) => invariant).join(', ')}`]
        : []),
    ],
  };
}

/** A number in groups of three digits. */
export const grouped = (value: number): string =>
  Math.round(value)
    .toString()
    .replaceAll(/\B(?=(\d{3})+$)/g, '\u202f');

function figuresOf({ simulation }: RunFacts): PageData['figures'] {
  const { machine, nowNs, observer } = simulation;
  const { log } = observer;
  const failover = simulation.failovers.map(failoverFigures).at(-1);
  const figures: [string, string | undefined][] = [
    ['steps', grouped(machine.icount)],
    ['virtual time', `${(nowNs / 1e6).toFixed(3)} ms`],
    ['detected after', failover && `${failover.detectMs.toFixed(2)} ms`],
    ['live again after', failover && `${failover.downMs.toFixed(2)} ms`],
    ['outputs released again', failover && grouped(failover.outputsReleasedAgain)],
    ['log', `${grouped(log.entries)} entries, ${grouped(log.bytes)} B`],
    ['state hash', machine.hash().toString(16).padStart(16, '0')],
  ];
  return figures.flatMap(([name, value]) => (value === undefined ? [] : [{ name, value }]));
}

/** Where two machines were compared, in words, and whose they are. */
type Place = Pick<PageMachines, 'names' | 'place'>;

function placeOf({ simulation }: RunFacts, comparison: Comparison): Place {
  const { from, to } = simulation.failovers.at(-1) ?? { from: 'primary', to: 'backup' };
  return { place: place(simulation, comparison).split(';')[0]!, names: [from, to] };
}

/** Two machines side by side. */
export function machinesOf({ difference, firstDifference }: Comparison, where: Place): PageMachines {
  const hex = (value: bigint) => value.toString(16).padStart(16, '0');
  return {
    icount: difference.icount,
    ...where,
    equal: difference.equal,
    registers: difference.registers.map(({ name, a, b }) => ({ name, a: hex(a), b: hex(b) })),
    devices: [...difference.devices],
    pages: difference.pages.map((address) => `0x${address.toString(16)}`),
    ...(firstDifference && {
      firstDifference: {
        number: firstDifference.index + 1,
        a: fullEntry(firstDifference.a),
        b: fullEntry(firstDifference.b),
      },
    }),
  };
}

function divergenceOf({ simulation }: RunFacts): Finding[] {
  const { divergence, diverged } = simulation.observer;
  return divergence ? [{ title: `${diverged} diverged`, text: divergence.message }] : [];
}

/** A violation, for the reader. */
export const findingOf = ({ invariant, message, output }: Violation): Finding => ({
  title: invariant,
  text: message,
  ...(output !== undefined && { output }),
});
