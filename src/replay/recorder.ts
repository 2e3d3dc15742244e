/** A recording that is written while the run goes on: whatever happens to the program that writes it, what it has written is good. */
import type { MachineDescription } from '../vmm/description.ts';
import type { Entry } from '../vmm/entries.ts';
import type { Machine } from '../vmm/machine.ts';
import { sameEntry } from './comparison.ts';
import { LogStream, LogWriter } from './log-file.ts';

/** Where a recording is written: it can be read meanwhile, and cut. */
export interface RecordingFile {
  append(bytes: Uint8Array): void;
  truncate(sizeBytes: number): void;
  /** Up to so many bytes from an offset on; none at the end. */
  read(offset: number, sizeBytes: number): Uint8Array;
}

/** What is appended waits until it has come to so many bytes, or until {@link RecordingWriter.flush}. */
const BLOCK_BYTES = 1 << 16;

/** Records the history of the machine that lives, or lived last. */
export class RecordingWriter {
  private writer: LogWriter;
  private readonly file: RecordingFile;

  /** `begin` makes the file, with the head of the recording in it. */
  constructor(description: MachineDescription, begin: (head: Uint8Array) => RecordingFile) {
    this.writer = new LogWriter(description);
    this.file = begin(this.writer.take());
  }

  append(entry: Entry): void {
    this.writer.append(entry);
    if (this.writer.waitingBytes >= BLOCK_BYTES) this.flush();
  }

  /** Everything that was appended is in the file. */
  flush(): void {
    if (this.writer.waitingBytes > 0) this.writer.drain((bytes) => this.file.append(bytes));
  }

  /**
   * Another machine lives on, which has this history: the recording is cut where that parts from what is recorded, and goes on with it.
   * What the two have in common is read again.
   */
  continueAs(history: Iterable<Entry>): void {
    this.flush();
    let offset = 0;
    const stream = new LogStream(() => {
      const bytes = this.file.read(offset, BLOCK_BYTES);
      offset += bytes.length;
      return bytes.length > 0 ? bytes : undefined;
    }, 'the recording');
    const recorded = stream.entries();
    let common = stream.position;
    let parted = false;
    for (const entry of history) {
      if (!parted) {
        const { value } = recorded.next();
        if (value && sameEntry(value, entry)) {
          common = stream.position;
          continue;
        }
        parted = true;
        this.cut(common);
      }
      this.append(entry);
    }
    if (!parted) this.cut(common);
  }

  private cut(position: LogStream['position']): void {
    this.file.truncate(position.offset);
    this.writer = new LogWriter(position);
  }

  /** The run is over, and the machine stands here: a replay of the recording comes to the same state, and to its end. */
  end(machine: Machine): void {
    for (const entry of ending(machine)) this.append(entry);
    this.flush();
  }
}

/** What stands at the end of a whole recording. */
function ending(machine: Machine): Entry[] {
  const { icount } = machine;
  return [
    { kind: 'output', icount, made: machine.outputsMade },
    { kind: 'check', icount, hash: machine.hash() },
    { kind: 'control', icount, action: 'end', value: machine.power.code },
  ];
}

/** A whole recording of a run that is over, piece by piece. */
export function* recordingOf(machine: Machine, history: Iterable<Entry>): Generator<Uint8Array> {
  const writer = new LogWriter(machine.description);
  for (const entry of history) {
    writer.append(entry);
    if (writer.waitingBytes >= BLOCK_BYTES) yield writer.take();
  }
  for (const entry of ending(machine)) writer.append(entry);
  yield writer.take();
}
