/** Which engine a command runs its guests with, and what is asked of V8 for that. */
import { setFlagsFromString } from 'node:v8';
import { type Command, Option } from 'commander';
import { type Engine, type Execution, engines } from '../cpu/engine.ts';
import { loadInterpreter } from '../lib/interpreter.ts';

// Translated code says which of its branches are rarely taken. With an ear for that it is a third faster.
setFlagsFromString('--experimental-wasm-branch-hinting');

/** How much of a function V8 runs before it optimizes it: what it does by itself, and for the interpreter. */
const OPTIMIZE_AFTER = 1_800_000;
/**
 * The interpreter is one large function, which takes 0.1 s of a processor to optimize: a guest that is over at once should not wait
 * for it. The helpers beside it count alike, and a guest that is not over should not wait long for those: ten times this is too much.
 */
const OPTIMIZE_INTERPRETER_AFTER = 600_000_000;

/** Has an engine ready on this thread; without it the first machine that needs it waits longer. */
export function prepareEngine(engine: Engine = 'translator'): void {
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZE_INTERPRETER_AFTER}`);
  loadInterpreter(engine);
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZE_AFTER}`);
}

/** What {@link takesEngine} adds to the options of a command. */
export type EngineOptions = Pick<Execution, 'engine'>;

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
    .hook('preAction', (self) => prepareEngine(self.opts<EngineOptions>().engine));
