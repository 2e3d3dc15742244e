/** `vmft judge`: the verdict of the simulator's checkers on a real run. */
import { OperatingError } from '../base/errors.ts';
import type { Images } from '../replay/images.ts';
import { LogWriter } from '../replay/log-file.ts';
import { violationLine } from '../report/run-report.ts';
import { type Line, styled } from '../report/styled-text.ts';
import type { EngineOptions } from './engine.ts';
import { EXIT_CODE } from './exit-codes.ts';
import { OutputFile } from './files.ts';
import { filesIn, type GroupFiles } from './judging/files.ts';
import { RealRun, type Verdict } from './judging/run.ts';
import { imagesFor } from './open-recording.ts';
import { painterFor } from './terminal/paint.ts';

/** The options of `vmft judge`. */
export interface JudgeOptions extends EngineOptions {
  /** Only this group. */
  group?: string;
  /** Where the history of the last machine goes. */
  record?: string;
  json?: boolean;
}

/** The size at which a part of a recording is written. */
const BLOCK_BYTES = 1 << 16;

/**
 * Judges the evidence in a directory; returns the exit code.
 * @throws {OperatingError} when nothing can be judged
 */
export function judge(directory: string, { group, record, json, engine }: JudgeOptions): number {
  const groups = filesIn(directory, group);
  if (record !== undefined && groups.length > 1)
    throw new OperatingError(
      `${directory} has several groups (${groups.map((one) => one.group).join(', ')}); say with --group which one --record is for`,
    );
  const output = record === undefined ? undefined : OutputFile.at(record);
  const verdicts = groups.map((files) => {
    const run = new RealRun(files, { engine });
    output?.write(recordingOf(files, run, imagesFor(output)));
    return run.judge();
  });
  if (json) process.stdout.write(`${JSON.stringify(verdicts.map(verdictJson), null, 2)}\n`);
  else
    for (const verdict of verdicts)
      for (const line of verdictLines(verdict)) process.stdout.write(`${painterFor(process.stdout)(line)}\n`);
  return exitCodeFor(verdicts);
}

/** 3 for a violation; else 2 if something could not be judged. */
export function exitCodeFor(verdicts: readonly Verdict[]): number {
  if (verdicts.some(({ violations }) => violations.length > 0)) return EXIT_CODE.diverged;
  return verdicts.some(({ missing }) => missing.length > 0) ? EXIT_CODE.usage : 0;
}

/** The recording of the machine that was live last. Without its final state it is one that was cut short. */
export function* recordingOf(
  { description }: GroupFiles,
  run: RealRun,
  images?: Images,
): Generator<Uint8Array> {
  const writer = new LogWriter(description, { images });
  for (const entry of run.history) {
    writer.append(entry);
    if (writer.waitingBytes >= BLOCK_BYTES) yield writer.take();
  }
  const { end } = run;
  if (end) writer.append({ kind: 'control', icount: end.icount, action: 'end', value: end.code });
  yield writer.take();
}

const hex = (hash: bigint): string => hash.toString(16).padStart(16, '0');

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? '' : 's'}`;

/** A verdict in words. */
export function verdictLines(verdict: Verdict): Line[] {
  const { group, program, survivor, icount, generations, failovers, outcome, stateHash } = verdict;
  const { violations, missing } = verdict;
  const end = outcome === 'completed' ? 'completed' : 'ended';
  const state = stateHash === undefined ? '' : `, state hash ${hex(stateHash)}`;
  const judged = violations.length > 0 ? counted(violations.length, 'violation') : 'no violations';
  return [
    [
      styled(violations.length > 0 ? 'alarm' : missing.length > 0 ? 'bad' : 'good', judged),
      ` in group ${group}: ${program} ${end} on ${survivor} at icount ${icount}, ` +
        `${counted(generations, 'generation')}, ${counted(failovers, 'change')} of the primary${state}`,
    ],
    ...violations.map(violationLine),
    ...missing.map((what): Line => [styled('bad', 'not judged'), `: ${what}`]),
  ];
}

const verdictJson = ({ icount, stateHash, ...rest }: Verdict): object => ({
  ...rest,
  steps: icount,
  stateHash: stateHash === undefined ? null : hex(stateHash),
});
