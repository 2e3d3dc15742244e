/** A protected guest that resets its machine, and counts the resets in memory, which survives them. */
import { describe, expect, it } from 'vitest';
import { rebootingGuest } from '../vmm/rebooting-guest.ts';
import { faults, result, simulate, sound, spread } from './support.ts';

const own = { description: rebootingGuest, input: new Uint8Array(0), spares: 1 };
const EXPECTED = '000\n001\n002\n003\n';

describe('a reset in the middle of a run', () => {
  it('is repeated by the backup, whose memory survives it, too', () => {
    const run = simulate('hello', own);
    expect([result(run), run.output]).toEqual([sound, EXPECTED]);
  });

  it.each([2, 4, 5, 8, 9, 12, 13])('survives a crash at output %i, and the count goes on', (output) => {
    const run = simulate('hello', { ...own, faults: faults(`crash:primary@output=${output}`) });
    expect([result(run), run.output]).toEqual([sound, EXPECTED]);
  });

  it('survives a crash at any position', () => {
    const { simulation } = simulate('hello', own);
    for (const icount of spread(10, simulation.machine.icount)) {
      const run = simulate('hello', { ...own, faults: faults(`crash:primary@icount=${icount}`) });
      expect([result(run), run.output], `icount ${icount}`).toEqual([sound, EXPECTED]);
    }
  });
});
