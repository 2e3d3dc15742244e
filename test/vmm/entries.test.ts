import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode } from '../../src/base/codec.ts';
import { FormatError } from '../../src/base/errors.ts';
import { describeEntry, type Entry, entryKinds, entryList, isInput } from '../../src/vmm/entries.ts';
import { mustRefuseChanges } from '../base/laws.ts';
import { entryContent, entryLists } from '../ft/arbitraries.ts';

describe('the list of entries', () => {
  const back = (source: Uint8Array) => decode(entryList, source);
  const forth = (entries: ReturnType<typeof back>) => encode(entryList, entries);

  test('comes back as it was written', () => {
    fc.assert(
      fc.property(entryLists(20), (entries) => {
        expect(back(forth(entries))).toEqual(entries);
      }),
    );
  });

  test('cut short or with one bit changed is refused, or is another list', () => {
    fc.assert(
      fc.property(entryLists(5), (entries) => mustRefuseChanges(forth(entries), back, forth)),
      { numRuns: 100 },
    );
  });

  test('does not hold a position that no number can hold', () => {
    const progress = encode(entryList, [{ kind: 'progress', icount: Number.MAX_SAFE_INTEGER }]).subarray(1);
    for (const count of [2, 3])
      expect(() =>
        back(
          Uint8Array.of(
            count,
            ...Array(count)
              .fill([...progress])
              .flat(),
          ),
        ),
      ).toThrow(FormatError);
  });

  test('promises no more entries than there are bytes', () => {
    expect(() => back(Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0, 7))).toThrow("can't fit");
  });
});

describe('an entry', () => {
  test('comes in every kind from the arbitraries that the laws run on', () => {
    const kinds = new Set(fc.sample(entryContent, { numRuns: 500, seed: 1 }).map(({ kind }) => kind));
    expect([...kinds].sort()).toEqual([...entryKinds].sort());
  });

  test('is one line that names its position', () => {
    fc.assert(
      fc.property(entryLists(3), (entries) => {
        for (const entry of entries)
          expect(describeEntry(entry)).toMatch(new RegExp(`^.+ at ${entry.icount}$`));
      }),
    );
  });

  test('is an input when the VMM applies it between two steps', () => {
    const icount = 7;
    const data = new Uint8Array(1);
    const inputs: Entry[] = [
      { kind: 'timer', icount, ticks: 1 },
      { kind: 'console', icount, data },
      { kind: 'net', icount, frame: data },
      { kind: 'disk', icount, id: 1, status: 0, data: undefined },
      { kind: 'control', icount, action: 'reset', value: 0 },
    ];
    const others: Entry[] = [
      { kind: 'clock', icount, ticks: 1 },
      { kind: 'entropy', icount, data },
      { kind: 'control', icount, action: 'speed', value: 500 },
      { kind: 'control', icount, action: 'power-off', value: 0 },
      { kind: 'output', icount, made: 1 },
      { kind: 'progress', icount },
      { kind: 'check', icount, hash: 1n },
      { kind: 'checkpoint', icount, history: 0, delta: data, outputs: [], open: [] },
    ];
    expect(inputs.filter(isInput)).toEqual(inputs);
    expect(others.filter(isInput)).toEqual([]);
  });
});
