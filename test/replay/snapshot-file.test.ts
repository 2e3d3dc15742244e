/** Snapshots in a file: a timeline that starts with them is at the recorded states; a damaged file is refused. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { joined } from '../../src/base/bytes.ts';
import { OperatingError } from '../../src/base/errors.ts';
import { zlib } from '../../src/host/zlib.ts';
import { LogReader, LogWriter } from '../../src/replay/log-file.ts';
import { readSnapshots, snapshotFile } from '../../src/replay/snapshot-file.ts';
import { Timeline } from '../../src/replay/timeline.ts';
import type { Entry } from '../../src/vmm/entries.ts';
import { chattyGuest, machineOf } from '../ft/guest.ts';
import { recordRun } from '../ft/world.ts';
import { examples } from '../thorough.ts';

const description = machineOf(chattyGuest);
const recordingOf = (entries: readonly Entry[]): LogReader => {
  const writer = new LogWriter(description);
  for (const entry of entries) writer.append(entry);
  return new LogReader(writer.take(), 'x.log');
};
const { entries, icount: end } = recordRun(description, 'snapshots', 'a few words, then the end: q', 0.02);
const recording = recordingOf(entries);
const stateAt = (icount: number) =>
  new Timeline(description, recording).seek(icount, 'after').machine.hash(true);

/** The file of snapshots at these positions. */
function fileOf(positions: readonly number[]): Uint8Array {
  const timeline = new Timeline(description, recording, { snapshotBytes: 1 << 28 });
  for (const icount of positions) timeline.seek(icount, 'after').keep();
  return joined([...snapshotFile(timeline.snapshots!, recording, zlib)]);
}
const readable = (content: Uint8Array) => ({
  read: (offset: number, sizeBytes: number) => content.subarray(offset, offset + sizeBytes),
});
const read = (content: Uint8Array, of = recording) =>
  readSnapshots(readable(content), content.length, { name: 'x.snapshots', recording: of, compressor: zlib });

const positions = fc.array(fc.nat(end), { minLength: 1, maxLength: 8 });

describe('a file of snapshots', () => {
  test('is what a timeline can start with', () => {
    fc.assert(
      fc.property(positions, positions, (kept, sought) => {
        const timeline = new Timeline(description, recording, {
          snapshotBytes: 1 << 20,
          knownSnapshots: read(fileOf(kept)),
        });
        for (const icount of sought) {
          expect(timeline.seek(icount, 'after').machine.hash(true)).toBe(stateAt(icount));
          if (icount % 2 === 0) timeline.keep();
        }
        // Where a snapshot is, nothing is replayed.
        for (const icount of kept) expect(timeline.snapshotBefore(icount + 1)).toBe(icount);
      }),
      { numRuns: examples(60) },
    );
  });

  test('that is changed or cut is refused, when it is read or when its pages are', () => {
    const content = fileOf([500, 1000, 1500, 2000]);
    fc.assert(
      fc.property(
        fc.nat(content.length - 1),
        fc.option(fc.integer({ min: 1, max: 255 }), { nil: undefined }),
        fc.nat(end),
        (at, flip, icount) => {
          const changed = flip === undefined ? content.slice(0, at) : content.slice();
          if (flip !== undefined) changed[at]! ^= flip;
          try {
            const knownSnapshots = read(changed);
            const timeline = new Timeline(description, recording, { snapshotBytes: 1 << 20, knownSnapshots });
            expect(timeline.seek(icount, 'after').machine.hash(true)).toBe(stateAt(icount));
          } catch (error) {
            if (!(error instanceof OperatingError)) throw error;
            expect(error.message).toMatch(/^x\.snapshots: .*; make it again with `vmft index`$/);
          }
        },
      ),
      { numRuns: examples(400) },
    );
  });

  test('of another recording is refused', () => {
    const other = recordingOf(recordRun(description, 'snapshots', 'other words: q', 0.02).entries);
    expect(() => read(fileOf([2000]), other)).toThrow('belongs to another recording');
  });
});
