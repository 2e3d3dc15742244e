import { expect, test } from 'vitest';
import { program } from '../../bin/program.js';

test('V8 accepts the code cache of the build', () => {
  expect(program().script.cachedDataRejected).toBe(false);
});
