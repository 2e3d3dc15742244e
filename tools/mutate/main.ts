/**
 * Mutation tests of the protocol: tries every mutation of mutations.ts, and reports what detects it.
 *
 *     npm run mutate
 *
 * A mutation that nothing detects is either harmless, with the reason noted in it, or shows a gap in the tests.
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { availableParallelism, constants } from 'node:os';
import { Command, CommanderError, Option } from 'commander';
import { exitOnBrokenPipe } from '../../src/cli/exit-on-broken-pipe.ts';
import { wholeNumber } from '../../src/cli/options.ts';
import { Progress } from '../../src/cli/progress.ts';
import type { Mutation } from './mutation.ts';
import { mutations } from './mutations.ts';
import { type Report, reportLines, unexplained } from './report.ts';
import { type Notice, type Trial, tryMutation } from './stages.ts';

interface Options {
  only?: string;
  runs: number;
  jobs: number;
  results?: string;
  list?: boolean;
}

const SOME_SURVIVED = 1;

function readOptions(): Options | undefined {
  const command = new Command('npm run mutate --')
    .usage('[options]')
    .description(
      'Tries every mutation of the protocol, the edge of the simulated world and the checkers: on a quick campaign, the stories and the unit tests, until one of them detects it. Prints a table in Markdown.',
    )
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .option('--only <text>', 'only mutations with this in their names')
    .addOption(
      new Option('--runs <n>', 'runs of each configuration of the campaign')
        .argParser(wholeNumber(1))
        .default(25),
    )
    .addOption(
      new Option('--jobs <n>', 'mutations that are tried at the same time')
        .argParser(wholeNumber(1, 64))
        .default(availableParallelism()),
    )
    .option(
      '--results <file>',
      'keeps what detected each mutation in this file, one JSON document per line; mutations in it are not tried again',
    )
    .option('--list', 'lists the mutations and tries none')
    .addHelpText(
      'after',
      `
The exit code is 1 when a mutation survived without a noted reason, 2 for wrong usage.

Examples:
  npm run mutate
  npm run mutate -- --only primary- --runs 100
  npm run mutate -- --results mutations.jsonl   # resumes where it was interrupted
  npm run mutate -- --only gate-open-plus1 --jobs 1`,
    )
    .exitOverride();
  try {
    return command.parse().opts<Options>();
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return undefined;
  }
}

/** The results of earlier trials in a file, by the names of their mutations. */
function earlier(file: string | undefined): Map<string, Notice | null> {
  const lines = file !== undefined && existsSync(file) ? readFileSync(file, 'utf8').split('\n') : [];
  return new Map(
    lines.filter(Boolean).map((line) => {
      const { name, notice } = JSON.parse(line) as { name: string; notice: Notice | null };
      return [name, notice];
    }),
  );
}

async function mutate(chosen: readonly Mutation[], { runs, jobs, results }: Options): Promise<void> {
  const known = earlier(results);
  const trials: Trial[] = chosen
    .filter(({ name }) => known.has(name))
    .map((mutation) => ({ mutation, notice: known.get(mutation.name)! }));
  const progress = new Progress(process.stderr, { total: chosen.length, unit: 'mutations' }, () => ({
    done: trials.length,
    details: [`${trials.filter(({ notice }) => !notice).length} survived`],
  }));
  const left = chosen.filter(({ name }) => !known.has(name));
  const started = performance.now();
  const work = async (_: unknown, place: number): Promise<void> => {
    for (let next = left.shift(); next; next = left.shift()) {
      const trial = await tryMutation(next, runs, place);
      trials.push(trial);
      if (results !== undefined)
        appendFileSync(results, `${JSON.stringify({ name: next.name, notice: trial.notice })}\n`);
      progress.show();
    }
  };
  await Promise.all(Array.from({ length: Math.min(jobs, chosen.length) }, work));
  progress.clear();
  const order = new Map(chosen.map(({ name }, index) => [name, index]));
  trials.sort((a, b) => order.get(a.mutation.name)! - order.get(b.mutation.name)!);
  const report: Report = { trials, runs, seconds: (performance.now() - started) / 1000 };
  console.log(reportLines(report).join('\n'));
  if (unexplained(trials).length > 0) process.exitCode = SOME_SURVIVED;
}

exitOnBrokenPipe();
// Ends the children, too, which an exit handler of each kills.
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => process.exit(128 + constants.signals[signal]));

const options = readOptions();
if (options) {
  const { only = '' } = options;
  const chosen = mutations.filter(({ name }) => name.includes(only));
  if (chosen.length === 0) {
    console.error(`no mutation has "${only}" in its name; --list lists them all`);
    process.exitCode = 2;
  } else if (options.list)
    console.log(chosen.map(({ name, file }) => `${name.padEnd(40)} src/${file}`).join('\n'));
  else await mutate(chosen, options);
}
