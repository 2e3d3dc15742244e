/** A timeline along a recording that is written meanwhile: at each look it is the machine of what is written then. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { GrowingRecording } from '../../src/replay/growing.ts';
import { LogReader, LogWriter } from '../../src/replay/log-file.ts';
import { type RecordingFile, RecordingWriter } from '../../src/replay/recorder.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
/** Runs of one guest, whose histories differ early or late; all end. */
const runs = ['a few words, then the end: q', 'a few other words: q', 'a few words, then some more: q'].map(
  (typed) => recordRun(description, 'growing', typed, 0.02).entries,
);

/** A file in memory, of which only a part is seen: the rest is still being written. */
class File implements RecordingFile {
  content = new Uint8Array(0);
  seenBytes = 0;
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

/** What happens to the file, and how far the timeline runs before it looks again. */
const turns = fc.array(
  fc.record({
    /** Another machine goes on: which run's history, from which share of it on. */
    becomes: fc.option(fc.nat(runs.length - 1), { nil: undefined, freq: 3 }),
    grows: fc.nat(400),
    cutBytes: fc.nat(12),
    steps: fc.integer({ min: 1, max: 60_000 }),
    seek: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  }),
  { minLength: 1, maxLength: 10 },
);

describe('a timeline along a recording that grows', () => {
  test('is the machine of what is written, whatever is added, cut or becomes another history', () => {
    fc.assert(
      fc.property(turns, (all) => {
        const file = new File();
        const writer = new RecordingWriter(description, (head) => {
          file.append(head);
          return file;
        });
        const seen = {
          read: (offset: number, sizeBytes: number) =>
            file.content.slice(offset, Math.min(offset + sizeBytes, file.seenBytes)),
        };
        file.seenBytes = file.content.length;
        const reader = new LogReader(seen, 'x.log');
        const timeline = new Timeline(description, reader, { snapshotBytes: 1 << 22 });
        const growing = new GrowingRecording(reader, timeline);
        let history = runs[0]!;
        let count = 0;
        const goesOn = (steps: number) => {
          for (let left = steps; left > 0; left -= 1000)
            if (timeline.run(Math.min(left, 1000)) !== 'budget' && growing.advance() !== 'more') return;
        };
        for (const { becomes, grows, cutBytes, steps, seek } of all) {
          if (becomes !== undefined && runs[becomes]) {
            history = runs[becomes];
            count = Math.min(count, history.length);
            writer.continueAs(history.slice(0, count));
          }
          for (const entry of history.slice(count, count + grows)) writer.append(entry);
          count = Math.min(history.length, count + grows);
          writer.flush();
          // The last entries may not be there yet, or only a part of one.
          file.seenBytes = Math.max(0, file.content.length - cutBytes);
          goesOn(steps);
          if (seek !== undefined) timeline.seek(Math.floor(seek * timeline.icount), 'after');
        }
        file.seenBytes = file.content.length;
        for (let how = 'more'; how === 'more'; how = growing.advance())
          while (timeline.run(100_000) === 'budget');
        expect(growing.advance()).toBe(count === history.length ? 'over' : 'waiting');
        const whole = new Timeline(description, history.slice(0, count));
        whole.seek(Number.MAX_SAFE_INTEGER, 'after');
        expect([timeline.icount, timeline.machine.hash(true)]).toEqual([
          whole.icount,
          whole.machine.hash(true),
        ]);
        // So are all the snapshots on the way, from which going back starts.
        for (const share of [0.9, 0.5, 0.2]) {
          const icount = Math.floor(whole.icount * share);
          timeline.seek(icount, 'after');
          expect(timeline.machine.hash(true)).toBe(whole.seek(icount, 'after').machine.hash(true));
        }
      }),
      {
        numRuns: examples(30),
        examples: [
          // The machine goes back meanwhile and reads from a file that is another one only then.
          [
            [
              { becomes: undefined, grows: 43, cutBytes: 0, steps: 1, seek: undefined },
              { becomes: 2, grows: 0, cutBytes: 0, steps: 1049, seek: undefined },
              { becomes: 0, grows: 0, cutBytes: 0, steps: 1, seek: 0 },
              { becomes: 2, grows: 0, cutBytes: 0, steps: 1, seek: undefined },
            ],
          ],
        ],
      },
    );
  });

  test('is not told of other entries when only the writer began anew with the same ones', () => {
    const bytesOf = (entries: readonly Entry[]) => {
      const writer = new LogWriter(description);
      for (const entry of entries) writer.append(entry);
      return writer.take();
    };
    const entries = Array.from(
      { length: 700 },
      (_, index): Entry => ({ kind: 'clock', icount: 9 * index, ticks: 0 }),
    );
    let content = bytesOf(entries);
    const reader = new LogReader({ read: (at, size) => content.subarray(at, at + size) }, 'x.log');
    expect(reader.readOn()).toEqual({ isMore: true, changedAfter: undefined });
    expect(reader.readOn()).toEqual({ isMore: false, changedAfter: undefined });
    content = bytesOf(entries.slice());
    expect(reader.readOn()).toEqual({ isMore: false, changedAfter: undefined });
    // Back to the last mark before the change, of which there is one every 256 entries.
    content = bytesOf(entries.with(600, { kind: 'clock', icount: 5400, ticks: 1 }));
    expect(reader.readOn()).toEqual({ isMore: true, changedAfter: { count: 512, icount: 9 * 511 } });
    content = bytesOf(entries.slice(0, 300));
    expect(reader.readOn()).toEqual({ isMore: true, changedAfter: { count: 256, icount: 9 * 255 } });
    content = bytesOf([]);
    expect(reader.readOn()).toEqual({ isMore: false, changedAfter: { count: 0, icount: 0 } });
  });
});
