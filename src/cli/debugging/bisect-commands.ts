/** `vmft bisect`, and what another build answers it, as commander declares them. */
import { type Command, Option } from 'commander';
import { type Engine, engines } from '../../cpu/engine.ts';
import type { BisectOptions } from './bisect.ts';
import { parseEngines, takesSymbols } from './options.ts';

/** Declares the commands. `finish` sets the exit code. */
export function addBisectCommands(
  program: Command,
  finish: (code: Promise<number | undefined>) => Promise<void>,
): void {
  takesSymbols(
    program
      .command('bisect')
      .description('find the first step at which two executions differ, and explain it')
      .argument('<log>', 'a file made by `vmft run --record`, `vmft record` or `vmft judge --record`')
      .argument('[other]', 'another recording of the same guest: the two are compared'),
  )
    .addOption(
      new Option(
        '--engine <names>',
        'what executes instructions: one, or one for each side, as in interpreter,translator (default for one recording)',
      ).argParser(parseEngines),
    )
    .option('--build <dir>', 'compare with another build of vmft, in this checkout or package')
    .addOption(
      new Option(
        '--state <file>',
        'compare with a machine of the recording saved by `vmft run --save-states` (repeatable)',
      ).argParser((path: string, before: string[] | undefined) => [...(before ?? []), path]),
    )
    .option('--json', 'print one JSON document on stdout instead of the report')
    .option('-q, --quiet', 'print nothing; only the exit code tells')
    .addHelpText(
      'after',
      `
The exit code is 0 when everything is equal, 1 when something differs.

Examples:
  vmft bisect primary.log backup.log                 two recordings
  vmft bisect bank.log                               one recording: the interpreter and the translator
  vmft bisect bank.log --engine check                the same, compared after every 5000 steps at most
  vmft bisect bank.log --engine translator --state states/primary.vm
  vmft bisect bank.log --build ../vmft-0.1           two builds
  vmft bisect kernel.log --symbols vmlinux --json`,
    )
    .action(async (path: string, other: string | undefined, given: BisectOptions) =>
      finish((await import('./bisect.ts')).bisect(other === undefined ? [path] : [path, other], given)),
    );

  // A hidden command, for `vmft bisect --build`.
  program
    .command('bisect-answer', { hidden: true })
    .description('answer the questions of another vmft about a recording, on stdin and stdout')
    .argument('<log>')
    .addOption(new Option('--engine <name>').choices(engines).default('translator'))
    .action(async (path: string, given: { engine: Engine }) =>
      (await import('./answers.ts')).answer(path, given),
    );
}
