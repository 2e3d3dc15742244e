/** `vmft run` and `vmft fork`: a simulation from its beginning to its report. */
import { basename, resolve } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { judge, observe } from '../check/verdict.ts';
import { packageVersion } from '../lib/package.ts';
import { fittedDiagram } from '../report/diagram.ts';
import { alterationLine, notTriggeredLines } from '../report/run-report.ts';
import { type Detail, Story } from '../report/story.ts';
import type { Line as TextLine } from '../report/styled-text.ts';
import { alterations } from '../sim/cluster/alterations.ts';
import { type SimEvent, Simulation } from '../sim/cluster/cluster.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import type { TimedAction } from '../sim/spec/actions.ts';
import type { Origin } from '../sim/spec/origin.ts';
import type { RunSpec } from '../sim/spec/spec.ts';
import { Tracer } from '../sim/trace/tracer.ts';
import type { Naming } from '../symbols/naming.ts';
import { evidenceFor } from './evidence.ts';
import { EndingSignal } from './interruption.ts';
import type { RunOptions } from './options.ts';
import type { Guest } from './program.ts';
import { RunRecording } from './recording.ts';
import { filesOf, Report, type RunFiles } from './report.ts';
import { debugging } from './step-log.ts';
import { KEYS_HELP } from './terminal/keys.ts';
import { Line } from './terminal/line.ts';
import { nowMs } from './terminal/now.ts';
import { painterFor } from './terminal/paint.ts';
import { runSession } from './terminal/session.ts';
import { StatusLine } from './terminal/status-line.ts';
import { Terminal } from './terminal/terminal.ts';

const NEWLINE = 0x0a;
/** Interval at which signals are handled, the recording is written, and the status line is shown. */
const TURN_MS = 50;
/** Maximum number of events in a diagram. */
const MAX_DRAWN_EVENTS = 100_000;
/** An attended guest that takes fewer steps per second waits for its console. */
const MIN_STEPS_PER_SECOND = 1e6;

/** What is run: with the same of it, the run is the same to the byte, but for a user at a terminal. */
export interface Prepared {
  /** The program's name, as given. */
  name: string;
  spec: RunSpec;
  guest: Guest;
  input: Uint8Array;
  typeAfter?: string | undefined;
  /** Names the guest's addresses. */
  naming: Naming;
  /** Whether the console is interactive. */
  attended: boolean;
  /** A user at this terminal is connected to the console. */
  terminal?: 'line' | 'raw' | undefined;
  /** What the user did in a run that is made again. */
  actions?: readonly TimedAction[];
  /** Nothing is printed of what happens before this time. */
  fromNs?: number;
  /** The address of the run in the playground, if it has one. */
  playground?(): string | undefined;
  /** What is added to the JSON document. */
  facts?: object;
}

/** The options for what a run prints and writes. */
export type PerformOptions = Pick<
  RunOptions,
  | 'engine'
  | 'ft'
  | 'diff'
  | 'verify'
  | 'diagram'
  | 'record'
  | 'report'
  | 'saveStates'
  | 'json'
  | 'quiet'
  | 'verbose'
  | 'strict'
>;

/** Runs a simulation to its end, or until `turn` returns false. Yields to the event loop, so that signals arrive. */
export async function runToEnd(
  simulation: Simulation,
  turn: () => boolean | undefined = () => true,
): Promise<void> {
  for (;;) {
    const end = nowMs() + TURN_MS;
    while (nowMs() < end) {
      if (!simulation.advance(1)) return;
      // Nobody is there who could type, or has recorded that he did.
      if (simulation.stalled && !simulation.act({ kind: 'close' })) return;
    }
    await setImmediate();
    if (turn() === false) return;
  }
}

/** The progress of a run, for the status line; undefined while an attended guest waits. */
export function progressOf(
  simulation: () => Simulation,
  attended: boolean,
): (sinceMs: number) => string | undefined {
  let before = 0;
  return (sinceMs) => {
    const { machine, nowNs } = simulation();
    const { icount } = machine;
    const rate = ((icount - before) / sinceMs) * 1000;
    before = icount;
    if (attended && rate < MIN_STEPS_PER_SECOND) return undefined;
    const [steps, perSecond] = [icount, rate].map(
      (count) => `${(Math.max(0, count) / 1e6).toFixed(0)} million`,
    );
    return `${steps} steps, ${perSecond} per second, ${(nowNs / 1e6).toFixed(0)} ms of virtual time`;
  };
}

/**
 * Runs a simulation and reports it; returns the exit code. Long: one sequence whose steps share the output streams.
 * @throws {OperatingError} when an output can't be written
 */
export async function perform(prepared: Prepared, given: PerformOptions): Promise<number> {
  const { spec, guest, input, typeAfter, naming, attended, terminal, actions, fromNs = 0 } = prepared;
  // Without the check the effect of a rule that is switched off would go unnoticed; a page has its verdict.
  const verify = given.verify || given.report !== undefined || spec.unsafe.length > 0;
  const options = { ...given, verify };
  const files = filesOf(options);
  const showsConsole = usesOfStdout(options, files) === 'console';
  const detail: Detail = options.quiet
    ? 'quiet'
    : options.verbose
      ? 'verbose'
      : terminal
        ? 'turns'
        : 'normal';
  // On a terminal an event must not begin in the middle of the guest's line.
  let lineBegun = false;
  const status = new StatusLine(
    process.stderr,
    progressOf(() => simulation, terminal !== undefined),
  );
  const paint = painterFor(process.stderr);
  const printLine = (line: TextLine) => {
    status.clear();
    process.stderr.write(`${lineBegun ? '\n' : ''}${paint(line)}\n`);
    lineBegun = false;
  };
  const tracer = files.page && new Tracer(() => simulation.nowNs);
  const story = new Story(detail, undefined, undefined, naming);
  const drawn: SimEvent[] = [];
  const { diskFiles: _, ...machine } = guest;
  const simulation: Simulation = new Simulation({
    spec,
    ...machine,
    execution: { engine: options.engine },
    input,
    ...(typeAfter !== undefined && { typeAfter }),
    attended,
    ...(actions && { actions }),
    onAction: (performed) => recording?.note(performed),
    evidence: evidenceFor(options, files.record),
    ...debugging(),
    ...(tracer && { trace: tracer }),
    print: (data) => {
      if (!showsConsole || simulation.nowNs < fromNs) return;
      if (process.stdout.isTTY) status.before(data);
      process.stdout.write(data);
      lineBegun = terminal !== undefined && data.at(-1) !== NEWLINE;
    },
    onEvent: (event) => {
      if (event.atNs < fromNs) return;
      story.linesFor(event).forEach(printLine);
      if (options.diagram && drawn.length < MAX_DRAWN_EVENTS) drawn.push(event);
    },
  });
  const recording = files.record && new RunRecording(files.record, simulation, originOf(prepared));
  const turn = () => {
    recording?.flush();
    if (detail !== 'quiet') status.show();
  };
  const signal = terminal ? undefined : new EndingSignal();
  if (terminal) await attend(simulation, printLine, turn, terminal);
  else
    await runToEnd(simulation, () => {
      turn();
      return signal?.received === undefined;
    });
  signal?.release();
  if (signal?.received) simulation.act({ kind: 'quit' });
  recording?.end();
  status.clear();
  story.end(simulation.nowNs).forEach(printLine);
  if (options.diagram) for (const line of diagramOf(drawn, simulation)) printLine(line);
  const violations = simulation.hasQuit
    ? []
    : options.verify
      ? judge(evidenceOf(simulation), simulation.options.execution)
      : observe(evidenceOf(simulation));
  const report = new Report(simulation, violations, options, {
    quit: simulation.hasQuit,
    signal: signal?.received,
    files,
    recording,
    naming,
  });
  report.keep();
  if (tracer) {
    const subject = { title: basename(prepared.name), playground: prepared.playground?.() };
    report.writePage(tracer.trace([...simulation.hosts.keys()]), subject);
  }
  if (options.json)
    process.stdout.write(
      `${JSON.stringify({ ...report.json(prepared.name), ...prepared.facts }, null, 2)}\n`,
    );
  if (!options.quiet) [...report.lines(), ...alterationLines(simulation)].forEach(printLine);
  for (const line of [...notTriggeredLines(simulation), ...report.failures.map((why) => [`vmft: ${why}`])])
    printLine(line);
  return report.exitCode;
}

/** How the run is made, for its recording. */
function originOf({ spec, guest, input, typeAfter, attended }: Prepared): Origin {
  const { diskFiles, diskContent } = guest;
  const isFromFiles = diskFiles.some((file) => file !== undefined);
  return {
    version: packageVersion(),
    spec,
    input,
    typeAfter,
    attended,
    diskFiles: diskFiles.map((file) => (file === undefined ? undefined : resolve(file))),
    diskChecksum: isFromFiles ? xxh32(diskContent) : 0,
  };
}

function diagramOf(events: readonly SimEvent[], { hosts }: Simulation): TextLine[] {
  const lines = fittedDiagram(events, [...hosts.keys()], process.stderr.columns);
  if (events.length === MAX_DRAWN_EVENTS)
    lines.push([`the diagram has only the first ${MAX_DRAWN_EVENTS} events`]);
  return lines;
}

/** What stdout is used for. @throws {OperatingError} when two options claim it */
function usesOfStdout(
  { json }: PerformOptions,
  { record, page }: RunFiles,
): 'console' | 'json' | 'recording' {
  if (page?.isStandardOutput)
    throw new OperatingError('--report: the page is no console output; write it to a file');
  if (!record?.isStandardOutput) return json ? 'json' : 'console';
  if (json) throw new OperatingError('--json and the recording would both go to stdout; record to a file');
  if (process.stdout.isTTY)
    throw new OperatingError('a recording is not for terminals; redirect stdout, or record to a file');
  return 'recording';
}

/** Connects the terminal to the guest until the run ends, or the user ends it. */
async function attend(
  simulation: Simulation,
  printLine: (line: TextLine) => void,
  turn: () => void,
  how: 'line' | 'raw',
): Promise<void> {
  const lines = { edit: new Line(), show: (data: Uint8Array) => process.stdout.write(data) };
  const terminal = new Terminal(process.stdin, how === 'line' ? lines : undefined);
  printLine(['Ctrl-A h lists the keys, Ctrl-A x quits']);
  terminal.open();
  const showKeys = () => {
    for (const text of KEYS_HELP) printLine([text]);
  };
  try {
    const end = await runSession(simulation, terminal, showKeys, turn);
    if (end === 'quit') simulation.act({ kind: 'quit' });
  } finally {
    terminal.close();
  }
}

/** Memory corruption that explains a divergence. */
function alterationLines(simulation: Simulation): TextLine[] {
  if (simulation.outcome !== 'diverged') return [];
  return alterations(simulation).map(alterationLine);
}
