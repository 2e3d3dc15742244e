// Loads the program that the build has made, with what V8 compiled of it then. Node.js 22 has that for modules; 20 only for scripts.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** @param {string} name */
const inDist = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

export const PROGRAM = inDist('vmft.cjs');
/** V8 looks itself whether this is its own, and compiles again when it is another version's, or other options' than it has now. */
export const COMPILED = inDist('vmft.compiled');

/** The options that the program will have given V8 when it ends (src/cli/engine.ts): as it was then, so V8 has to be now. */
const OPTIONS = ['--experimental-wasm-branch-hinting', '--wasm-tiering-budget=1800000'];

/** The program as a script, and what starts it. */
export function program() {
  for (const option of OPTIONS) setFlagsFromString(option);
  const script = new Script(`(function (require, __filename) {${readFileSync(PROGRAM, 'utf8')}\n})`, {
    filename: PROGRAM,
    cachedData: existsSync(COMPILED) ? readFileSync(COMPILED) : undefined,
  });
  return { script, start: () => script.runInThisContext()(createRequire(PROGRAM), PROGRAM) };
}
