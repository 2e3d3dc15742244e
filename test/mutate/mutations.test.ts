import { expect, it } from 'vitest';
import { mutated } from '../../tools/mutate/mutation.ts';
import { mutations } from '../../tools/mutate/mutations.ts';

it('there are enough mutations, each with a unique name', () => {
  expect(mutations.length).toBeGreaterThanOrEqual(200);
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

it('each changes exactly one place', () => {
  for (const mutation of mutations) {
    expect(mutation.find, mutation.name).not.toBe(mutation.replace);
    expect(() => mutated(mutation), mutation.name).not.toThrow();
  }
});
