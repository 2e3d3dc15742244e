/** The reports of a campaign's parts, merged, against the report of the whole; and reports that are damaged. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type CampaignDocument, documentOf } from '../../src/report/campaign-document.ts';
import { merged, missingRuns } from '../../src/report/campaign-merge.ts';
import { readCampaignDocument } from '../../src/report/campaign-reader.ts';
import { endings, type MeasuredGuest, type RunResult } from '../../src/sim/campaign/campaign.ts';
import { type Campaign, faultKinds } from '../../src/sim/campaign/draw.ts';
import { injectedPhases, Tally } from '../../src/sim/campaign/tally.ts';
import { campaignDefaults } from '../../src/sim/spec/spec.ts';
import { examples } from '../thorough.ts';

const guest = {
  description: { memorySizeBytes: 1 << 20 },
  ...{ outcome: 'completed', clients: 0, lengthNs: 5e6, steps: 500_000, outputs: 90, entries: 120 },
  sent: { primary: 40, backup: 30 },
} as unknown as MeasuredGuest;

const campaignOf = (runs: number, seed = '7'): Campaign => ({ guest, seed, runs, options: {} });

/** Runs that diverged are left out: these are run again to trace them. */
const result: fc.Arbitrary<RunResult> = fc.record({
  ending: fc.constantFrom(...endings.filter((ending) => ending !== 'diverged')),
  findings: fc.array(fc.record({ invariant: fc.constant('output-rule' as const), message: fc.string() }), {
    maxLength: 2,
  }),
  failovers: fc.nat(3),
  joins: fc.nat(3),
  // Few values, so that the worst of several runs are equal.
  downNs: fc.array(fc.nat(3), { maxLength: 2 }),
  worstLagNs: fc.nat(3),
  worstStopBytes: fc.nat(3),
  virtualNs: fc.nat(1000).map((units) => units * 1e6),
  steps: fc.nat(1000),
  injections: fc.array(
    fc.record({ during: fc.constantFrom(...injectedPhases), kind: fc.constantFrom(...faultKinds) }),
    { maxLength: 3 },
  ),
  notTriggered: fc.nat(3),
});

/** The report of the runs from here on and before there, as printed and read. */
function reportOf(results: readonly RunResult[], from: number, to: number, seed?: string): CampaignDocument {
  const tally = new Tally();
  for (let run = from; run < to; run++) tally.add(run, results[run]!);
  const first = tally.noted.find(({ ending }) => ending === 'violated');
  const campaign = campaignOf(results.length, seed);
  const document = documentOf(
    { path: 'p.s', campaign, range: { from, to }, tally, jobs: 1, seconds: 1, interrupted: false },
    (run) => `vmft run --seed ${run.seed}`,
    first && {
      number: first.run,
      run: { ...campaignDefaults, seed: `7/${first.run}` },
      result: results[first.run]!,
      tried: 3,
    },
  );
  return readCampaignDocument(JSON.stringify(document), 'report');
}
const named = (document: CampaignDocument, index = 0) => ({ name: `part ${index + 1}`, document });
const results = fc.array(result, { minLength: 1, maxLength: 30 });

describe('reports of parts', () => {
  test('in any order and division are merged to the report of the whole campaign', () => {
    fc.assert(
      fc.property(results, fc.array(fc.nat(30)), fc.infiniteStream(fc.nat()), (all, cuts, order) => {
        const borders = [...new Set([0, ...cuts.filter((cut) => cut < all.length), all.length])].sort(
          (a, b) => a - b,
        );
        const parts = borders.slice(1).map((to, index) => reportOf(all, borders[index]!, to));
        const shuffled = parts.map((part) => ({ part, key: order.next().value }));
        shuffled.sort((a, b) => Number(a.key) - Number(b.key));
        const whole = merged(shuffled.map(({ part }, index) => named(part, index)));
        const expected = reportOf(all, 0, all.length);
        expect(whole).toEqual({
          ...expected,
          ...{ parts: parts.length, jobs: parts.length, seconds: parts.length },
        });
        expect(missingRuns(whole)).toEqual([]);
      }),
      { numRuns: examples(400) },
    );
  });

  test('lack exactly the runs of parts that are left out', () => {
    fc.assert(
      fc.property(results, fc.nat(30), fc.nat(30), (all, a, b) => {
        const [from, to] = [Math.min(a, b, all.length), Math.min(Math.max(a, b), all.length)];
        fc.pre(to - from < all.length);
        const parts = [
          ...(from > 0 ? [reportOf(all, 0, from)] : []),
          ...(to < all.length ? [reportOf(all, to, all.length)] : []),
        ];
        expect(missingRuns(merged(parts.map(named)))).toEqual(from < to ? [{ from, to }] : []);
      }),
      { numRuns: examples(200) },
    );
  });

  test('of other campaigns, or with runs in common, are refused', () => {
    const [one] = fc.sample(result, { numRuns: 1, seed: 1 });
    const all = Array.from({ length: 10 }, () => one!);
    const [a, b] = [reportOf(all, 0, 6), reportOf(all, 5, 10)];
    expect(() => merged([named(a), named(b, 1)])).toThrow('part 1 and part 2 both have run 5');
    expect(() => merged([named(a), named(reportOf(all, 6, 10, '8'), 1)])).toThrow(
      'part 2 is of another campaign than part 1: "seed" is "8", and not "7"',
    );
    expect(() => merged([])).toThrow('no report');
  });
});

describe('a report that is damaged', () => {
  test('is refused, or means what it says', () => {
    const [one] = fc.sample(result, { numRuns: 1, seed: 1 });
    const good = reportOf([one!, one!], 0, 2);
    const paths = Object.keys(good) as (keyof CampaignDocument)[];
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.jsonValue(), (field, value) => {
        const text = JSON.stringify({ ...good, [field]: value });
        let read: CampaignDocument;
        try {
          read = readCampaignDocument(text, 'report');
        } catch (error) {
          expect((error as Error).message).toMatch(/^report: not a report/);
          return;
        }
        merged([named(read)]);
        missingRuns(read);
      }),
      { numRuns: examples(2000) },
    );
    for (const field of paths)
      expect(() => readCampaignDocument(JSON.stringify({ ...good, [field]: undefined }), 'report')).toThrow(
        `"${field}" is missing`,
      );
    expect(() => readCampaignDocument('{', 'report')).toThrow('report: not a report');
    expect(() => readCampaignDocument('[]', 'report')).toThrow('report: not a report');
  });
});
