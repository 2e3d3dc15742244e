/** `vmft run`: a program on the simulated cluster. */

import { basename } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { OperatingError } from '../base/errors.ts';
import { judge, observe } from '../check/verdict.ts';
import { fittedDiagram } from '../report/diagram.ts';
import { alterationLine, notTriggeredLines } from '../report/run-report.ts';
import { type Detail, Story } from '../report/story.ts';
import type { Line as TextLine } from '../report/styled-text.ts';
import { alterations } from '../sim/cluster/alterations.ts';
import { type SimEvent, Simulation } from '../sim/cluster/cluster.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import { mustSuit } from '../sim/spec/spec.ts';
import { Tracer } from '../sim/trace/tracer.ts';
import { guestNaming } from './debugging/symbols.ts';
import { evidenceFor } from './evidence.ts';
import { LIMIT_BYTES, readBytes, readPipedInput } from './files.ts';
import { EndingSignal } from './interruption.ts';
import type { RunOptions } from './options.ts';
import { bootsKernel, ownInput, programPath, readGuest } from './program.ts';
import { RunRecording } from './recording.ts';
import { filesOf, Report, type RunFiles } from './report.ts';
import { specOf } from './spec-options.ts';
import { debugging } from './step-log.ts';
import { KEYS_HELP } from './terminal/keys.ts';
import { Line } from './terminal/line.ts';
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

/** Runs a simulation to its end, or until `turn` returns false. Yields to the event loop, so that signals arrive. */
export async function runToEnd(
  simulation: Simulation,
  turn: () => boolean | undefined = () => true,
): Promise<void> {
  for (;;) {
    const end = performance.now() + TURN_MS;
    while (performance.now() < end) if (!simulation.advance(1)) return;
    await setImmediate();
    if (turn() === false) return;
  }
}

/** The progress of a run; undefined while an attended guest waits. */
function progressOf(
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

/** The console input: the `--input` file, piped stdin, or the program's input file. */
export async function consoleInput(path: string, { input }: Pick<RunOptions, 'input'>): Promise<Uint8Array> {
  if (input !== undefined) return readBytes(input, LIMIT_BYTES.typed);
  const piped = await readPipedInput();
  return piped.length > 0 ? piped : ownInput(path);
}

/** `--unsafe` implies `--verify`: without the check its effect would go unnoticed. So does `--report`, for its verdict. */
const withDefaults = (given: RunOptions): RunOptions => ({
  ...given,
  verify: given.verify || given.report !== undefined || (given.unsafe ?? []).length > 0,
});

/**
 * Runs a guest and reports the run; returns the exit code. Long: one sequence whose steps share the output streams.
 * @throws {OperatingError} for wrong options or files
 */
export async function run(program: string | undefined, given: RunOptions): Promise<number> {
  const options = withDefaults(given);
  const path = programPath(program, options);
  const spec = specOf(options);
  const guest = readGuest(program, options);
  mustSuit(spec, guest.description.memorySizeBytes);
  const attended = isAttended(options);
  const input = attended ? new Uint8Array(0) : await consoleInput(path, options);
  if (options.typeAfter !== undefined && (options.typeAfter === '' || input.length === 0))
    throw new OperatingError(
      '--type-after needs a text to wait for, and console input: --input FILE, or stdin',
    );
  const files = filesOf(options);
  const showsConsole = usesOfStdout(options, files) === 'console';
  const detail: Detail = options.quiet
    ? 'quiet'
    : options.verbose
      ? 'verbose'
      : attended
        ? 'turns'
        : 'normal';
  // On a terminal an event must not begin in the middle of the guest's line.
  let lineBegun = false;
  const status = new StatusLine(
    process.stderr,
    progressOf(() => simulation, attended),
  );
  const paint = painterFor(process.stderr);
  const printLine = (line: TextLine) => {
    status.clear();
    process.stderr.write(`${lineBegun ? '\n' : ''}${paint(line)}\n`);
    lineBegun = false;
  };
  const tracer = files.page && new Tracer(() => simulation.nowNs);
  const naming = guestNaming(program, options);
  const story = new Story(detail, undefined, undefined, naming);
  const drawn: SimEvent[] = [];
  const simulation: Simulation = new Simulation({
    spec,
    ...guest,
    execution: { engine: options.engine },
    input,
    ...(options.typeAfter !== undefined && { typeAfter: options.typeAfter }),
    attended,
    evidence: evidenceFor(options, files.record),
    ...debugging(),
    ...(tracer && { trace: tracer }),
    print: (data) => {
      if (!showsConsole) return;
      if (process.stdout.isTTY) status.before(data);
      process.stdout.write(data);
      lineBegun = attended && data.at(-1) !== NEWLINE;
    },
    onEvent: (event) => {
      story.linesFor(event).forEach(printLine);
      if (options.diagram && drawn.length < MAX_DRAWN_EVENTS) drawn.push(event);
    },
  });
  const recording = files.record && new RunRecording(files.record, simulation);
  const how = options.terminal ?? (bootsKernel(program, options) ? 'raw' : 'line');
  const turn = () => {
    recording?.flush();
    if (detail !== 'quiet') status.show();
  };
  const signal = attended ? undefined : new EndingSignal();
  const quit = attended ? await attend(simulation, printLine, turn, how) : false;
  if (!attended)
    await runToEnd(simulation, () => {
      turn();
      return signal?.received === undefined;
    });
  signal?.release();
  if (signal?.received) simulation.quit();
  recording?.end();
  status.clear();
  story.end(simulation.nowNs).forEach(printLine);
  if (options.diagram) for (const line of diagramOf(drawn, simulation)) printLine(line);
  const violations =
    quit || signal?.received
      ? []
      : options.verify
        ? judge(evidenceOf(simulation), simulation.options.execution)
        : observe(evidenceOf(simulation));
  const report = new Report(simulation, violations, options, {
    quit,
    signal: signal?.received,
    files,
    recording,
    naming,
  });
  report.keep();
  if (tracer) report.writePage(tracer.trace([...simulation.hosts.keys()]), basename(path));
  if (options.json) process.stdout.write(`${JSON.stringify(report.json(path), null, 2)}\n`);
  if (!options.quiet) [...report.lines(), ...alterationLines(simulation)].forEach(printLine);
  for (const line of [...notTriggeredLines(simulation), ...report.failures.map((why) => [`vmft: ${why}`])])
    printLine(line);
  return report.exitCode;
}

function diagramOf(events: readonly SimEvent[], { hosts }: Simulation): TextLine[] {
  const lines = fittedDiagram(events, [...hosts.keys()], process.stderr.columns);
  if (events.length === MAX_DRAWN_EVENTS)
    lines.push([`the diagram has only the first ${MAX_DRAWN_EVENTS} events`]);
  return lines;
}

/** What stdout is used for. @throws {OperatingError} when two options claim it */
function usesOfStdout({ json }: RunOptions, { record, page }: RunFiles): 'console' | 'json' | 'recording' {
  if (page?.isStandardOutput)
    throw new OperatingError('--report: the page is no console output; write it to a file');
  if (!record?.isStandardOutput) return json ? 'json' : 'console';
  if (json) throw new OperatingError('--json and the recording would both go to stdout; record to a file');
  if (process.stdout.isTTY)
    throw new OperatingError('a recording is not for terminals; redirect stdout, or record to a file');
  return 'recording';
}

/** Whether the user types at the guest's console: on a terminal without `--input` and `--json`. */
const isAttended = ({ input, json }: RunOptions): boolean =>
  input === undefined && !json && process.stdin.isTTY && process.stdout.isTTY;

/** Connects the terminal to the guest until the run ends; true if the user quits it. */
async function attend(
  simulation: Simulation,
  printLine: (line: TextLine) => void,
  turn: () => void,
  how: 'line' | 'raw',
): Promise<boolean> {
  const lines = { edit: new Line(), show: (data: Uint8Array) => process.stdout.write(data) };
  const terminal = new Terminal(process.stdin, how === 'line' ? lines : undefined);
  printLine(['Ctrl-A h lists the keys, Ctrl-A x quits']);
  terminal.open();
  const showKeys = () => {
    for (const text of KEYS_HELP) printLine([text]);
  };
  try {
    const end = await runSession(simulation, terminal, showKeys, turn);
    if (end === 'quit') simulation.quit();
    return end === 'quit';
  } finally {
    terminal.close();
  }
}

/** Memory corruption that explains a divergence. */
function alterationLines(simulation: Simulation): TextLine[] {
  if (simulation.outcome !== 'diverged') return [];
  return alterations(simulation).map(alterationLine);
}
