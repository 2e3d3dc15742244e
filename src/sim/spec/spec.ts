/** The specification of a run without its guest, as plain data, and its validation. */
import { OperatingError } from '../../base/errors.ts';
import {
  clash,
  type DiskVariant,
  diskVariants,
  type Replication,
  replications,
  type Tuning,
  type UnsafeRule,
  unsafeRules,
} from '../../ft/rules.ts';
import { faultForms } from '../faults/fault-forms.ts';
import { faultText, parseFault } from '../faults/fault-text.ts';
import type { Fault, HostId } from '../faults/faults.ts';
import { mustBePossible, mustExist } from '../faults/possible.ts';
import { limits, type Range } from '../values/limits.ts';
import { checkedTuning } from './tuning.ts';

/** The cluster, its clients and its faults. The same specification and guest give the same run to the byte. */
export interface RunSpec {
  /** The seed of all random numbers. */
  seed: string;
  /** The number of backups; 0: no fault tolerance, one host and no log. */
  backups: number;
  /** The number of spares. */
  spares: number;
  /** How the backups follow. */
  replication: Replication;
  /** Where disk data comes from. */
  disk: DiskVariant;
  /** Simulated clients of a key-value server on UDP port 9000. */
  clients: number;
  /** The number of steps at which the run is stopped. */
  maxSteps: number;
  /** The speed of every link. */
  bitsPerSecond: number;
  /** The speeds of hosts, by default 1: 100 million steps a second. */
  speeds: Readonly<Record<HostId, number>>;
  /** The failure domains of hosts; by default the host's name. */
  domains: Readonly<Record<HostId, string>>;
  /** The other loads of hosts, by default 0: the spare with the least becomes the new backup. */
  loads: Readonly<Record<HostId, number>>;
  /** Times and sizes of the protocol that differ from the defaults. */
  tuning: Readonly<Partial<Tuning>>;
  /** Faults and operator commands. */
  faults: readonly Fault[];
  /** Rules of the protocol that are switched off. */
  unsafe: readonly UnsafeRule[];
}

/** The defaults of `vmft run`. */
export const defaults: Readonly<RunSpec> = {
  seed: '1',
  backups: 1,
  spares: 1,
  replication: 'lockstep',
  disk: 'shared',
  clients: 0,
  maxSteps: limits.maxSteps.most,
  bitsPerSecond: 1e9,
  speeds: {},
  domains: {},
  loads: {},
  tuning: {},
  faults: [],
  unsafe: [],
};

/** The defaults of stories, which name their spares and are short. */
export const storyDefaults: Readonly<RunSpec> = { ...defaults, spares: 0, maxSteps: 50_000_000 };

/** The defaults of a campaign's runs, for what is not drawn. */
export const campaignDefaults: Readonly<RunSpec> = {
  ...defaults,
  // A guest with a flipped bit may never end.
  maxSteps: 20_000_000,
  // A small part of a run, so that a divergence is detected within it.
  tuning: { checkSteps: 50_000, checkStepsPerPage: 0 },
};

/** The name of each field's option (after two dashes), and of its line in a story. */
export const words: Readonly<Record<keyof RunSpec, string>> = {
  seed: 'seed',
  backups: 'backups',
  spares: 'spares',
  replication: 'replication',
  disk: 'disk',
  clients: 'clients',
  maxSteps: 'max-steps',
  bitsPerSecond: 'link',
  speeds: 'speed',
  domains: 'domain',
  loads: 'load',
  tuning: 'tuning',
  faults: 'fault',
  unsafe: 'unsafe',
};
const fields = Object.keys(words) as (keyof RunSpec)[];

/** An invalid specification. Its message begins with the field's word; the command line puts two dashes before it. */
export class SpecError extends OperatingError {
  override name = 'SpecError';
  constructor(field: keyof RunSpec, problem: string) {
    super(`${words[field]} ${problem}`);
  }
}

/** The hosts of a cluster, by the role that each boots in: `primary`, `backup`, `backup2`, …, `spare`, `spare2`, … */
export function hostNames({ backups, spares }: Pick<RunSpec, 'backups' | 'spares'>): HostId[] {
  const numbered = (name: string, count: number) =>
    Array.from({ length: count }, (_, index) => (index === 0 ? name : `${name}${index + 1}`));
  return ['primary', ...numbered('backup', backups), ...numbered('spare', spares)];
}

/** Fields without effect if there are no backups. */
export const betweenHosts = ['spares', 'replication', 'disk', 'unsafe', 'tuning'] as const;
/** Why {@link betweenHosts} are refused without backups. */
export const ALONE = 'one machine without backups has no protocol between hosts';

/** Whether a field is equal in two specifications. */
export function isAs<F extends keyof RunSpec>(field: F, spec: RunSpec, other: RunSpec): boolean {
  const entries = (value: RunSpec[F]) =>
    JSON.stringify(typeof value === 'object' ? Object.entries(value) : value);
  return entries(spec[field]) === entries(other[field]);
}

/**
 * The complete specification of a run: the given fields, and the rest from `base`. Everything that does not depend on
 * the guest is checked; for the rest see {@link mustSuit}. Idempotent.
 *
 * @throws {OperatingError} which says what is wrong, and what is allowed
 */
export function validated(given: Partial<RunSpec>, base: RunSpec = defaults): RunSpec {
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(words, name));
  if (unknown !== undefined)
    throw new OperatingError(`a run has no "${unknown}"; it has ${fields.join(', ')}`);
  const set = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  // Without backups there are no spares by default.
  const spec: RunSpec = { ...base, ...(given.backups === 0 && { spares: 0 }), ...set };
  if (typeof spec.seed !== 'string') throw new SpecError('seed', `${spec.seed}: it must be a text`);
  for (const name of ['backups', 'spares', 'clients', 'maxSteps', 'bitsPerSecond'] as const)
    mustBeWhole(name, spec[name]);
  mustBeOneOf('replication', spec.replication, replications);
  mustBeOneOf('disk', spec.disk, diskVariants);
  for (const rule of spec.unsafe) mustBeOneOf('unsafe', rule, Object.keys(unsafeRules));
  const reason = clash(spec.replication, spec.disk);
  if (reason !== undefined) throw new SpecError('disk', `private: ${reason}`);
  mustKnowHosts(spec);
  const whole: RunSpec = {
    ...spec,
    tuning: checkedTuning(spec.tuning),
    faults: checkedFaults(spec),
    unsafe: [...new Set(spec.unsafe)],
  };
  const useless = betweenHosts.find((field) => whole.backups === 0 && !isAs(field, whole, none));
  if (useless) throw new SpecError(useless, `has no effect here: ${ALONE}; leave it out`);
  return whole;
}

const none: RunSpec = { ...defaults, spares: 0 };

/**
 * Checks a specification against its guest. @throws {OperatingError} for a fault that is impossible with this RAM size
 */
export function mustSuit(spec: RunSpec, memorySizeBytes: number): void {
  mustBePossible(spec.faults, { hosts: hostNames(spec), domains: spec.domains, memorySizeBytes });
}

function mustKnowHosts(spec: RunSpec): void {
  const { speeds, domains, loads } = spec;
  mustExist(Object.keys({ ...speeds, ...domains, ...loads }), hostNames(spec));
  for (const [host, speed] of Object.entries(speeds)) mustBeNumber('speeds', host, speed, limits.speed);
  for (const [host, load] of Object.entries(loads)) mustBeNumber('loads', host, load, limits.load);
  for (const [host, domain] of Object.entries(domains))
    if (!/^\S+$/.test(domain))
      throw new SpecError('domains', `${host}=${domain}: a failure domain is named by a word without blanks`);
}

/** Normalizes each fault by its text form, so that a printed fault is exactly the one that was run. */
function checkedFaults(spec: RunSpec): Fault[] {
  const unknown = spec.faults.find(({ kind }) => !Object.hasOwn(faultForms, kind));
  if (unknown)
    throw new SpecError('faults', `${unknown.kind}: the kinds are ${Object.keys(faultForms).join(', ')}`);
  const faults = spec.faults.map((fault) => parseFault(faultText(fault)));
  mustBePossible(faults, { hosts: hostNames(spec), domains: spec.domains });
  return faults;
}

function mustBeWhole(field: 'backups' | 'spares' | 'clients' | 'maxSteps' | 'bitsPerSecond', value: number) {
  if (!Number.isInteger(value) || !isWithin(value, limits[field]))
    throw new SpecError(field, `${value}: it must be a whole number ${rangeText(limits[field])}`);
}

function mustBeNumber(field: keyof RunSpec, host: HostId, value: number, range: Range): void {
  if (!isWithin(value, range))
    throw new SpecError(field, `${host}=${value}: it must be a number ${rangeText(range)}`);
}

function mustBeOneOf(field: keyof RunSpec, value: string, allowed: readonly string[]): void {
  if (!allowed.includes(value))
    throw new SpecError(field, `${value}: it must be one of ${allowed.join(', ')}`);
}

/** Callers without types may give a text. */
const isWithin = (value: unknown, { least, most }: Range): boolean =>
  typeof value === 'number' && value >= least && value <= most;
const rangeText = ({ least, most }: Range): string => `from ${least} to ${most}`;
