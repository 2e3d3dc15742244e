/** `vmft compare`: costs and recovery of each replication mode for a program. */

import { setImmediate } from 'node:timers/promises';
import { comparisonJson, comparisonLines, failureLines, progressText } from '../report/comparison-report.ts';
import { shellText } from '../report/shell-text.ts';
import {
  type Comparison,
  compare as comparing,
  type Failure,
  type Plan,
  type Progress,
  type Setup,
} from '../sim/campaign/comparison.ts';
import { defaults } from '../sim/spec/spec.ts';
import { bitRateText } from '../sim/values/values.ts';
import { given, guestArguments, sizeText } from './command-text.ts';
import type { EngineOptions } from './engine.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { type ProgramOptions, programPath, readGuest } from './program.ts';
import { consoleInput } from './run.ts';
import { canRewrite } from './terminal/abilities.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft compare`, as commander parses them. */
export interface CompareOptions extends ProgramOptions, EngineOptions {
  /** Milliseconds. */
  epochs: number[];
  /** Bits a second. */
  links: number[];
  crashes: number;
  seed: string;
  maxSteps?: number;
  input?: string;
  clients: number;
  json?: boolean;
  quiet?: boolean;
}

const planOf = ({ epochs, links, crashes }: CompareOptions): Plan => ({
  epochsNs: epochs.map((ms) => ms * 1e6),
  linksBitsPerSecond: links,
  crashes,
});

/** Runs the comparison and prints it; returns the exit code. */
export async function compare(program: string | undefined, options: CompareOptions): Promise<number> {
  const path = programPath(program, options);
  const workload = {
    ...readGuest(program, options),
    execution: { engine: options.engine },
    input: await consoleInput(path, options),
    clients: options.clients,
    seed: options.seed,
    maxSteps: options.maxSteps ?? defaults.maxSteps,
  };
  const comparison = await toEnd(
    comparing(workload, planOf(options)),
    canRewrite(process.stderr) && !options.quiet,
  );
  const { failure } = comparison;
  if (options.json)
    process.stdout.write(`${JSON.stringify(comparisonJson(path, options.seed, comparison), null, 2)}\n`);
  else if (!failure) {
    const paint = painterFor(process.stdout);
    for (const line of comparisonLines(path, options, comparison)) process.stdout.write(`${paint(line)}\n`);
  }
  if (!failure) return 0;
  const command = commandFor(program, options, failure.setup);
  const paint = painterFor(process.stderr);
  for (const line of failureLines(failure, options.maxSteps, command))
    process.stderr.write(`${paint(line)}\n`);
  return exitCodeOf(failure);
}

/** Runs all steps; yields to the event loop between them, so that signals arrive, and shows progress. */
async function toEnd(steps: Generator<Progress, Comparison>, progress: boolean): Promise<Comparison> {
  let shown = 0;
  for (;;) {
    const step = steps.next();
    if (step.done) {
      if (shown > 0) process.stderr.write('\r\x1b[K');
      return step.value;
    }
    await setImmediate();
    const { run } = step.value;
    if (!progress || run === shown) continue;
    shown = run;
    process.stderr.write(`\r${progressText(step.value)}\x1b[K`);
  }
}

const exitCodeOf = ({ outcome, violations }: Failure): number =>
  violations.length > 0 || outcome === 'completed' ? EXIT_CODE.diverged : EXIT_CODE[outcome];

/** The shortest `vmft compare` command that includes this setup. */
export function commandFor(
  program: string | undefined,
  options: CompareOptions,
  { bitsPerSecond, epochNs }: Setup,
): string {
  const { crashes, seed, clients, memory, input, maxSteps } = options;
  const epochMs = epochNs === undefined ? options.epochs[0] : epochNs / 1e6;
  return shellText([
    'compare',
    ...guestArguments(program, options),
    ...given('--links', bitRateText(bitsPerSecond)),
    ...given('--epochs', epochMs),
    ...given('--crashes', crashes),
    ...given('--seed', seed),
    ...given('--clients', clients),
    ...given('--memory', sizeText(memory)),
    ...given('--input', input),
    ...given('--max-steps', maxSteps),
  ]);
}
