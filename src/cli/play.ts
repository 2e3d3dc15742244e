/** `vmft story`: plays a scenario that is written down as text, explains it, and checks what it expects. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ChalkInstance } from 'chalk';
import { OperatingError } from '../base/errors.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import { judge } from '../check/verdict.ts';
import { type SimEvent, Simulation } from '../sim/cluster.ts';
import { evidenceOf } from '../sim/evidence.ts';
import { matches } from '../sim/faults/event-pattern.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import { hostNames } from '../sim/spec/spec.ts';
import { shortcoming, unexpected } from '../sim/story/expectations.ts';
import { parseScenario, type Say, type Scenario, untold } from '../sim/story/scenario.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { fittedDiagram } from './fitted-diagram.ts';
import { findProgram } from './guest-file.ts';
import { packageRoot } from './package.ts';
import { describeMachine, ownInput } from './program.ts';
import { EXIT_CODE } from './report.ts';
import { MARGIN, Story } from './story.ts';
import { colourFor } from './terminal/abilities.ts';

export interface StoryOptions {
  diagram?: boolean;
  /** Only what does not come as the story says; of the list, only the names. */
  quiet?: boolean;
}

/** The stories that come with vmft. */
const STORIES = 'stories';
const EXTENSION = '.story';
/** Explanations are broken into lines of this length. */
const PROSE_WIDTH = 96;

// ── Finding stories and guests ──────────────────────────────────────────────────────────────────────────────────────

/** The names of the stories that come with vmft. */
export const storyNames = (): string[] =>
  readdirSync(join(packageRoot(), STORIES))
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => basename(file, EXTENSION))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** Reads a story by its name, or from a path. @throws {OperatingError} when there is none, or a line of it is wrong. */
export function readStory(name: string): Scenario {
  const own = join(packageRoot(), STORIES, `${name}${EXTENSION}`);
  const isPath = name.includes('/') || name.includes('.');
  if (!isPath && !existsSync(own))
    throw new OperatingError(
      `there is no story "${name}"; \`vmft story\` lists them, and a path to a file works as well`,
    );
  const path = isPath ? name : own;
  return parseScenario(
    new TextDecoder().decode(readBytes(path, LIMIT_BYTES.text)),
    isPath ? path : `${STORIES}/${name}${EXTENSION}`,
  );
}

/** A guest is a program that comes with vmft, by its name, or a path seen from the story. */
function guestPath({ guest, file }: Scenario): string {
  if (/[./]/.test(guest)) return resolve(dirname(file), guest);
  return findProgram(guest);
}

// ── Playing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

interface Performance {
  simulation: Simulation;
  events: SimEvent[];
  printed: { atNs: number; text: string }[];
  violations: Violation[];
}

function perform(scenario: Scenario): Performance {
  const path = guestPath(scenario);
  const { spec, memorySizeBytes } = scenario;
  const events: SimEvent[] = [];
  const printed: Performance['printed'] = [];
  const simulation: Simulation = new Simulation({
    spec,
    description: describeMachine(path, {
      memory: memorySizeBytes,
      clients: spec.clients,
      ...(scenario.defines.length > 0 && { defsym: [...scenario.defines] }),
    }),
    input: scenario.typed === undefined ? ownInput(path) : new TextEncoder().encode(scenario.typed),
    print: (data) => printed.push({ atNs: simulation.nowNs, text: new TextDecoder().decode(data) }),
    tell: (event) => events.push(event),
  });
  simulation.run();
  return { simulation, events, printed, violations: judge(evidenceOf(simulation)) };
}

export interface Transcript {
  lines: string[];
  /** What did not come as the story says: the last of the lines. */
  shortcomings: string[];
  /** Whether there is none. */
  asExpected: boolean;
}

/** Plays a story and tells it. The same story gives the same lines. */
export function tellStory(scenario: Scenario, options: StoryOptions, colour: ChalkInstance): Transcript {
  const performance = perform(scenario);
  const lines: string[] = [];
  const teller = new Teller(scenario, performance, colour, (line) => lines.push(line));
  teller.opening();
  const told = teller.events(options.diagram ?? false);
  const shortcomings = teller.ending(told);
  return { lines, shortcomings, asExpected: shortcomings.length === 0 };
}

const outcomeText: Record<Outcome, string> = {
  completed: 'completed',
  lost: 'lost: no side is left that could go on',
  limit: 'stopped: nothing goes on',
  diverged: 'stopped: the machines have diverged',
};

class Teller {
  constructor(
    private readonly scenario: Scenario,
    private readonly performance: Performance,
    private readonly colour: ChalkInstance,
    private readonly say: (line: string) => void,
  ) {}

  opening(): void {
    const { scenario, colour } = this;
    this.say(colour.bold(scenario.title));
    for (const { when, text } of scenario.says) if (when === 'beginning') this.say(`\n${wrap(text, 0)}`);
    this.say('');
    for (const line of scenario.setupLines) this.say(colour.dim(`    ${line}`));
    this.say('');
  }

  /** What happened, in lines or as a diagram; gives back the explanations whose moment came. */
  events(asDiagram: boolean): Set<Say> {
    const { scenario, performance, colour } = this;
    const { spec, says, shows } = scenario;
    const told = new Set<Say>();
    const explain = (event: SimEvent['event'], host: string): string | undefined => {
      const due = says.filter(
        (one) =>
          typeof one.when === 'object' && !told.has(one) && matches(one.when, { atNs: 0, host, event }),
      );
      for (const one of due) told.add(one);
      return due.length > 0 ? wrap(due.map(({ text }) => text).join(' '), MARGIN).trimStart() : undefined;
    };
    if (asDiagram) {
      for (const { event, host } of performance.events) explain(event, host);
      const hosts = hostNames(spec);
      for (const line of fittedDiagram(performance.events, hosts, process.stdout)) this.say(line);
      return told;
    }
    const shown = (event: SimEvent) => shows.some((pattern) => matches(pattern, event));
    const story = new Story('normal', this.say, explain, colour, shown);
    const printed = [...performance.printed];
    const printUntil = (atNs: number) => {
      while (printed.length > 0 && printed[0]!.atNs <= atNs) {
        const { atNs: printedNs, text } = printed.shift()!;
        story.print(printedNs, text);
      }
    };
    for (const event of performance.events) {
      printUntil(event.atNs);
      story.tell(event);
    }
    printUntil(Number.POSITIVE_INFINITY);
    story.end(performance.simulation.nowNs);
    return told;
  }

  /** How it ended; gives back what is not as the story expects. */
  ending(told: ReadonlySet<Say>): string[] {
    const { scenario, performance, colour } = this;
    const { simulation, events, violations } = performance;
    const outcome = simulation.outcome!;
    const exitCode = simulation.machine.power.code;
    const code = outcome === 'completed' ? ` with exit code ${exitCode}` : '';
    this.say(`\n${outcomeText[outcome]}${code}; ${(simulation.nowNs / 1e6).toFixed(3)} ms of virtual time`);
    for (const { invariant, message } of violations)
      this.say(colour.red.bold(`VIOLATION of ${invariant}: ${message}`));
    for (const { when, text } of scenario.says)
      if (when === 'end') this.say(colour.italic(`\n${wrap(text, 0)}`));
    this.say('');
    const played = { events, outcome, exitCode, violations, failovers: simulation.failovers };
    const shortcomings: string[] = [];
    const judge = (text: string, why: string | undefined) => {
      const line = why === undefined ? colour.green(`  ✓ ${text}`) : colour.red.bold(`  ✗ ${text}: ${why}`);
      this.say(line);
      if (why !== undefined) shortcomings.push(line);
    };
    const { expectations } = scenario;
    for (const { text, expectation } of expectations) judge(text, shortcoming(expectation, played));
    const surprises = unexpected(
      expectations.map(({ expectation }) => expectation),
      played,
    );
    for (const invariant of new Set(surprises.map((one) => one.invariant)))
      judge('no other violation', `the checkers found ${invariant}`);
    for (const why of untold(scenario.says, told)) judge('every explanation is told', why);
    for (const { fault, missed } of simulation.injector.missed)
      judge(`fault ${faultText(fault)}`, `it did not strike: ${missed}`);
    return shortcomings;
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

// ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Plays a story, or lists those that come along. */
export function story(name: string | undefined, options: StoryOptions): number {
  const colour = colourFor(process.stdout);
  const say = (line: string) => process.stdout.write(`${line}\n`);
  if (name === undefined) {
    const names = storyNames();
    const width = Math.max(...names.map(({ length }) => length));
    for (const one of names)
      say(options.quiet ? one : `${colour.cyan(one.padEnd(width))}  ${readStory(one).title}`);
    if (options.quiet) return 0;
    say(
      '\nvmft story NAME plays one; with --diagram it is drawn. A path to a file of your own works as well.',
    );
    return 0;
  }
  const { lines, shortcomings, asExpected } = tellStory(readStory(name), options, colour);
  for (const line of options.quiet ? shortcomings : lines) say(line);
  return asExpected ? 0 : EXIT_CODE.diverged;
}
