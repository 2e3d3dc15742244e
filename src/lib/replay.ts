/** Replays recordings. */
import { readFile } from './files.ts';
import { imagesBeside } from './images.ts';
import { RecordedRun } from './recorded-run.ts';
import type { Replay, ReplayOptions } from './types.ts';

/**
 * Opens a recording, and replays it on a new machine.
 * @param recording its bytes, or the path of a file
 * @throws {OperatingError} if it is no recording, has another version, or its head is damaged
 */
export function replay(recording: Uint8Array | string, options: ReplayOptions = {}): Replay {
  return typeof recording === 'string'
    ? new RecordedRun(readFile(recording), recording, options, imagesBeside(recording))
    : new RecordedRun(recording.slice(), 'the recording', options);
}
