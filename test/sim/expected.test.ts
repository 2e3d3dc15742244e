import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GuestName, guests, path, simulate } from './support.ts';

/** Guests whose output depends on the time. */
const showsTime: readonly GuestName[] = ['bank', 'clock', 'journal', 'race'];

/** Made by `npm run expected`, reviewed as a diff. */
describe.each(Object.keys(guests) as GuestName[])('%s', (name) => {
  it('prints programs/expected, with and without fault tolerance', () => {
    const expected = readFileSync(path(`programs/expected/${name}.txt`), 'utf8');
    expect(simulate(name).output).toBe(expected);
    const alone = simulate(name, { backups: 0 });
    expect(alone.simulation.outcome).toBe('completed');
    // Without a backup no output waits for acknowledgements, so times may differ.
    if (!showsTime.includes(name)) expect(alone.output).toBe(expected);
  });
});
