/** Input of a virtio console survives failovers like that of the UART: each byte arrives once. */
import { expect, test } from 'vitest';
import { consoleGuest, machineOf, withConsole } from '../ft/guest.ts';
import { result, simulate, sound, spread } from './support.ts';

const POSITIONS = 40;
const typed = 'a line that is typed while machines die, and goes on with another one: q';
const options = {
  description: withConsole(machineOf(consoleGuest)),
  input: new TextEncoder().encode(typed),
} as const;
const ended = { ...sound, exitCode: 5 };

test(`a crash of the primary at ${POSITIONS} positions loses no typed byte`, () => {
  const undisturbed = simulate('hello', options);
  expect(result(undisturbed)).toEqual(ended);
  expect(undisturbed.output).toBe(`>${typed}`);
  let failovers = 0;
  for (const icount of spread(POSITIONS, undisturbed.simulation.machine.icount)) {
    const run = simulate('hello', {
      ...options,
      seed: `console-${icount}`,
      faults: [{ kind: 'crash', who: 'primary', when: { at: 'icount', icount } }],
    });
    expect({ icount, ...result(run) }).toEqual({ icount, ...ended });
    expect(run.output).toBe(`>${typed}`);
    failovers += run.simulation.failovers.length;
  }
  expect(failovers).toBeGreaterThan(POSITIONS * 0.8);
});
