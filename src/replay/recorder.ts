/** A recording that is written during the run: if the program is killed, what it has written is good. */
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import { sameEntry } from './comparison.ts';
import type { Images } from './images.ts';
import { LogStream, LogWriter, type ReadableFile } from './log-file.ts';

/** The file of a recording. */
export interface RecordingFile extends ReadableFile {
  append(bytes: Uint8Array): void;
  truncate(sizeBytes: number): void;
}

/** The size of the writer's buffer, which is also written by {@link RecordingWriter.flush}. */
const BLOCK_BYTES = 1 << 16;

/** Records the history of the live machine, across failovers. */
export class RecordingWriter {
  private writer: LogWriter;
  private readonly file: RecordingFile;

  /**
   * `begin` creates the file with the head of the recording. `images`: where the large boot images go; by default the
   * recording has them.
   */
  constructor(
    description: MachineDescription,
    begin: (head: Uint8Array) => RecordingFile,
    images?: Pick<Images, 'put'>,
  ) {
    this.writer = new LogWriter(description, images);
    this.file = begin(this.writer.take());
  }

  append(entry: Entry): void {
    this.writer.append(entry);
    if (this.writer.waitingBytes >= BLOCK_BYTES) this.flush();
  }

  /** Writes everything appended so far to the file. */
  flush(): void {
    if (this.writer.waitingBytes > 0) this.writer.drain((bytes) => this.file.append(bytes));
  }

  /**
   * Another machine, with this history, is live: the recording is truncated where the two differ, and continues with
   * this history. Their common prefix is read again. Returns the number of entries that are common.
   * @param isExtra entries of the recording that may stay among common ones although this history does not have them
   */
  continueAs(history: Iterable<Entry>, isExtra: (entry: Entry) => boolean = () => false): number {
    this.flush();
    let offset = 0;
    const stream = new LogStream(() => {
      const bytes = this.file.read(offset, BLOCK_BYTES);
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
        this.cut(common);
      }
      this.append(entry);
    }
    if (!differs) this.cut(common);
    return common.count;
  }

  private cut(position: LogStream['position']): void {
    this.file.truncate(position.offset);
    this.writer = new LogWriter(position);
  }

  /** Ends the recording with the machine's final state, which a replay verifies. */
  end(machine: Machine): void {
    for (const entry of ending(machine)) this.append(entry);
    this.flush();
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

/** The complete recording of a run that is over, piece by piece. */
export function* recordingOf(machine: Machine, history: Iterable<Entry>): Generator<Uint8Array> {
  const writer = new LogWriter(machine.description);
  for (const entry of history) {
    writer.append(entry);
    if (writer.waitingBytes >= BLOCK_BYTES) yield writer.take();
  }
  for (const entry of ending(machine)) writer.append(entry);
  yield writer.take();
}
