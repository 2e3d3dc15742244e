/** `vmft pack`: a recording and its boot images in one file. */
import { OperatingError } from '../base/errors.ts';
import { LogWriter } from '../replay/log-file.ts';
import { OutputFile } from './files.ts';
import { openRecording } from './open-recording.ts';

/** The options of `vmft pack`. */
export interface PackOptions {
  /** The file to write. */
  output: string;
}

/** The size at which a part is written. */
const BLOCK_BYTES = 1 << 16;

/**
 * Writes the valid part of a recording, with its boot images.
 * @throws {OperatingError} when an image is missing or damaged; at the end when the recording is damaged
 */
export function pack(path: string, { output }: PackOptions): void {
  const recording = openRecording(path);
  const file = OutputFile.at(output);
  const parts = function* () {
    const { description, origin } = recording;
    const writer = new LogWriter(description, { origin });
    const notes = recording.notes();
    let note = notes.next();
    let count = 0;
    // Notes may follow the last entry.
    const writeNotes = () => {
      for (; !note.done && note.value.count <= count; note = notes.next()) writer.note(note.value.content);
    };
    for (const entry of recording) {
      writeNotes();
      writer.append(entry);
      count++;
      if (writer.waitingBytes >= BLOCK_BYTES) yield writer.take();
    }
    writeNotes();
    yield writer.take();
  };
  file.write(parts());
  if (recording.damage) throw new OperatingError(`${recording.damage.message}; packed up to there`);
}
