/** The fuzzer's command-line options. */
import { Command, CommanderError, Option } from 'commander';
import { options, type Shard, shardOf, wholeNumber } from '../../src/cli/options.ts';
import { QEMU } from './qemu.ts';

export interface Options {
  seed: string;
  from: number;
  cases?: number;
  minutes: number;
  batch: number;
  findings: number;
  record?: string;
  /** Devices instead of the CPU. */
  devices?: boolean;
}

/** A batch must fit into the machines' memory for cases and results. */
const BATCH_MAX = 3000;

const number = (flags: string, description: string, max?: number): Option =>
  new Option(flags, description).argParser(wholeNumber(1, max));

/** The options; undefined when the process is to exit, with the exit code set. */
export function readOptions(argv: readonly string[]): Options | undefined {
  const command = new Command('npm run fuzz --')
    .usage('[options]')
    .description(
      `Runs random programs on vmft's CPU and on ${QEMU}'s, or random accesses to their devices, and prints where the two differ.`,
    )
    .allowExcessArguments(false)
    .showSuggestionAfterError()
    .option('--devices', 'accesses to the devices instead of programs for the CPU')
    .option('--seed <seed>', 'seed of the random generator: equal seeds give equal cases', '1')
    .addOption(new Option('--from <n>', 'the first case').argParser(wholeNumber(0)).default(0))
    .addOption(number('--cases <n>', 'number of cases (default: until --minutes are over)'))
    .addOption(options.shard())
    .addOption(number('--minutes <n>', 'stop after this time').default(1))
    .addOption(number('--batch <n>', 'cases in one run of QEMU', BATCH_MAX).default(BATCH_MAX))
    .addOption(number('--findings <n>', 'stop after this number of differences').default(10))
    .addOption(
      new Option('--record <file>', 'record the results of equal cases, for `npm test`').conflicts('devices'),
    )
    .addHelpText(
      'after',
      `
A difference that a rule of tools/fuzz/explain.ts (tools/fuzz/devices/explain.ts) explains is counted; any other is shrunk and printed.
The exit code is 1 when there was one, 2 for wrong usage or when QEMU cannot be started.

Examples:
  npm run fuzz -- --seed 7 --minutes 60
  npm run fuzz -- --seed 7 --from 12345 --cases 1
  npm run fuzz -- --seed 7 --cases 10000000 --minutes 600 --shard 3/16      on one of 16 machines
  npm run fuzz -- --devices --seed 7 --minutes 60
  npm run fuzz -- --seed 1 --cases 300 --record test/goldens/fuzz.txt`,
    )
    .exitOverride();
  try {
    return part(command, command.parse(argv, { from: 'user' }).opts());
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode === 0 ? 0 : 2;
    return undefined;
  }
}

/** The cases of the wanted part. */
function part(command: Command, { shard, ...options }: Options & { shard?: Shard }): Options {
  if (!shard) return options;
  const { cases } = options;
  if (cases === undefined) return command.error('error: --shard needs --cases, the number of all cases');
  const { from, to } = shardOf(shard, options.from, options.from + cases);
  if (from === to) command.error(`error: --shard: there are only ${cases} cases`);
  return { ...options, from, cases: to - from };
}
