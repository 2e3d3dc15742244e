/** `vmft story`: runs a scenario from a text file, explains it, and checks its expectations. */

import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import { packageRoot } from '../lib/package.ts';
import { findProgram } from '../lib/programs.ts';
import { scenarioLines, type Transcript } from '../report/scenario.ts';
import { type Line, styled } from '../report/styled-text.ts';
import { type Performance, perform } from '../sim/story/performance.ts';
import { parseScenario, type Scenario } from '../sim/story/scenario.ts';
import { tours } from '../sim/story/tours.ts';
import type { Naming } from '../symbols/naming.ts';
import { guestNaming } from './debugging/symbols.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { describeMachine, ownInput } from './program.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft story`. */
export interface StoryOptions {
  diagram?: boolean;
  /** Print only failed expectations; of the list, only the names. */
  quiet?: boolean;
}

/** The folder of the bundled stories. */
const STORIES = 'stories';
const EXTENSION = '.story';

// ── Finding stories and guests ──────────────────────────────────────────────────────────────────────────────────────

/** The names of the bundled stories. */
export const storyNames = (): string[] =>
  readdirSync(join(packageRoot(), STORIES))
    .filter((file) => file.endsWith(EXTENSION))
    .map((file) => basename(file, EXTENSION))
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** The text of a story by its name, or from a path, and what its file is called. @throws {OperatingError} when there is none */
export function storySource(name: string): { text: string; file: string } {
  const own = join(packageRoot(), STORIES, `${name}${EXTENSION}`);
  const isPath = name.includes('/') || name.includes('.');
  if (!isPath && !existsSync(own))
    throw new OperatingError(
      `there is no story "${name}"; \`vmft story\` lists them, and a path to a file works as well`,
    );
  const path = isPath ? name : own;
  return {
    text: new TextDecoder().decode(readBytes(path, LIMIT_BYTES.text)),
    file: isPath ? path : `${STORIES}/${name}${EXTENSION}`,
  };
}

/** Reads a story by its name, or from a path. @throws {OperatingError} when there is none, or it is invalid */
export function readStory(name: string): Scenario {
  const { text, file } = storySource(name);
  return parseScenario(text, file);
}

/** The guest: the name of a bundled program, or a path relative to the story. */
function guestPath({ guest, file }: Scenario): string {
  if (/[./]/.test(guest)) return resolve(dirname(file), guest);
  return findProgram(guest);
}

type Traced = Parameters<typeof perform>[3];

// ── Playing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** How the guest of a story is made. */
const guestOptions = ({ memorySizeBytes, spec, defines }: Scenario) => ({
  memory: memorySizeBytes,
  clients: spec.clients,
  ...(defines.length > 0 && { defsym: [...defines] }),
});

/**
 * Performs a story on its guest.
 * @param traced makes what records the run, given its clock
 * @throws {OperatingError} when its guest is missing, or a fault is impossible
 */
export function performStory(scenario: Scenario, traced?: Traced): Performance {
  const path = guestPath(scenario);
  return perform(scenario, describeMachine(path, guestOptions(scenario)), ownInput(path), traced);
}

/** Names the addresses of a story's guest. */
export const storyNaming = (scenario: Scenario): Naming =>
  guestNaming(guestPath(scenario), guestOptions(scenario));

/**
 * Runs a story and reports it. The same story gives the same lines.
 * @param columns maximum width of a diagram
 * @throws {OperatingError} as {@link performStory}
 */
export function playStory(
  scenario: Scenario,
  { diagram }: StoryOptions,
  columns?: number,
  traced?: Traced,
): Transcript {
  const performance = performStory(scenario, traced);
  return scenarioLines(scenario, performance, storyNaming(scenario), diagram ? { columns } : undefined);
}

// ── The command ─────────────────────────────────────────────────────────────────────────────────────────────────────

/** Runs a story, or lists the bundled ones; returns the exit code. */
export function story(name: string | undefined, options: StoryOptions): number {
  const paint = painterFor(process.stdout);
  const say = (line: Line) => process.stdout.write(`${paint(line)}\n`);
  if (name === undefined) {
    const names = storyNames();
    if (options.quiet) {
      for (const one of names) say([one]);
      return 0;
    }
    const width = Math.max(...names.map(({ length }) => length));
    for (const { title, stops } of tours) {
      say([`${title[0]!.toUpperCase()}${title.slice(1)}:`]);
      for (const { story: one, question } of stops)
        say([styled('command', `  ${one.padEnd(width)}`), `  ${question}`]);
      say(['']);
    }
    say(['vmft story NAME runs one; --diagram draws it. A path to your own file works as well.']);
    return 0;
  }
  const { lines, shortcomings, asExpected } = playStory(readStory(name), options, process.stdout.columns);
  for (const line of options.quiet ? shortcomings : lines) say(line);
  return asExpected ? 0 : EXIT_CODE.diverged;
}
