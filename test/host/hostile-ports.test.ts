/** All ports of a cluster under attack, by members gone wrong and by strangers: `npm run hostile -- --ports` does more. */
import { expect, test } from 'vitest';
import { attack } from '../../tools/hostile/ports/attack.ts';
import { attackPorts } from '../../tools/hostile/ports/campaign.ts';
import { guest } from '../sim/support.ts';
import { thorough } from '../thorough.ts';

test('random and damaged messages at every port harm nobody', async () => {
  const { problems, counts, rounds } = await attackPorts(
    guest('bank').description,
    { messages: thorough(2000, 60_000), seed: '1' },
    attack,
  );
  expect(problems).toEqual([]);
  for (const what of [
    'host: host messages',
    'storage: host messages',
    'switch: terminal messages',
    'datagrams',
    'frames',
  ])
    expect(counts.get(what)).toBeGreaterThan(0);
  for (const done of rounds.values()) expect(done).toBeGreaterThanOrEqual(4);
});
