import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

/** In a separate process: other tests set V8 flags, with which V8 rejects the cache. */
const REJECTED = `
  import { program } from './bin/program.js';
  console.log(program().script.cachedDataRejected);`;

test('V8 accepts the code cache of the build', () => {
  const printed = execFileSync(process.execPath, ['--input-type=module', '--eval', REJECTED], {
    encoding: 'utf8',
  });
  expect(printed.trim()).toBe('false');
});
