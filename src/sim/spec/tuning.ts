/** The protocol's tuning as text: in stories, on the command line, in reports. */
import { OperatingError } from '../../base/errors.ts';
import type { Tuning } from '../../ft/rules.ts';
import { durationText, parseDuration } from '../faults/fault-text.ts';
import { tuningLimits } from '../values/limits.ts';

/** The fields of the tuning. */
export const tuningNames = Object.keys(tuningLimits) as (keyof Tuning)[];

const isTime = (name: keyof Tuning): boolean => name.endsWith('Ns');

function nameOf(name: string): keyof Tuning {
  const key = tuningNames.find((one) => one === name);
  if (!key) throw new OperatingError(`"${name}" is none of ${tuningNames.join(', ')}`);
  return key;
}

/** Parses one field. @throws {OperatingError} for an unknown field, or a value out of range. */
export function parseTuning(name: string, value: string): Partial<Tuning> {
  const key = nameOf(name);
  const number = isTime(key) ? parseDuration(value) : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  mustBePossible(key, number, value);
  return { [key]: number };
}

function mustBePossible(key: keyof Tuning, number: number, text: string): void {
  const { least, most } = tuningLimits[key];
  if (Number.isInteger(number) && number >= least && number <= most) return;
  const range = isTime(key)
    ? `time from ${durationText(least)} to ${durationText(most)}`
    : `whole number from ${least} to ${most}`;
  throw new OperatingError(`"${text}" is no ${range}`);
}

/** The given fields. @throws {OperatingError} for an unknown field, or a value out of range. */
export function checkedTuning(tuning: Partial<Tuning>): Partial<Tuning> {
  const given = Object.entries(tuning).filter(([, value]) => value !== undefined);
  for (const [name, value] of given) mustBePossible(nameOf(name), value, `${name}=${value}`);
  return Object.fromEntries(given);
}

/** As {@link parseTuning} reads it, with `=` between name and value. */
export const tuningText = (tuning: Partial<Tuning>): string[] =>
  tuningNames.flatMap((name) => {
    const value = tuning[name];
    return value === undefined ? [] : [`${name}=${isTime(name) ? durationText(value) : value}`];
  });
