/** A recording that is written during the run; at a failover another machine continues it. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { sameBytes } from '../../src/base/bytes.ts';
import { readLog } from '../../src/replay/log-file.ts';
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

function begun(): { file: File; writer: RecordingWriter } {
  let file!: File;
  const writer = new RecordingWriter(description, (head) => {
    file = new File(head);
    return file;
  });
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
const after = (entries: readonly Entry[], icount: number): Entry[] =>
  entries.map((entry) => ({ ...entry, icount: entry.icount + icount }));

describe('a recording', () => {
  test('equals that of the last machine alone, whatever machines were recorded before it', () => {
    fc.assert(
      fc.property(histories, fc.boolean(), (all, flushes) => {
        const { file, writer } = begun();
        let history: Entry[] = [];
        for (const { own, kept } of all) {
          const common = history.slice(0, Math.round(kept * history.length));
          history = [...common, ...after(own.filter(isOf), common.at(-1)?.icount ?? 0)];
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

  test('has its head from the start, and its end once the run is over', () => {
    const { file, writer } = begun();
    expect(readLog(file.content, 'x')).toMatchObject({ description, entries: [] });
    expect(readLog(file.content, 'x').damage?.message).toContain('the log is cut short');
    writer.end(machine);
    expect(readLog(file.content, 'x').damage).toBeUndefined();
    expect(file.content).toEqual(new Uint8Array(Buffer.concat([...recordingOf(machine, [])])));
  });
});
