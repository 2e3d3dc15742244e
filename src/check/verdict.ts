/** What a run came to: everything that the checkers say of it when it is over. */
import { OperatingError } from '../base/errors.ts';
import type { Execution } from '../cpu/engine.ts';
import { type Comparison, compareHistories, sameHistory } from '../replay/comparison.ts';
import { Timeline } from '../replay/timeline.ts';
import { Divergence } from '../vmm/doors.ts';
import type { Output } from '../vmm/outputs.ts';
import { checkClients, checkSameMachine, type Violation } from './checkers.ts';
import { DiskChecker, InputChecker, OutputsChecker } from './covered.ts';
import type { Evidence } from './evidence.ts';
import { ClockForwardChecker } from './guest-clock.ts';

/** What the checkers found without running anything again: what was seen on the way, and how it ended. */
export function observe(evidence: Evidence): Violation[] {
  const { outcome, clients } = evidence;
  const found = [...evidence.found, ...checkClients(clients.calls, clients.complaints)];
  return outcome === 'diverged' ? found : [...found, ...checkService(evidence)];
}

/**
 * What the checkers found. They replay the survivor's whole history on a fresh machine, and for that need all evidence of the run.
 * `execution`: how the machines that they build execute instructions.
 * @throws {OperatingError} when not all of it was kept.
 */
export function judge(evidence: Evidence, execution?: Execution): Violation[] {
  const found = observe(evidence);
  if (evidence.outcome === 'diverged') return found;
  const { survivor, console, frames, medium } = evidence;
  if (![survivor.history, console, frames, medium.writes].every(({ isWhole }) => isWhole))
    throw new OperatingError(
      'too much happened in this run to be checked in memory; limit it with --max-steps',
    );
  return [...found, ...checkMeeting(evidence, execution), ...checkReplay(evidence, execution)];
}

/** Replays the history of the machine that lived last beside what the world saw. */
function checkReplay(evidence: Evidence, execution: Execution | undefined): Violation[] {
  const { description, survivor, typed, console, frames, outcome } = evidence;
  const { history, icount } = survivor;
  const input = new InputChecker(typed);
  const seen = new OutputsChecker({ console, frames });
  const medium = new DiskChecker(evidence.medium);
  const clock = new ClockForwardChecker();
  const entries = function* () {
    for (const entry of history) {
      if (entry.kind === 'console') input.given(entry);
      clock.shown(entry);
      if (entry.kind === 'disk') medium.ended(entry);
      yield entry;
    }
  };
  const made = (output: Output) => {
    seen.made(output);
    medium.made(output);
  };
  try {
    const timeline = new Timeline(
      description,
      { [Symbol.iterator]: entries },
      { end: icount, made, execution },
    );
    timeline.seek(icount, 'after');
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const message = `no machine has the history of ${survivor.host}: ${error.message}`;
    return [...input.end(), ...clock.violations, { invariant: 'outputs-covered', message }];
  }
  return [...input.end(), ...clock.violations, ...seen.end(outcome === 'completed'), ...medium.end()];
}

/** Somebody could have gone on, there was something to do, and nobody did it; or nobody could go on who had no reason not to. */
function checkService({ outcome, waiting, unharmed, generation }: Evidence): Violation[] {
  if (outcome === 'lost')
    return unharmed.map((host) => ({
      invariant: 'service',
      message: `${host} is a member of generation ${generation} and has not failed, but cannot go on`,
    }));
  if (outcome !== 'limit' || waiting.length === 0) return [];
  return [
    {
      invariant: 'service',
      message: `the service stands still, with ${waiting.join(' and ')} waiting, although somebody could go on`,
    },
  ];
}

/**
 * Both machines at the last `icount` that they reached as one: where a backup went live, where they were found to differ, or where
 * both ended. They are built again from what came through their doors; but a machine that stands where they were found to differ is
 * shown as it is. Undefined without a second machine, or when not all that came through was kept.
 */
export function compareLast(
  { description, meeting }: Evidence,
  execution?: Execution,
): Comparison | undefined {
  if (!meeting?.a.isWhole || !meeting.b.isWhole) return undefined;
  const { a, b, icount, machines } = meeting;
  try {
    return compareHistories(
      description,
      { history: a, machine: machines?.a },
      { history: b, machine: machines?.b },
      icount,
      execution,
    );
  } catch (error) {
    // With a rule switched off a history may be none that a machine can have.
    if (error instanceof Divergence) return undefined;
    throw error;
  }
}

/** Builds the machines again only where they were not given the same. */
function checkMeeting(evidence: Evidence, execution: Execution | undefined): Violation[] {
  const { meeting } = evidence;
  if (!meeting || sameHistory(meeting.a, meeting.b, meeting.icount)) return [];
  const comparison = compareLast(evidence, execution);
  if (comparison) return checkSameMachine(comparison);
  return [
    { invariant: 'same-machine', message: 'one of the machines has a history that no machine can have' },
  ];
}
