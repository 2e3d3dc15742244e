/** The end of `vmft run`: exit code, saved files, and report. */

import { constants } from 'node:os';
import { join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import { compareLast } from '../check/verdict.ts';
import type { Comparison } from '../replay/comparison.ts';
import { type RunFacts, runJson, runLines } from '../report/run-report.ts';
import { shellText } from '../report/shell-text.ts';
import type { Line } from '../report/styled-text.ts';
import type { Simulation } from '../sim/cluster/cluster.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import type { Trace } from '../sim/trace/events.ts';
import type { Naming } from '../symbols/naming.ts';
import { encodeSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { EXIT_CODE, exitCodeOf } from './exit-codes.ts';
import { makeDirectory, OutputFile } from './files.ts';
import type { RunOptions } from './options.ts';
import { type PageSubject, pageData, pageText } from './page.ts';
import type { RunRecording } from './recording.ts';

/** The default directory for the states of machines that differ. */
const DIVERGED_DIRECTORY = 'vmft-states';

/** Both machines, as files in a directory. */
interface StateFiles {
  directory: string;
  primary: OutputFile;
  backup: OutputFile;
}

/** The output files of a run. */
export interface RunFiles {
  record?: OutputFile;
  states?: StateFiles;
  page?: OutputFile;
}

function statesIn(directory: string): StateFiles {
  makeDirectory(directory);
  const file = (name: string) => OutputFile.at(join(directory, `${name}.vm`));
  return { directory, primary: file('primary'), backup: file('backup') };
}

/** The output files of a run, checked before it begins. @throws {OperatingError} when one can't be written */
export const filesOf = ({
  record,
  saveStates,
  report,
}: Pick<RunOptions, 'record' | 'saveStates' | 'report'>): RunFiles => ({
  ...(report !== undefined && { page: OutputFile.at(report) }),
  ...(saveStates !== undefined && { states: statesIn(saveStates) }),
  ...(record !== undefined && { record: OutputFile.at(record) }),
});

/** What the simulation does not know about the run. */
export interface Circumstances {
  /** The user at the terminal has ended it. */
  quit?: boolean;
  /** The signal that has ended it. */
  signal?: NodeJS.Signals | undefined;
  files?: RunFiles;
  recording?: RunRecording | undefined;
  /** Where the full comparison is; given, the report shows only the main registers. */
  wholeComparison?: string;
  /** Names the guest's addresses. */
  naming: Naming;
}

/** The options that a report depends on. */
export type ReportOptions = Pick<RunOptions, 'ft' | 'diff' | 'verify' | 'saveStates' | 'report' | 'strict'>;

/** The report of a finished run. */
export class Report {
  private readonly outcome: Outcome;
  private readonly comparison: Comparison | undefined;
  /** Where the states of the machines are saved, if they are. */
  private readonly directory: string | undefined;
  /** Why files could not be written. */
  readonly failures: string[] = [];
  private statesKept = false;
  private pageKept = false;

  constructor(
    private readonly simulation: Simulation,
    private readonly violations: readonly Violation[],
    private readonly options: ReportOptions,
    private readonly circumstances: Circumstances,
  ) {
    this.outcome = simulation.outcome!;
    const differ =
      this.outcome === 'diverged' || violations.some(({ invariant }) => invariant === 'same-machine');
    const wanted = options.diff || differ || options.saveStates !== undefined || options.report !== undefined;
    this.comparison = wanted ? compareLast(evidenceOf(simulation), simulation.options.execution) : undefined;
    this.directory = options.saveStates ?? (differ && this.comparison ? DIVERGED_DIRECTORY : undefined);
  }

  get exitCode(): number {
    if (this.outcome === 'diverged' || this.violations.length > 0) return EXIT_CODE.diverged;
    if (this.failures.length > 0) return EXIT_CODE.usage;
    const { quit, signal } = this.circumstances;
    if (signal) return 128 + constants.signals[signal];
    if (quit) return 0;
    if (this.options.strict && this.simulation.injector.notTriggered.length > 0)
      return EXIT_CODE.faultNotTriggered;
    if (this.outcome !== 'completed') return EXIT_CODE[this.outcome];
    return exitCodeOf(this.simulation.machine.power.code);
  }

  /** Saves the states with `--save-states`, or when the machines differ. */
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

  /** Writes the page of `--report`. */
  writePage(trace: Trace, subject: PageSubject): void {
    const page = this.circumstances.files?.page;
    if (!page) return;
    this.attempt(() => {
      page.write(pageText(pageData(this.facts, trace, subject)));
      this.pageKept = true;
    });
  }

  /** Collects write errors, so that the report is printed in any case. */
  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      this.failures.push(error.message);
    }
  }

  private get facts(): RunFacts {
    const { simulation, violations, comparison, options, circumstances } = this;
    const { quit, signal, wholeComparison, naming } = circumstances;
    const ended = signal ? 'interrupted' : quit ? 'quit' : undefined;
    return { simulation, violations, comparison, asked: options, ended, wholeComparison, naming };
  }

  json(program: string): object {
    return runJson(program, this.facts);
  }

  lines(): Line[] {
    return [...runLines(this.facts), ...this.keptLines()];
  }

  private keptLines(): Line[] {
    const { directory, statesKept } = this;
    const { recording } = this.circumstances;
    return [
      ...(recording && recording.failure === undefined ? [[recordedLine(recording.output)]] : []),
      ...(this.pageKept ? [[`report written to ${this.circumstances.files!.page!.path}`]] : []),
      ...(statesKept && directory !== undefined
        ? [[this.comparison ? bothLine(directory) : `machine saved in ${directory}/primary.vm`]]
        : []),
    ];
  }
}

function bothLine(directory: string): string {
  const command = shellText(['diff', `${directory}/primary.vm`, `${directory}/backup.vm`]);
  return `both machines saved in ${directory}; compare them with \`${command}\``;
}

const recordedLine = ({ path, isStandardOutput }: OutputFile): string =>
  isStandardOutput
    ? 'recorded to stdout'
    : `recorded to ${path}; replay it with \`${shellText(['replay', path])}\``;
