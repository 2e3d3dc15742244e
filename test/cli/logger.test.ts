/** The logs of the processes of a cluster. */
import { expect, test } from 'vitest';
import { Logger } from '../../src/cli/cluster/logger.ts';

test('an event of a group is printed once, until something else happens to the group', () => {
  const printed: string[] = [];
  const logger = new Logger('host-a', 'json', { write: (text) => printed.push(text) });
  for (const text of ['x', 'x', 'y', 'x', 'x']) {
    logger.event('g', 'joining', text);
    logger.event('h', 'joining', 'x');
    logger.line('x');
  }
  const messages = printed.map((line) => JSON.parse(line).message);
  expect(messages.filter((message) => message !== 'x')).toEqual(['g: x', 'h: x', 'g: y', 'g: x']);
  expect(messages.filter((message) => message === 'x')).toHaveLength(5);
});
