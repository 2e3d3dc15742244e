import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { packageRoot } from '../../src/lib/package.ts';
import { mutated } from '../../tools/mutate/mutation.ts';
import { mutations } from '../../tools/mutate/mutations.ts';

const names = mutations.map(({ name }) => name);

it('each has a unique name in lower case', () => {
  expect(new Set(names).size).toBe(names.length);
  for (const name of names) expect(name).toMatch(/^[a-z0-9]+(-[a-z0-9]+)+$/);
});

it('docs/mutations.md has results of present mutations only, each once', () => {
  const page = readFileSync(`${packageRoot()}/docs/mutations.md`, 'utf8');
  const rows = [...page.matchAll(/^\| (\S+) \| (?:campaign|stories|tests|harmless) \|/gm)].map(
    ([, name]) => name!,
  );
  expect(rows.length).toBeGreaterThan(200);
  expect(rows.filter((name) => !names.includes(name))).toEqual([]);
  expect(new Set(rows).size).toBe(rows.length);
});

it('each changes exactly one place', () => {
  for (const mutation of mutations) {
    expect(mutation.find, mutation.name).not.toBe(mutation.replace);
    expect(() => mutated(mutation), mutation.name).not.toThrow();
  }
});
