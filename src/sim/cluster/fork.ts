/** A fork: a run that is a recorded one up to a moment, and goes on with other faults or other input. */
import { type Fault, timeOf } from '../faults/faults.ts';
import { type TimedAction, typing } from '../spec/actions.ts';
import type { Origin } from '../spec/origin.ts';
import type { RunSpec } from '../spec/spec.ts';
import type { Retrace } from './retrace.ts';

/** What is different from the fork on. */
export interface Changes {
  /** More faults; each comes after the fork. */
  faults: readonly Fault[];
  /** Faults of the recorded run that are not triggered before the fork do not come. */
  dropFaults: boolean;
  /** Typed instead of all that the user does after the fork. */
  input?: Uint8Array | undefined;
  maxSteps?: number | undefined;
}

/**
 * How the fork is made, from boot on: as every run, it is a function of this. Up to the fork it is the recorded run,
 * since nothing that differs has an effect before.
 * @param retrace of the recorded run, at the fork
 */
export function forked(
  { origin, actions }: { origin: Origin; actions: readonly TimedAction[] },
  { simulation, atNs: forkNs }: Pick<Retrace, 'simulation' | 'atNs'>,
  { faults, dropFaults, input, maxSteps }: Changes,
): { spec: RunSpec; actions: TimedAction[] } {
  const { spec, attended } = origin;
  const atNs = forkNs!;
  const isBefore = (fault: Fault): boolean =>
    !simulation.injector.isWaiting(fault) || (!fault.after && (timeOf(fault) ?? atNs) < atNs);
  const kept = dropFaults ? spec.faults.filter(isBefore) : spec.faults;
  const done = actions.filter((one) => one.atNs < atNs);
  const rest = actions
    .filter((one) => one.atNs >= atNs)
    .filter(({ action }) => (action.kind === 'fault' ? !dropFaults : input === undefined));
  const typed: TimedAction[] =
    input === undefined
      ? []
      : [
          { kind: 'withdraw' as const },
          ...typing(input),
          ...(attended ? [{ kind: 'close' as const }] : []),
        ].map((action) => ({ atNs, action }));
  return {
    spec: { ...spec, faults: [...kept, ...faults], ...(maxSteps !== undefined && { maxSteps }) },
    actions: [...done, ...typed, ...rest],
  };
}
