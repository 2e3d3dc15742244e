/**
 * Parsers of numbers, choices and texts in a run's specification. Their errors name no file or line: callers add it.
 */
import { OperatingError } from '../../base/errors.ts';
import type { Range } from './limits.ts';

/** @throws {OperatingError} with this message */
export function refuse(message: string): never {
  throw new OperatingError(message);
}

/** A decimal number as it is printed; NaN if it is none. */
export const decimal = (text: string): number =>
  /^\d+(\.\d+)?(e-\d+)?$/.test(text) ? Number(text) : Number.NaN;

/** Parses a number. @throws {OperatingError} if it is none, or out of range */
export function parseNumber(text: string, { least, most }: Range): number {
  const value = decimal(text);
  return value >= least && value <= most ? value : refuse(`"${text}" is no number from ${least} to ${most}`);
}

/** Parses a whole number. @throws {OperatingError} if it is none, or out of range */
export function parseWhole(text: string, range: Range): number {
  return /^\d+$/.test(text)
    ? parseNumber(text, range)
    : refuse(`"${text}" is no whole number from ${range.least} to ${range.most}`);
}

/** @throws {OperatingError} if the text is none of the allowed ones */
export function parseChoice<T extends string>(allowed: readonly T[], text: string): T {
  return allowed.find((one) => one === text) ?? refuse(`"${text}" is none of ${allowed.join(', ')}`);
}

const bitsPer: Readonly<Record<string, number>> = { m: 1e6, g: 1e9 };

/** Parses `100M`, `2.5G`; returns bits per second. @throws {OperatingError} if it is none, or out of range */
export function parseBitRate(text: string, { least, most }: Range): number {
  const match = /^(\d+(?:\.\d+)?)([mg])$/i.exec(text);
  const value = match ? Math.round(Number(match[1]) * bitsPer[match[2]!.toLowerCase()]!) : Number.NaN;
  return value >= least && value <= most
    ? value
    : refuse(
        `the speed of a link is ${bitRateText(least)} to ${most / 1e9}G bits a second, like 100M or 2.5G`,
      );
}

/** As {@link parseBitRate} reads it. */
export const bitRateText = (bitsPerSecond: number): string => `${bitsPerSecond / 1e6}M`;

/** A text for one line: verbatim if it survives trimming and has no control characters, else as a JSON string. */
export const lineText = (text: string): string =>
  text !== text.trim() || /^$|^"|\p{Cc}/u.test(text) ? JSON.stringify(text) : text;

/** Parses what {@link lineText} writes. @throws {OperatingError} for an invalid JSON string */
export function parseLineText(text: string): string {
  if (!text.startsWith('"')) return text;
  try {
    return JSON.parse(text);
  } catch {
    return refuse(
      `${text} must end with a quotation mark; inside, \\" stands for one and \\n for a new line`,
    );
  }
}
