/** The `--engine` option, and the V8 flags that the engines need. */
import { setFlagsFromString } from 'node:v8';
import { type Command, Option } from 'commander';
import { type Engine, type Execution, engines } from '../cpu/engine.ts';
import { loadInterpreter } from '../lib/interpreter.ts';

// Translated code has hints for rarely taken branches: with them it is a third faster.
setFlagsFromString('--experimental-wasm-branch-hinting');
const IS_NODE_20 = process.versions.node.startsWith('20.');
if (IS_NODE_20) {
  // It has multiply-adds of the host's processor, too. Later versions have them without a flag, and don't know this one.
  setFlagsFromString('--experimental-wasm-relaxed-simd');
  // Most runs end soon after V8 has optimized the simulator's JavaScript, which takes longer than it saves: by default
  // once a function has executed 67,584 bytes of bytecode. Later versions have a fast compiler in between.
  setFlagsFromString('--interrupt-budget=400000');
}

/** V8's tiering budget: its default, and that for the interpreter. */
const OPTIMIZE_AFTER = 1_800_000;
/**
 * The interpreter is one large function, which V8 optimizes in 0.1 s of processor time: too long for a short guest. The
 * budget also applies to its helpers, which a long guest needs optimized soon: ten times this is too much.
 */
const OPTIMIZE_INTERPRETER_AFTER = 600_000_000;

/** Prepares an engine on this thread, so that its first machine starts sooner. */
export function prepareEngine(engine: Engine = 'translator'): void {
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZE_INTERPRETER_AFTER}`);
  loadInterpreter(engine);
  setFlagsFromString(`--wasm-tiering-budget=${OPTIMIZE_AFTER}`);
}

/**
 * Prepares the translator on this thread, and has V8 optimize the interpreter at once, on its own threads: a machine that
 * is copied here has to keep up with its primary from its first step on.
 */
export function prepareOptimizedEngine(): void {
  setFlagsFromString('--no-wasm-dynamic-tiering');
  setFlagsFromString('--no-wasm-lazy-compilation');
  loadInterpreter();
  setFlagsFromString('--wasm-lazy-compilation');
  setFlagsFromString('--wasm-dynamic-tiering');
}

/**
 * Has V8 optimize JavaScript sooner than for a short run: for processes that stay. An idle host executes so little of it
 * that V8 needs minutes.
 */
export function optimizeSoon(): void {
  if (IS_NODE_20) setFlagsFromString('--interrupt-budget=40000');
}

/** The options that {@link takesEngine} adds. */
export type EngineOptions = Pick<Execution, 'engine'>;

/** Adds `--engine` to a command that runs guests. */
export const takesEngine = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--engine <name>',
        'what executes instructions: the interpreter, the translator, or both, to check that their results are equal',
      )
        .choices(engines)
        .default('translator')
        .env('VMFT_ENGINE'),
    )
    .hook('preAction', (self) => prepareEngine(self.opts<EngineOptions>().engine));
