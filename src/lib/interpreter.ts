/** The interpreter that the build has generated, beside the bundle. */
import { existsSync, readFileSync } from 'node:fs';
import type { Engine } from '../cpu/engine.ts';
import { prepareInterpreter } from '../cpu/hart.ts';

/** Compiles the interpreter of an engine once. Without a file of the build, the interpreter is generated. */
export function loadInterpreter(engine: Engine = 'translator'): void {
  const translates = engine !== 'interpreter';
  const path = new URL(translates ? './interpreter.wasm' : './interpreter-only.wasm', import.meta.url);
  prepareInterpreter(translates, existsSync(path) ? new Uint8Array(readFileSync(path)) : undefined);
}
