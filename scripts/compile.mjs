// Runs a guest once, and saves V8's code cache.

import { writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { COMPILED, program } from '../bin/program.js';

const { script, start } = program();

process.argv.splice(2, Infinity, 'run', `${dirname(import.meta.dirname)}/programs/hello.s`, '--quiet');
process.on('exit', (code) => {
  if (code === 0) writeFileSync(COMPILED, script.createCachedData());
});
start();
