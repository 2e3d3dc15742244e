/** What a run comes to: the exit code, the report for people and for programs, and the files that are kept. */

import { constants } from 'node:os';
import { join } from 'node:path';
import { joined } from '../base/bytes.ts';
import { OperatingError } from '../base/errors.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import { compareLast } from '../check/verdict.ts';
import type { Comparison } from '../replay/comparison.ts';
import type { Simulation } from '../sim/cluster.ts';
import { evidenceOf } from '../sim/evidence.ts';
import { faultText } from '../sim/faults/fault-text.ts';
import type { FaultOutcome } from '../sim/faults/injector.ts';
import type { Entry } from '../vmm/entries.ts';
import { encodeSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { differenceTable } from './difference.ts';
import { JSON_CONSOLE_BYTES } from './evidence.ts';
import { makeDirectory, OutputFile } from './files.ts';
import type { RunOptions } from './options.ts';
import type { RunRecording } from './recording.ts';
import { colourFor } from './terminal/abilities.ts';

/** Exit codes of vmft's own; otherwise the guest's is vmft's. */
export const EXIT_CODE = { usage: 2, diverged: 3, limit: 4, lost: 5, faultMissed: 6 } as const;

/** Where both machines are kept when they differ and no other place was named. */
const DIVERGED_DIRECTORY = 'vmft-states';

/** Both machines, as files in a directory. */
interface StateFiles {
  directory: string;
  primary: OutputFile;
  backup: OutputFile;
}

/** The files that a run was asked to write. */
export interface RunFiles {
  record?: OutputFile;
  states?: StateFiles;
}

function statesIn(directory: string): StateFiles {
  makeDirectory(directory);
  const file = (name: string) => OutputFile.at(join(directory, `${name}.vm`));
  return { directory, primary: file('primary'), backup: file('backup') };
}

/** What is written when a run is over, checked before it begins. @throws {OperatingError} when one can't be written */
export const filesOf = ({ record, saveStates }: Pick<RunOptions, 'record' | 'saveStates'>): RunFiles => ({
  ...(saveStates !== undefined && { states: statesIn(saveStates) }),
  ...(record !== undefined && { record: OutputFile.at(record) }),
});

/** What a report can't see of the run itself. */
export interface Circumstances {
  /** Somebody at the terminal has ended it. */
  quit?: boolean;
  /** A signal has. */
  signal?: NodeJS.Signals | undefined;
  files?: RunFiles;
  recording?: RunRecording | undefined;
  /** Of the comparison only the main registers are shown; this says where all are. */
  wholeComparison?: string;
}

/** What there is to say about a run that is over. */
export class Report {
  private readonly colour = colourFor(process.stderr);
  private readonly outcome: Outcome;
  private readonly comparison: Comparison | undefined;
  /** Where the states of the machines are kept, if they are. */
  private readonly directory: string | undefined;
  /** Files that could not be written after all, and why. */
  readonly failures: string[] = [];
  private statesKept = false;

  constructor(
    private readonly simulation: Simulation,
    private readonly violations: readonly Violation[],
    private readonly options: RunOptions,
    private readonly circumstances: Circumstances = {},
  ) {
    this.outcome = simulation.outcome!;
    const differ =
      this.outcome === 'diverged' || violations.some(({ invariant }) => invariant === 'same-machine');
    const wanted = options.diff || differ || options.saveStates !== undefined;
    this.comparison = wanted ? compareLast(evidenceOf(simulation), simulation.options.execution) : undefined;
    this.directory = options.saveStates ?? (differ && this.comparison ? DIVERGED_DIRECTORY : undefined);
  }

  get exitCode(): number {
    if (this.outcome === 'diverged' || this.violations.length > 0) return EXIT_CODE.diverged;
    if (this.failures.length > 0) return EXIT_CODE.usage;
    const { quit, signal } = this.circumstances;
    if (signal) return 128 + constants.signals[signal];
    if (quit) return 0;
    if (this.options.strict && this.simulation.injector.missed.length > 0) return EXIT_CODE.faultMissed;
    if (this.outcome !== 'completed') return EXIT_CODE[this.outcome];
    const { code } = this.simulation.machine.power;
    // The system keeps eight bits; a failure must not look like success.
    return code === 0 ? 0 : code & 0xff || 1;
  }

  /** Writes the states that were asked for, and both states when the machines differ. */
  keep(): void {
    const { directory, simulation } = this;
    const { files, recording } = this.circumstances;
    if (recording?.failure !== undefined) this.failures.push(recording.failure);
    if (directory === undefined) return;
    this.attempt(() => {
      const { primary, backup } = files?.states ?? statesIn(directory);
      const { a, b } = this.comparison ?? { a: takeSnapshot(simulation.machine), b: undefined };
      primary.write(encodeSnapshot(a));
      if (b) backup.write(encodeSnapshot(b));
      this.statesKept = true;
    });
  }

  /** What the run has shown is told whether its files can be written or not. */
  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.failures.push(error.message);
    }
  }

  json(program: string): object {
    const { simulation, comparison } = this;
    const { machine } = simulation;
    const failovers = simulation.failovers.map(
      ({ fromHistory: _, toHistory: __, failedNs: ___, meetingIcount: ____, ...failover }) => failover,
    );
    const steps = machine.icount;
    const seconds = simulation.nowNs / 1e9;
    const { log } = simulation.observer;
    const console = consoleOf(simulation);
    return {
      program,
      seed: this.options.seed,
      outcome: this.outcome,
      exitCode: this.outcome === 'completed' ? machine.power.code : null,
      console: console.text,
      consoleTruncated: console.isCut,
      verified: this.options.verify === true,
      steps,
      virtualMs: simulation.nowNs / 1e6,
      failovers,
      faults: simulation.injector.outcomes.map(jsonOfFault),
      log: {
        ...log,
        bytesPerKilostep: steps > 0 ? (log.bytes / steps) * 1000 : 0,
        mbitPerSecond: seconds > 0 ? (log.channelBytes * 8) / seconds / 1e6 : 0,
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
      divergence: this.divergenceJson(),
    };
  }

  lines(): string[] {
    const { options, comparison } = this;
    return [
      ...this.resultLines(),
      ...this.htifLines(),
      ...this.violations.map(({ invariant, message }) =>
        this.colour.red.bold(`VIOLATION of ${invariant}: ${message}`),
      ),
      ...(options.diff || this.outcome === 'diverged' ? this.differenceLines(comparison) : []),
      ...this.keptLines(),
    ];
  }

  /** Faults that were asked for and did not strike: whoever asked is told, whatever else is. */
  warnings(): string[] {
    return this.simulation.injector.missed.map(({ fault, missed }) =>
      this.colour.yellow(`warning: ${faultText(fault)} did not strike: ${missed}`),
    );
  }

  private htifLines(): string[] {
    const command = this.simulation.machine.unansweredCommand;
    return command === undefined
      ? []
      : [this.colour.yellow(`nobody answers the 0x${command.toString(16)} that the guest wrote to tohost`)];
  }

  private resultLines(): string[] {
    const { simulation, colour } = this;
    const { machine } = simulation;
    const hash = machine.hash().toString(16).padStart(16, '0');
    const facts = `${machine.icount} steps, ${(simulation.nowNs / 1e6).toFixed(3)} ms of virtual time, state hash ${hash}`;
    const { quit, signal } = this.circumstances;
    if (signal) return [colour.yellow(`interrupted; ${facts}`)];
    if (quit) return [`quit; ${facts}`];
    const said: Record<Outcome, string> = {
      completed: colour.green(`completed with exit code ${machine.power.code}`),
      lost: colour.red('lost: no side is left that could go on'),
      limit: colour.yellow(
        machine.icount >= (this.options.maxSteps ?? Number.POSITIVE_INFINITY)
          ? `stopped at --max-steps ${this.options.maxSteps}`
          : `stopped after ${machine.icount} steps: the guest waits for input that will not come; ${this.inputAdvice()}`,
      ),
      diverged: colour.red('stopped: the machines have diverged'),
    };
    const lines = [`${said[this.outcome]}; ${facts}`];
    const { outcome, violations } = this;
    if (this.options.verify && outcome !== 'diverged' && violations.length === 0)
      lines.push(
        colour.green(
          `checked: ${outcome === 'completed' ? 'a fresh machine that replays the log prints the same, every byte once and in order' : 'what was printed is what a fresh machine that replays the log prints first'}`,
        ),
      );
    return lines;
  }

  /** How the guest gets what it waits for: from the console, or from the network if nobody is there. */
  private inputAdvice(): string {
    const typed = 'give it more with --input, or a command that ends it';
    return this.options.clients > 0
      ? typed
      : `${typed}; a server on the network has clients with --clients N`;
  }

  /** What kind of place the machines are compared at. */
  private place(): string {
    const failover = this.simulation.failovers.at(-1);
    if (!failover)
      return this.outcome === 'diverged'
        ? 'where they were found to differ'
        : 'the last position that both reached';
    const further = failover.crashIcount - failover.liveIcount;
    const leaked =
      (this.simulation.observer.lastReleased.get(failover.from) ?? 0) - this.comparison!.a.state.outputsMade;
    const released = leaked > 0 ? `and had released ${leaked} outputs from there` : 'with no output released';
    return `where the backup went live; the primary had run ${further} steps further, ${released}`;
  }

  private differenceLines(comparison: Comparison | undefined): string[] {
    if (!comparison)
      return [
        this.options.ft
          ? `no diff: not all that came through the machines' doors was kept; run it again with --diff`
          : 'no diff: there is only one machine without fault tolerance',
      ];
    const { difference, firstDifference } = comparison;
    const lines = [
      '',
      `both machines at icount ${difference.icount}, ${this.place()}`,
      ...differenceTable(difference, ['primary', 'backup'], this.colour, this.circumstances.wholeComparison),
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
    const { directory, statesKept } = this;
    const { recording } = this.circumstances;
    return [
      ...(recording && recording.failure === undefined ? [recordedLine(recording.output)] : []),
      ...(statesKept && this.comparison
        ? [
            `both machines kept in ${directory}; compare them with \`vmft diff ${directory}/primary.vm ${directory}/backup.vm\``,
          ]
        : []),
      ...(statesKept && !this.comparison ? [`the machine is kept in ${directory}/primary.vm`] : []),
    ];
  }

  /** Where the machines went apart, and the first entry that is not the same on both. */
  private divergenceJson(): object | null {
    const { divergence, diverged } = this.simulation.observer;
    if (!divergence) return null;
    const { icount, found, expected } = divergence;
    const first = this.comparison?.firstDifference;
    return {
      host: diverged,
      icount,
      found,
      expected: expected ? full(expected) : null,
      firstDifference: first
        ? { entry: first.index + 1, primary: full(first.a), backup: full(first.b) }
        : null,
    };
  }
}

/** A fault in the words of the command line, with the moment at which it struck, or why it did not. */
function jsonOfFault(outcome: FaultOutcome): object {
  const fault = faultText(outcome.fault);
  if ('missed' in outcome) return { fault, triggered: false, why: outcome.missed };
  const { atNs, host, icount } = outcome.struck;
  return { fault, triggered: true, atMs: atNs / 1e6, host: host ?? null, icount: icount ?? null };
}
const recordedLine = ({ path, isStandardOutput }: OutputFile): string =>
  isStandardOutput ? 'recorded to stdout' : `recorded to ${path}; run it again with \`vmft replay ${path}\``;

/** An entry with all that it holds: two that differ must look different. */
function full(entry: Entry): string {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const content = Object.entries(entry)
    .filter(([name]) => name !== 'kind' && name !== 'icount')
    .map(([name, value]) => `${name} ${value instanceof Uint8Array ? hex(value) : value}`);
  return `${entry.kind} at ${entry.icount} (${content.join(', ')})`;
}

/** What the console has printed, up to a limit. */
function consoleOf({ console: { transcript } }: Simulation): { text: string; isCut: boolean } {
  const parts: Uint8Array[] = [];
  let room = JSON_CONSOLE_BYTES;
  for (const part of transcript) {
    parts.push(part.subarray(0, room));
    room -= part.length;
    if (room < 0) break;
  }
  return { text: new TextDecoder().decode(joined(parts)), isCut: room < 0 || !transcript.isWhole };
}
