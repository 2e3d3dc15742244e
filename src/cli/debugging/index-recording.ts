/** `vmft index`: snapshots of a recording in a file beside it, so that any position is near from the beginning. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate, setTimeout } from 'node:timers/promises';
import { deflateRawSync } from 'node:zlib';
import { OperatingError } from '../../base/errors.ts';
import { grouped } from '../../base/text.ts';
import { zlib } from '../../host/zlib.ts';
import { GrowingRecording } from '../../replay/growing.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { readSnapshots, snapshotFile } from '../../replay/snapshot-file.ts';
import type { PlacedSnapshot, Snapshots } from '../../replay/snapshots.ts';
import { Timeline } from '../../replay/timeline.ts';
import { replayDivergesText } from '../../report/divergence.ts';
import { UNNAMED } from '../../symbols/naming.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Compressor } from '../../vmm/snapshot.ts';
import type { EngineOptions } from '../engine.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { OutputFile } from '../files.ts';
import { EndingSignal } from '../interruption.ts';
import { openRecording } from '../open-recording.ts';
import { StatusLine } from '../terminal/status-line.ts';

/** The options of `vmft index`. */
export interface IndexOptions extends EngineOptions {
  /** The most memory for snapshots, before they are compressed; in bytes. */
  keep: number;
  quiet?: boolean;
  /** Until the recording, which is still written, is complete. */
  follow?: boolean;
}

/** The file of a recording's snapshots. */
const pathOf = (recording: string): string => `${recording}.snapshots`;

const compressor: Compressor = {
  deflate: (plain) => deflateRawSync(plain, { level: 1 }),
  inflate: zlib.inflate,
};

/**
 * Replays a recording, and writes the snapshots on the way; with `follow` also what is recorded meanwhile, until the
 * recording is complete or a signal comes. Of a recording that this machine does not replay, the part before. Returns the
 * exit code.
 * @throws {OperatingError} when a file is not as it must be; at the end when the recording is damaged or cut short
 */
export async function index(path: string, options: IndexOptions): Promise<number> {
  const { keep, quiet, engine, follow } = options;
  const recording = openRecording(path);
  const file = new SnapshotsOutput(path);
  let end = 0;
  for (const { icount } of recording) end = icount;
  const timeline = new Timeline(recording.description, recording, {
    execution: { engine },
    snapshotBytes: keep,
    nowMs: () => performance.now(),
  });
  const { snapshots } = timeline;
  const status = new StatusLine(
    process.stderr,
    () => `${grouped(timeline.icount)} of ${grouped(end)} steps, ${snapshots!.count} snapshots`,
  );
  const growing = follow ? new GrowingRecording(recording, timeline, () => file.outdated()) : undefined;
  const signal = follow ? new EndingSignal() : undefined;
  const goesOn = () => signal?.received === undefined;
  let diverged: Divergence | undefined;
  for (;;) {
    try {
      for (const _ of timeline.slices()) {
        await setImmediate();
        if (!goesOn()) break;
        if (!quiet) status.show();
        if (follow && file.isDue) file.write(snapshots!, recording);
      }
    } catch (error) {
      if (!(error instanceof Divergence)) throw error;
      diverged = error;
    }
    const how = goesOn() && !diverged ? (growing?.advance() ?? 'over') : 'over';
    if (how === 'over') break;
    end = Math.max(end, timeline.next?.icount ?? 0);
    if (how === 'waiting') await setTimeout(LOOK_MS);
  }
  signal?.release();
  status.clear();
  const sizeBytes = file.write(snapshots!, recording);
  if (recording.damage && goesOn())
    throw new OperatingError(`${recording.damage.message}; indexed up to there`);
  const { count } = snapshots!;
  if (!quiet)
    process.stderr.write(
      `${pathOf(path)}: ${count} ${count === 1 ? 'snapshot' : 'snapshots'} of ${grouped(timeline.icount)} steps, ${grouped(sizeBytes)} bytes\n`,
    );
  if (diverged) {
    process.stderr.write(`${replayDivergesText(path, diverged, UNNAMED)}; indexed up to there\n`);
    return EXIT_CODE.diverged;
  }
  return goesOn() ? 0 : EXIT_CODE.interrupted;
}

/** The time between two looks at a recording that has not grown. */
const LOOK_MS = 100;
/** The least time between two writes of the snapshots of a growing recording, and how many times as long as a write. */
const WRITE_MS = 10_000;
const WRITE_SHARE = 20;

/** The file of snapshots, which is replaced as a whole while a recording grows. */
class SnapshotsOutput {
  private readonly output: OutputFile;
  private dueMs = performance.now() + WRITE_MS;

  constructor(recording: string) {
    this.output = OutputFile.at(pathOf(recording));
  }

  /** Whether it is time to write again. */
  get isDue(): boolean {
    return performance.now() >= this.dueMs;
  }

  /** What is in the file is of no use any more. */
  outdated(): void {
    this.dueMs = 0;
  }

  /** Replaces the file; returns its size in bytes. */
  write(snapshots: Snapshots, recording: LogReader): number {
    const startMs = performance.now();
    let sizeBytes = 0;
    const counted = function* () {
      for (const piece of snapshotFile(snapshots, recording, compressor)) {
        sizeBytes += piece.length;
        yield piece;
      }
    };
    this.output.write(counted());
    const endMs = performance.now();
    this.dueMs = endMs + Math.max(WRITE_MS, WRITE_SHARE * (endMs - startMs));
    return sizeBytes;
  }
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
