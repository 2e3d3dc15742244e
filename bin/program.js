// Loads the program from the bundle, with V8's code cache of the build. Node.js 20 supports that for scripts only, not for
// modules.

import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

/** @param {string} name */
const inDist = (name) => fileURLToPath(new URL(`../dist/${name}`, import.meta.url));

/** The bundle. */
export const PROGRAM = inDist('vmft.cjs');
/** The code cache. V8 rejects one of another version of V8 or with other flags, and compiles again. */
export const COMPILED = inDist('vmft.compiled');

/** The V8 flags at the end of the program (src/cli/engine.ts), when the cache is made: it is valid with these only. */
const FLAGS = [
  '--experimental-wasm-branch-hinting',
  ...(process.versions.node.startsWith('20.') ? ['--experimental-wasm-relaxed-simd'] : []),
  '--wasm-tiering-budget=1800000',
];

/** The program as a script, and a function that starts it. */
export function program() {
  for (const flag of FLAGS) setFlagsFromString(flag);
  const script = new Script(`(function (require, __filename) {${readFileSync(PROGRAM, 'utf8')}\n})`, {
    filename: PROGRAM,
    cachedData: existsSync(COMPILED) ? readFileSync(COMPILED) : undefined,
  });
  return { script, start: () => script.runInThisContext()(createRequire(PROGRAM), PROGRAM) };
}
