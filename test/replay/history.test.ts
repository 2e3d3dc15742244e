import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';
import { bytes } from '../../src/base/codec.ts';
import { ByteStreams } from '../../src/check/byte-streams.ts';
import { FileSpool } from '../../src/cli/evidence.ts';
import { History } from '../../src/replay/history.ts';
import { MemorySpool, type Spool } from '../../src/replay/spool.ts';
import { Tape } from '../../src/replay/tape.ts';
import { describeEntry, type Entry } from '../../src/vmm/entries.ts';
import { examples } from '../thorough.ts';

const MIB = 1 << 20;
const spools: [string, () => Spool][] = [
  ['memory', () => new MemorySpool(64 * MIB)],
  ['a file', () => new FileSpool()],
];
/** Lists of values, some longer than a block of a tape. */
const part = fc
  .tuple(fc.oneof(fc.nat(40), fc.integer({ min: 10_000, max: 40_000 })), fc.nat(255))
  .map(([length, byte]) => new Uint8Array(length).fill(byte));
const parts = fc.array(part, { maxLength: 20 });

/** Like `toEqual`, which is a hundred times slower for bytes. */
const areSame = (a: readonly Uint8Array[], b: readonly Uint8Array[]): boolean =>
  a.length === b.length && a.every((bytes, index) => sameBytes(bytes, b[index]!));

describe.each(spools)('on %s', (_, spool) => {
  it('each tape of a shared spool returns what was appended to it', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const shared = spool();
        const [one, other] = [new Tape(() => bytes(), shared), new Tape(() => bytes(), shared)];
        for (let index = 0; index < Math.max(a.length, b.length); index++) {
          if (a[index]) one.append(a[index]!);
          if (b[index]) other.append(b[index]!);
        }
        expect([areSame([...one], a), areSame([...other], b)]).toEqual([true, true]);
        expect([one.isWhole, other.isWhole, one.length]).toEqual([true, true, a.length]);
      }),
      { numRuns: examples(30) },
    );
  });
});

it('a tape keeps the first values that fit its spool, and reports that there were more', () => {
  fc.assert(
    fc.property(parts, fc.nat(100_000), (given, limitBytes) => {
      const tape = new Tape(() => bytes(), new MemorySpool(limitBytes));
      for (const part of given) tape.append(part);
      const kept = [...tape];
      expect(areSame(kept, given.slice(0, kept.length))).toBe(true);
      expect([tape.kept, tape.length]).toEqual([kept.length, given.length]);
      expect(tape.isWhole).toBe(kept.length === given.length);
    }),
  );
});

it('a tape without a spool only counts values', () => {
  const tape = new Tape(() => bytes(), undefined);
  expect(tape.isWhole).toBe(true);
  tape.append(new Uint8Array(3));
  expect([tape.length, tape.kept, tape.isWhole, [...tape]]).toEqual([1, 0, false, []]);
});

const clock = (icount: number): Entry => ({ kind: 'clock', icount, ticks: 7 * icount });

it('a forked history has the copied prefix and the entries appended to it', () => {
  const step = fc.record({ history: fc.nat(5), entries: fc.nat(6000), count: fc.nat(9000) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 6 }), (steps) => {
      const spool = new MemorySpool(64 * MIB);
      const histories = [new History(spool)];
      const models: Entry[][] = [[]];
      for (const { history, entries, count } of steps) {
        const from = history % histories.length;
        for (let n = 0; n < entries; n++) {
          const entry = clock((models[from]!.at(-1)?.icount ?? 0) + 1);
          histories[from]!.append(entry);
          models[from]!.push(entry);
        }
        histories.push(histories[from]!.fork(count));
        models.push(models[from]!.slice(0, count));
      }
      for (const [index, history] of histories.entries()) {
        expect([...history].map(describeEntry)).toEqual(models[index]!.map(describeEntry));
        expect([history.length, history.isWhole]).toEqual([models[index]!.length, true]);
      }
    }),
    { numRuns: examples(20) },
  );
});

it('two byte streams agree up to their first difference, however they are split', () => {
  const stream = fc.array(fc.uint8Array({ max: 1, maxLength: 6 }), { maxLength: 8 });
  fc.assert(
    fc.property(stream, stream, (came, there) => {
      const streams = new ByteStreams(there);
      for (const piece of came) streams.append(piece);
      const [a, b] = [came, there].map((pieces) => pieces.flatMap((piece) => [...piece]));
      const differs = a!.findIndex((byte, index) => byte !== b![index]);
      const same = differs < 0 ? a!.length : differs;
      expect([streams.same, streams.more]).toEqual([same, a!.length - same]);
      expect(streams.thereIsMore).toBe(b!.length > same);
      const shown = (bytes: number[]) =>
        JSON.stringify(
          new TextDecoder().decode(Uint8Array.from(bytes.slice(Math.max(0, same - 10), same + 20))),
        );
      expect(streams.quoted).toEqual({ came: shown(a!), there: shown(b!) });
    }),
  );
});
