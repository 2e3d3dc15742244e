/** The checkers' verdict on a run that is over. */
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

/** The violations found without a replay: those seen during the run, of clients, and of the run's end. */
export function observe(evidence: Evidence): Violation[] {
  const { outcome, clients } = evidence;
  const found = [...evidence.found, ...checkClients(clients.calls, clients.errors)];
  return outcome === 'diverged' ? found : [...found, ...checkService(evidence)];
}

/**
 * All violations of a run. Replays the survivor's whole history on a fresh machine, which needs all evidence of the
 * run.
 * @param execution how the machines of the replay execute instructions.
 * @throws {OperatingError} if part of the evidence was not kept.
 */
export function judge(evidence: Evidence, execution?: Execution): Violation[] {
  const found = observe(evidence);
  if (evidence.outcome === 'diverged') return found;
  const { survivor, console, inbound, frames, medium } = evidence;
  if (![survivor.history, console, inbound, frames, medium.writes].every(({ isWhole }) => isWhole))
    throw new OperatingError(
      'too much happened in this run to be checked in memory; limit it with --max-steps',
    );
  return [...found, ...checkMeeting(evidence, execution), ...checkReplay(evidence, execution)];
}

/** Replays the survivor's history, and compares it with what was seen outside. */
function checkReplay(evidence: Evidence, execution: Execution | undefined): Violation[] {
  const { description, survivor, typed, inbound, console, frames, outcome } = evidence;
  const { history, icount } = survivor;
  const input = new InputChecker(typed, inbound);
  const seen = new OutputsChecker({ console, frames });
  const medium = new DiskChecker(evidence.medium);
  const clock = new ClockForwardChecker();
  const entries = function* () {
    for (const entry of history) {
      if (entry.kind === 'console') input.given(entry);
      if (entry.kind === 'net') input.frame(entry);
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

/**
 * The service stopped although an eligible replica was left and work was waiting; or an unharmed member is not
 * eligible.
 */
function checkService({ outcome, waiting, unharmed, generation }: Evidence): Violation[] {
  if (outcome === 'lost')
    return unharmed.map((host) => ({
      invariant: 'service',
      message: `${host} is a member of generation ${generation} and has not failed, but is not eligible`,
    }));
  if (outcome !== 'limit' || waiting.length === 0) return [];
  return [
    {
      invariant: 'service',
      message: `the service has stopped, with ${waiting.join(' and ')} waiting, although an eligible replica is left`,
    },
  ];
}

/**
 * Compares two machines at the last position that both reached: where a backup went live, where they diverged, or where
 * both ended. They are replayed from their histories, except for a machine that is still at the position of the
 * divergence. Undefined without a second machine, or if part of a history was not kept.
 */
export function compareLast(
  { description, meeting }: Pick<Evidence, 'description' | 'meeting'>,
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
    // With a rule switched off a history may be impossible for any machine.
    if (error instanceof Divergence) return undefined;
    throw error;
  }
}

/** Compares the machines of {@link Evidence.meeting}. Replays them only if their histories differ. */
export function checkMeeting(
  evidence: Pick<Evidence, 'description' | 'meeting'>,
  execution?: Execution,
): Violation[] {
  const { meeting } = evidence;
  if (!meeting || sameHistory(meeting.a, meeting.b, meeting.icount)) return [];
  const comparison = compareLast(evidence, execution);
  if (comparison) return checkSameMachine(comparison);
  return [
    { invariant: 'same-machine', message: 'one of the machines has a history that no machine can have' },
  ];
}
