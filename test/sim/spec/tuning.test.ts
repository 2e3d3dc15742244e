import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultTuning } from '../../../src/ft/rules.ts';
import { parseTuning, tuningNames, tuningText } from '../../../src/sim/spec/tuning.ts';

test('a tuning is read as it was written', () => {
  const some = fc
    .subarray(tuningNames)
    .map((names) => Object.fromEntries(names.map((name) => [name, defaultTuning[name]])));
  fc.assert(
    fc.property(some, (tuning) => {
      const read = tuningText(tuning).map((text) => parseTuning(...(text.split('=') as [string, string])));
      expect(Object.assign({}, ...read)).toEqual(tuning);
    }),
  );
});

test.each([
  ['copyPages', '0', '"0" is no whole number from 1 to 4096'],
  ['copyPages', '1.5', '"1.5" is no whole number from 1 to 4096'],
  ['suspectNs', '1us', '"1us" is no time from 10us to 100s'],
  ['suspectNs', '20', '"20" is no time; write it like 5ms, 250us or 1.5s'],
  ['toString', '1', '"toString" is none of heartbeatNs, '],
])('%s=%s is refused', (name, value, message) => {
  expect(() => parseTuning(name, value)).toThrow(message);
});
