/** Reads reports that `vmft chaos --json` has printed. */
import { OperatingError } from '../base/errors.ts';
import { endings } from '../sim/campaign/campaign.ts';
import type { CampaignDocument } from './campaign-document.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string';
const isFlag: Check = (value) => typeof value === 'boolean';
const isAmount: Check = (value) => typeof value === 'number' && value >= 0;
const isCount: Check = (value) => Number.isSafeInteger(value) && isAmount(value);
const isPlain = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.every(check);
const valuesOf =
  (check: Check): Check =>
  (value) =>
    isPlain(value) && Object.values(value).every(check);
const fieldsOf =
  (checks: Readonly<Record<string, Check>>): Check =>
  (value) =>
    isPlain(value) && Object.entries(checks).every(([name, check]) => check(value[name]));
const orNull =
  (check: Check): Check =>
  (value) =>
    value === null || check(value);

const run = { seed: isText, faults: listOf(isText), command: isText };
const findings = listOf(fieldsOf({ invariant: isText, message: isText }));
const worst = orNull(fieldsOf({ ...run, ms: isAmount, run: isCount }));
const origin = orNull(fieldsOf({ host: isText, atNs: isAmount, pages: listOf(isCount), state: isFlag }));
const counts = (names: readonly string[]): Check =>
  fieldsOf(Object.fromEntries(names.map((name) => [name, isCount])));

const fields: Readonly<Record<keyof CampaignDocument, Check>> = {
  seed: isText,
  of: isCount,
  exhaustive: isFlag,
  fixed: isPlain,
  kinds: listOf(isText),
  faultless: fieldsOf({ steps: isCount, outputs: isCount, entries: isCount, virtualMs: isAmount }),
  program: isText,
  parts: isCount,
  jobs: isCount,
  seconds: isAmount,
  interrupted: isFlag,
  from: isCount,
  to: isCount,
  executed: listOf(fieldsOf({ from: isCount, to: isCount })),
  runs: isCount,
  outcomes: counts(endings),
  faults: counts(['injected', 'notTriggered']),
  failovers: isCount,
  protections: isCount,
  worstDown: worst,
  worstLag: worst,
  longestStop: worst,
  virtualMs: isAmount,
  coverage: valuesOf(valuesOf(isCount)),
  noted: listOf(
    (one) =>
      fieldsOf({ ...run, run: isCount, ending: isText, findings })(one) &&
      (!isPlain(one) || one.origin === undefined || origin(one.origin)),
  ),
  counterexample: orNull(fieldsOf({ ...run, foundInRun: isCount, drawn: isCount, tried: isCount, findings })),
};

/** Reads a report. `name`: of the file, for errors. @throws {OperatingError} when it is none, or damaged */
export function readCampaignDocument(text: string, name: string): CampaignDocument {
  const what = 'not a report of `vmft chaos --json`';
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new OperatingError(`${name}: ${what}: ${(error as Error).message}`);
  }
  if (!isPlain(value)) throw new OperatingError(`${name}: ${what}`);
  for (const [field, check] of Object.entries(fields))
    if (!check(value[field])) {
      const found = value[field] === undefined ? 'is missing' : `is ${shortText(value[field])}`;
      throw new OperatingError(`${name}: ${what}, or damaged: "${field}" ${found}`);
    }
  const document = value as unknown as CampaignDocument;
  const { runs, executed, of } = document;
  const ordered = executed.every(
    ({ from, to }, index) => from < to && to <= of && from >= (executed[index - 1]?.to ?? 0),
  );
  if (!ordered || executed.reduce((sum, { from, to }) => sum + to - from, 0) !== runs)
    throw new OperatingError(`${name}: ${what}, or damaged: "executed" is not ${runs} runs of ${of}`);
  return document;
}

const SHORT = 60;
function shortText(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > SHORT ? `${text.slice(0, SHORT)}…` : text;
}
