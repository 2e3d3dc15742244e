// Loads the program from the bundle, with V8's code cache of the build.

const { existsSync, readFileSync } = require('node:fs');
const { createRequire } = require('node:module');
const { join } = require('node:path');
const { setFlagsFromString } = require('node:v8');
const { Script } = require('node:vm');

const inDist = (/** @type {string} */ name) => join(__dirname, '../dist', name);

/** The bundle. */
const PROGRAM = inDist('vmft.cjs');
/** The code cache. V8 rejects one of another version of V8 or with other flags, and compiles again. */
const COMPILED = inDist('vmft.compiled');

/** The V8 flags at the end of the program (src/cli/engine.ts), when the cache is made: it is valid with these only. */
const FLAGS = [
  '--experimental-wasm-branch-hinting',
  ...(process.versions.node.startsWith('20.')
    ? ['--experimental-wasm-relaxed-simd', '--interrupt-budget=400000']
    : []),
  '--wasm-tiering-budget=1800000',
];

/** The program as a script, and a function that starts it. */
function program() {
  for (const flag of FLAGS) setFlagsFromString(flag);
  // The bundle is ASCII, which is read sooner without decoding.
  const script = new Script(`(function (require, __filename) {${readFileSync(PROGRAM, 'latin1')}\n})`, {
    filename: PROGRAM,
    cachedData: existsSync(COMPILED) ? readFileSync(COMPILED) : undefined,
  });
  return { script, start: () => script.runInThisContext()(createRequire(PROGRAM), PROGRAM) };
}

module.exports = { PROGRAM, COMPILED, program };
