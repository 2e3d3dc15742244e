/** A story's expectations of its run, and their evaluation. */
import { OperatingError } from '../../base/errors.ts';
import type { Violation } from '../../check/checkers.ts';
import type { Outcome } from '../../check/evidence.ts';
import type { SimEvent } from '../cluster/cluster.ts';
import { durationText, parseDuration } from '../faults/fault-text.ts';
import { type EventPattern, matches, parsePattern, patternText } from './event-pattern.ts';

/** What a story expects of its run. */
export type Expectation =
  | { kind: 'event'; pattern: EventPattern }
  | { kind: 'once'; pattern: EventPattern }
  /** Events in this order, possibly with others in between; from the first to the last at most `withinNs`. */
  | { kind: 'order'; patterns: readonly EventPattern[]; withinNs?: number }
  /** No such event, from the first `after` on, up to the next `before`. */
  | { kind: 'never'; pattern: EventPattern; after?: EventPattern; before?: EventPattern }
  | { kind: 'outcome'; outcome: Outcome }
  | { kind: 'exit'; code: number }
  /** This output was delivered this many times. */
  | { kind: 'output'; number: number; times: number }
  | { kind: 'down'; belowNs: number }
  /** The checkers find this violation. Unexpected violations are failures without an expectation. */
  | { kind: 'violation'; invariant: Violation['invariant'] }
  | { kind: 'no-violation' };

/** The parts of a finished run that expectations are evaluated on. */
export interface Played {
  events: readonly SimEvent[];
  outcome: Outcome;
  exitCode: number;
  violations: readonly Violation[];
  failovers: readonly { downMs: number }[];
}

const outcomes: Record<Outcome, true> = { completed: true, lost: true, limit: true, diverged: true };
const invariants: Record<Violation['invariant'], true> = {
  'output-rule': true,
  'one-live': true,
  'same-machine': true,
  'outputs-covered': true,
  'input-once': true,
  'disk-covered': true,
  'acknowledged-requests': true,
  linearizable: true,
  'lag-bound': true,
  'guest-clock': true,
  service: true,
};

const expectationForms = [
  'expect EVENT',
  'expect once EVENT',
  'expect in order [within 5ms]: EVENT, EVENT, ...',
  'expect outcome OUTCOME',
  'expect exit code N',
  'expect output N once',
  'expect output N never',
  'expect down time below 15ms',
  'expect violation INVARIANT',
  'expect no violation',
];

function oneOf<T extends string>(allowed: Record<T, true>, text: string, what: string): T {
  if (Object.hasOwn(allowed, text)) return text as T;
  throw new OperatingError(`"${text}" is no ${what}; they are ${Object.keys(allowed).join(', ')}`);
}

/** Parses the text after `expect`. @throws {OperatingError} which says what is allowed. */
export function parseExpectation(text: string): Expectation {
  const order = /^in order(?: within (\S+))?: *(.+)$/s.exec(text);
  if (order) {
    const patterns = order[2]!.split(',').map(parsePattern);
    return { kind: 'order', patterns, ...(order[1] && { withinNs: parseDuration(order[1]) }) };
  }
  const [first = '', ...rest] = text.split(/\s+/);
  const tail = rest.join(' ');
  switch (first) {
    case 'once':
      return { kind: 'once', pattern: parsePattern(tail) };
    case 'outcome':
      return { kind: 'outcome', outcome: oneOf(outcomes, tail, 'outcome') };
    case 'violation':
      return { kind: 'violation', invariant: oneOf(invariants, tail, 'invariant') };
    case 'no':
      if (tail === 'violation') return { kind: 'no-violation' };
      break;
    case 'exit':
      if (/^code \d+$/.test(tail)) return { kind: 'exit', code: Number(rest[1]) };
      break;
    case 'output':
      if (/^\d+ (once|never)$/.test(tail))
        return { kind: 'output', number: Number(rest[0]), times: rest[1] === 'once' ? 1 : 0 };
      break;
    case 'down':
      if (/^time below \S+$/.test(tail)) return { kind: 'down', belowNs: parseDuration(rest[2]!) };
      break;
    default:
      return { kind: 'event', pattern: parsePattern(text) };
  }
  throw new OperatingError(
    `"expect ${text}" is no expectation; they are\n  ${expectationForms.join('\n  ')}`,
  );
}

/**
 * Parses the text after `never`: `EVENT [after EVENT] [before EVENT]`. @throws {OperatingError} which says what is
 * allowed.
 */
export function parseNever(text: string): Expectation {
  const [, event, after, before] = /^(.*?)(?: after (.*?))?(?: before (.*?))?$/s.exec(text)!;
  return {
    kind: 'never',
    pattern: parsePattern(event!),
    ...(after && { after: parsePattern(after) }),
    ...(before && { before: parsePattern(before) }),
  };
}

/** The events that an expectation names. */
export function patternsOf(expectation: Expectation): readonly EventPattern[] {
  switch (expectation.kind) {
    case 'event':
    case 'once':
      return [expectation.pattern];
    case 'order':
      return expectation.patterns;
    case 'never':
      return [expectation.pattern, expectation.after, expectation.before].filter((one) => one !== undefined);
    default:
      return [];
  }
}

const timeText = (ns: number): string => `${(ns / 1e6).toFixed(3)} ms`;

/** Why an expectation is not met; undefined if it is. */
export function shortcoming(expectation: Expectation, played: Played): string | undefined {
  const { events, outcome, exitCode, violations, failovers } = played;
  switch (expectation.kind) {
    case 'event':
      return happened(expectation.pattern, events);
    case 'once': {
      const times = events.filter((event) => matches(expectation.pattern, event)).length;
      return times === 1 ? undefined : `it happened ${times} times`;
    }
    case 'order':
      return inOrder(expectation, events);
    case 'never':
      return neverHappened(expectation, events);
    case 'outcome':
      return outcome === expectation.outcome ? undefined : `the outcome is ${outcome}`;
    case 'exit':
      return exitCode === expectation.code ? undefined : `the exit code is ${exitCode}`;
    case 'output': {
      const times = timesSeen(expectation.number, events);
      return times === expectation.times ? undefined : `it was delivered ${times} times`;
    }
    case 'down': {
      if (failovers.length === 0) return 'there was no failover';
      const worstMs = Math.max(...failovers.map(({ downMs }) => downMs));
      return worstMs * 1e6 < expectation.belowNs ? undefined : `the down time was ${worstMs.toFixed(3)} ms`;
    }
    case 'violation':
      return violations.some(({ invariant }) => invariant === expectation.invariant)
        ? undefined
        : 'the checkers did not find it';
    case 'no-violation':
      return violations.length === 0 ? undefined : 'the checkers found some';
  }
}

/** The violations that no expectation names. */
export function unexpected(expectations: readonly Expectation[], { violations }: Played): Violation[] {
  const expected = expectations.flatMap((one) => (one.kind === 'violation' ? [one.invariant] : []));
  return violations.filter(({ invariant }) => !expected.includes(invariant));
}

const happened = (pattern: EventPattern, events: readonly SimEvent[]): string | undefined =>
  events.some((event) => matches(pattern, event)) ? undefined : 'it did not happen';

function inOrder(
  { patterns, withinNs }: Expectation & { kind: 'order' },
  events: readonly SimEvent[],
): string | undefined {
  let at = -1;
  const times: number[] = [];
  for (const [index, pattern] of patterns.entries()) {
    const next = events.findIndex((event, place) => place > at && matches(pattern, event));
    if (next < 0) {
      const before = index > 0 ? ` after "${patternText(patterns[index - 1]!)}"` : '';
      return `"${patternText(pattern)}" did not happen${before}`;
    }
    at = next;
    times.push(events[next]!.atNs);
  }
  const tookNs = times.at(-1)! - times[0]!;
  return withinNs === undefined || tookNs <= withinNs
    ? undefined
    : `it took ${timeText(tookNs)}, more than ${durationText(withinNs)}`;
}

function neverHappened(
  { pattern, after, before }: Expectation & { kind: 'never' },
  events: readonly SimEvent[],
): string | undefined {
  const from = after ? events.findIndex((event) => matches(after, event)) : 0;
  if (from < 0) return `"${patternText(after!)}" did not happen`;
  const span = events.slice(from);
  const end = before ? span.findIndex((event) => matches(before, event)) : span.length;
  if (end < 0) return `"${patternText(before!)}" did not happen`;
  const found = span.slice(0, end).find((event) => matches(pattern, event));
  return found && `it happened at ${timeText(found.atNs)}`;
}

const timesSeen = (number: number, events: readonly SimEvent[]): number =>
  events.filter(({ event }) => event.kind === 'delivered' && event.first <= number && number <= event.last)
    .length;
