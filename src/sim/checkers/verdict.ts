/** What a run came to: everything that the checkers say of it when it is over. */
import { assert } from '../../base/assert.ts';
import { OperatingError } from '../../base/errors.ts';
import { type Comparison, compareHistories, sameHistory } from '../../replay/comparison.ts';
import type { History } from '../../replay/history.ts';
import { Timeline } from '../../replay/timeline.ts';
import { Divergence } from '../../vmm/doors.ts';
import type { Machine } from '../../vmm/machine.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { Vmm } from '../../vmm/vmm.ts';
import type { Simulation } from '../cluster.ts';
import { checkClients, checkSameMachine, type Violation } from './checkers.ts';
import { DiskChecker, InputChecker, OutputsChecker } from './explained.ts';
import { ClockForwardChecker } from './guest-clock.ts';

/** What the checkers found without running anything again: what was seen on the way, and how it ended. */
export function observe(run: Simulation): Violation[] {
  assert(run.outcome !== undefined, 'the run is over');
  const calls = run.network.clients.flatMap((client) => client.calls);
  const found = [...run.observer.violations, ...checkClients(calls, run.network.complaints)];
  return run.outcome === 'diverged' ? found : [...found, ...checkService(run)];
}

/**
 * What the checkers found. They replay the survivor's whole history on a fresh machine, and for that need all evidence of the run.
 * @throws {OperatingError} when not all of it was kept.
 */
export function judge(run: Simulation): Violation[] {
  const found = observe(run);
  if (run.outcome === 'diverged') return found;
  if (!hasAllEvidence(run))
    throw new OperatingError(
      'too much happened in this run to be checked in memory; limit it with --max-steps',
    );
  return [...found, ...checkMeeting(run), ...checkReplay(run)];
}

const hasAllEvidence = ({ observer, console, network, storage }: Simulation): boolean =>
  observer.history.isWhole &&
  console.transcript.isWhole &&
  network.framesOut.isWhole &&
  storage.disk.writes.isWhole;

/** Replays the history of the machine that lived last beside what the world saw. */
function checkReplay(run: Simulation): Violation[] {
  const { description, disk } = run.options;
  const { history, machine } = run.observer;
  const { icount } = machine;
  const input = new InputChecker(run.console.input);
  const seen = new OutputsChecker({ console: run.console.transcript, frames: run.network.framesOut });
  const { content, writes } =
    disk === 'private' ? { ...run.privateDisk(run.survivor), writes: [] } : run.storage.disk;
  const medium = new DiskChecker({ initial: run.diskContent, content, writes });
  const clock = new ClockForwardChecker();
  const entries = function* () {
    for (const entry of history) {
      if (entry.kind === 'console') input.given(entry);
      clock.told(entry);
      if (entry.kind === 'disk') medium.ended(entry);
      yield entry;
    }
  };
  const made = (output: Output) => {
    seen.made(output);
    medium.made(output);
  };
  try {
    new Timeline(description, { [Symbol.iterator]: entries }, { end: icount, made }).seek(icount, 'after');
  } catch (error) {
    if (!(error instanceof Divergence)) throw error;
    const message = `no machine has the history of ${run.survivor}: ${error.message}`;
    return [...input.end(), ...clock.violations, { invariant: 'outputs-explained', message }];
  }
  return [...input.end(), ...clock.violations, ...seen.end(run.outcome === 'completed'), ...medium.end()];
}

/** Somebody could have gone on, there was something to do, and nobody did it. */
function checkService(run: Simulation): Violation[] {
  if (run.outcome === 'lost') return checkLoss(run);
  if (run.outcome !== 'limit') return [];
  const { machine, options, network, console } = run;
  if (machine.icount >= options.maxSteps) return [];
  const waiting = [
    ...(machine.diskOpen ? ['a disk operation'] : []),
    ...(network.done ? [] : ['clients']),
    ...(console.exhausted && machine.consoleReceived < console.input.length && machine.consoleRoom > 0
      ? ['typed input']
      : []),
    ...(machine.power.off ? ['the end'] : []),
  ];
  if (waiting.length === 0) return [];
  return [
    {
      invariant: 'service',
      message: `the service stands still, with ${waiting.join(' and ')} waiting, although somebody could go on`,
    },
  ];
}

/** The service may end with the last member that storage counts on, and not before. */
function checkLoss(run: Simulation): Violation[] {
  return run.unharmedMembers.map((id) => ({
    invariant: 'service',
    message: `${id} is a member of generation ${run.storage.generations.newest} and has not failed, but cannot go on`,
  }));
}

/** A position that two machines have both come to, and what had come through their doors. */
interface Meeting {
  a: History;
  b: History;
  icount: number;
  /** The machines themselves, where they stand there still and were found to differ. */
  machines?: { a: Machine | undefined; b: Machine | undefined };
}

/** Where two machines were the same for the last time, or were found to differ. */
function lastMeeting(run: Simulation): Meeting | undefined {
  const failover = run.failovers.at(-1);
  if (failover) return { a: failover.fromHistory, b: failover.toHistory, icount: failover.meetingIcount };
  const [a, b] = [run.hosts.get('primary'), run.hosts.get('backup')];
  const [one, other] = [a?.replica.vmm, b?.replica.vmm];
  if (!a || !b || !one || !other) return undefined;
  const histories = { a: run.history(a.id), b: run.history(b.id) };
  const { divergence } = run.observer;
  if (!divergence) return { ...histories, icount: Math.min(one.icount, other.icount) };
  const { icount } = divergence;
  const there = ({ machine }: Vmm) => (machine.icount === icount ? machine : undefined);
  return { ...histories, icount, machines: { a: there(one), b: there(other) } };
}

/**
 * Both machines at the last `icount` that they reached as one: where a backup went live, where they were found to differ, or where
 * both ended. They are built again from what came through their doors; but a machine that stands where they were found to differ is
 * shown as it is. Undefined without a second machine, or when not all that came through was kept.
 */
export function compareLast(run: Simulation): Comparison | undefined {
  const meeting = lastMeeting(run);
  if (!meeting?.a.isWhole || !meeting.b.isWhole) return undefined;
  const { a, b, icount, machines } = meeting;
  try {
    return compareHistories(
      run.options.description,
      { history: a, machine: machines?.a },
      { history: b, machine: machines?.b },
      icount,
    );
  } catch (error) {
    // With a rule switched off a history may be none that a machine can have.
    if (error instanceof Divergence) return undefined;
    throw error;
  }
}

/** Builds the machines again only where they were not given the same. */
function checkMeeting(run: Simulation): Violation[] {
  const meeting = lastMeeting(run);
  if (!meeting || sameHistory(meeting.a, meeting.b, meeting.icount)) return [];
  const comparison = compareLast(run);
  if (comparison) return checkSameMachine(comparison);
  return [
    { invariant: 'same-machine', message: 'one of the machines has a history that no machine can have' },
  ];
}
