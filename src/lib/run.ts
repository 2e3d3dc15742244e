/** Running guests, and judging what came of it. */
import { OperatingError } from '../base/errors.ts';
import { judge as judgeEvidence } from '../check/verdict.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import { FinishedRun } from './finished-run.ts';
import { record as recordSimulation, simulate } from './simulate.ts';
import type { Guest, Run, RunOptions, Violation } from './types.ts';

/**
 * Runs a guest to its end on a simulated cluster, in virtual time: protected by backups, or alone with `backups: 0`. The same guest and
 * options give the same run to the byte, and it prints what `vmft run` prints. It returns when the run is over: a guest that never ends
 * wants `maxSteps`, and one that takes long a worker thread.
 * @throws {OperatingError} when the options say no run that can be: the message says what is wrong, and what it may be
 */
export function run(guest: Guest, options: RunOptions = {}): Run {
  return simulate(guest, options);
}

/**
 * As {@link run}, and writes the recording to a file while the run goes on: whenever this process ends, the file can be replayed up to
 * there. {@link Run.recording} gives the same bytes without a file.
 * @param path of the file, which is replaced
 * @throws {OperatingError} as {@link run}; when the file can't be written; and when another machine goes on, of whose history not all is
 * within `evidenceBytes`
 */
export function record(guest: Guest, path: string, options: RunOptions = {}): Run {
  return recordSimulation(guest, path, options);
}

/**
 * What the checkers find in a run: nothing, unless a rule is switched off (`unsafe`), memory was corrupted, or vmft is wrong. They
 * stand outside of the protocol, and replay the whole run on a fresh machine, which takes about as long as the guest alone.
 * @throws {OperatingError} when more happened than `evidenceBytes` has room for
 */
export function judge(finished: Run): Violation[] {
  if (!(finished instanceof FinishedRun)) throw new OperatingError('judge takes what run or record returned');
  const { simulation } = finished;
  return judgeEvidence(evidenceOf(simulation), simulation.options.execution);
}
