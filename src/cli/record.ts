/** `vmft record`: a recording of a protected VM, while it runs on. */
import { setTimeout } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { grouped } from '../base/text.ts';
import type { GrowingFile } from '../lib/files.ts';
import { RecordingWriter } from '../replay/recorder.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { OutputFile } from './files.ts';
import { EndingSignal } from './interruption.ts';
import { filesIn, type GroupFiles } from './judging/files.ts';
import { FollowedRun } from './judging/followed-run.ts';
import { imagesFor } from './open-recording.ts';
import { StatusLine } from './terminal/status-line.ts';

/** The options of `vmft record`. */
export interface RecordOptions {
  /** The file to write. */
  output: string;
  /** Only this group. */
  group?: string;
  /** Until the VM has ended. */
  follow?: boolean;
  /** The size at which the recording ends, in bytes. */
  limit?: number;
  quiet?: boolean;
}

/** The time between two looks at the evidence. */
const LOOK_MS = 200;

/**
 * Records what the evidence in a directory has, and with `follow` what is added; returns the exit code.
 * @throws {OperatingError} when nothing can be recorded, or at the end when something is missing
 */
export async function record(directory: string, options: RecordOptions): Promise<number> {
  const { follow, quiet, limit = Number.POSITIVE_INFINITY } = options;
  const { group, description } = groupIn(directory, options.group);
  const output = OutputFile.at(options.output);
  if (!output.isFile)
    throw new OperatingError(
      `${options.output}: at a failover the recording is cut, which only a file can be; name one`,
    );
  const status = new StatusLine(process.stderr, () => said());
  const say = (line: string) => {
    status.clear();
    if (!quiet) process.stderr.write(`${line}\n`);
  };
  let file: GrowingFile | undefined;
  const beginFile = (first: Uint8Array) => {
    file = output.begin(first);
    return file;
  };
  const begin = () => new RecordingWriter(description, beginFile, { images: imagesFor(output) });
  const run = new FollowedRun(directory, group, begin, ({ host, generation, icount }) =>
    say(`${group} is live on ${host}, in generation ${generation}: recorded up to icount ${grouped(icount)}`),
  );
  const sizeBytes = () => file?.sizeBytes ?? 0;
  const said = () => {
    const gap = run.missing === undefined ? '' : `; ${run.missing}`;
    return `${grouped(sizeBytes())} bytes, up to icount ${grouped(run.live?.icount ?? 0)}${gap}`;
  };
  const signal = new EndingSignal();
  let how = run.look();
  while (follow && how === 'waiting' && signal.received === undefined && sizeBytes() < limit) {
    if (!quiet) status.show();
    await setTimeout(LOOK_MS);
    how = run.look();
  }
  signal.release();
  run.complete();
  const end = how === 'over' ? 'complete' : 'not complete: the VM may run on';
  if (file) say(`recorded to ${options.output}: ${said()}, ${end}`);
  if (run.missing !== undefined) throw new OperatingError(run.missing);
  if (how === 'over' || !follow) return 0;
  return signal.received === undefined ? EXIT_CODE.limit : EXIT_CODE.interrupted;
}

/** @throws {OperatingError} when it is not clear which group is meant */
function groupIn(directory: string, wanted: string | undefined): GroupFiles {
  const groups = filesIn(directory, wanted);
  if (groups.length > 1)
    throw new OperatingError(
      `${directory} has several groups (${groups.map(({ group }) => group).join(', ')}); say with --group which one`,
    );
  return groups[0]!;
}
