/** The reports of a campaign's parts, which ran on several machines, as one report of the whole. */
import { OperatingError } from '../base/errors.ts';
import { endings } from '../sim/campaign/campaign.ts';
import { NOTED_RUNS } from '../sim/campaign/tally.ts';
import type { CampaignDocument, CampaignIdentity, Range, Worst } from './campaign-document.ts';

/** A report, and the name of its file. */
export interface NamedDocument {
  name: string;
  document: CampaignDocument;
}

/**
 * One report of all parts.
 * @throws {OperatingError} when they are of different campaigns, or have runs in common
 */
export function merged(parts: readonly NamedDocument[]): CampaignDocument {
  const [first, ...others] = parts;
  if (!first) throw new OperatingError('there is no report to merge');
  for (const other of others) mustBeSameCampaign(first, other);
  mustBeDisjoint(parts);
  return parts
    .map(({ document }) => document)
    .sort((a, b) => a.from - b.from)
    .reduce(joined);
}

/** The runs of the campaign that no part has executed. */
export function missingRuns({ of, executed }: CampaignDocument): Range[] {
  const missing: Range[] = [];
  let from = 0;
  for (const range of [...executed, { from: of, to: of }]) {
    if (range.from > from) missing.push({ from, to: range.from });
    from = range.to;
  }
  return missing;
}

/** The numbers of a range's runs. */
export const rangeText = ({ from, to }: Range): string =>
  to - from === 1 ? `${from}` : `${from} to ${to - 1}`;

const identityOf = ({ seed, of, exhaustive, fixed, kinds, faultless }: CampaignIdentity) =>
  Object.entries({ seed, of, exhaustive, fixed, kinds, faultless }).map(
    ([field, value]) => [field, JSON.stringify(value)] as const,
  );

function mustBeSameCampaign(a: NamedDocument, b: NamedDocument): void {
  const expected = new Map(identityOf(a.document));
  const other = identityOf(b.document).find(([field, value]) => expected.get(field) !== value);
  if (!other) return;
  const [field, value] = other;
  throw new OperatingError(
    `${b.name} is of another campaign than ${a.name}: "${field}" is ${value}, and not ${expected.get(field)}; ` +
      'merge reports of equal commands, but for --shard and --from, of one version of vmft',
  );
}

function mustBeDisjoint(parts: readonly NamedDocument[]): void {
  const ranges = parts
    .flatMap(({ name, document }) => document.executed.map((range) => ({ name, ...range })))
    .sort((a, b) => a.from - b.from);
  ranges.forEach((range, index) => {
    const before = ranges[index - 1];
    if (before && before.to > range.from)
      throw new OperatingError(
        `${before.name} and ${range.name} both have run ${range.from}; give each report once`,
      );
  });
}

/** Two reports as one; `a` has the earlier runs. Long: one object literal. */
function joined(a: CampaignDocument, b: CampaignDocument): CampaignDocument {
  const noted = [...a.noted, ...b.noted].sort((one, other) => one.run - other.run);
  return {
    ...a,
    parts: a.parts + b.parts,
    jobs: a.jobs + b.jobs,
    seconds: a.seconds + b.seconds,
    interrupted: a.interrupted || b.interrupted,
    from: Math.min(a.from, b.from),
    to: Math.max(a.to, b.to),
    executed: adjoined([...a.executed, ...b.executed]),
    runs: a.runs + b.runs,
    outcomes: summed(a.outcomes, b.outcomes),
    faults: summed(a.faults, b.faults),
    failovers: a.failovers + b.failovers,
    protections: a.protections + b.protections,
    worstDown: worse(a.worstDown, b.worstDown),
    worstLag: worse(a.worstLag, b.worstLag),
    longestStop: worse(a.longestStop, b.longestStop),
    virtualMs: a.virtualMs + b.virtualMs,
    coverage: Object.fromEntries(
      [...new Set([...Object.keys(a.coverage), ...Object.keys(b.coverage)])].map((phase) => [
        phase,
        summed(a.coverage[phase] ?? {}, b.coverage[phase] ?? {}),
      ]),
    ),
    noted: endings
      .flatMap((ending) => noted.filter((one) => one.ending === ending).slice(0, NOTED_RUNS))
      .sort((one, other) => one.run - other.run),
    counterexample: earlier(a.counterexample, b.counterexample),
  };
}

/** Ranges in order, where those that follow each other are one. */
function adjoined(ranges: readonly Range[]): Range[] {
  const all: Range[] = [];
  for (const range of [...ranges].sort((a, b) => a.from - b.from)) {
    const last = all.at(-1);
    if (last?.to === range.from) all[all.length - 1] = { from: last.from, to: range.to };
    else all.push(range);
  }
  return all;
}

function summed<T extends Partial<Record<string, number>>>(a: T, b: T): T {
  const keys = [...new Set([...Object.keys(a), ...Object.keys(b)])];
  return Object.fromEntries(keys.map((key) => [key, (a[key] ?? 0) + (b[key] ?? 0)])) as T;
}

/** Of equal ones the earlier run, as in a campaign that was not divided. */
function worse(a: Worst, b: Worst): Worst {
  if (a === null || b === null) return a ?? b;
  if (a.ms === b.ms) return a.run < b.run ? a : b;
  return a.ms > b.ms ? a : b;
}

type Found = CampaignDocument['counterexample'];

function earlier(a: Found, b: Found): Found {
  if (a === null || b === null) return a ?? b;
  return a.foundInRun < b.foundInRun ? a : b;
}
