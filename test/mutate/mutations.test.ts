import { expect, it } from 'vitest';
import { mutated } from '../../tools/mutate/mutation.ts';
import { mutations } from '../../tools/mutate/mutations.ts';

it('there are mutations enough, each with a name of its own', () => {
  expect(mutations.length).toBeGreaterThanOrEqual(200);
  expect(new Set(mutations.map(({ name }) => name)).size).toBe(mutations.length);
});

it('each changes the one place that it means', () => {
  for (const mutation of mutations) {
    expect(mutation.find, mutation.name).not.toBe(mutation.replace);
    expect(() => mutated(mutation), mutation.name).not.toThrow();
  }
});
