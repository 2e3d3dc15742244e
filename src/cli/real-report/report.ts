/** `vmft report DIR`: the page of a run on real processes, from their evidence. */
import { OperatingError } from '../../base/errors.ts';
import { shellText } from '../../report/shell-text.ts';
import { OutputFile } from '../files.ts';
import { exitCodeFor, verdictLines } from '../judge.ts';
import { filesIn, type GroupFiles } from '../judging/files.ts';
import { RealRun } from '../judging/run.ts';
import { type PageOptions, pageText } from '../page.ts';
import { painterFor } from '../terminal/paint.ts';
import { realPage } from './page.ts';
import { livesOf } from './records.ts';
import { surveyOf } from './survey.ts';
import { RealTracer } from './tracer.ts';

/** Defined by the build, from package.json. */
declare const VMFT_VERSION: string;

/**
 * Writes a page for each group, with the verdict on it; returns the exit code, which is that of `vmft judge`.
 * @throws {OperatingError} when there is nothing to show
 */
export function reportRun(directory: string, { group, output, quiet }: PageOptions): number {
  const groups = filesIn(directory, group);
  if (output !== undefined && groups.length > 1)
    throw new OperatingError(
      `${directory} has several groups (${groups.map((one) => one.group).join(', ')}); say with --group which one ${output} is for, or leave --output out`,
    );
  // Before the work, which may take a while.
  const pages = groups.map((files) => ({ files, file: OutputFile.at(output ?? `${files.group}.html`) }));
  const verdicts = pages.map(({ files, file }) => writePage(directory, files, file, quiet === true));
  return exitCodeFor(verdicts);
}

function writePage(directory: string, files: GroupFiles, file: OutputFile, quiet: boolean) {
  const { group } = files;
  const lives = livesOf(files);
  const run = new RealRun(files);
  const verdict = run.judge();
  const real = new RealTracer(lives, surveyOf(lives)).trace();
  const command = shellText(['judge', directory, '--group', group, '--record', `${group}.log`]);
  file.write(pageText(realPage(run, verdict, real, { version: VMFT_VERSION, command })));
  const paint = painterFor(process.stderr);
  if (!quiet || exitCodeFor([verdict]) !== 0)
    for (const line of verdictLines(verdict)) process.stderr.write(`${paint(line)}\n`);
  if (!quiet && !file.isStandardOutput) process.stderr.write(`report written to ${file.path}\n`);
  return verdict;
}
