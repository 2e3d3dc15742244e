/** Progress markers: how far a guest that only computes gets beyond the last entry that lets its backups run on. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { examples } from '../thorough.ts';
import { type Effects, type Setting, TestHost } from './hosts.ts';

/** Never prints, never waits. */
const computing = `
1:  addi    t0, t0, 1
    j       1b
`;
const LAG_BOUND_NS = 4000;

type Step =
  /** The guest runs; the slice begins `afterNs` after the one before. */
  | { do: 'slice'; steps: number; afterNs: number }
  /** The backup reports that it has everything, and is so many steps behind. */
  | { do: 'ack'; behind: number }
  /** Another entry is logged. */
  | { do: 'entry' };
const slice = (most: number): fc.Arbitrary<Step> =>
  fc.record({
    do: fc.constant('slice' as const),
    steps: fc.integer({ min: 1, max: most }),
    afterNs: fc.nat(4).map((count) => count * 100),
  });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 8, arbitrary: slice(40) },
    { weight: 4, arbitrary: slice(400) },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('ack' as const), behind: fc.nat(2000) }) },
    { weight: 1, arbitrary: fc.constant({ do: 'entry' as const }) },
  ),
  { minLength: 20, maxLength: 150 },
);

/** A primary with a backup, and a model of its log and of the backup's lag. */
class Paced {
  readonly host: TestHost;
  icount = 0;
  /** The last entry, and the last marker with its distance from the entry before. */
  entry = { icount: 0, isMarker: true };
  marker = { ns: 0, steps: 0 };
  lagNs = 0;
  private logged = 0;
  private backup = 0;
  private readonly begun: { icount: number; ns: number }[] = [];

  constructor(tuning: Setting['tuning']) {
    const limits = { checkSteps: Number.MAX_SAFE_INTEGER, lagBoundNs: LAG_BOUND_NS };
    this.host = new TestHost('primary', 'primary', { source: computing, tuning: { ...limits, ...tuning } });
  }

  get nowNs(): number {
    return this.host.nowNs;
  }
  /** Steps that no backup can take yet. */
  get unmarked(): number {
    return this.icount - this.entry.icount;
  }

  take(step: Step): void {
    if (step.do === 'slice') {
      this.host.nowNs += step.afterNs;
      this.begun.push({ icount: this.icount, ns: this.nowNs });
      this.icount += step.steps;
      this.append(this.host.cpu(step.steps));
    } else if (step.do === 'entry') this.append(this.host.command({ kind: 'speed', perMille: 900 }));
    else this.acknowledge(Math.max(this.backup, this.icount - step.behind));
  }

  private append(effects: Effects): void {
    for (const { kind, icount } of effects.entries) {
      const isMarker = kind === 'progress';
      if (isMarker) this.marker = { ns: this.nowNs, steps: icount - this.entry.icount };
      this.entry = { icount, isMarker };
      this.logged++;
    }
  }

  private acknowledge(icount: number): void {
    this.backup = icount;
    this.host.hear('backup', {
      kind: 'ack',
      generation: 1,
      received: this.logged,
      consumed: this.logged,
      icount,
    });
    const next = this.begun.find((mark) => mark.icount > icount);
    this.lagNs = next ? this.nowNs - next.ns : 0;
  }
}

describe('progress markers by steps', () => {
  test('leave no more than the maximum distance unmarked, and nothing while a backup lags', () => {
    const seen = { far: 0, lagging: 0 };
    fc.assert(
      fc.property(steps, fc.integer({ min: 100, max: 1000 }), (list, progressSteps) => {
        const paced = new Paced({ progressSteps });
        for (const step of list) {
          const { lagNs, marker, entry } = paced;
          paced.take(step);
          if (step.do !== 'slice') continue;
          const { unmarked } = paced;
          expect(unmarked).toBeLessThan(progressSteps);
          // The distance at most doubles; it begins small, and begins anew after any other entry.
          expect(unmarked).toBeLessThan(Math.max(1, 2 * paced.marker.steps));
          if (!entry.isMarker) expect(unmarked).toBe(0);
          if (lagNs >= LAG_BOUND_NS / 4) expect(unmarked).toBe(0);
          if (lagNs >= LAG_BOUND_NS / 4 && marker.steps > progressSteps / 20) seen.lagging++;
          if (unmarked > progressSteps / 2) seen.far++;
        }
      }),
      { numRuns: examples(200) },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
  });

  test('come at distances that double, up to the maximum', () => {
    const paced = new Paced({ progressSteps: 1000 });
    const distances = Array.from({ length: 50 }, () => {
      const { marker } = paced;
      paced.take({ do: 'slice', steps: 100, afterNs: 1 });
      return paced.marker === marker ? [] : [paced.marker.steps];
    }).flat();
    expect(distances).toEqual([100, 200, 400, 800, 1000, 1000, 1000]);
  });
});

describe('progress markers by time', () => {
  test('come when the time has passed, whether or not a backup lags, and not before', () => {
    const seen = { lagging: 0, waited: 0 };
    fc.assert(
      fc.property(steps, fc.integer({ min: 2, max: 40 }), (list, hundreds) => {
        const progressNs = hundreds * 100;
        const paced = new Paced({ progressNs, progressSteps: 1 });
        for (const step of list) {
          const before = paced.marker;
          paced.take(step);
          if (step.do !== 'slice') continue;
          const sinceNs = paced.nowNs - before.ns;
          expect(paced.marker !== before).toBe(sinceNs >= progressNs);
          if (sinceNs < progressNs) seen.waited++;
          if (sinceNs < progressNs && paced.lagNs >= LAG_BOUND_NS / 4) seen.lagging++;
        }
      }),
      { numRuns: examples(200) },
    );
    for (const [what, count] of Object.entries(seen)) expect(count, what).toBeGreaterThan(20);
  });
});

test.each([
  ['steps', {}],
  ['time', { progressNs: 1e9 }],
])('a guest that begins to wait is marked at once, although by %s no marker is due', (_, tuning) => {
  const source = `
    li      t0, 60
1:  addi    t0, t0, -1
    bnez    t0, 1b
    wfi
    j       1b
`;
  const host = new TestHost('primary', 'primary', { source, tuning: { progressSteps: 1000, ...tuning } });
  host.cpu(100);
  const marker = { kind: 'progress', icount: 1 + 2 * 60 + 1 };
  expect(host.cpu(10).entries).toEqual([]);
  expect(host.cpu(100).entries).toEqual([marker]);
  expect(host.replica.wantsCpu).toBe(false);
});
