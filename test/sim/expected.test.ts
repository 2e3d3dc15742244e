import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type GuestName, guests, happened, path, simulate } from './support.ts';

/** Guests whose output depends on the time. */
const showsTime: readonly GuestName[] = ['bank', 'clock', 'journal', 'race'];

/** Made by `npm run expected`, reviewed as a diff. */
describe.each(Object.keys(guests) as GuestName[])('%s', (name) => {
  it('prints programs/expected, with and without fault tolerance', () => {
    const expected = readFileSync(path(`programs/expected/${name}.txt`), 'utf8');
    const run = simulate(name);
    expect(run.output).toBe(expected);
    const alone = simulate(name, { backups: 0 });
    for (const one of [run, alone]) expect(happened(one, 'stuck')).toEqual([]);
    expect(alone.simulation.outcome).toBe('completed');
    // Without a backup no output waits for acknowledgements, so times may differ.
    if (!showsTime.includes(name)) expect(alone.output).toBe(expected);
  });
});
