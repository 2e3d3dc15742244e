/** A few of the cases of `npm run hostile`, which runs any number. */
import { expect, test, vi } from 'vitest';
import { MachineAttacker } from '../../tools/hostile/campaign.ts';
import { kinds } from '../../tools/hostile/machines.ts';
import { Runner } from '../../tools/hostile/run.ts';
import { execution, runs } from '../engine.ts';

const ALL = 800;
const CASES = runs(ALL);

test('a machine survives whatever it executes, and its log leads to the same state elsewhere', () => {
  const seen = new Map<string, number>();
  const attacker = new MachineAttacker('test', execution);
  for (let index = 0; index < CASES; index++) {
    const finding = attacker.run(index, (what, number = 1) => seen.set(what, (seen.get(what) ?? 0) + number));
    expect(finding?.what, `npm run hostile -- --seed test --from ${index} --cases 1`).toBeUndefined();
  }
  expect(attacker.end()?.what).toBeUndefined();
  if (CASES < ALL) return;
  // The guests reach every mode, most exceptions, outputs of all kinds, and devices at work and broken.
  const expected = [
    ...kinds.map(({ program }) => `machine "${program}"`),
    ...[0, 1, 3].map((mode) => `ends in mode ${mode}`),
    ...[1, 2, 5, 7, 8, 9, 12, 13, 15].map((cause) => `exception ${cause}`),
    ...['console', 'frame', 'disk'].map((kind) => `${kind} outputs`),
    ...['net', 'console', 'entropy', 'blk'].map((device) => `${device} asks for a reset`),
    'ends with translation on',
    'step by step',
    'switches itself off',
  ];
  for (const what of expected) expect(seen.get(what) ?? 0, what).toBeGreaterThan(5);
  expect(seen.get('memory is added')).toBeGreaterThan(0);
  expect(seen.get('steps')).toBeGreaterThan(CASES * 300);
});

test('what is checked once for many cases is also checked after the last, and for a case alone', () => {
  const attacker = new MachineAttacker('test', execution);
  const wrongAtLarge = vi
    .spyOn(Runner.prototype, 'wrongAtLarge')
    .mockReturnValue('hashes of pages beyond RAM');
  try {
    for (const index of [7, 8]) expect(attacker.run(index, () => {})).toBeUndefined();
    expect(attacker.end()).toEqual({ index: 7, what: 'hashes of pages beyond RAM' });
  } finally {
    wrongAtLarge.mockRestore();
  }
});
