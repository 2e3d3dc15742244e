/** A recording that is written during the run; at a failover another machine continues it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';
import { type KeptImages, MIN_IMAGE_BYTES } from '../../src/replay/images.ts';
import { LogReader, readLog } from '../../src/replay/log-file.ts';
import { type RecordingFile, RecordingWriter, recordingOf } from '../../src/replay/recorder.ts';
import { ReplayDoors } from '../../src/vmm/doors.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { Machine } from '../../src/vmm/machine.ts';
import { entryLists } from '../ft/arbitraries.ts';
import { machineOf } from '../ft/guest.ts';
import { examples } from '../thorough.ts';

const description = machineOf('_start: j _start');
const machine = new Machine(description, new ReplayDoors());

/** A file in memory. */
class File implements RecordingFile {
  constructor(public content: Uint8Array) {}
  append(bytes: Uint8Array): void {
    this.content = new Uint8Array(Buffer.concat([this.content, bytes]));
  }
  truncate(sizeBytes: number): void {
    this.content = this.content.slice(0, sizeBytes);
  }
  read(offset: number, sizeBytes: number): Uint8Array {
    return this.content.slice(offset, offset + sizeBytes);
  }
}

/** Images that are kept after they were asked for so many times, or when their names are needed. */
class Later implements KeptImages {
  constructor(
    private readonly count: number,
    private asked = 0,
  ) {}
  get isReady(): boolean {
    return this.asked++ >= this.count;
  }
  get isOver(): boolean {
    return this.asked >= this.count;
  }
  get names(): string[] {
    this.asked = this.count;
    return ['ab'.repeat(32)];
  }
}

const withImage = {
  ...description,
  segments: [
    { address: 0x8000_0000, bytes: new Uint8Array(MIN_IMAGE_BYTES), memorySizeBytes: MIN_IMAGE_BYTES },
  ],
};

function begun(origin?: Uint8Array): { file: File; writer: RecordingWriter } {
  let file!: File;
  const begin = (head: Uint8Array) => {
    file = new File(head);
    return file;
  };
  const writer = new RecordingWriter(description, begin, { origin });
  return { file, writer };
}

/** Histories, one after another; each begins with a prefix of the one before. */
const histories = fc.array(
  fc.record({ own: entryLists(20), kept: fc.double({ min: 0, max: 1, noNaN: true }) }),
  {
    minLength: 1,
    maxLength: 5,
  },
);
const isOf = (entry: Entry) =>
  entry.kind !== 'checkpoint' && !(entry.kind === 'control' && entry.action === 'end');
const shifted = (entries: readonly Entry[], icount: number): Entry[] =>
  entries.map((entry) => ({ ...entry, icount: entry.icount + icount }));

describe('a recording', () => {
  test('equals that of the last machine alone, whatever machines were recorded before it', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (all, flushes) => {
        const { file, writer } = begun();
        let history: Entry[] = [];
        for (const { own, kept } of all) {
          const common = history.slice(0, Math.round(kept * history.length));
          history = [...common, ...shifted(own.filter(isOf), common.at(-1)?.icount ?? 0)];
          const half = history.slice(0, common.length + Math.floor((history.length - common.length) / 2));
          writer.continueAs(half);
          for (const entry of history.slice(half.length)) writer.append(entry);
          if (flushes) writer.flush();
          if (flushes) expect(readLog(file.content, 'x').entries).toEqual(history);
        }
        writer.flush();
        const alone = begun();
        for (const entry of history) alone.writer.append(entry);
        alone.writer.flush();
        expect(sameBytes(file.content, alone.file.content)).toBe(true);
      }),
      { numRuns: examples(200) },
    );
  });

  test('keeps every note, and marks as long as all entries before them', () => {
    const origin = Uint8Array.of(1, 2, 3);
    fc.assert(
      fc.property(histories, fc.boolean(), (all, flushes) => {
        const { file, writer } = begun(origin);
        let history: Entry[] = [];
        let marks: number[] = [];
        const notes: number[] = [];
        for (const [index, { own, kept }] of all.entries()) {
          const common = history.slice(0, Math.round(kept * history.length));
          const next = [...common, ...shifted(own.filter(isOf), common.at(-1)?.icount ?? 0)];
          writer.continueAs(common);
          // A mark behind the last entry goes with what it would have preceded.
          if (common.length < history.length) marks = marks.filter((count) => count < common.length);
          for (const [count, entry] of next.slice(common.length).entries()) {
            if (count % 3 === 0) writer.mark(Uint8Array.of(0xff));
            if (count % 3 === 0) marks.push(common.length + count);
            if (count % 4 === 1) writer.note(Uint8Array.of(index, count));
            if (count % 4 === 1) notes.push(index * 256 + count);
            writer.append(entry);
          }
          history = next;
          if (flushes) writer.flush();
        }
        writer.flush();
        const reader = new LogReader(file.content, 'x');
        expect([...reader]).toEqual(history);
        const read = [...reader.notes()];
        expect(reader.origin).toEqual(origin);
        const [marked, noted] = [true, false].map((mark) =>
          read.filter(({ content }) => (content[0] === 0xff) === mark),
        );
        expect(marked!.map(({ count }) => count)).toEqual(marks);
        expect(noted!.map(({ content }) => content[0]! * 256 + content[1]!)).toEqual(notes);
      }),
      { numRuns: examples(200) },
    );
  });

  test('is the same whenever its images are kept; until then there is no file, and it is whole when there is one', () => {
    /** What happens to a recording: a machine becomes live, or the live one goes on, or all is written. */
    type Happening = { kept?: number; own: Entry[] } | 'flush' | 'note' | 'mark';
    const happening: fc.Arbitrary<Happening> = fc.oneof(
      fc.record({ kept: fc.double({ min: 0, max: 1, noNaN: true }), own: entryLists(6) }),
      fc.record({ own: entryLists(6) }),
      fc.constantFrom('flush' as const, 'note' as const, 'mark' as const),
    );
    const recorded = (happenings: readonly Happening[], count: number): Uint8Array => {
      const kept = new Later(count);
      let file: File | undefined;
      const begin = (first: Uint8Array) => {
        expect(kept.isOver).toBe(true);
        file = new File(first);
        return file;
      };
      const images = { put: () => kept };
      const writer = new RecordingWriter(withImage, begin, { origin: Uint8Array.of(1), images });
      let history: Entry[] = [];
      for (const what of happenings) {
        if (what === 'flush') writer.flush();
        else if (what === 'note') writer.note(Uint8Array.of(1, 2));
        else if (what === 'mark') writer.mark(Uint8Array.of(3));
        else {
          const common =
            what.kept !== undefined ? history.slice(0, Math.round(what.kept * history.length)) : history;
          const own = shifted(what.own.filter(isOf), common.at(-1)?.icount ?? 0);
          history = [...common, ...own];
          if (what.kept !== undefined) writer.continueAs(history);
          else for (const entry of own) writer.append(entry);
        }
        if (!file) continue;
        const { entries } = readLog(file.content, 'x');
        expect(entries).toEqual(history.slice(0, entries.length));
      }
      writer.complete();
      expect(readLog(file!.content, 'x').entries).toEqual(history);
      return file!.content;
    };
    fc.assert(
      fc.property(
        fc.array(happening, { maxLength: 12 }),
        fc.integer({ min: 1, max: 30 }),
        (happenings, count) => {
          expect(sameBytes(recorded(happenings, count), recorded(happenings, 0))).toBe(true);
        },
      ),
      { numRuns: examples(200) },
    );
  });

  test('keeps the state hashes that the next machine does not have, as far as both have the same history', () => {
    const inputs = fc.array(fc.record({ steps: fc.integer({ min: 1, max: 9 }), hashes: fc.nat(2) }), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(inputs, fc.nat(20), fc.nat(5), (all, kept, more) => {
        const { file, writer } = begun();
        let icount = 0;
        const entries = all.flatMap(({ steps, hashes }): Entry[] => {
          icount += steps;
          const check: Entry = { kind: 'check', icount, hash: BigInt(icount) };
          return [{ kind: 'clock', icount, ticks: icount }, ...Array.from({ length: hashes }, () => check)];
        });
        for (const entry of entries) writer.append(entry);
        const isInput = ({ kind }: Entry) => kind === 'clock';
        const common = entries.filter(isInput).slice(0, kept);
        const own = Array.from(
          { length: more },
          (_, index): Entry => ({ kind: 'clock', icount, ticks: 1000 + index }),
        );
        writer.continueAs([...common, ...own], ({ kind }) => kind === 'check');
        writer.flush();
        const last = entries.indexOf(common.at(-1)!);
        expect(readLog(file.content, 'x').entries).toEqual([...entries.slice(0, last + 1), ...own]);
      }),
      { numRuns: examples(100) },
    );
  });

  test('has its head from the start, and its end once the run is over', () => {
    const { file, writer } = begun();
    expect(readLog(file.content, 'x')).toMatchObject({ description, entries: [] });
    expect(readLog(file.content, 'x').damage?.message).toContain('the log is cut short');
    writer.end(machine);
    expect(readLog(file.content, 'x').damage).toBeUndefined();
    expect(file.content).toEqual(new Uint8Array(Buffer.concat([...recordingOf(machine, [])])));
  });
});
