/** Slices on a host whose time is read: how long they take when steps take longer than expected. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { MeasuredTime } from '../../src/ft/guest-clock.ts';
import type { Message } from '../../src/ft/messages.ts';
import { TestHost } from './hosts.ts';

/** Never prints, never waits. */
const computing = `
1:  addi    t0, t0, 1
    j       1b
`;
/** How long a step is expected to take. */
const NS_PER_STEP = 10;
/** The steps of the shortest part of a slice. */
const PART_STEPS = 50_000;
/** Lets a backup run on further than any of these tests does. */
const ALL: Message = {
  kind: 'entries',
  ...{ generation: 1, first: 1, delivered: 0, lowWater: 0, answers: 0, ticks: 0 },
  entries: [{ kind: 'progress', icount: 1e9 }],
};

const slice = fc.record({
  steps: fc.oneof(fc.integer({ min: 1, max: 60_000 }), fc.integer({ min: 60_000, max: 4_000_000 })),
  /** How much longer the steps take than expected. */
  slower: fc.oneof(fc.constant(1), fc.double({ min: 0.1, max: 100, noNaN: true })),
});

test.each(['primary', 'backup'] as const)(
  'a slice of a %s ends after at most twice its time, or its first part, however long its steps take',
  (role) => {
    const seen = { cut: 0, whole: 0 };
    fc.assert(
      fc.property(fc.array(slice, { minLength: 1, maxLength: 8 }), (slices) => {
        let icountNs = 0;
        let [startNs, start] = [0, 0];
        const host: TestHost = new TestHost(role, role, {
          source: computing,
          tuning: { checkSteps: Number.MAX_SAFE_INTEGER },
          sliceTime: new MeasuredTime(() => startNs + (host.replica.vmm!.icount - start) * icountNs),
        });
        if (role === 'backup') host.hear('primary', ALL);
        for (const { steps, slower } of slices) {
          start = host.replica.vmm!.icount;
          icountNs = slower * NS_PER_STEP;
          host.cpu(steps);
          const taken = host.replica.vmm!.icount - start;
          startNs += taken * icountNs;
          if (slower <= 1) expect(taken).toBe(steps);
          expect(taken * slower).toBeLessThanOrEqual(
            Math.max(2 * steps, Math.max(PART_STEPS, steps / 64 + 1) * slower),
          );
          if (taken < steps) {
            seen.cut++;
            expect(taken * slower).toBeGreaterThanOrEqual(steps);
          } else seen.whole++;
        }
      }),
    );
    expect(Math.min(...Object.values(seen))).toBeGreaterThan(10);
  },
);
