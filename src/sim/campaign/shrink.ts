/** Shrinks a failing run to a minimal one. */

import type { Tuning } from '../../ft/rules.ts';
import { type Fault, type HostId, hostsOf, type When } from '../faults/faults.ts';
import { campaignDefaults, hostNames, type RunSpec } from '../spec/spec.ts';

const MS = 1_000_000;

/**
 * Shrinks a failing run: faults are omitted one at a time, then hosts, then special settings, then details of faults,
 * until no simpler run fails. Yields each run that is tried, is told whether it fails in the same way, and returns the
 * minimal one.
 */
export function* shrinking(run: RunSpec): Generator<RunSpec, RunSpec, boolean> {
  let best = run;
  for (;;) {
    const simpler = yield* firstFailing(best);
    if (!simpler) return best;
    best = simpler;
  }
}

/** The first simpler run that fails too; undefined if there is none. */
function* firstFailing(run: RunSpec): Generator<RunSpec, RunSpec | undefined, boolean> {
  for (const simpler of simplerRuns(run)) if (yield simpler) return simpler;
  return undefined;
}

/** Runs that are each simpler by one thing, so that shrinking terminates. */
function* simplerRuns(run: RunSpec): Generator<RunSpec> {
  const { faults, spares, backups, speeds, tuning } = run;
  for (let index = faults.length - 1; index >= 0; index--)
    yield { ...run, faults: faults.filter((_, i) => i !== index) };
  if (spares > 0) yield* withFewerHosts({ ...run, spares: spares - 1 });
  if (backups > 1) yield* withFewerHosts({ ...run, backups: backups - 1 });
  if (Object.keys(speeds).length > 0) yield { ...run, speeds: {} };
  for (const name of Object.keys(tuning)) {
    // These are the same for all runs of the campaign.
    if (name in campaignDefaults.tuning) continue;
    const { [name as keyof Tuning]: _, ...rest } = tuning;
    yield { ...run, tuning: rest };
  }
  for (const [index, fault] of faults.entries())
    for (const simpler of simplerFaults(fault)) yield { ...run, faults: faults.with(index, simpler) };
}

/** The run without the missing hosts and their speeds; none if a fault names one of them. */
function* withFewerHosts(run: RunSpec): Generator<RunSpec> {
  const hosts = hostNames(run);
  const isThere = (host: HostId) => hosts.includes(host);
  const domains = run.faults.flatMap((fault) => (fault.kind === 'domain' ? [fault.domain] : []));
  if (![...run.faults.flatMap(hostsOf), ...domains].every(isThere)) return;
  const speeds = Object.entries(run.speeds).filter(([host]) => isThere(host));
  yield { ...run, speeds: Object.fromEntries(speeds) };
}

/** The same fault without its optional parts, or with rounder numbers. */
function* simplerFaults(fault: Fault): Generator<Fault> {
  if (
    (fault.kind === 'crash' || fault.kind === 'kill' || fault.kind === 'domain') &&
    fault.forNs !== undefined
  ) {
    const { forNs: _, ...forGood } = fault;
    yield forGood;
  }
  if (fault.kind === 'partition' && fault.both) yield { ...fault, both: false };
  if ('atNs' in fault) for (const atNs of rounderTimes(fault.atNs)) yield { ...fault, atNs };
  if ('when' in fault) for (const when of rounderMoments(fault.when)) yield { ...fault, when };
  if ('forNs' in fault && fault.forNs !== undefined)
    for (const forNs of rounderTimes(fault.forNs)) yield { ...fault, forNs };
}

function* rounderMoments(when: When): Generator<When> {
  if (when.at === 'time') for (const ns of rounderTimes(when.ns)) yield { at: 'time', ns };
  if (when.at === 'icount')
    for (const icount of rounder(when.icount, [10_000, 1000, 100])) yield { at: 'icount', icount };
}

const rounderTimes = (ns: number): number[] => rounder(ns, [MS, MS / 10, MS / 100]);

/** The number rounded to multiples of these units, the coarsest first; only units coarser than its own. */
function rounder(number: number, units: readonly number[]): number[] {
  const is = units.findIndex((unit) => number % unit === 0);
  const coarser = is < 0 ? units : units.slice(0, is);
  return coarser.map((unit) => Math.round(number / unit) * unit).filter((rounded) => rounded > 0);
}
