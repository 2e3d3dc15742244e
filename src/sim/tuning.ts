/** The times and sizes of the protocol as text: in stories, on the command line, in reports. */
import { OperatingError } from '../base/errors.ts';
import type { Tuning } from '../ft/rules.ts';
import { durationText, parseDuration } from './faults/fault-text.ts';

/** What they may be: with less the protocol does nothing else, with more it does nothing. */
const ranges: Record<keyof Tuning, readonly [least: number, most: number]> = {
  heartbeatNs: [1e4, 1e10],
  suspectNs: [1e4, 1e11],
  retryNs: [1e4, 1e11],
  sendBufferBytes: [64, 2 ** 30],
  receiveBufferBytes: [64, 2 ** 30],
  outputBufferBytes: [64, 2 ** 30],
  retainBytes: [0, 2 ** 30],
  horizonSteps: [100, 1e9],
  checkSteps: [100, 1e12],
  checkStepsPerPage: [0, 1e9],
  lagBoundNs: [1e4, 1e11],
  lagIntervalNs: [1e4, 1e11],
  epochNs: [1e5, 4e8],
  copyPages: [1, 4096],
  copyWindow: [1, 1024],
  stopPages: [0, 2 ** 20],
};
export const tuningNames = Object.keys(ranges) as (keyof Tuning)[];

const isTime = (name: keyof Tuning): boolean => name.endsWith('Ns');

/** @throws {OperatingError} when there is no such time or size, or it can't be that. */
export function parseTuning(name: string, value: string): Partial<Tuning> {
  const key = tuningNames.find((one) => one === name);
  if (!key) throw new OperatingError(`"${name}" is none of ${tuningNames.join(', ')}`);
  const [least, most] = ranges[key];
  const number = isTime(key) ? parseDuration(value) : /^\d+$/.test(value) ? Number(value) : Number.NaN;
  if (number >= least && number <= most) return { [key]: number };
  const range = isTime(key)
    ? `time from ${durationText(least)} to ${durationText(most)}`
    : `whole number from ${least} to ${most}`;
  throw new OperatingError(`"${value}" is no ${range}`);
}

/** As {@link parseTuning} reads it, with `=` between name and value. */
export const tuningText = (tuning: Partial<Tuning>): string[] =>
  tuningNames.flatMap((name) => {
    const value = tuning[name];
    return value === undefined ? [] : [`${name}=${isTime(name) ? durationText(value) : value}`];
  });
