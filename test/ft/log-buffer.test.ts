import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InvariantError } from '../../src/base/assert.ts';
import { LogBuffer } from '../../src/ft/log-buffer.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { examples } from '../thorough.ts';
import { entryLists, sizesOf } from './arbitraries.ts';

const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);

/** The model: an array of every entry since the buffer was started. */
class Model {
  /** Entry `base + n` has index `n - 1`. */
  entries: Entry[] = [];
  base = 0;
  baseIcount = 0;

  get last(): number {
    return this.base + this.entries.length;
  }
  get lastIcount(): number {
    return this.entries.at(-1)?.icount ?? this.baseIcount;
  }
  get sizes(): number[] {
    // A position is encoded as the difference from the one before, for the first entry too.
    return sizesOf([{ kind: 'progress', icount: this.baseIcount }, ...this.entries]).slice(1);
  }
  bytesUpTo(number: number): number {
    return sum(this.sizes.slice(0, Math.max(0, number - this.base)));
  }
}

type Step =
  | { do: 'append'; count: number }
  | { do: 'forget'; back: number; retain: number }
  | { do: 'truncate'; count: number }
  | { do: 'start'; skip: number };
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    { weight: 5, arbitrary: fc.record({ do: fc.constant('append' as const), count: fc.nat(90) }) },
    {
      weight: 4,
      arbitrary: fc.record({
        do: fc.constant('forget' as const),
        back: fc.integer({ min: -3, max: 40 }),
        retain: fc.oneof(fc.constant(0), fc.nat(400)),
      }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('truncate' as const), count: fc.nat(20) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('start' as const), skip: fc.nat(50) }) },
  ),
  { minLength: 4, maxLength: 15 },
);

describe('a log buffer', () => {
  test('behaves like an array whose first entries can be discarded', () => {
    let forgotten = 0;
    fc.assert(
      fc.property(entryLists(300, 200), steps, (entries, list) => {
        const buffer = new LogBuffer();
        const model = new Model();
        let next = 0;
        for (const step of list) {
          const { first, last } = buffer;
          switch (step.do) {
            case 'append':
              for (const entry of entries.slice(next, next + step.count)) {
                // After a truncation positions may go back, but never below that of the last entry that is left.
                const placed = { ...entry, icount: Math.max(entry.icount, model.lastIcount) };
                model.entries.push(placed);
                expect(buffer.append(placed)).toBe(model.last);
              }
              next += step.count;
              break;
            case 'forget': {
              const number = last - step.back;
              buffer.forget(number, step.retain);
              if (buffer.first > first) {
                forgotten++;
                expect(buffer.first - 1).toBeLessThanOrEqual(number);
                expect(model.bytesUpTo(last) - model.bytesUpTo(buffer.first - 1)).toBeGreaterThan(
                  step.retain,
                );
              }
              // At most an incomplete batch of the entries that may be forgotten is still kept.
              const rest = Array.from(
                { length: Math.max(0, number - buffer.first + 1) },
                (_, index) => buffer.first + index,
              );
              const free = rest.filter(
                (entry) => model.bytesUpTo(last) - model.bytesUpTo(entry) > step.retain,
              );
              expect(free.length).toBeLessThan(64);
              break;
            }
            case 'truncate': {
              const number = Math.max(buffer.first - 1, last - step.count);
              buffer.truncate(number);
              model.entries.length = number - model.base;
              break;
            }
            case 'start': {
              model.base = last + step.skip;
              model.baseIcount = model.lastIcount + step.skip;
              model.entries = [];
              buffer.startAfter(model.base, model.baseIcount);
            }
          }
          check(buffer, model);
        }
      }),
      { numRuns: examples(150) },
    );
    expect(forgotten).toBeGreaterThan(10);
  });

  test('has the right entries under their numbers while parts of many are discarded', () => {
    const part = fc.record({ appended: fc.nat(600), discarded: fc.nat(300), truncated: fc.nat(40) });
    fc.assert(
      fc.property(fc.array(part, { minLength: 2, maxLength: 12 }), (parts) => {
        const buffer = new LogBuffer();
        const all: Entry[] = [];
        for (const { appended, discarded, truncated } of parts) {
          for (let count = 0; count < appended; count++) {
            all.push({ kind: 'progress', icount: all.length });
            buffer.append(all.at(-1)!);
          }
          buffer.forget(Math.min(buffer.last, buffer.first + discarded), 0);
          all.length = Math.max(buffer.first - 1, all.length - truncated);
          buffer.truncate(all.length);
          expect(buffer.last).toBe(all.length);
          expect(buffer.lastIcount).toBe(all.at(-1)?.icount ?? 0);
          for (let number = buffer.first; number <= buffer.last; number++)
            if (buffer.get(number) !== all[number - 1]) throw new Error(`entry ${number} is another`);
          expect(() => buffer.get(buffer.first - 1)).toThrow(InvariantError);
          expect(() => buffer.get(buffer.last + 1)).toThrow(InvariantError);
        }
      }),
      { numRuns: examples(60) },
    );
  });

  function check(buffer: LogBuffer, model: Model): void {
    expect([buffer.last, buffer.lastIcount]).toEqual([model.last, model.lastIcount]);
    const total = model.bytesUpTo(model.last);
    expect(buffer.sizeBytes).toBe(total);
    expect(buffer.first).toBeGreaterThan(model.base);
    const kept = model.entries.slice(buffer.first - 1 - model.base);
    const sizes = model.sizes.slice(buffer.first - 1 - model.base);
    let bytes = total - sum(sizes);
    expect(buffer.bytesUpTo(buffer.first - 1)).toBe(bytes);
    expect(buffer.bytesUpTo(0)).toBe(bytes);
    for (const [index, entry] of kept.entries()) {
      bytes += sizes[index]!;
      if (buffer.get(buffer.first + index) !== entry)
        throw new Error(`entry ${buffer.first + index} is another`);
      if (buffer.bytesUpTo(buffer.first + index) !== bytes)
        throw new Error(`bytes up to ${buffer.first + index}`);
    }
  }

  test('throws for entries that it does not hold', () => {
    const buffer = new LogBuffer();
    for (let icount = 1; icount <= 100; icount++) buffer.append({ kind: 'progress', icount });
    buffer.forget(80, 0);
    expect(buffer.first).toBe(81);
    for (const number of [0, 80, 101]) expect(() => buffer.get(number)).toThrow(InvariantError);
    expect(() => buffer.bytesUpTo(101)).toThrow(InvariantError);
    for (const number of [79, 101]) expect(() => buffer.truncate(number)).toThrow(InvariantError);
    buffer.truncate(80);
    expect([buffer.last, buffer.lastIcount, buffer.first]).toEqual([80, 80, 81]);
  });
});
