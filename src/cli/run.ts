/** `vmft run`: a program on the simulated cluster. */
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { encode } from '../base/codec.ts';
import type { UnsafeRule } from '../ft/rules.ts';
import type { Violation } from '../sim/checkers.ts';
import { type Outcome, type SimEvent, Simulation } from '../sim/cluster.ts';
import type { Comparison } from '../sim/evidence.ts';
import type { Fault, HostId } from '../sim/faults.ts';
import { type Entry, entryAfter } from '../vmm/entries.ts';
import { LogWriter } from '../vmm/log.ts';
import type { MachineDescription } from '../vmm/machine.ts';
import { encodeSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { differenceTable } from './difference.ts';
import { makeDirectory, mustBeWritable, readBytes, readPipedInput, writeBytes } from './files.ts';
import { describeMachine, ownInput, type ProgramOptions } from './program.ts';
import { colourFor, type Detail, Story } from './story.ts';

export interface RunOptions extends ProgramOptions {
  crash?: Fault[];
  pause?: Fault[];
  partition?: Fault[];
  delay?: Fault[];
  speed?: [HostId, number][];
  ft: boolean;
  seed: string;
  maxSteps?: number;
  input?: string;
  clients: number;
  diff?: boolean;
  unsafe?: UnsafeRule[];
  record?: string;
  saveStates?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

/** Exit codes of vmft's own; otherwise the guest's is vmft's. */
export const EXIT_CODE = { usage: 2, diverged: 3, limit: 4, lost: 5 } as const;

/** Where both machines are kept when they differ and no other place was named. */
const DIVERGED_DIRECTORY = 'vmft-states';

const EVENTS_AT_ONCE = 2000;
/** On a terminal, how often a long run says how far it is. */
const PROGRESS_MS = 1000;

/** Sets up the simulation that the options describe. */
export function simulate(
  description: MachineDescription,
  input: Uint8Array,
  options: RunOptions,
  output: { print: (data: Uint8Array) => void; tell: (event: SimEvent) => void },
): Simulation {
  const { crash = [], pause = [], partition = [], delay = [], speed = [], unsafe = [] } = options;
  return new Simulation({
    description,
    input,
    seed: options.seed,
    clients: options.clients,
    faults: [...crash, ...pause, ...partition, ...delay],
    faultTolerance: options.ft,
    unsafe: new Set(unsafe),
    maxSteps: options.maxSteps ?? Number.MAX_SAFE_INTEGER,
    speeds: Object.fromEntries(speed),
    ...output,
  });
}

/** Runs a simulation to its end, letting signals through now and then. */
export async function runToEnd(simulation: Simulation, progress = false): Promise<void> {
  const started = Date.now();
  let told = started;
  while (simulation.advance(EVENTS_AT_ONCE)) {
    await setImmediate();
    const now = Date.now();
    if (!progress || now - told < PROGRESS_MS) continue;
    told = now;
    const { icount } = simulation.machine;
    const rate = icount / (now - started) / 1000;
    const virtualMs = simulation.nowNs / 1e6;
    process.stderr.write(
      `\r${(icount / 1e6).toFixed(0)} million steps, ${rate.toFixed(0)} million a second, ${virtualMs.toFixed(0)} ms of virtual time\x1b[K`,
    );
  }
  if (told > started) process.stderr.write('\r\x1b[K');
}

/** The console input: the file that was named, what is piped in, or what the program brings along. */
export async function consoleInput(path: string, { input }: Pick<RunOptions, 'input'>): Promise<Uint8Array> {
  if (input !== undefined) return readBytes(input);
  const piped = await readPipedInput();
  return piped.length > 0 ? piped : ownInput(path);
}

export async function run(path: string, options: RunOptions): Promise<number> {
  if (options.record) mustBeWritable(options.record);
  const description = describeMachine(path, options);
  const input = await consoleInput(path, options);
  const detail: Detail = options.quiet ? 'quiet' : options.verbose ? 'verbose' : 'normal';
  const story = new Story(detail, (line) => process.stderr.write(`${line}\n`));
  const simulation = simulate(description, input, options, {
    print: (data) => {
      if (!options.json) process.stdout.write(data);
    },
    tell: (event) => story.tell(event),
  });
  await runToEnd(simulation, process.stderr.isTTY && detail !== 'quiet');
  story.end(simulation.nowNs);
  const violations = simulation.violations();
  const report = new Report(simulation, violations, options);
  report.keep();
  if (options.json) process.stdout.write(`${JSON.stringify(report.json(path), null, 2)}\n`);
  if (!options.quiet) for (const line of report.lines()) process.stderr.write(`${line}\n`);
  return report.exitCode;
}

/** What there is to say about a run that is over. */
export class Report {
  private readonly colour = colourFor(process.stderr);
  private readonly outcome: Outcome;
  private readonly comparison: Comparison | undefined;

  constructor(
    private readonly simulation: Simulation,
    private readonly violations: readonly Violation[],
    private readonly options: RunOptions,
  ) {
    this.outcome = simulation.outcome!;
    const wanted = options.diff || options.json || options.saveStates || this.outcome === 'diverged';
    this.comparison = wanted ? simulation.comparison() : undefined;
  }

  get exitCode(): number {
    if (this.outcome === 'diverged' || this.violations.length > 0) return EXIT_CODE.diverged;
    if (this.outcome !== 'completed') return EXIT_CODE[this.outcome];
    const { code } = this.simulation.machine.power;
    // The system keeps eight bits; a failure must not look like success.
    return code === 0 ? 0 : code & 0xff || 1;
  }

  /** Writes the recording and the states that were asked for, and both states when the machines differ. */
  keep(): void {
    const { record, saveStates } = this.options;
    if (record) writeBytes(record, recordingOf(this.simulation));
    const directory = saveStates ?? (this.outcome === 'diverged' ? DIVERGED_DIRECTORY : undefined);
    if (!directory) return;
    makeDirectory(directory);
    const { a, b } = this.comparison ?? { a: takeSnapshot(this.simulation.machine), b: undefined };
    writeBytes(join(directory, 'primary.vm'), encodeSnapshot(a));
    if (b) writeBytes(join(directory, 'backup.vm'), encodeSnapshot(b));
  }

  json(program: string): object {
    const { simulation, comparison } = this;
    const { machine, failovers } = simulation;
    const steps = machine.icount;
    const seconds = simulation.nowNs / 1e9;
    const log = logOf(simulation);
    return {
      program,
      seed: this.options.seed,
      outcome: this.outcome,
      exitCode: this.outcome === 'completed' ? machine.power.code : null,
      console: new TextDecoder().decode(simulation.transcript),
      steps,
      virtualMs: simulation.nowNs / 1e6,
      failovers,
      log: {
        ...log,
        bytesPerKilostep: steps > 0 ? (log.bytes / steps) * 1000 : 0,
        mbitPerSecond: seconds > 0 ? (log.bytes * 8) / seconds / 1e6 : 0,
      },
      diff: comparison
        ? {
            icount: comparison.difference.icount,
            equal: comparison.difference.equal,
            registers: comparison.difference.registers.map(({ name, a, b, equal }) => ({
              name,
              primary: `0x${a.toString(16)}`,
              backup: `0x${b.toString(16)}`,
              equal,
            })),
            devicesDiffering: comparison.difference.devices,
            pagesDiffering: comparison.difference.pages.map((address) => `0x${address.toString(16)}`),
          }
        : null,
      stateHash: machine.hash().toString(16).padStart(16, '0'),
      violations: this.violations,
    };
  }

  lines(): string[] {
    const { options, comparison } = this;
    return [
      ...this.resultLines(),
      ...[...this.simulation.unstruck].map((fault) =>
        this.colour.yellow(`the ${fault.kind} did not happen: the run ended before its moment came`),
      ),
      ...this.violations.map(({ invariant, message }) =>
        this.colour.red.bold(`VIOLATION of ${invariant}: ${message}`),
      ),
      ...(options.diff || this.outcome === 'diverged' ? this.differenceLines(comparison) : []),
      ...this.keptLines(),
    ];
  }

  private resultLines(): string[] {
    const { simulation, colour } = this;
    const { machine } = simulation;
    const hash = machine.hash().toString(16).padStart(16, '0');
    const facts = `${machine.icount} steps, ${(simulation.nowNs / 1e6).toFixed(3)} ms of virtual time, state hash ${hash}`;
    const said: Record<Outcome, string> = {
      completed: colour.green(`completed with exit code ${machine.power.code}`),
      lost: colour.red('lost: no side is left that could go on'),
      limit: colour.yellow(
        machine.icount >= (this.options.maxSteps ?? Number.POSITIVE_INFINITY)
          ? `stopped at --max-steps ${this.options.maxSteps}`
          : 'stopped: the guest waits for input that will not come (give it more with --input, or an end command)',
      ),
      diverged: colour.red('stopped: the machines have diverged'),
    };
    const lines = [`${said[this.outcome]}; ${facts}`];
    const { outcome, violations } = this;
    if (this.options.ft && outcome !== 'diverged' && violations.length === 0)
      lines.push(
        colour.green(
          'checked: a fresh machine that replays the log prints the same, every byte once and in order',
        ),
      );
    return lines;
  }

  private differenceLines(comparison: Comparison | undefined): string[] {
    if (!comparison) return ['no diff: there is only one machine without fault tolerance'];
    const { difference, firstDifference } = comparison;
    const failover = this.simulation.failovers.at(-1);
    const where = failover
      ? `where the backup went live; the primary had run ${failover.crashIcount - failover.liveIcount} steps further, and released no output from there`
      : this.outcome === 'diverged'
        ? 'where they were found to differ'
        : 'the last position that both reached';
    const lines = [
      '',
      `both machines at icount ${difference.icount}, ${where}`,
      ...differenceTable(difference, ['primary', 'backup'], this.colour),
    ];
    if (firstDifference)
      lines.push(
        this.colour.red(
          `the first entry that differs is number ${firstDifference.index + 1}: ${full(firstDifference.a)} on the primary, ${full(firstDifference.b)} on the backup`,
        ),
      );
    return lines;
  }

  private keptLines(): string[] {
    const { record, saveStates } = this.options;
    const directory = saveStates ?? (this.outcome === 'diverged' ? DIVERGED_DIRECTORY : undefined);
    return [
      ...(record ? [`recorded to ${record}; run it again with \`vmft replay ${record}\``] : []),
      ...(directory
        ? [
            `machine states kept in ${directory}; compare them with \`vmft diff ${directory}/primary.vm ${directory}/backup.vm\``,
          ]
        : []),
    ];
  }
}

/** An entry with all that it holds: two that differ must look different. */
function full(entry: Entry): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const content = Object.entries(entry)
    .filter(([name]) => name !== 'kind' && name !== 'icount')
    .map(([name, value]) => `${name} ${value instanceof Uint8Array ? hex(value) : value}`);
  return `${entry.kind} at ${entry.icount} (${content.join(', ')})`;
}

/** The log as the channel carried it; without fault tolerance, as a recording would hold it. */
function logOf(simulation: Simulation): {
  entries: number;
  entriesByKind: Record<string, number>;
  bytes: number;
} {
  if (simulation.hosts.size > 1) return simulation.log;
  const entries = simulation.histories.get('primary')!;
  const entriesByKind: Record<string, number> = {};
  let bytes = 0;
  let last = 0;
  for (const entry of entries) {
    entriesByKind[entry.kind] = (entriesByKind[entry.kind] ?? 0) + 1;
    bytes += encode(entryAfter(last), entry).length;
    last = entry.icount;
  }
  return { entries: entries.length, entriesByKind, bytes };
}

/** The history of the machine that lived last, as a log file. */
export function recordingOf(simulation: Simulation): Uint8Array {
  const { machine } = simulation;
  const { icount } = machine;
  const writer = new LogWriter(machine.description);
  for (const entry of simulation.histories.get(simulation.survivor)!) writer.append(entry);
  writer.append({ kind: 'output', icount, made: machine.outputsMade });
  writer.append({ kind: 'check', icount, hash: machine.hash() });
  writer.append({ kind: 'control', icount, action: 'end', code: machine.power.code });
  return writer.take();
}
