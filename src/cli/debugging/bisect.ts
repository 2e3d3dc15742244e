/** `vmft bisect`: the first step at which two executions differ, and why. */
import { OperatingError } from '../../base/errors.ts';
import { EngineDifference } from '../../cpu/checked-hart.ts';
import type { Engine } from '../../cpu/engine.ts';
import { Checks } from '../../debug/bisect/checks.ts';
import { explain } from '../../debug/bisect/explain.ts';
import {
  descriptionDifferences,
  firstLogDifference,
  type LogDifference,
  type LogSummary,
  summaryOf,
} from '../../debug/bisect/logs.ts';
import { retry } from '../../debug/bisect/retry.ts';
import { type Found, search } from '../../debug/bisect/search.ts';
import { type Moment, momentAt, type Side, TimelineSide } from '../../debug/bisect/side.ts';
import type { LogReader } from '../../replay/log-file.ts';
import { compareSnapshots, decodeSnapshot } from '../../vmm/snapshot.ts';
import { prepareEngine } from '../engine.ts';
import { EXIT_CODE } from '../exit-codes.ts';
import { readBytes } from '../files.ts';
import { openRecording } from '../open-recording.ts';
import { Progress, SILENT } from '../progress.ts';
import { painterFor } from '../terminal/paint.ts';
import { reportJson, reportLines } from './bisect-report.ts';
import type { Report, SavedState } from './bisect-result.ts';
import type { SymbolOptions } from './options.ts';
import { OtherBuild } from './other-build.ts';
import { readNaming } from './symbols.ts';

/** The options of `vmft bisect`. */
export interface BisectOptions extends SymbolOptions {
  /** One engine, or one for each side. */
  engine?: Engine[];
  /** A directory with another build of vmft. */
  build?: string;
  /** Files with saved machines. */
  state?: string[];
  json?: boolean;
  quiet?: boolean;
}

/** The comparisons on the way to the first difference, about: each reads all memory that the guest uses. */
const COMPARISONS = 100;
/** The shortest distance between two of them, in moments. */
const MIN_DISTANCE = 20_000;

/** A recording, read. */
interface Log extends LogSummary {
  path: string;
  reader: LogReader;
}

/** What is compared. */
interface Task {
  logs: [Log] | [Log, Log];
  engines: [Engine] | [Engine, Engine];
  build: string | undefined;
  states: string[];
}

function readRecording(path: string): Log {
  const reader = openRecording(path);
  const summary = summaryOf(reader);
  if (reader.damage)
    process.stderr.write(`vmft: warning: ${reader.damage.message}; only that much is compared\n`);
  return { ...summary, path, reader };
}

/** @throws {OperatingError} for a combination that makes no sense */
function taskOf(paths: readonly string[], options: BisectOptions): Task {
  const { build, state = [], engine } = options;
  const [first, second] = paths;
  if (build !== undefined && second !== undefined)
    throw new OperatingError('--build replays one recording with two builds; give one recording');
  if (build !== undefined && engine?.length === 2 && engine.includes('check'))
    throw new OperatingError(
      '--engine check compares two engines of one build; give another one with --build',
    );
  const logs: Task['logs'] =
    second === undefined ? [readRecording(first!)] : [readRecording(first!), readRecording(second)];
  const usual: Engine[] =
    second !== undefined || build !== undefined ? ['translator'] : ['interpreter', 'translator'];
  return { logs, engines: (engine ?? usual) as Task['engines'], build, states: state };
}

/** Compares; returns the exit code: 0 when everything is equal, 1 when something differs. */
export async function bisect(paths: readonly string[], options: BisectOptions): Promise<number> {
  const naming = readNaming(options.symbols);
  const task = taskOf(paths, options);
  for (const engine of new Set(task.engines)) prepareEngine(engine);
  const report = await examine(task, options.quiet || options.json ? SILENT : process.stderr);
  if (options.json) process.stdout.write(`${JSON.stringify(reportJson(report, naming), null, 2)}\n`);
  else if (!options.quiet) {
    const paint = painterFor(process.stdout);
    for (const line of reportLines(report, naming)) process.stdout.write(`${paint(line)}\n`);
  }
  return isEqual(report) ? 0 : EXIT_CODE.failed;
}

const isEqual = ({ difference, engineDifference, logs, sides, states }: Report): boolean =>
  !difference &&
  !engineDifference &&
  !logs.difference &&
  sides.every(({ checks, problem }) => !checks?.unmet && problem === undefined) &&
  states.every(({ difference }) => difference.equal);

/** Examines what differs. Long: the order of the questions. */
async function examine(task: Task, out: ConstructorParameters<typeof Progress>[0]): Promise<Report> {
  const { logs, build } = task;
  const [one, other = one] = logs;
  const difference = one === other ? undefined : logsDifference(one, other);
  const sides = sidesOf(task);
  const [a, b] = sides;
  const report: Report = {
    program: one.reader.description.program,
    steps: Math.min(one.end, other.end),
    logs: { a: one, b: other, isOne: one === other, difference },
    sides: sides.map(({ side, checks }) => ({ name: side.name, checks, problem: undefined })),
    reference: task.engines[1] === 'interpreter' ? 'b' : 'a',
    alike: build === undefined && task.engines.length === 1,
    difference: undefined,
    engineDifference: undefined,
    start: undefined,
    states: [],
  };
  const end = momentAt(report.steps, difference && isPrefix(difference) ? 'before' : 'after');
  try {
    if (b?.side instanceof OtherBuild) await b.side.start();
    if (b) await compareSides(report, { a: a!.side, b: b.side }, end, out);
    else {
      const { problem } = await a!.side.at(end);
      report.sides[0]!.problem = problem;
    }
    report.states = await Promise.all(task.states.map((path) => compareState(path, one, a!.side)));
  } catch (error) {
    if (!(error instanceof EngineDifference)) throw error;
    report.engineDifference = await explainEngines(error, one);
  } finally {
    if (b?.side instanceof OtherBuild) b.side.close();
  }
  return report;
}

/** Whether one log is the beginning of the other. */
const isPrefix = ({ a, b }: LogDifference): boolean => !a || !b;

/** @throws {OperatingError} when they are not of one machine */
function logsDifference(one: Log, other: Log): LogDifference | undefined {
  const differences = descriptionDifferences(one.reader.description, other.reader.description);
  if (differences.length > 0)
    throw new OperatingError(
      `${one.path} and ${other.path} are recordings of different machines (${differences.join('; ')}); give two of one guest with the same options`,
    );
  return firstLogDifference(one.reader, other.reader);
}

/** One execution, or two. */
function sidesOf({ logs, engines, build }: Task): { side: Side; checks: Checks | undefined }[] {
  const [one, other] = logs;
  const [first, second = first] = engines;
  const local = (name: string, { reader }: Log, engine: Engine) => {
    const checks = new Checks();
    const recording = { description: reader.description, entries: reader };
    const nowMs = () => performance.now();
    const options = { execution: { engine }, passed: checks.passed, nowMs };
    return { side: new TimelineSide(name, recording, options), checks };
  };
  if (other) {
    const named = (log: Log, engine: Engine) => (engines.length === 2 ? `${log.path}, ${engine}` : log.path);
    return [local(named(one, first), one, first), local(named(other, second), other, second)];
  }
  if (build !== undefined)
    return [
      local(`this vmft, ${first}`, one, first),
      { side: new OtherBuild(`${build}, ${second}`, build, one.path, second), checks: undefined },
    ];
  return engines.map((engine) => local(engine, one, engine));
}

async function compareSides(
  report: Report,
  { a, b }: { a: Side; b: Side },
  end: Moment,
  out: ConstructorParameters<typeof Progress>[0],
): Promise<void> {
  const { logs, alike, reference } = report;
  const differing = logs.difference?.a ?? logs.difference?.b;
  let done = 0;
  const progress = new Progress(out, { total: Math.max(1, end), unit: 'moments' }, () => ({
    done,
    details: [],
  }));
  const found = await search(a, b, end, {
    hint: differing ? momentAt(differing.entry.icount, 'before') : 0,
    first: differing ? 1 : MIN_DISTANCE,
    longest: Math.max(MIN_DISTANCE, Math.ceil(end / COMPARISONS)),
    onProgress: (moment) => {
      done = Math.max(done, moment);
      progress.show();
    },
  });
  progress.clear();
  if (!found) {
    const { problem } = await a.at(end);
    for (const side of report.sides) side.problem = problem;
    return;
  }
  if (found.equal === undefined) return startDifference(report, { a, b }, found);
  const pair = { a, b, logs: { a: logs.a.reader, b: logs.b.reader }, alike, reference };
  report.difference = await explain(pair, { ...found, equal: found.equal });
}

/** They differ from the beginning: the machines that two builds make. */
async function startDifference(
  report: Report,
  { a, b }: { a: Side; b: Side },
  { different }: Found,
): Promise<void> {
  const [left, right] = [await a.snapshot(different), await b.snapshot(different)];
  const difference = compareSnapshots(left!, right!);
  if (difference.equal)
    throw new OperatingError(
      `${a.name} and ${b.name} compute different hashes for equal states, so that they can't be compared by them; give a build with the hashes of this one`,
    );
  report.start = difference;
}

/** @throws {OperatingError} when the file is no saved machine, or one of another guest, or of later than the end */
async function compareState(path: string, log: Log, side: Side): Promise<SavedState> {
  const saved = decodeSnapshot(readBytes(path), path);
  const differences = descriptionDifferences(log.reader.description, saved.description);
  if (differences.length > 0)
    throw new OperatingError(
      `${path}: the state of another machine than that of ${log.path} (${differences.join('; ')})`,
    );
  const icount = Number(saved.state.hart.icount);
  if (icount > log.end)
    throw new OperatingError(`${path}: saved at icount ${icount}, and ${log.path} ends at ${log.end}`);
  const replayed = await side.snapshot(momentAt(icount, 'before'));
  if (!replayed)
    throw new OperatingError(
      `${path}: the replay contradicts its log before icount ${icount}; see without --state`,
    );
  return { path, icount, difference: compareSnapshots(replayed, saved) };
}

/** What `--engine check` has found. */
async function explainEngines(error: EngineDifference, { reader }: Log): Promise<Report['engineDifference']> {
  const { icount, differences } = error;
  const side = new TimelineSide('interpreter', { description: reader.description, entries: reader });
  const equal = momentAt(icount - 1, 'after');
  const { consumed } = await side.at(equal);
  const before = await side.snapshot(equal);
  const { executed } = before
    ? retry(before, { entries: reader, consumed, to: momentAt(icount, 'before') })
    : { executed: undefined };
  return { icount: icount - 1, executed, differences };
}
