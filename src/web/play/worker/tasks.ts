/** What the worker does, by name: what each task is given, says meanwhile, and answers. All of it is plain data. */
import type { Diagnostic } from '../../../asm/diagnostics.ts';
import type { Outcome } from '../../../check/evidence.ts';
import type { PageData } from '../../../report/page/page-data.ts';
import type { RunSpec } from '../../../sim/spec/spec.ts';
import type { SearchProgress, SearchRequest } from '../../search/request.ts';
import type { Setup } from '../model/setup.ts';
import type { MachineAnswer, MachinesQuery } from './machines.ts';

/** A task that is given `A`, says `P` while it goes on, and answers `R`. */
interface Task<A, P, R> {
  argument: A;
  progress: P;
  result: R;
}

/** How far a run is. */
export interface RunProgress {
  steps: number;
  atNs: number;
}

/** A fault: when it was injected, or why it was not. */
export interface FaultNote {
  text: string;
  atNs?: number;
  why?: string;
}

/** A finished run. */
export interface FinishedRun {
  page: PageData;
  spec: RunSpec;
  /** The faults of the specification, in its order. */
  faults: FaultNote[];
  outcome: Outcome;
  /** Of a guest that has switched off. */
  exitCode: number | undefined;
  steps: number;
  stateHash: string;
  console: string;
}

/** The tasks. A newer one ends an older one of the same name. */
export interface Tasks {
  /** Runs a setup to its end, and keeps the run under this number for the other tasks. */
  run: Task<{ run: number; setup: Setup }, RunProgress, FinishedRun>;
  /** Machines of a finished run. */
  machines: Task<{ run: number; setup: Setup } & MachinesQuery, void, MachineAnswer[]>;
  /** The assembler's errors in another source of a bundled program. */
  check: Task<{ guest: string; source: string }, void, readonly Diagnostic[]>;
  /** Searches for a counterexample. */
  search: Task<SearchRequest, SearchProgress, SearchProgress>;
}
/** The name of a task. */
export type TaskName = keyof Tasks;

/** What does a task: in bounded steps, after each of which it says how far it is. */
export type Worked<N extends TaskName> = Generator<Tasks[N]['progress'], Tasks[N]['result'], void>;
/** What does each task. */
export type Workers = { [N in TaskName]: (argument: Tasks[N]['argument']) => Worked<N> };

/** To the worker: a task, or the end of one. */
export type Request =
  | { [N in TaskName]: { id: number; task: N; argument: Tasks[N]['argument'] } }[TaskName]
  | { id: number; task: 'cancel' };

/** From the worker. An error that is not `expected` is a bug. */
export type Answer =
  | { id: number; kind: 'progress'; progress: unknown }
  | { id: number; kind: 'result'; result: unknown }
  | { id: number; kind: 'ended' }
  | { id: number; kind: 'error'; message: string; expected: boolean };
