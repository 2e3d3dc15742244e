/** A story that was played, given: what it is about, what happened, and whether that is what it expects. */
import type { Outcome } from '../check/evidence.ts';
import type { SimEvent } from '../sim/cluster.ts';
import { matches } from '../sim/faults/event-pattern.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import { hostNames } from '../sim/spec/spec.ts';
import { shortcoming, unexpected } from '../sim/story/expectations.ts';
import type { Performance } from '../sim/story/performance.ts';
import { type Say, type Scenario, unusedExplanations } from '../sim/story/scenario.ts';
import { fittedDiagram } from './diagram.ts';
import { ms } from './event-text.ts';
import { violationLine } from './run-report.ts';
import { MARGIN, Story } from './story.ts';
import { type Line, line } from './styled-text.ts';

/** Explanations are broken into lines of this length. */
const PROSE_WIDTH = 96;

export interface Transcript {
  lines: Line[];
  /** What did not come as the story says: the last of the lines. */
  shortcomings: Line[];
  /** Whether everything came as the story says. */
  asExpected: boolean;
}

/** What a story that was played comes to, in lines. `diagram`: how many columns it may take when it is drawn instead of given. */
export function scenarioLines(
  scenario: Scenario,
  performance: Performance,
  diagram?: { columns: number | undefined },
): Transcript {
  const report = new ScenarioReport(scenario, performance);
  const given = new Set<Say>();
  const lines = [
    ...report.opening(),
    ...(diagram ? report.drawn(given, diagram.columns) : report.events(given)),
  ];
  const { lines: last, ...rest } = report.ending(given);
  return { lines: [...lines, ...last], ...rest };
}

const outcomeText: Record<Outcome, string> = {
  completed: 'completed',
  lost: 'lost: no side is left that could go on',
  limit: 'stopped: nothing goes on',
  diverged: 'stopped: the machines have diverged',
};

class ScenarioReport {
  constructor(
    private readonly scenario: Scenario,
    private readonly performance: Performance,
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

  /** What there is to say about an event that comes for the first time; `given` knows what was said. */
  private explain(given: Set<Say>, event: SimEvent['event'], host: string): string | undefined {
    const due = this.scenario.says.filter(
      (one) => typeof one.when === 'object' && !given.has(one) && matches(one.when, { atNs: 0, host, event }),
    );
    for (const one of due) given.add(one);
    return due.length > 0 ? wrap(due.map(({ text }) => text).join(' '), MARGIN).trimStart() : undefined;
  }

  /** What happened, as a diagram. It explains nothing. */
  drawn(given: Set<Say>, columns: number | undefined): Line[] {
    const { events } = this.performance;
    for (const { event, host } of events) this.explain(given, event, host);
    return fittedDiagram(events, hostNames(this.scenario.spec), columns);
  }

  /** What happened, line by line, with what was printed among it. */
  events(given: Set<Say>): Line[] {
    const { scenario, performance } = this;
    const shown = (event: SimEvent) => scenario.shows.some((pattern) => matches(pattern, event));
    const story = new Story('normal', (event, host) => this.explain(given, event, host), shown);
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

  /** How it ended, and whether that is what the story expects. */
  ending(given: ReadonlySet<Say>): Transcript {
    const { scenario, performance } = this;
    const { simulation, violations } = performance;
    const outcome = simulation.outcome!;
    const code = outcome === 'completed' ? ` with exit code ${simulation.machine.power.code}` : '';
    const judgements = this.judgements(given).map(({ text, why }) => ({
      right: why === undefined,
      said: why === undefined ? line('good', `  ✓ ${text}`) : line('alarm', `  ✗ ${text}: ${why}`),
    }));
    const shortcomings = judgements.filter(({ right }) => !right).map(({ said }) => said);
    return {
      lines: [
        [`\n${outcomeText[outcome]}${code}; ${ms(simulation.nowNs)} of virtual time`],
        ...violations.map(violationLine),
        ...scenario.says
          .filter(({ when }) => when === 'end')
          .map(({ text }) => line('explanation', `\n${wrap(text, 0)}`)),
        [],
        ...judgements.map(({ said }) => said),
      ],
      shortcomings,
      asExpected: shortcomings.length === 0,
    };
  }

  /** Everything that the story expects, and what happened that nobody expects; `why`: what is wrong. */
  private judgements(given: ReadonlySet<Say>): { text: string; why: string | undefined }[] {
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
      ...unusedExplanations(scenario.says, given).map((why) => ({ text: 'every explanation is given', why })),
      ...injector.missed.map(({ fault, missed }) => ({
        text: `fault ${faultText(fault)}`,
        why: `it did not strike: ${missed}`,
      })),
    ];
  }
}

/** Breaks a text into lines, indented by `margin`. */
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
