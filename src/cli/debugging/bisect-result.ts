/** What `vmft bisect` has found, as data. */
import type { Checks } from '../../debug/bisect/checks.ts';
import type { Explanation } from '../../debug/bisect/explain.ts';
import type { LogDifference } from '../../debug/bisect/logs.ts';
import type { Executed } from '../../debug/bisect/retry.ts';
import type { LogReader } from '../../replay/log-file.ts';
import type { Difference } from '../../vmm/snapshot.ts';

/** A recording: its file, and the position and the number of its last entry. */
export interface ReportedLog {
  path: string;
  reader: LogReader;
  end: number;
  count: number;
}

/** A saved machine (B), compared with the replay at its position (A). */
export interface SavedState {
  path: string;
  icount: number;
  difference: Difference;
}

/** See the head of this file. */
export interface Report {
  program: string;
  /** The steps that were compared. */
  steps: number;
  logs: { a: ReportedLog; b: ReportedLog; isOne: boolean; difference: LogDifference | undefined };
  /** The executions, one or two: their names, what they say to the recording's own checks, and how they contradict it. */
  sides: { name: string; checks: Checks | undefined; problem: string | undefined }[];
  /** The side with the interpreter, if only one has it. */
  reference: 'a' | 'b';
  /** Whether both execute instructions in the same way. */
  alike: boolean;
  /** The first difference of two executions. */
  difference: Explanation | undefined;
  /** What `--engine check` has found: the step, its instruction, what differs (translator / interpreter). */
  engineDifference:
    | { icount: number; executed: Executed | undefined; differences: readonly string[] }
    | undefined;
  /** How two builds differ before the first step. */
  start: Difference | undefined;
  states: SavedState[];
}
