/** The framing of gdb's packets. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  bytesOf,
  bytesOfHex,
  escaped,
  MAX_PACKET_BYTES,
  PacketParser,
  packetOf,
  type Received,
} from '../../../src/debug/gdb/packets.ts';
import { examples } from '../../thorough.ts';

const content = fc
  .array(fc.oneof(fc.integer({ min: 0, max: 255 }), fc.constantFrom(...bytesOf('$#}*+-\x03'))), {
    maxLength: 60,
  })
  .map((codes) => String.fromCharCode(...codes));
const sent = fc.oneof(
  { weight: 3, arbitrary: content.map((text) => ({ is: 'packet' as const, content: text })) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('acknowledgment', 'retransmission request', 'interrupt').map((is) => ({
      is: is as 'interrupt',
    })),
  },
);
const bytesOfReceived = (one: Received): Uint8Array => {
  if (one.is === 'packet') return packetOf(escaped(one.content));
  return bytesOf(
    { acknowledgment: '+', 'retransmission request': '-', interrupt: '\x03' }[one.is as 'interrupt'],
  );
};

/** What a parser makes of bytes that arrive in pieces. */
function parse(bytes: Uint8Array, cuts: readonly number[]): Received[] {
  const parser = new PacketParser();
  const places = [...new Set([0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length])].sort(
    (a, b) => a - b,
  );
  return places.slice(1).flatMap((end, index) => [...parser.feed(bytes.subarray(places[index]!, end))]);
}

const cuts = fc.array(fc.nat(), { maxLength: 8 });

describe('packets', () => {
  test('are received as they were sent, however the bytes arrive', () => {
    fc.assert(
      fc.property(fc.array(sent, { maxLength: 8 }), cuts, (all, cuts) => {
        const bytes = Buffer.concat(all.map(bytesOfReceived));
        expect(parse(bytes, cuts)).toEqual(all);
      }),
      { numRuns: examples(400) },
    );
  });

  test('that are damaged are not taken for others, unless the checksum still holds', () => {
    fc.assert(
      fc.property(content, fc.nat(), fc.integer({ min: 1, max: 255 }), cuts, (text, at, flip, cuts) => {
        const bytes = packetOf(escaped(text));
        bytes[at % bytes.length]! ^= flip;
        // Hexadecimal digits in capitals are the same checksum.
        for (const one of parse(bytes, cuts)) if (one.is === 'packet') expect(one.content).toBe(text);
      }),
      { numRuns: examples(400) },
    );
  });

  test('whatever arrives, nothing is thrown, and the next packet is received', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), cuts, (garbage, cuts) => {
        const received = parse(Buffer.concat([garbage, bytesOf('$#00'), packetOf('g')]), cuts);
        expect(received.at(-1)).toEqual({ is: 'packet', content: 'g' });
      }),
      { numRuns: examples(400) },
    );
  });

  test('that are too long are refused, and not kept', () => {
    const parser = new PacketParser();
    const long = packetOf('a'.repeat(MAX_PACKET_BYTES + 1));
    expect([...parser.feed(long)]).toEqual([{ is: 'bad packet' }]);
    expect([...parser.feed(packetOf('g'))]).toEqual([{ is: 'packet', content: 'g' }]);
  });

  test('hexadecimal digits that are none, or not in pairs, are no bytes', () => {
    expect(bytesOfHex('0aFf')).toEqual(Uint8Array.of(10, 255));
    for (const wrong of ['0', '0g', ' 00', 'abc']) expect(bytesOfHex(wrong)).toBeUndefined();
  });
});
