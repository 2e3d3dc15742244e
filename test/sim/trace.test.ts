/** Traces: every event has its cause, and memory is bounded. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { campaignDefaults } from '../../src/sim/spec/spec.ts';
import { Bins } from '../../src/sim/trace/bins.ts';
import type { MessageEvent, SliceEvent, TraceEvent } from '../../src/sim/trace/events.ts';
import { isTurn, KeptEvents } from '../../src/sim/trace/kept-events.ts';
import { thorough } from '../thorough.ts';
import { drawnRuns, shownBy, specOfDrawn, traceRun } from './traced.ts';

describe('a trace', () => {
  it('is in order; causes come first; messages arrive later than they depart; slices do not overlap', () => {
    fc.assert(
      fc.property(drawnRuns, ({ name, seed }) => {
        const { events, total } = traceRun(name, specOfDrawn(name, seed), true).trace!;
        expect(events.length).toBe(total);
        const busyUntil = new Map<string, number>();
        const wrong = events.filter((event, index) => {
          const cause = event.cause === undefined ? undefined : events[event.cause - 1];
          const isOrdered =
            event.id === index + 1 &&
            event.atNs >= (events[index - 1]?.atNs ?? 0) &&
            (cause?.id ?? 0) < event.id &&
            !(cause && cause.atNs > event.atNs);
          if (event.kind === 'message')
            return !isOrdered || event.arrivedNs.some((atNs) => atNs <= event.atNs);
          if (event.kind === 'note') return !isOrdered;
          const isAlone = event.atNs >= (busyUntil.get(event.host) ?? 0) && event.to >= event.from;
          busyUntil.set(event.host, event.endNs);
          return !isOrdered || !isAlone;
        });
        expect(wrong).toEqual([]);
      }),
      { numRuns: thorough(2, 10) },
    );
  });

  it('leads from each delivered output over release, acknowledgement and log entry to the slice that made it', () => {
    const spec = { ...campaignDefaults };
    const { events } = traceRun('bank', spec, true).trace!;
    const causeOf = <E extends TraceEvent>(event: TraceEvent): E => events[event.cause! - 1] as E;
    const delivered = events.filter(({ kind, ...rest }) => kind === 'note' && isDelivered(rest));
    expect(delivered.length).toBeGreaterThan(30);
    for (const shown of delivered) {
      const release = causeOf<MessageEvent>(shown);
      const ack = causeOf<MessageEvent>(release);
      const entries = causeOf<MessageEvent>(ack);
      const slice = causeOf<SliceEvent>(entries);
      expect([release.what, ack.what, entries.what, slice.kind]).toEqual([
        'release',
        'ack',
        'entries',
        'slice',
      ]);
      const held = events.find(
        (one) => one.kind === 'note' && one.event.kind === 'held' && one.event.last === release.last,
      );
      expect(held?.cause).toBe(slice.id);
      expect(entries.last).toBe(held?.kind === 'note' && held.event.kind === 'held' && held.event.entry);
      expect(ack.last).toBeGreaterThanOrEqual(entries.last!);
    }
  });

  it('shows what leaves an unprotected primary: it was never held', () => {
    const { events } = traceRun('hello', { ...campaignDefaults, backups: 0, spares: 0 }, true).trace!;
    const released = events.filter((one) => one.kind === 'note' && one.event.kind === 'released');
    expect(released.length).toBeGreaterThan(0);
    for (const { cause } of released) expect(events[cause! - 1]!.kind).toBe('slice');
    expect(events.some((one) => one.kind === 'note' && one.event.kind === 'held')).toBe(false);
  });

  it('shows every message that a partition loses, and every typed byte', () => {
    const partition = { kind: 'partition', from: 'primary', to: 'backup', both: true } as const;
    const faults = [{ ...partition, atNs: 5e6, forNs: 4e6 }];
    const { trace, simulation } = traceRun('bank', { ...campaignDefaults, faults }, true);
    const messages = trace!.events.filter((event) => event.kind === 'message');
    const lost = messages.filter((message) => message.lost?.why === 'partition');
    expect(lost.length).toBeGreaterThan(3);
    for (const { what, atNs, arrivedNs } of lost) {
      expect([what, arrivedNs]).toEqual(['heartbeat', []]);
      expect(atNs >= 5e6 && atNs < 9e6).toBe(true);
    }
    const typed = messages.filter(({ what }) => what === 'typed').map(({ text }) => text);
    expect(typed.join('')).toBe(new TextDecoder().decode(simulation.console.input));
  });

  it('changes nothing, whatever happens', () => {
    fc.assert(
      fc.property(drawnRuns, ({ name, seed }) => {
        const spec = specOfDrawn(name, seed);
        expect(shownBy(traceRun(name, spec, true))).toEqual(shownBy(traceRun(name, spec, false)));
      }),
      { numRuns: thorough(2, 10) },
    );
  });

  it('keeps its bins whole whatever it keeps of the events', () => {
    const spec = { ...campaignDefaults };
    const [all, few] = [undefined, 100].map((limit) => traceRun('bank', spec, true, limit).trace!);
    expect(few!.bins).toEqual(all!.bins);
    expect(few!.total).toBe(all!.total);
    expect(few!.events.length).toBeLessThanOrEqual(100);
    const shown = all!.bins.series.shown!.reduce((sum, count) => sum + count, 0);
    expect(shown).toBe(traceRun('bank', spec, false).simulation.machine.outputsMade);
  });
});

const isDelivered = (rest: object): boolean =>
  'event' in rest && (rest.event as { kind: string }).kind === 'delivered';

describe('the events that are kept', () => {
  const stream = fc.array(fc.tuple(fc.nat(5_000_000), fc.integer({ min: 0, max: 30 })), { maxLength: 600 });

  it('are at most the limit, with the latest, and with turns before routine', () => {
    fc.assert(
      fc.property(stream, fc.integer({ min: 8, max: 200 }), (steps, limit) => {
        const kept = new KeptEvents(limit);
        let atNs = 0;
        const all = steps.map(([afterNs, kind], index): TraceEvent => {
          atNs += afterNs;
          const event = kind === 0 ? { kind: 'booted', role: 'spare' } : { kind: 'lag', steps: 1, ns: 1 };
          return { id: index + 1, kind: 'note', atNs, host: 'a', event } as TraceEvent;
        });
        for (const event of all) {
          kept.add(event);
          expect(kept.events.length).toBeLessThanOrEqual(limit);
        }
        expect(kept.total).toBe(all.length);
        expect(kept.events.at(-1)).toEqual(all.at(-1));
        expect(kept.events.map(({ id }) => id)).toEqual(
          kept.events.map(({ id }) => id).sort((a, b) => a - b),
        );
        const turns = all.filter(isTurn);
        if (turns.length <= limit / 4) for (const turn of turns) expect(kept.events).toContain(turn);
      }),
    );
  });
});

describe('bins', () => {
  it('keep sums and maxima of a run of any length', () => {
    const values = fc.array(fc.tuple(fc.nat(2 ** 40), fc.nat(1000)), { minLength: 1, maxLength: 50 });
    fc.assert(
      fc.property(values, (all) => {
        const bins = new Bins();
        for (const [atNs, value] of all) {
          bins.add('sum', atNs, value);
          bins.peak('peak', atNs, value);
        }
        const { widthNs, series } = bins.data();
        for (const [name, merge] of [
          ['sum', (a: number, b: number) => a + b],
          ['peak', Math.max],
        ] as const) {
          const expected: number[] = series[name]!.map(() => 0);
          for (const [atNs, value] of all) {
            const bin = Math.floor(atNs / widthNs);
            expected[bin] = merge(expected[bin]!, value);
          }
          expect(series[name]).toEqual(expected);
          expect(expected.length).toBeLessThanOrEqual(2048);
        }
      }),
    );
  });
});
