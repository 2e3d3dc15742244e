/** `vmft index`: snapshots of a recording in a file beside it, so that any position is near from the beginning. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { OperatingError } from '../../base/errors.ts';
import { grouped } from '../../base/text.ts';
import { zlib } from '../../host/zlib.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { readSnapshots, snapshotFile } from '../../replay/snapshot-file.ts';
import type { PlacedSnapshot } from '../../replay/snapshots.ts';
import { Timeline } from '../../replay/timeline.ts';
import type { Compressor } from '../../vmm/snapshot.ts';
import type { EngineOptions } from '../engine.ts';
import { OutputFile } from '../files.ts';
import { openRecording } from '../open-recording.ts';
import { StatusLine } from '../terminal/status-line.ts';

/** The options of `vmft index`. */
export interface IndexOptions extends EngineOptions {
  /** The most memory for snapshots, before they are compressed; in bytes. */
  keep: number;
  quiet?: boolean;
}

/** The file of a recording's snapshots. */
const pathOf = (recording: string): string => `${recording}.snapshots`;

const compressor: Compressor = {
  deflate: (plain) => deflateRawSync(plain, { level: 1 }),
  inflate: zlib.inflate,
};

/** Replays a recording, and writes the snapshots on the way. @throws {OperatingError} when a file is not as it must be */
export async function index(path: string, { keep, quiet, engine }: IndexOptions): Promise<void> {
  const recording = openRecording(path);
  const output = OutputFile.at(pathOf(path));
  let end = 0;
  for (const { icount } of recording) end = icount;
  const timeline = new Timeline(recording.description, recording, {
    execution: { engine },
    snapshotBytes: keep,
    nowMs: () => performance.now(),
  });
  const status = new StatusLine(
    process.stderr,
    () => `${grouped(timeline.icount)} of ${grouped(end)} steps, ${timeline.snapshots!.count} snapshots`,
  );
  for (const _ of timeline.slices()) {
    await setImmediate();
    if (!quiet) status.show();
  }
  status.clear();
  let sizeBytes = 0;
  const counted = function* () {
    for (const piece of snapshotFile(timeline.snapshots!, recording, compressor)) {
      sizeBytes += piece.length;
      yield piece;
    }
  };
  output.write(counted());
  if (recording.damage) throw new OperatingError(`${recording.damage.message}; indexed up to there`);
  const { count } = timeline.snapshots!;
  if (!quiet)
    process.stderr.write(
      `${pathOf(path)}: ${count} ${count === 1 ? 'snapshot' : 'snapshots'} of ${grouped(timeline.icount)} steps, ${grouped(sizeBytes)} bytes\n`,
    );
}

/** The snapshots in the file beside a recording; none if there is no such file. A wrong one is told, and not used. */
export function knownSnapshots(path: string, recording: LogReader): PlacedSnapshot[] {
  const name = pathOf(path);
  if (!existsSync(name)) return [];
  const descriptor = openSync(name, 'r');
  const read = (offset: number, sizeBytes: number) => {
    const bytes = new Uint8Array(sizeBytes);
    return bytes.subarray(0, readSync(descriptor, bytes, 0, sizeBytes, offset));
  };
  try {
    return readSnapshots({ read }, fstatSync(descriptor).size, { name, recording, compressor });
  } catch (error) {
    closeSync(descriptor);
    if (!(error instanceof OperatingError)) throw error;
    process.stderr.write(`vmft: warning: ${error.message}\n`);
    return [];
  }
}
