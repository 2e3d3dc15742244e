/** A recording that is written during the run: if the program is killed, what it has written is good. */
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import { sameEntry } from './comparison.ts';
import { type LogExtras, LogStream, LogWriter, type ReadableFile } from './log-file.ts';

/** The file of a recording. */
export interface RecordingFile extends ReadableFile {
  append(bytes: Uint8Array): void;
  truncate(sizeBytes: number): void;
}

/** The size of the writer's buffer, which is also written by {@link RecordingWriter.flush}. */
const BLOCK_BYTES = 1 << 16;
/** How much is kept in memory while the boot images are not kept yet. */
const MAX_WAITING_BYTES = 1 << 24;

/**
 * Records the history of the live machine, across failovers. There is no file until the boot images are kept, so that a
 * recording never names one that is not whole.
 */
export class RecordingWriter {
  private writer: LogWriter;
  private file: RecordingFile | undefined;
  /** The number of entries. */
  private count = 0;
  /** The notes that are kept, each with the number of entries before it. */
  private readonly notes: { content: Uint8Array; count: number }[] = [];

  /**
   * `begin` creates the file with what is written first: the head, and the entries until then. `extras`: see
   * {@link LogWriter}; the origin also says that there are notes.
   */
  constructor(
    description: MachineDescription,
    private readonly begin: (first: Uint8Array) => RecordingFile,
    extras: LogExtras = {},
  ) {
    this.writer = new LogWriter(description, extras);
    this.flush();
  }

  /** Adds a note to a recording with an origin. It is kept, whatever becomes of the entries before it. */
  note(content: Uint8Array): void {
    this.notes.push({ content, count: this.count });
    this.writer.note(content);
  }

  /** Adds a note about the entries so far: it is dropped with any of them. */
  mark(content: Uint8Array): void {
    this.writer.note(content);
  }

  append(entry: Entry): void {
    this.writer.append(entry);
    this.count++;
    if (this.writer.waitingBytes >= BLOCK_BYTES) this.flush();
  }

  /** Writes everything appended so far to the file, if the boot images are kept. It waits for them if that is much. */
  flush(): void {
    if (this.writer.isReady || this.writer.waitingBytes >= MAX_WAITING_BYTES) this.complete();
  }

  /** Writes everything appended so far to the file; waits until the boot images are kept. Returns the file. */
  complete(): RecordingFile {
    const { writer, file } = this;
    if (file && writer.waitingBytes > 0) writer.drain((bytes) => file.append(bytes));
    this.file ??= this.begin(writer.take());
    return this.file;
  }

  /**
   * Another machine, with this history, is live: the recording is truncated where the two differ, and continues with
   * this history. Their common prefix is read again. Returns the number of entries that are common.
   * @param isExtra entries of the recording that may stay among common ones although this history does not have them
   */
  continueAs(history: Iterable<Entry>, isExtra: (entry: Entry) => boolean = () => false): number {
    // Nothing to cut, and no file to wait for: so begins each recording.
    if (this.count === 0) {
      for (const entry of history) this.append(entry);
      return 0;
    }
    const file = this.complete();
    let offset = 0;
    const stream = new LogStream(() => {
      const bytes = file.read(offset, BLOCK_BYTES);
      offset += bytes.length;
      return bytes.length > 0 ? bytes : undefined;
    }, 'the recording');
    const recorded = stream.entries();
    let common = stream.position;
    let differs = false;
    for (const entry of history) {
      if (!differs) {
        let { value } = recorded.next();
        while (value && !sameEntry(value, entry) && isExtra(value)) value = recorded.next().value;
        if (value && sameEntry(value, entry)) {
          common = stream.position;
          continue;
        }
        differs = true;
        this.cut(file, common);
      }
      this.append(entry);
    }
    if (!differs) this.cut(file, common);
    return common.count;
  }

  private cut(file: RecordingFile, position: LogStream['position']): void {
    file.truncate(position.offset);
    this.count = position.count;
    this.writer = new LogWriter(position);
    const isCut = (note: { count: number }) => note.count >= position.count;
    const cut = this.notes.filter(isCut);
    this.notes.length -= cut.length;
    for (const { content } of cut) this.note(content);
  }

  /** Ends the recording with the machine's final state, which a replay verifies. */
  end(machine: Machine): void {
    for (const entry of ending(machine)) this.append(entry);
    this.complete();
  }
}

/** The last entries of a complete recording. */
function ending(machine: Machine): Entry[] {
  const { icount } = machine;
  return [
    { kind: 'output', icount, made: machine.outputsMade },
    { kind: 'check', icount, hash: machine.hash() },
    { kind: 'control', icount, action: 'end', value: machine.power.code },
  ];
}

/**
 * The complete recording of a run that is over, piece by piece.
 * @param made how the run was made: the origin, notes that come before the entries, and one after them
 */
export function* recordingOf(
  machine: Machine,
  history: Iterable<Entry>,
  made?: { origin: Uint8Array; notes: readonly Uint8Array[]; last: Uint8Array },
): Generator<Uint8Array> {
  const writer = new LogWriter(machine.description, { origin: made?.origin });
  for (const note of made?.notes ?? []) writer.note(note);
  for (const entry of history) {
    writer.append(entry);
    if (writer.waitingBytes >= BLOCK_BYTES) yield writer.take();
  }
  if (made) writer.note(made.last);
  for (const entry of ending(machine)) writer.append(entry);
  yield writer.take();
}
