import { expect, test } from 'vitest';
import { program } from '../../bin/program.js';

test('V8 takes what it compiled when the program was built', () => {
  expect(program().script.cachedDataRejected).toBe(false);
});
