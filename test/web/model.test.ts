/** What the page of a run shows: the run as indexed, lives of outputs, the layout, the focus. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { unprotectedSpans } from '../../src/web/report/model/bins.ts';
import { fromHash, toHash, within, withTime, zoomed } from '../../src/web/report/model/focus.ts';
import type { Drawing, Mark } from '../../src/web/report/model/marks.ts';
import {
  entriesOf,
  heldTimes,
  lifeAt,
  livesOf,
  spanOf,
  waitOf,
  whyHeld,
} from '../../src/web/report/model/outputs.ts';
import { icountAt, runOf } from '../../src/web/report/model/run.ts';
import { describe as describeRow, kindsOf, matching } from '../../src/web/report/model/table.ts';
import { ticks } from '../../src/web/report/model/time.ts';
import { drawingOf } from '../../src/web/report/model/timeline.ts';
import { anyPage, pageOfGuest } from './run.ts';

const bank = pageOfGuest('bank', {}, ['crash:primary@icount=100000']);
const run = runOf(bank);

describe('a run', () => {
  it('has the states of its hosts', () => {
    const states = (host: string) => run.states.get(host)!.map(({ value }) => value);
    expect(states('primary')).toEqual(['live', 'no power']);
    expect(states('backup')).toEqual(['follows', 'live']);
    expect(states('spare')).toEqual(['spare', 'follows', 'stopped']);
    expect(unprotectedSpans(run)).toHaveLength(1);
  });

  it('has a backup that follows all the time where checkpoints replace the log', () => {
    const faults = ['crash:primary@24ms'];
    const transfer = runOf(pageOfGuest('bank', { replication: 'checkpoint', spares: 0 }, faults));
    expect(transfer.states.get('backup')!.map(({ value }) => value)).toEqual(['follows', 'live']);
    expect(transfer.data.bins.series.lag?.every((steps) => steps === 0) ?? true).toBe(true);
  });

  it('has the generations that storage recorded', () => {
    expect(run.generations.map(({ value }) => value)).toEqual([
      '1: primary with backup',
      '2: backup alone',
      '3: backup with spare',
    ]);
  });

  it('has the whole console, and who released each line', () => {
    const hosts = [...new Set(run.shown.map(({ host }) => host))];
    expect(hosts).toEqual(['primary', 'backup']);
    expect(run.shown[0]).toMatchObject({ host: 'primary', text: 'the bank is open\n' });
    expect(run.shown.at(-1)!.text).toContain('closed after 35 transactions');
  });

  it('knows the position of each host at each time', () => {
    const crash = run.notes.find(({ what }) => what === 'fault')!;
    expect(icountAt(run, 'primary', crash.atNs)).toBe(100_000);
    expect(icountAt(run, 'spare', crash.atNs)).toBeUndefined();
    expect(icountAt(run, 'backup', bank.endNs)).toBe(icountAt(run, 'spare', bank.endNs));
  });

  it('shows where events were not kept', () => {
    const middle = { ...bank, events: bank.events.filter(({ id }) => id <= 100 || id > 200) };
    expect(runOf(middle).gaps).toMatchObject([{ events: 100 }]);
    expect(runOf({ ...bank, total: bank.total + 5 }).gaps).toMatchObject([{ events: 5, toNs: bank.endNs }]);
  });
});

describe('the life of an output', () => {
  const lives = livesOf(run);

  it('is there for every byte that was shown', () => {
    const text = lives.flatMap(({ shownNs, text: shown }) => (shownNs === undefined ? [] : [shown])).join('');
    expect(text).toBe(run.shown.map(({ text: line }) => line).join(''));
  });

  it('is held until the acknowledgement of its entry, and says why', () => {
    const [life] = lives;
    expect(entriesOf(run, life!)).toMatchObject([{ from: 'primary', to: 'backup', last: 1 }]);
    expect(life!.ack).toMatchObject({ from: 'backup', last: 1 });
    expect(whyHeld(run, life!).join(' ')).toMatch(/without log entry 1 .* The acknowledgement arrived/);
  });

  it('has been held for a time that a histogram counts once', () => {
    const { bins, medianNs, longestNs } = heldTimes(lives)!;
    const waits = lives.flatMap((life) => waitOf(life) ?? []);
    expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(waits.length);
    for (const { fromNs, toNs, count } of bins)
      expect(waits.filter((ns) => ns >= fromNs && ns < toNs)).toHaveLength(count);
    expect(waits.filter((ns) => ns <= medianNs).length).toBeGreaterThanOrEqual(waits.length / 2);
    expect(longestNs).toBe(Math.max(...waits));
    expect(heldTimes([])).toBeUndefined();
  });

  it('that its maker did not show is released by the one that went live', () => {
    const taken = lives.find(({ held, release }) => held?.host === 'primary' && release?.from === 'backup')!;
    expect(whyHeld(run, taken).join(' ')).toContain(
      'Not by primary: backup made the same output from the log',
    );
    const { fromNs, toNs } = spanOf(run, taken);
    expect(fromNs <= taken.madeNs && toNs >= taken.shownNs!).toBe(true);
  });

  it('of an unprotected machine has no wait', () => {
    const alone = runOf(pageOfGuest('hello', { backups: 0, spares: 0 }));
    const [life] = livesOf(alone);
    expect(life!.made).toBeDefined();
    expect(whyHeld(alone, life!).join(' ')).toContain('no backup');
    expect(alone.generations).toEqual([]);
  });

  it('is found by its time', () => {
    for (const [index, { madeNs }] of lives.entries())
      expect(lives[lifeAt(lives, madeNs)]!.madeNs).toBe(lives[index]!.madeNs);
  });
});

/** Numbers that are no numbers, and marks far outside. */
function faulty({ marks, labels, width, height, lanes }: Drawing): unknown[] {
  const numbers = (value: unknown): number[] =>
    typeof value === 'number'
      ? [value]
      : typeof value === 'object' && value
        ? Object.values(value).flatMap(numbers)
        : [];
  const isBad = (item: object) => numbers(item).some((number) => !Number.isFinite(number));
  const tall = lanes.filter((lane) => lane.y + lane.height > height);
  const wide = marks.filter((mark) => mark.shape === 'rect' && mark.x + mark.width > width + 2);
  return [...marks.filter(isBad), ...labels.filter(isBad), ...tall, ...wide];
}

describe('a timeline', () => {
  const views = fc.record({
    width: fc.integer({ min: 60, max: 2000 }),
    detail: fc.constantFrom('whole' as const, 'detail' as const),
    from: fc.double({ min: 0, max: 1, noNaN: true }),
    span: fc.double({ min: 1e-6, max: 1, noNaN: true }),
  });

  it('is finite, within its width, and not larger than that, for any events and any part of them', () => {
    fc.assert(
      fc.property(anyPage, views, (data, { width, detail, from, span }) => {
        const any = runOf(data);
        const [fromNs, toNs] = [from * data.endNs, (from + span) * data.endNs + 1];
        const drawing = drawingOf(any, { fromNs, toNs, width, detail });
        expect(faulty(drawing)).toEqual([]);
        expect(drawing.marks.length).toBeLessThan(12 * width + 2000);
        for (const life of livesOf(any)) expect(whyHeld(any, life).join(' ')).not.toContain('NaN');
      }),
    );
  });

  it('has no dots beside its axis', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 70 }), fc.integer({ min: 1, max: 20 }), (fromMs, lengthMs) => {
        const view = { fromNs: fromMs * 1e6, toNs: (fromMs + lengthMs) * 1e6 };
        const { marks } = drawingOf(run, { ...view, width: 1000, detail: 'detail' });
        const axis = marks.find((mark) => mark.shape === 'box') as Mark & { shape: 'box' };
        const dots = marks.flatMap((mark) => (mark.shape === 'dot' ? [mark.x] : []));
        expect(dots.filter((x) => x < axis.x - 1 || x > axis.x + axis.width + 1)).toEqual([]);
      }),
    );
  });

  it('has no more marks for thirty thousand slices than its width has columns', () => {
    const slices = Array.from({ length: 30_000 }, (_, index) => ({
      ...{
        kind: 'slice' as const,
        id: index + 1,
        atNs: index * 1000,
        endNs: index * 1000 + 900,
        host: 'primary',
      },
      ...{ role: 'live' as const, from: index * 90, to: index * 90 + 90 },
    }));
    const long = runOf({ ...bank, events: slices, total: slices.length, endNs: 3e7 });
    const drawing = drawingOf(long, { fromNs: 0, toNs: 3e7, width: 1000, detail: 'whole' });
    expect(drawing.marks.filter(({ shape }) => shape === 'rect').length).toBeLessThan(2000);
  });

  it('has round ticks, about as many as asked for', () => {
    fc.assert(
      fc.property(
        fc.nat(1e9),
        fc.integer({ min: 100, max: 1e9 }),
        fc.integer({ min: 2, max: 20 }),
        (from, span, count) => {
          const all = ticks(from, from + span, count);
          expect(all.length).toBeLessThanOrEqual(count + 1);
          expect(new Set(all.map(({ text }) => text)).size).toBe(all.length);
          for (const { atNs } of all) expect(atNs >= from && atNs <= from + span).toBe(true);
        },
      ),
    );
  });
});

describe('the focus', () => {
  const ns = fc.nat(1e9);
  const focus = fc.record({ atNs: ns, host: fc.constantFrom('primary', 'a b&c', 'ü'), fromNs: ns, toNs: ns });

  it('is in the address', () => {
    fc.assert(
      fc.property(focus, fc.option(fc.nat(), { nil: undefined }), (one, icount) => {
        expect(fromHash(toHash(one, icount))).toEqual(one);
      }),
    );
  });

  it('is within the run, whatever the address says', () => {
    const hashes = fc.oneof(
      fc.string(),
      focus.map((one) => toHash(one, 1)),
      fc.constant('#t=1e9&from=-3&to=NaN&host='),
    );
    fc.assert(
      fc.property(hashes, fc.integer({ min: 1, max: 1e9 }), focus, (hash, endNs, known) => {
        const hosts = ['primary', 'backup'];
        const one = within(withTime({ ...known, ...fromHash(hash) }), endNs, hosts);
        expect(hosts).toContain(one.host);
        expect(one.fromNs >= 0 && one.fromNs < one.toNs && one.toNs <= endNs).toBe(true);
        expect(one.atNs >= 0 && one.atNs <= endNs).toBe(true);
      }),
    );
  });

  it('stays where it is when the detail gets closer and wider again', () => {
    const one = { atNs: 5e6, host: 'primary', fromNs: 1e6, toNs: 9e6 };
    const back = zoomed(zoomed(one, 0.5, 5e6), 2, 5e6);
    expect(back).toEqual(one);
  });
});

describe('the table', () => {
  it('has all events, and each under its kind', () => {
    expect(matching(run, 'all', '')).toHaveLength(bank.events.length);
    const [, , , ...kinds] = kindsOf(run);
    const counts = kinds.map((kind) => matching(run, kind, '').length);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(bank.events.length);
  });

  it('finds words in what it shows', () => {
    const found = matching(run, 'all', 'ENTRIES backup');
    expect(found.length).toBeGreaterThan(5);
    for (const event of found) {
      const { where, what, text } = describeRow(event);
      expect(`${where} ${what} ${text}`).toMatch(/entries/i);
    }
  });
});
