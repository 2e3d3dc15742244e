/** The engine that compares the others: which differences it must find, and where. */
import { expect, test } from 'vitest';
import { assemble } from '../../../src/asm/assemble.ts';
import { CheckedHart, EngineDifference } from '../../../src/cpu/checked-hart.ts';
import type { Hart } from '../../../src/cpu/hart.ts';
import { RAM_BASE } from '../../../src/cpu/layout.ts';
import { EAGER } from '../../../src/cpu/translator/translator.ts';

const RAM_BYTES = 1 << 16;
const DATA = 0x8000;

/** Sums words, each a few steps after the other; asks a device now and then. */
const PROGRAM = `
    li s0, ${RAM_BASE + DATA}
    li s1, 0x10000000
    li a0, 0
    li a1, 1000
again:
    ld t0, 0(s0)
    add a0, a0, t0
    addi s0, s0, 8
    andi t1, a1, 15
    bnez t1, 1f
    ld t2, 0(s1)
    add a0, a0, t2
1:  addi a1, a1, -1
    bnez a1, again
2:  j 2b
`;

function checked(answer: (icount: number) => bigint = () => 5n): CheckedHart {
  const hart: CheckedHart = new CheckedHart(
    RAM_BYTES,
    {
      load: () => answer(hart.icount),
      store: () => true,
      clock: () => 0,
      entropy: () => 0,
      watched: () => undefined,
    },
    { heat: EAGER },
  );
  const { segments } = assemble(PROGRAM, { file: 'program.s' });
  for (const { address, bytes } of segments) hart.write(Number(address), bytes);
  return hart;
}

test('accepts engines that agree', () => {
  let asked = 0;
  const hart = checked(() => BigInt(++asked));
  for (const limit of [1, 2, 50, 3000, 3001, 9000]) expect(hart.run(limit)).toBe('limit');
  // Each call of the bus was made once.
  expect(asked).toBe(62);
  expect(hart.get('x10')).toBe(BigInt((62 * 63) / 2));
});

/** Makes one of the two engines wrong from a step on. */
function spoil(hart: CheckedHart, which: 'first' | 'second', from: number): void {
  const inner = hart[which as never] as Hart;
  const run = inner.run.bind(inner);
  inner.run = (limit) => {
    const exit = run(limit);
    if (inner.icount >= from) inner.set('x20', 1n);
    return exit;
  };
}

test.each(['first', 'second'] as const)(
  'names the first step after which the %s engine differs, and the difference',
  (which) => {
    for (const step of [101, 1234, 5100, 6789]) {
      const hart = checked();
      hart.run(100);
      spoil(hart, which, step);
      let found: unknown;
      try {
        hart.run(9000);
      } catch (error) {
        found = error;
      }
      expect(found).toBeInstanceOf(EngineDifference);
      expect((found as EngineDifference).icount).toBe(step);
      expect((found as EngineDifference).message).toContain(
        which === 'first' ? 'x20 is 0x1 / 0x0' : 'x20 is 0x0 / 0x1',
      );
    }
  },
);

test('finds that an engine makes another access to the bus', () => {
  const hart = checked();
  hart.run(100);
  const inner = hart['second' as never] as Hart;
  inner.set('x9', inner.get('x9') + 8n);
  expect(() => hart.run(200)).toThrow(EngineDifference);
});
