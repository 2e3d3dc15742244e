/** How often a spare offers itself. */
import { expect, test } from 'vitest';
import { OFFER_MS, Offers } from '../../src/host/offers.ts';

test('an offer is due when it is new, has changed, or was last sent long ago; each series for itself', () => {
  let ms = 1000;
  const offers = new Offers(() => ms);
  const due = (series: string, load: number) => offers.isDue(series, Uint8Array.of(1, load));
  expect([due('g/b', 0), due('g/b', 0), due('g/c', 0), due('g/b', 1), due('g/b', 1)]).toEqual([
    ...[true, false, true, true, false],
  ]);
  ms += OFFER_MS - 1;
  expect(due('g/b', 1)).toBe(false);
  ms += 1;
  expect([due('g/b', 1), due('g/b', 1)]).toEqual([true, false]);
  offers.end('g/b');
  expect([due('g/b', 1), due('g/c', 0), due('g/c', 0)]).toEqual([true, true, false]);
});
