/** `vmft chaos` and `vmft chaos merge`, as commander declares them. */
import { type Command, Option } from 'commander';
import { limits, memoryDefaults } from '../../sim/values/limits.ts';
import { takesEngine } from '../engine.ts';
import { type ChaosOptions, options, takesGuest, wholeNumber } from '../options.ts';
import type { MergeOptions } from './merge.ts';

/** Declares them. `finish` sets the exit code. */
export function addChaosCommand(
  program: Command,
  finish: (code: number | undefined | Promise<number | undefined>) => Promise<void>,
): void {
  const chaos = takesEngine(
    takesGuest(
      program
        .command('chaos')
        .description(
          'a campaign: many runs with random faults of a guest that terminates, each checked; a violation is shrunk and drawn',
        ),
      // Every run creates up to six machines and copies some of them: unneeded memory costs time.
      options.memory().default(memoryDefaults.campaign, '1M: a run creates and copies several machines'),
    ),
  )
    .addOption(new Option('--runs <n>', 'number of runs').argParser(wholeNumber(1)).default(1000))
    .addOption(
      new Option('--from <n>', 'number of the first run, to continue an interrupted campaign').argParser(
        wholeNumber(0),
      ),
    )
    .addOption(options.shard())
    .addOption(
      new Option(
        '--exhaustive',
        'instead: a crash of each host at every log entry and every message of a fault-free run, with and without a restart',
      ).conflicts(['runs', 'faults']),
    )
    .addOption(options.seed('the seed of all randomness; run number i has the seed SEED/i'))
    .addOption(
      new Option(
        '--jobs <n>',
        'worker threads, without effect on the result (default: one per core)',
      ).argParser(wholeNumber(1, 256)),
    )
    .addOption(options.clients())
    .option('--input <file>', 'console input (default: `NAME.input` beside the program)')
    .addOption(options.backups('random, 1 to 3').argParser(wholeNumber(1, limits.backups.most)))
    .addOption(options.spares('random, 0 to 2'))
    .addOption(options.speed())
    .addOption(options.replication('random'))
    .addOption(options.disk('random'))
    .addOption(options.kindsOfFaults())
    .addOption(options.unsafe())
    .addOption(
      new Option('--stop-after <n>', 'stop after n violations; 0: never')
        .argParser(wholeNumber(0))
        .default(1),
    )
    .option('--json', 'print the report as one JSON document')
    .option(
      '-q, --quiet',
      'print only violations; show no progress (--json prints its document all the same)',
    )
    .addHelpText(
      'after',
      `
The report goes to stdout. The exit code is 3 when a checker found a violation.

Examples:
  vmft chaos kv --clients 3 --runs 100000
  vmft chaos kv --clients 3 --runs 100000 --from 60000      the last 40000 of these
  vmft chaos kv --clients 3 --runs 100000 --shard 3/16 --json > part3.json
  vmft chaos merge part*.json                               one report of all parts
  vmft chaos bank --exhaustive
  vmft chaos kv --clients 3 --unsafe fencing                what the rule prevents`,
    )
    .action(async (path: string | undefined, given: ChaosOptions) =>
      finish((await import('./chaos.ts')).chaos(path, given)),
    );

  chaos
    .command('merge')
    .description('one report of a campaign whose parts ran on several machines')
    .argument('<report...>', 'files with the output of `vmft chaos --json`, of the same campaign')
    .option('--partial', 'also when runs are missing')
    .option('--json', 'print one JSON document, which can be merged again')
    .option('-q, --quiet', 'print only violations')
    .addHelpText(
      'after',
      `
The exit code is 3 when a checker found a violation, 2 when reports don't belong together or runs are missing.

Examples:
  vmft chaos bank --runs 2000 --shard 1/2 --json > part1.json
  vmft chaos bank --runs 2000 --shard 2/2 --json > part2.json
  vmft chaos merge part1.json part2.json`,
    )
    .action(async (paths: string[], _: MergeOptions, command: Command) =>
      finish((await import('./merge.ts')).merge(paths, command.optsWithGlobals())),
    );
}
