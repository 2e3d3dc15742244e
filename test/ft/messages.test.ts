import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decode, encode, Writer } from '../../src/base/codec.ts';
import { crc32c } from '../../src/base/crc32.ts';
import { FormatError } from '../../src/base/errors.ts';
import { decodeMessage, encodeMessage } from '../../src/ft/messages.ts';
import { entryList } from '../../src/vmm/entries.ts';
import { bitFlips, mustBeCanonical, mustRefuseChanges, truncations } from '../base/laws.ts';
import { entryLists, messages } from './arbitraries.ts';

describe('messages', () => {
  test('come back as they were sent', () => {
    fc.assert(
      fc.property(messages, (message) => {
        expect(decodeMessage(encodeMessage(message))).toEqual(message);
      }),
    );
  });

  test('that are cut short or have one bit changed are refused', () => {
    fc.assert(
      fc.property(messages, (message) => {
        const encoded = encodeMessage(message);
        for (const changes of [truncations(encoded), bitFlips(encoded)])
          for (const changed of changes)
            if (mustBeCanonical(changed, decodeMessage, encodeMessage) === 'accepted')
              throw new Error(`accepted: ${Buffer.from(changed).toString('hex')}`);
      }),
      { numRuns: 60 },
    );
  });

  test('with bytes behind them, and other bytes, are refused', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ maxLength: 40 }), (message, other) => {
        const encoded = encodeMessage(message);
        expect(() => decodeMessage(Uint8Array.of(...encoded, 0))).toThrow(FormatError);
        expect(() => decodeMessage(other)).toThrow(FormatError);
      }),
    );
  });

  test('with a right checksum over a body that is none are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (body) => {
        const out = new Writer();
        out.raw(encodeMessage({ kind: 'heartbeat', generation: 1 }).subarray(0, 3));
        out.varint(body.length);
        out.raw(body);
        out.u32(crc32c(body));
        mustBeCanonical(out.bytes(), decodeMessage, encodeMessage);
      }),
      { numRuns: 1000 },
    );
  });

  test('of something else, and of another version, are told apart', () => {
    const encoded = encodeMessage({ kind: 'heartbeat', generation: 1 });
    const changed = (at: number) => encoded.map((byte, index) => (index === at ? byte + 1 : byte));
    expect(() => decodeMessage(changed(0))).toThrow('not a message of vmft');
    expect(() => decodeMessage(changed(2))).toThrow('message version 2, this vmft speaks 1');
    expect(() => decodeMessage(changed(encoded.length - 1))).toThrow('checksum');
  });
});

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
    const horizon = encode(entryList, [{ kind: 'horizon', icount: Number.MAX_SAFE_INTEGER }]).subarray(1);
    for (const count of [2, 3])
      expect(() =>
        back(
          Uint8Array.of(
            count,
            ...Array(count)
              .fill([...horizon])
              .flat(),
          ),
        ),
      ).toThrow(FormatError);
  });

  test('promises no more entries than there are bytes', () => {
    expect(() => back(Uint8Array.of(0xff, 0xff, 0xff, 0x7f, 0, 7))).toThrow("can't fit");
  });
});
