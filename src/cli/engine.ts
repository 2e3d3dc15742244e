/** Which engine a command runs its guests with. */
import { setFlagsFromString } from 'node:v8';
import { type Command, Option } from 'commander';
import { type Engine, engines, useEngine } from '../cpu/engine.ts';

// Translated code says which of its branches are rarely taken. Engines that listen to that make it a third faster.
setFlagsFromString('--experimental-wasm-branch-hinting');

/** Adds `--engine` to a command that runs guests. */
export const takesEngine = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--engine <name>',
        'what executes instructions: the interpreter, the translator, or both, to check that they do the same',
      )
        .choices(engines)
        .default('translator')
        .env('VMFT_ENGINE'),
    )
    .hook('preAction', (self) => useEngine(self.opts<{ engine: Engine }>().engine));
