/** Properties of the edge for arbitrary input: it does not rely on correct senders. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DiskLedger } from '../../src/cluster/edge/disk-ledger.ts';
import { Fence } from '../../src/cluster/edge/fence.ts';
import { Generations } from '../../src/cluster/edge/generations.ts';
import { KeptFrames } from '../../src/cluster/edge/kept-frames.ts';
import { SeenNumbers } from '../../src/cluster/edge/seen-numbers.ts';

const generation = fc.integer({ min: 1, max: 6 });

describe('a fence', () => {
  test('admits nothing from an older generation than the newest admitted', () => {
    fc.assert(
      fc.property(fc.array(generation), (arrivals) => {
        const fence = new Fence(true);
        let newest = 1;
        for (const one of arrivals) {
          expect(fence.admits(one)).toBe(one >= newest);
          newest = Math.max(newest, one);
        }
      }),
    );
  });

  test('that is off admits everything', () => {
    const fence = new Fence(false);
    expect([2, 1, 3].map((one) => fence.admits(one))).toEqual([true, true, true]);
  });
});

describe('the filter of duplicates', () => {
  const text = 'abcdefghijklmnopqrstuvwxyz';
  const piece = fc.record({ from: fc.nat(25), length: fc.integer({ min: 1, max: 10 }) });

  test('passes every byte once and in order, however often it is sent and however it is split', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const seen = new SeenNumbers(true);
        let passed = '';
        let dropped = 0;
        for (const { from, length } of pieces) {
          // A sender continues at a position that was sent before: there are no gaps.
          const first = Math.min(from, passed.length);
          const sent = text.slice(first, first + length);
          if (sent === '') continue;
          const data = new TextEncoder().encode(sent);
          const fresh = seen.fresh({ kind: 'console', first: first + 1, data });
          const passes = fresh ? new TextDecoder().decode(fresh.data) : '';
          passed += passes;
          dropped += sent.length - passes.length;
          expect(passed).toBe(text.slice(0, passed.length));
          expect([seen.last, seen.duplicatesDropped]).toEqual([passed.length, dropped]);
          expect(passed.length).toBeGreaterThanOrEqual(first + sent.length);
        }
      }),
    );
  });

  test('passes a whole frame once', () => {
    const seen = new SeenNumbers(true);
    const frame = (first: number) => ({ kind: 'frame' as const, first, frame: Uint8Array.of(first) });
    expect([2, 2, 1, 4].map((first) => seen.fresh(frame(first))?.first)).toEqual([
      2,
      undefined,
      undefined,
      4,
    ]);
    expect(new SeenNumbers(false).fresh(frame(1))).toEqual(frame(1));
  });
});

describe('frames for a VM', () => {
  const act = fc.oneof(
    fc.record({ kind: fc.constant('accept' as const), sizeBytes: fc.integer({ min: 14, max: 100_000 }) }),
    fc.record({ kind: fc.constant('held' as const), share: fc.double({ min: 0, max: 1, noNaN: true }) }),
  );

  test('are kept until every backup holds them, up to a maximum size', () => {
    fc.assert(
      fc.property(fc.array(act, { minLength: 50, maxLength: 100 }), (acts) => {
        const kept = new KeptFrames(true);
        let expected: { number: number; frame: Uint8Array }[] = [];
        let [last, dropped] = [0, 0];
        for (const one of acts) {
          if (one.kind === 'held') {
            const upTo = Math.floor(one.share * last);
            kept.held(upTo);
            expected = expected.filter(({ number }) => number > upTo);
          } else {
            const frame = new Uint8Array(one.sizeBytes);
            const sizeBytes = expected.reduce((sum, { frame: { length } }) => sum + length, frame.length);
            const fits = sizeBytes <= 1 << 20;
            expect(kept.accept(frame)).toBe(fits ? last + 1 : undefined);
            if (fits) expected.push({ number: ++last, frame });
            else dropped++;
          }
          const next = (expected[0]?.number ?? last + 1) + Math.floor(expected.length / 2);
          const wanted = expected.filter(({ number }) => number >= next);
          const found = kept.from(next);
          expect(found.map(({ number }) => number)).toEqual(wanted.map(({ number }) => number));
          expect(found.every(({ frame }, index) => frame === wanted[index]!.frame)).toBe(true);
          expect([kept.last, kept.dropped]).toEqual([last, dropped]);
        }
      }),
    );
  });

  test('are limited in number', () => {
    const kept = new KeptFrames(true);
    const numbers = Array.from({ length: 1025 }, () => kept.accept(new Uint8Array(60)));
    expect([numbers[1023], numbers[1024], kept.last]).toEqual([1024, undefined, 1024]);
    kept.held(1);
    expect(kept.accept(new Uint8Array(60))).toBe(1025);
  });

  test('continue, after a restart of the switch, with the number that the primary needs', () => {
    const kept = new KeptFrames(true);
    expect(kept.from(57)).toEqual([]);
    expect([kept.accept(new Uint8Array(60)), kept.from(57).length]).toEqual([57, 1]);
    kept.from(57);
    expect(kept.accept(new Uint8Array(60))).toBe(58);
  });

  test('are renumbered from the requested number if some are lost', () => {
    const kept = new KeptFrames(true);
    kept.from(57);
    for (let count = 0; count < 3; count++) kept.accept(new Uint8Array(60));
    kept.held(57);
    expect(kept.from(50).map(({ number }) => number)).toEqual([50, 51]);
    kept.held(50);
    expect([kept.accept(new Uint8Array(60)), kept.from(51).length]).toEqual([52, 2]);
    kept.held(52);
    expect([kept.from(40), kept.accept(new Uint8Array(60))]).toEqual([[], 40]);
  });

  test('are not kept with the rule switched off', () => {
    const kept = new KeptFrames(false);
    expect([kept.accept(new Uint8Array(60)), kept.accept(new Uint8Array(60)), kept.from(1)]).toEqual([
      1,
      2,
      [],
    ]);
  });
});

describe('the ledger of a disk', () => {
  const act = fc.record({
    kind: fc.constantFrom('ask', 'ask', 'ask', 'reach', 'fail', 'power', 'lowWater'),
    id: fc.integer({ min: 1, max: 8 }),
  });

  test('repeats every operation except those that have reached the medium', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 60 }), (acts) => {
        const ledger = new DiskLedger();
        const [done, underWay] = [new Set<number>(), new Set<number>()];
        let lowWater = 0;
        for (const { kind, id } of acts) {
          if (kind === 'lowWater') {
            // A low-water mark is valid only if everything below it is completed.
            const next = Math.max(lowWater, id);
            if ([...Array(next).keys()].some((below) => below > 0 && !done.has(below))) continue;
            lowWater = next;
            ledger.forget(lowWater);
          } else if (kind === 'ask') {
            const expected = done.has(id) ? 'done' : underWay.has(id) ? 'under-way' : 'new';
            expect(ledger.begin(id)).toBe(expected);
            if (expected === 'new') underWay.add(id);
          } else if (kind === 'power') {
            ledger.powerLost();
            underWay.clear();
          } else if (underWay.delete(id)) {
            if (kind === 'reach') {
              ledger.reached(id);
              done.add(id);
            } else ledger.failed(id);
          }
          // It remembers only operations in flight, and those at or above the low-water mark.
          const remembered = [...done].filter((one) => one >= lowWater).length + underWay.size;
          expect(ledger.size).toBe(remembered);
        }
      }),
    );
  });
});

describe('generations', () => {
  test('have one record each: the first that was written', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(generation, fc.constantFrom('a', 'b', 'c')), { maxLength: 20 }),
        (claims) => {
          const generations = new Generations({ primary: 'a', backups: ['b', 'c'] }, true);
          const model = ['a'];
          for (const [number, primary] of claims) {
            if (number > model.length + 1) {
              expect(() => generations.testAndSet(number, { primary, backups: [] })).toThrow(
                /only after the one before was recorded/,
              );
              continue;
            }
            model[number - 1] ??= primary;
            expect(generations.testAndSet(number, { primary, backups: [] }).primary).toBe(model[number - 1]);
            expect(generations.latest.primary).toBe(model.at(-1));
            for (let one = 1; one <= 7; one++) {
              expect(generations.read(one)?.primary).toBe(model[one - 1]);
              expect(generations.admits(one)).toBe(one >= model.length);
            }
          }
        },
      ),
    );
  });
});
