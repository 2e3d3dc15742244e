/** The report of a story: its introduction, its events, and whether its expectations hold. */
import type { Outcome } from '../check/evidence.ts';
import type { SimEvent } from '../sim/cluster/cluster.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import { hostNames } from '../sim/spec/spec.ts';
import { matches } from '../sim/story/event-pattern.ts';
import { shortcoming, unexpected } from '../sim/story/expectations.ts';
import type { Performance } from '../sim/story/performance.ts';
import { type Say, type Scenario, unusedExplanations } from '../sim/story/scenario.ts';
import { type Naming, UNNAMED } from '../symbols/naming.ts';
import { fittedDiagram } from './diagram.ts';
import { ms } from './event-text.ts';
import { violationLine } from './run-report.ts';
import { MARGIN, Story } from './story.ts';
import { type Line, line } from './styled-text.ts';

/** Explanations are wrapped at this width. */
const PROSE_WIDTH = 96;

/** The lines that a story prints. */
export interface Transcript {
  lines: Line[];
  /** Failed expectations; they are among the last of the lines. */
  shortcomings: Line[];
  /** Whether all expectations hold. */
  asExpected: boolean;
}

/**
 * The report of a story. `diagram`: draw the events as a diagram, in at most that many columns.
 * @param naming names the guest's addresses
 */
export function scenarioLines(
  scenario: Scenario,
  performance: Performance,
  naming: Naming,
  diagram?: { columns: number | undefined },
): Transcript {
  const report = new ScenarioReport(scenario, performance, naming);
  const said = new Set<Say>();
  const lines = [
    ...report.opening(),
    ...(diagram ? report.drawn(said, diagram.columns) : report.events(said)),
  ];
  const { lines: last, ...rest } = report.ending(said);
  return { lines: [...lines, ...last], ...rest };
}

/** The expectations of a story that was performed, and unexpected violations; `why`: what is wrong, if anything is. */
export function judgements(
  scenario: Scenario,
  performance: Performance,
): { text: string; why: string | undefined }[] {
  const report = new ScenarioReport(scenario, performance, UNNAMED);
  const said = new Set<Say>();
  report.explainAll(said);
  return report.judgements(said);
}

const outcomeText: Record<Outcome, string> = {
  completed: 'completed',
  lost: 'lost: no eligible replica',
  limit: 'stopped: no progress',
  diverged: 'stopped: the machines have diverged',
};

class ScenarioReport {
  constructor(
    private readonly scenario: Scenario,
    private readonly performance: Performance,
    private readonly naming: Naming,
  ) {}

  opening(): Line[] {
    const { title, says, setupLines } = this.scenario;
    return [
      line('heading', title),
      ...says.filter(({ when }) => when === 'beginning').map(({ text }) => [`\n${wrap(text, 0)}`]),
      [],
      ...setupLines.map((text) => line('aside', `    ${text}`)),
      [],
    ];
  }

  /** The explanations whose event occurs for the first time; adds them to `said`. */
  private explain(said: Set<Say>, event: SimEvent['event'], host: string): string | undefined {
    const due = this.scenario.says.filter(
      (one) => typeof one.when === 'object' && !said.has(one) && matches(one.when, { atNs: 0, host, event }),
    );
    for (const one of due) said.add(one);
    return due.length > 0 ? wrap(due.map(({ text }) => text).join(' '), MARGIN).trimStart() : undefined;
  }

  /** Adds every explanation whose event has occurred to `said`. */
  explainAll(said: Set<Say>): void {
    for (const { event, host } of this.performance.events) this.explain(said, event, host);
  }

  /** The events as a diagram, without explanations. */
  drawn(said: Set<Say>, columns: number | undefined): Line[] {
    const { events } = this.performance;
    this.explainAll(said);
    return fittedDiagram(events, hostNames(this.scenario.spec), columns);
  }

  /** The events and the console output, in order of time. */
  events(said: Set<Say>): Line[] {
    const { scenario, performance } = this;
    const shown = (event: SimEvent) => scenario.shows.some((pattern) => matches(pattern, event));
    const story = new Story('normal', (event, host) => this.explain(said, event, host), shown, this.naming);
    const lines: Line[] = [];
    const printed = [...performance.printed];
    const printUntil = (atNs: number) => {
      while (printed.length > 0 && printed[0]!.atNs <= atNs) {
        const { atNs: printedNs, text } = printed.shift()!;
        lines.push(...story.print(printedNs, text));
      }
    };
    for (const event of performance.events) {
      printUntil(event.atNs);
      lines.push(...story.linesFor(event));
    }
    printUntil(Number.POSITIVE_INFINITY);
    return [...lines, ...story.end(performance.simulation.nowNs)];
  }

  /** The outcome, and each expectation with its result. */
  ending(said: ReadonlySet<Say>): Transcript {
    const { scenario, performance } = this;
    const { simulation, violations } = performance;
    const outcome = simulation.outcome!;
    const code = outcome === 'completed' ? ` with exit code ${simulation.machine.power.code}` : '';
    const judgements = this.judgements(said).map(({ text, why }) => ({
      holds: why === undefined,
      shown: why === undefined ? line('good', `  ✓ ${text}`) : line('alarm', `  ✗ ${text}: ${why}`),
    }));
    const shortcomings = judgements.filter(({ holds }) => !holds).map(({ shown }) => shown);
    return {
      lines: [
        [`\n${outcomeText[outcome]}${code}; ${ms(simulation.nowNs)} of virtual time`],
        ...violations.map(violationLine),
        ...scenario.says
          .filter(({ when }) => when === 'end')
          .map(({ text }) => line('explanation', `\n${wrap(text, 0)}`)),
        [],
        ...judgements.map(({ shown }) => shown),
      ],
      shortcomings,
      asExpected: shortcomings.length === 0,
    };
  }

  /** All expectations, and unexpected violations; `why`: what is wrong, undefined where nothing is. */
  judgements(said: ReadonlySet<Say>): { text: string; why: string | undefined }[] {
    const { scenario, performance } = this;
    const { simulation, events, violations } = performance;
    const { failovers, machine, injector } = simulation;
    const { expectations } = scenario;
    const exitCode = machine.power.code;
    const played = { events, outcome: simulation.outcome!, exitCode, violations, failovers };
    const surprises = unexpected(
      expectations.map(({ expectation }) => expectation),
      played,
    );
    return [
      ...expectations.map(({ text, expectation }) => ({ text, why: shortcoming(expectation, played) })),
      ...[...new Set(surprises.map((one) => one.invariant))].map((invariant) => ({
        text: 'no other violation',
        why: `the checkers found ${invariant}`,
      })),
      ...unusedExplanations(scenario.says, said).map((why) => ({ text: 'every explanation is used', why })),
      ...injector.notTriggered.map(({ fault, notTriggered }) => ({
        text: `fault ${faultText(fault)}`,
        why: `not triggered: ${notTriggered}`,
      })),
    ];
  }
}

/** Wraps a text, indented by `margin`. */
function wrap(text: string, margin: number): string {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    if (line !== '' && margin + line.length + 1 + word.length > PROSE_WIDTH + margin / 2) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(line);
  return lines.map((one) => ' '.repeat(margin) + one).join('\n');
}
