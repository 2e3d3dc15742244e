/** Every floating-point instruction against QEMU, in every rounding mode: results, boxing and flags. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { AnyHart } from '../../../src/cpu/checked-hart.ts';
import { makeHart } from '../../../src/cpu/engine.ts';
import { execution } from '../../engine.ts';
import { FINISHER, image, ORIGIN, OUTPUT_BYTES, render, UART } from './program.ts';

test('floating-point instructions behave as on QEMU', () => {
  const sent: number[] = [];
  const hart: AnyHart = makeHart(
    2 ** 20,
    {
      load: () => undefined,
      store(address, _, value) {
        if (address === BigInt(UART)) sent.push(Number(value));
        else if (address === BigInt(FINISHER)) hart.stop();
        else return false;
        return true;
      },
      clock: () => 0,
      entropy: () => 0,
      watched() {},
    },
    execution,
  );
  hart.write(ORIGIN, image());
  expect(hart.run(2 ** 30)).toBe('stop');
  expect(sent.length).toBe(OUTPUT_BYTES);
  const golden = readFileSync(new URL('../../goldens/float/instructions.txt', import.meta.url), 'utf8');
  expect(render(Uint8Array.from(sent)).split('\n\n')).toEqual(golden.split('\n\n'));
});
