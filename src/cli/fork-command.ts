/** `vmft fork`, as commander declares it. */
import { type Command, Option } from 'commander';
import { takesSymbols } from './debugging/options.ts';
import { FORK_FORMS, parseForkPosition } from './debugging/position.ts';
import { takesEngine } from './engine.ts';
import type { ForkOptions } from './fork.ts';
import { options, orSinceFork } from './options.ts';

/** Declares it. `finish` sets the exit code. */
export function addForkCommand(
  program: Command,
  finish: (code: Promise<number | undefined>) => Promise<void>,
): void {
  takesSymbols(
    takesEngine(
      program
        .command('fork')
        .description('go on from any position of a recorded simulated run with other faults or other input')
        .argument('<log>', 'a file made by `vmft run --record` or `vmft fork --record`'),
    ),
  )
    .addOption(
      new Option('--at <position>', `where the run is forked: ${FORK_FORMS}`)
        .argParser(parseForkPosition)
        .makeOptionMandatory(),
    )
    .addOption(options.crash(orSinceFork))
    .addOption(options.pause(orSinceFork))
    .addOption(options.partition(orSinceFork))
    .addOption(options.delay(orSinceFork))
    .addOption(options.fault(orSinceFork))
    .option('--drop-faults', 'without the recorded faults that are not triggered before the fork')
    .option(
      '--input <file>',
      'console input from the fork on, instead of what was typed or was to be typed from there on',
    )
    .addOption(options.maxSteps('stop after this many steps since boot (default: as recorded)'))
    .option('--diff', 'compare both machines at the last position that both reached')
    .option('--verify', 'after the run, replay it on a fresh machine and check all delivered outputs')
    .option('--diagram', 'after the run, draw it from the fork on as a sequence diagram on stderr')
    .option(
      '--record <file>',
      'write the history of the last primary from boot on, for `vmft replay` and `vmft fork`',
    )
    .option('--save-states <dir>', 'save both machines at the position of --diff, for `vmft diff`')
    .option('--json', 'print one JSON document on stdout instead of the console output')
    .addOption(new Option('-q, --quiet', 'no events on stderr').conflicts('verbose'))
    .option('--strict', 'exit with code 6 when a fault was not triggered')
    .option('-v, --verbose', 'print every log entry and acknowledgement on stderr')
    .addHelpText('after', HELP)
    .action(async (path: string, given: ForkOptions) =>
      finish((await import('./fork.ts')).fork(path, given)),
    );
}

const HELP = `
The run is made again up to the fork, and must be the recorded one there: all hosts, all messages in flight. What came
before the fork is not printed. Without a change it goes on as recorded.

Times of added faults count from boot, as for "vmft run", or from the fork: primary@fork:5ms. A fault before the fork is
an error.

Examples:
  vmft run bank --record bank.log </dev/null
  vmft fork bank.log --at output=900 --crash primary@output=910 --diff
  vmft fork bank.log --at t=20ms --partition fork:5ms+20ms --record other.log
  vmft fork bank.log --at icount=100000 --input commands
  vmft fork other.log --at time=30ms --drop-faults --verify`;
