/** From a run that breaks something to the shortest one that still does. */

import type { Tuning } from '../../ft/rules.ts';
import { type Fault, type HostId, hostsOf, type When } from '../faults/faults.ts';
import { campaignDefaults, hostNames, type RunSpec } from '../spec/spec.ts';

const MS = 1_000_000;

/**
 * The shortest schedule that still fails: faults are left out one at a time, then hosts, then what is special about the rest, until
 * nothing more can go. `fails` says whether a run fails in the same way.
 */
export function shrink(run: RunSpec, fails: (run: RunSpec) => boolean): RunSpec {
  let best = run;
  /** Takes the first simpler run that fails too; false when there is none. */
  const step = (): boolean => {
    for (const simpler of simplerRuns(best))
      if (fails(simpler)) {
        best = simpler;
        return true;
      }
    return false;
  };
  while (step());
  return best;
}

/** Each is simpler than the run by one thing, so that there is an end. */
function* simplerRuns(run: RunSpec): Generator<RunSpec> {
  const { faults, spares, backups, speeds, tuning } = run;
  for (let index = faults.length - 1; index >= 0; index--)
    yield { ...run, faults: faults.filter((_, i) => i !== index) };
  if (spares > 0) yield* withFewerHosts({ ...run, spares: spares - 1 });
  if (backups > 1) yield* withFewerHosts({ ...run, backups: backups - 1 });
  if (Object.keys(speeds).length > 0) yield { ...run, speeds: {} };
  for (const name of Object.keys(tuning)) {
    // How often the machines are compared is the campaign's, and not what is special about the run.
    if (name in campaignDefaults.tuning) continue;
    const { [name as keyof Tuning]: _, ...rest } = tuning;
    yield { ...run, tuning: rest };
  }
  for (const [index, fault] of faults.entries())
    for (const simpler of simplerFaults(fault)) yield { ...run, faults: faults.with(index, simpler) };
}

/** The run, if it can do without the hosts that are no more: what is said of them goes too, but no fault that strikes them. */
function* withFewerHosts(run: RunSpec): Generator<RunSpec> {
  const hosts = hostNames(run);
  const isThere = (host: HostId) => hosts.includes(host);
  const domains = run.faults.flatMap((fault) => (fault.kind === 'domain' ? [fault.domain] : []));
  if (![...run.faults.flatMap(hostsOf), ...domains].every(isThere)) return;
  const speeds = Object.entries(run.speeds).filter(([host]) => isThere(host));
  yield { ...run, speeds: Object.fromEntries(speeds) };
}

/** The same fault without what it need not have, or with rounder numbers. */
function* simplerFaults(fault: Fault): Generator<Fault> {
  if ((fault.kind === 'crash' || fault.kind === 'domain') && fault.forNs !== undefined) {
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

/** The number rounded to multiples of these units, the roundest first; none that is no rounder than it already is. */
function rounder(number: number, units: readonly number[]): number[] {
  const is = units.findIndex((unit) => number % unit === 0);
  const coarser = is < 0 ? units : units.slice(0, is);
  return coarser.map((unit) => Math.round(number / unit) * unit).filter((rounded) => rounded > 0);
}
