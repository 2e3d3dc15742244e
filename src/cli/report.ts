/** What `vmft run` ends with: the exit code, the files that are kept, and the report. */

import { constants } from 'node:os';
import { join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import type { Violation } from '../check/checkers.ts';
import type { Outcome } from '../check/evidence.ts';
import { compareLast } from '../check/verdict.ts';
import type { Comparison } from '../replay/comparison.ts';
import { type RunFacts, runJson, runLines } from '../report/run-report.ts';
import type { Line } from '../report/styled-text.ts';
import type { Simulation } from '../sim/cluster.ts';
import { evidenceOf } from '../sim/evidence.ts';
import { encodeSnapshot, takeSnapshot } from '../vmm/snapshot.ts';
import { makeDirectory, OutputFile } from './files.ts';
import type { RunOptions } from './options.ts';
import type { RunRecording } from './recording.ts';

/** Exit codes of vmft's own; otherwise the guest's is vmft's. */
export const EXIT_CODE = { usage: 2, diverged: 3, limit: 4, lost: 5, faultNotTriggered: 6 } as const;

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

/** What there is to be said of a run. */
export type ReportOptions = Pick<RunOptions, 'ft' | 'diff' | 'verify' | 'saveStates' | 'strict'>;

/** What there is to say about a run that is over. */
export class Report {
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
    private readonly options: ReportOptions,
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
    if (this.options.strict && this.simulation.injector.missed.length > 0) return EXIT_CODE.faultNotTriggered;
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

  private get facts(): RunFacts {
    const { simulation, violations, comparison, options, circumstances } = this;
    const { quit, signal, wholeComparison } = circumstances;
    const ended = signal ? 'interrupted' : quit ? 'quit' : undefined;
    return { simulation, violations, comparison, asked: options, ended, wholeComparison };
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
      ...(statesKept && this.comparison
        ? [
            [
              `both machines kept in ${directory}; compare them with \`vmft diff ${directory}/primary.vm ${directory}/backup.vm\``,
            ],
          ]
        : []),
      ...(statesKept && !this.comparison ? [[`the machine is kept in ${directory}/primary.vm`]] : []),
    ];
  }
}

const recordedLine = ({ path, isStandardOutput }: OutputFile): string =>
  isStandardOutput ? 'recorded to stdout' : `recorded to ${path}; run it again with \`vmft replay ${path}\``;
