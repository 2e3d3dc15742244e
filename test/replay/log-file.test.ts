import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { LogReader, LogWriter, type Recording, readLog } from '../../src/replay/log-file.ts';
import type { MachineDescription } from '../../src/vmm/description.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { entryLists } from '../ft/arbitraries.ts';
import { examples } from '../thorough.ts';

const description: MachineDescription = {
  program: 'test.s',
  memorySizeBytes: 1 << 16,
  bootEpochNs: 1n,
  start: [{ word: 'pc', value: 0x8000_0000n }],
  sbi: false,
  segments: [{ address: 0x8000_0000, bytes: Uint8Array.of(0x13, 0, 0, 0), memorySizeBytes: 4 }],
  virtio: [
    { kind: 'net', mac: Uint8Array.of(1, 2, 3, 4, 5, 6) },
    undefined,
    { kind: 'blk', sectors: 2, readOnly: true },
  ],
  clock: 'logged',
  tohost: [],
  fromhost: [],
};

/** A complete recording, and the number of bytes after its head and after each of its entries. */
function recorded(entries: readonly Entry[]): { content: Uint8Array; all: Entry[]; ends: number[] } {
  const end: Entry = { kind: 'control', icount: entries.at(-1)?.icount ?? 0, action: 'end', value: 0 };
  const all = [...entries, end];
  const writer = new LogWriter(description);
  const parts = [writer.take()];
  for (const entry of all) {
    writer.append(entry);
    parts.push(writer.take());
  }
  let length = 0;
  const ends = parts.map((part) => {
    length += part.length;
    return length;
  });
  return { content: new Uint8Array(Buffer.concat(parts)), all, ends };
}

const isEnd = (entry: Entry) => entry.kind === 'control' && entry.action === 'end';
/** Recordings whose only end entry is the last one. */
const recordings = (maxLength: number) =>
  entryLists(maxLength).map((entries) => recorded(entries.filter((entry) => !isEnd(entry))));

/** Checks that a damaged log is read up to its last intact entry, with an error that says so. */
function mustBeIntactUpTo(recording: Recording, all: readonly Entry[], count: number, problem: RegExp): void {
  const last = all[count - 1]?.icount ?? 0;
  if (recording.entries.length !== count)
    throw new Error(`${recording.entries.length} entries, not ${count}`);
  const message = recording.damage?.message ?? 'no damage';
  if (!problem.test(message) || !message.endsWith(`number ${count}, at icount ${last}`))
    throw new Error(`unexpected: ${message}`);
}

describe('a recording', () => {
  test('is read from any entry on, in any order of readings, and damage is reported alike', () => {
    const { content, ends } = recorded(
      Array.from({ length: 1000 }, (_, index) => ({ kind: 'clock', icount: 3 * index, ticks: index })),
    );
    const cut = fc.option(fc.nat(ends.at(-1)! - ends[0]! - 1), { nil: undefined });
    fc.assert(
      fc.property(cut, fc.array(fc.nat(1100), { minLength: 1, maxLength: 6 }), (cutBytes, starts) => {
        const bytes = content.subarray(0, content.length - (cutBytes ?? 0));
        const whole = readLog(bytes, 'x.log');
        const reader = new LogReader(bytes, 'x.log');
        for (const start of starts) {
          expect([...reader.from(start)]).toEqual(whole.entries.slice(start));
          expect(reader.damage).toEqual(whole.damage);
        }
      }),
      { numRuns: examples(100) },
    );
  });

  test('is read as it was written', () => {
    fc.assert(
      fc.property(recordings(30), ({ content, all }) => {
        expect(readLog(content, 'x.log')).toEqual({ description, entries: all });
      }),
    );
  });

  test('is read about once for the checksums at many positions, one after the other', () => {
    const writer = new LogWriter(description);
    const count = 20_000;
    for (let icount = 0; icount < count; icount++) writer.append({ kind: 'clock', icount, ticks: icount });
    const content = writer.take();
    let readBytes = 0;
    const read = (offset: number, sizeBytes: number) => {
      const piece = content.subarray(offset, offset + sizeBytes);
      readBytes += piece.length;
      return piece;
    };
    const reader = new LogReader({ read }, 'x.log');
    const step = 500;
    for (let at = step; at <= count; at += step) expect(reader.checksumAfter(at)).toBeDefined();
    // A piece of 64 KiB for each, besides the content.
    expect(readBytes).toBeLessThan(content.length + (count / step + 1) * 2 ** 16);
  });

  test('has the same entries with an origin and notes among them, which are read where they were written', () => {
    const noted = fc.array(fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.constant(undefined)), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(
        recordings(20),
        fc.uint8Array({ minLength: 1, maxLength: 40 }),
        noted,
        ({ all }, origin, order) => {
          const writer = new LogWriter(description, { origin });
          const rest = [...all];
          const notes: { count: number; content: Uint8Array }[] = [];
          for (const content of order)
            if (content) {
              writer.note(content);
              notes.push({ count: all.length - rest.length, content });
            } else if (rest.length > 0) writer.append(rest.shift()!);
          for (const entry of rest) writer.append(entry);
          const content = writer.take();
          const reader = new LogReader(content, 'x.log');
          expect([...reader]).toEqual(all);
          expect([...reader.notes()]).toEqual(notes);
          expect([reader.origin, reader.damage, reader.count]).toEqual([origin, undefined, all.length]);
          // Damage is found in them as in entries.
          for (let at = 0; at < content.length; at += 1 + (at % 3)) {
            const changed = content.slice();
            changed[at]! ^= 0x55;
            let damage: unknown;
            try {
              const read = new LogReader(changed, 'x.log');
              const sound = [...read];
              expect(sound).toEqual(all.slice(0, sound.length));
              ({ damage } = read);
            } catch (error) {
              damage = error;
            }
            expect(damage).toBeInstanceOf(OperatingError);
          }
        },
      ),
      { numRuns: examples(100) },
    );
  });

  test('is the same written in one piece and in many', () => {
    fc.assert(
      fc.property(recordings(10), ({ content, all }) => {
        const writer = new LogWriter(description);
        for (const entry of all) writer.append(entry);
        writer.drain((written) => expect(written).toEqual(content));
        expect(writer.take()).toEqual(new Uint8Array(0));
      }),
    );
  });

  test('cut at any byte is read up to its last intact entry, and reports the damage', () => {
    fc.assert(
      fc.property(recordings(8), ({ content, all, ends }) => {
        for (let length = 0; length < content.length; length++) {
          const cut = content.slice(0, length);
          if (length < ends[0]!) {
            expect(() => readLog(cut, 'x.log')).toThrow(OperatingError);
            continue;
          }
          const recording = readLog(cut, 'x.log');
          mustBeIntactUpTo(
            recording,
            all,
            ends.findLastIndex((end) => end <= length),
            /cut short/,
          );
          expect(recording.entries).toEqual(all.slice(0, recording.entries.length));
        }
      }),
      { numRuns: examples(25) },
    );
  });

  test('with any one byte changed is refused, or read up to the entry before it', () => {
    fc.assert(
      fc.property(recordings(6), fc.integer({ min: 1, max: 255 }), ({ content, all, ends }, change) => {
        for (let at = 0; at < content.length; at++) {
          const changed = content.slice();
          changed[at]! ^= change;
          if (at < ends[0]!) {
            expect(() => readLog(changed, 'x.log')).toThrow(OperatingError);
            continue;
          }
          const recording = readLog(changed, 'x.log');
          mustBeIntactUpTo(
            recording,
            all,
            ends.findLastIndex((end) => end <= at),
            /damaged at byte|cut short/,
          );
        }
      }),
      { numRuns: examples(60) },
    );
  });

  test('with an entry removed, repeated or moved is reported as damaged there', () => {
    fc.assert(
      fc.property(recordings(6), fc.nat(), ({ content, all, ends }, choice) => {
        const parts = all.map((_, index) => content.subarray(ends[index], ends[index + 1]));
        const index = choice % parts.length;
        const join = (list: Uint8Array[]) =>
          new Uint8Array(Buffer.concat([content.subarray(0, ends[0]), ...list]));
        const removed = readLog(join(parts.toSpliced(index, 1)), 'x.log');
        mustBeIntactUpTo(removed, all, index, index === parts.length - 1 ? /cut short/ : /damaged/);
        const repeated = readLog(join(parts.toSpliced(index, 0, parts[index]!)), 'x.log');
        mustBeIntactUpTo(repeated, all, index + 1, /damaged/);
        if (index + 1 === parts.length || Buffer.compare(parts[index]!, parts[index + 1]!) === 0) return;
        const moved = readLog(join(parts.toSpliced(index, 2, parts[index + 1]!, parts[index]!)), 'x.log');
        mustBeIntactUpTo(moved, all, index, /damaged/);
      }),
    );
  });

  test('with trailing bytes is reported as damaged', () => {
    const { content, all } = recorded([]);
    const longer = new Uint8Array(content.length + 9);
    longer.set(content);
    mustBeIntactUpTo(readLog(longer, 'x.log'), all, 1, /damaged/);
  });
});

describe('a file that is not a readable log is refused with its name', () => {
  const { content } = recorded([]);
  const changed = (at: number) => content.map((byte, index) => (index === at ? byte ^ 0x40 : byte));
  test.each<[string, Uint8Array, RegExp]>([
    ['an empty file', new Uint8Array(0), /^x\.log: not a vmft log; make one with/],
    ['another file', new TextEncoder().encode('#!/bin/sh\necho hello\n'), /^x\.log: not a vmft log/],
    ['another version', changed(8), /^x\.log: log format 70, and this vmft reads 6 and 7; record it again$/],
    ['a damaged head', changed(20), /^x\.log: the head of the log is damaged/],
    ['a head cut short', content.slice(0, 20), /^x\.log: the head of the log is cut short/],
  ])('%s', (_, source, message) => {
    const read = () => readLog(source, 'x.log');
    expect(read).toThrow(OperatingError);
    expect(read).toThrow(message);
  });
});
