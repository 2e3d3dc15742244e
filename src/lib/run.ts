/** Runs guests, and applies the checkers. */
import { OperatingError } from '../base/errors.ts';
import { judge as judgeEvidence } from '../check/verdict.ts';
import { evidenceOf } from '../sim/cluster/evidence.ts';
import { FinishedRun } from './finished-run.ts';
import { record as recordSimulation, simulate } from './simulate.ts';
import type { Guest, Run, RunOptions, Violation } from './types.ts';

/**
 * Runs a guest to its end on a simulated cluster, in virtual time: with backups, or alone with `backups: 0`. The same
 * guest and options give the same run to the byte, as `vmft run` does. It returns when the run is over: a guest that
 * never ends needs `maxSteps`, and a long run belongs in a worker thread.
 * @throws {OperatingError} for invalid options, with what is wrong and what is allowed
 */
export function run(guest: Guest, options: RunOptions = {}): Run {
  return simulate(guest, options);
}

/**
 * As {@link run}, and writes the recording to a file during the run: if the process ends early, the file can be replayed
 * up to there. Boot images of 64 KiB and more go into the directory `vmft-images` beside it. {@link Run.recording} gives
 * the recording without a file, with its images.
 * @param path of the file, which is overwritten
 * @throws {OperatingError} as {@link run}; if the file cannot be written; and at a failover after `evidenceBytes` is
 * exceeded, since the new primary's history is not complete
 */
export function record(guest: Guest, path: string, options: RunOptions = {}): Run {
  return recordSimulation(guest, path, options);
}

/**
 * The violations that the checkers find in a run: none, unless a rule is switched off (`unsafe`), memory was corrupted,
 * or vmft has a bug. The checkers are independent of the protocol. They replay the whole run on a fresh machine, which
 * takes about as long as the guest alone.
 * @throws {OperatingError} if the run exceeded `evidenceBytes`
 */
export function judge(finished: Run): Violation[] {
  if (!(finished instanceof FinishedRun)) throw new OperatingError('judge takes what run or record returned');
  const { simulation } = finished;
  return judgeEvidence(evidenceOf(simulation), simulation.options.execution);
}
