import { expect, test } from 'vitest';
import { instructions } from '../../src/cpu/instructions.ts';

test('no word is two instructions', () => {
  const shared = instructions.flatMap((a, index) =>
    instructions
      .slice(index + 1)
      .filter((b) => ((a.match ^ b.match) & a.mask & b.mask) === 0)
      .map((b) => `${a.mnemonic} and ${b.mnemonic}`),
  );
  expect(shared).toEqual([]);
});
