/** Replaying recordings. */
import { readFile } from './files.ts';
import { RecordedRun } from './recorded-run.ts';
import type { Replay, ReplayOptions } from './types.ts';

/**
 * Opens a recording, to go along it on a machine of its own.
 * @param recording its bytes, or the path of a file
 * @throws {OperatingError} when nothing of it can be used: it is no recording, one of another version, or its head is damaged
 */
export function replay(recording: Uint8Array | string, options: ReplayOptions = {}): Replay {
  return typeof recording === 'string'
    ? new RecordedRun(readFile(recording), recording, options)
    : new RecordedRun(recording.slice(), 'the recording', options);
}
