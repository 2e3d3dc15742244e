import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Reader, Writer } from '../../src/base/codec.ts';
import { FormatError } from '../../src/base/errors.ts';
import { xxh32 } from '../../src/base/xxh32.ts';
import { decodeMessage, encodeMessage, kindOfMessage } from '../../src/ft/messages.ts';
import { bitFlips, mustBeCanonical, truncations } from '../base/laws.ts';
import { examples } from '../thorough.ts';
import { messageKinds, messages, messagesOf } from './arbitraries.ts';

/** A message with an arbitrary body, and the right checksum. */
function withBody(body: Uint8Array): Uint8Array {
  const out = new Writer();
  out.raw(encodeMessage({ kind: 'heartbeat', generation: 1, domain: 'x', ticks: 0 }).subarray(0, 3));
  out.varint(body.length);
  out.raw(body);
  out.u32(xxh32(body));
  return out.bytes();
}

function bodyOf(message: Uint8Array): Uint8Array {
  const input = new Reader(message);
  input.raw(3);
  return input.raw(input.varint());
}

describe.each(messageKinds)('a message of kind %s', (kind) => {
  test('decodes to what was encoded', () => {
    fc.assert(
      fc.property(messagesOf(kind), (message) => {
        const encoded = encodeMessage(message);
        expect(decodeMessage(encoded)).toEqual(message);
        expect(kindOfMessage(encoded)).toBe(kind);
      }),
    );
  });

  test('that is truncated or has one bit flipped is refused', () => {
    fc.assert(
      fc.property(messagesOf(kind), (message) => {
        const encoded = encodeMessage(message);
        for (const changes of [truncations(encoded), bitFlips(encoded)])
          for (const changed of changes)
            if (mustBeCanonical(changed, decodeMessage, encodeMessage) === 'accepted')
              throw new Error(`accepted: ${Buffer.from(changed).toString('hex')}`);
      }),
      { numRuns: 15 },
    );
  });

  test('whose body has one bit flipped under a right checksum is refused, or is another message', () => {
    fc.assert(
      fc.property(messagesOf(kind), (message) => {
        for (const changed of bitFlips(bodyOf(encodeMessage(message))))
          mustBeCanonical(withBody(changed), decodeMessage, encodeMessage);
      }),
      { numRuns: 15 },
    );
  });
});

describe('messages', () => {
  test('with trailing bytes, and arbitrary bytes, are refused', () => {
    fc.assert(
      fc.property(messages, fc.uint8Array({ maxLength: 40 }), (message, other) => {
        const encoded = encodeMessage(message);
        expect(() => decodeMessage(Uint8Array.of(...encoded, 0))).toThrow(FormatError);
        expect(() => decodeMessage(other)).toThrow(FormatError);
      }),
    );
  });

  test('with a right checksum over an invalid body are refused', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 30 }), (body) => {
        mustBeCanonical(withBody(body), decodeMessage, encodeMessage);
      }),
      { numRuns: examples(1000) },
    );
  });

  test('of another format, of another version and with a wrong checksum get distinct errors', () => {
    const encoded = encodeMessage({ kind: 'heartbeat', generation: 1, domain: 'x', ticks: 0 });
    const changed = (at: number) => encoded.map((byte, index) => (index === at ? byte + 1 : byte));
    expect(() => decodeMessage(changed(0))).toThrow('not a message of vmft');
    expect(() => decodeMessage(changed(2))).toThrow('message version 9, this vmft speaks 8');
    expect(() => decodeMessage(changed(encoded.length - 1))).toThrow('checksum');
  });
});
