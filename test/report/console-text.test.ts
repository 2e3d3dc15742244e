import { expect, test } from 'vitest';
import { ConsoleText } from '../../src/report/console-text.ts';

test.each([
  [5, 'abcde', true],
  [6, 'abcdef', false],
  [7, 'abcdef', false],
])('of six bytes in parts, a limit of %i keeps %s', (limitBytes, text, isCut) => {
  const console = new ConsoleText(limitBytes);
  for (const part of ['ab', 'cd', '', 'e', 'f']) console.add(new TextEncoder().encode(part));
  expect([console.text, console.isCut]).toEqual([text, isCut]);
});
