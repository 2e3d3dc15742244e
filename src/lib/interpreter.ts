/** The interpreter as the build has generated it, beside the program. */
import { existsSync, readFileSync } from 'node:fs';
import type { Engine } from '../cpu/engine.ts';
import { prepareInterpreter } from '../cpu/hart.ts';

/** Compiles what an engine starts with, unless that was done. Where the build has left no file, it is generated. */
export function loadInterpreter(engine: Engine = 'translator'): void {
  const translates = engine !== 'interpreter';
  const path = new URL(translates ? './interpreter.wasm' : './interpreter-only.wasm', import.meta.url);
  prepareInterpreter(translates, existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined);
}
