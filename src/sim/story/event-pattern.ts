/** Patterns of events, as stories write them: `KIND [by] [HOST] [FIELD=VALUE ...]`. */
import { OperatingError } from '../../base/errors.ts';
import type { SimEvent } from '../cluster/cluster.ts';
import type { FaultKind, HostId } from '../faults/faults.ts';

type EventKind = Exclude<SimEvent['event']['kind'], 'fault'>;
/** The first word of a pattern: a kind of event, or of fault. */
export type PatternKind = EventKind | FaultKind;

const fault = ['phase', 'icount', 'made', 'during'];
const link = [...fault, 'from', 'to'];
const members = ['generation', 'primary', 'backups'];

/** For each kind of event, and of fault, the fields that a pattern may name. */
const fields: Record<PatternKind, readonly string[]> = {
  booted: ['role'],
  held: ['first', 'last', 'entry'],
  sent: ['to', 'first', 'last'],
  received: ['last', 'consumed'],
  acknowledged: ['by', 'received', 'consumed'],
  released: ['first', 'last'],
  // Of a buffer, and of storage.
  full: [...fault, 'what'],
  suspected: ['host'],
  claimed: members,
  won: members,
  lost: ['generation', 'to'],
  draining: ['entries', 'icount'],
  live: ['icount', 'generation', 'pending', 'from'],
  members: ['icount', ...members],
  checked: ['icount'],
  diverged: [],
  off: ['icount', 'code'],
  ended: [],
  evicted: ['generation', 'primary'],
  following: ['primary', 'entry'],
  joining: ['host', 'how'],
  copying: ['host', 'round', 'pages'],
  copied: ['host', 'pages', 'icount', 'entry'],
  'join-ended': ['host', 'why'],
  void: ['why'],
  installed: ['from', 'icount'],
  lag: ['steps', 'ns'],
  slowed: ['perMille'],
  'disk-issued': ['id', 'again'],
  warned: ['icount', 'device', 'message'],
  switching: ['to'],
  command: ['command'],
  delivered: ['what', 'first', 'last'],
  stuck: ['how', 'since', 'steps', 'traps', 'cause'],
  crash: fault,
  kill: fault,
  pause: fault,
  flip: fault,
  slow: fault,
  clock: fault,
  domain: [...fault, 'domain'],
  partition: link,
  delay: link,
  lose: link,
  duplicate: link,
  reset: link,
  outage: fault,
  'io-error': fault,
  restart: fault,
  answers: [...fault, 'how'],
};

/** Events of a kind: of one host if it is given, and with these values of fields. */
export interface EventPattern {
  kind: PatternKind;
  /** The host of the event. */
  host?: HostId;
  fields: Readonly<Record<string, string>>;
}

/** Parses a pattern. @throws {OperatingError} which says what is allowed. */
export function parsePattern(text: string): EventPattern {
  const [kind = '', ...words] = text.trim().split(/\s+/);
  if (!Object.hasOwn(fields, kind))
    throw new OperatingError(`"${kind}" is no event; they are ${Object.keys(fields).join(', ')}`);
  const allowed = fields[kind as PatternKind];
  const pattern: { kind: PatternKind; host?: HostId; fields: Record<string, string> } = {
    kind: kind as PatternKind,
    fields: {},
  };
  if (words[0] === 'by') words.shift();
  for (const word of words) {
    const [name, value] = word.split(/=(.*)/s) as [string, string | undefined];
    if (value === undefined) {
      if (pattern.host !== undefined)
        throw new OperatingError(
          `"${text}" has a second host, "${word}"; the form is KIND [by] [HOST] [FIELD=VALUE ...]`,
        );
      pattern.host = name;
    } else if (allowed.includes(name)) pattern.fields[name] = value;
    else
      throw new OperatingError(
        allowed.length > 0
          ? `"${kind}" has no ${name}; it has ${allowed.join(', ')}`
          : `"${kind}" has no fields, so no ${name}`,
      );
  }
  return pattern;
}

/** A pattern as {@link parsePattern} reads it. */
export function patternText({ kind, host, fields: wanted }: EventPattern): string {
  const compared = Object.entries(wanted).map(([name, value]) => `${name}=${value}`);
  return [kind, ...(host === undefined ? [] : [host]), ...compared].join(' ');
}

/**
 * Whether an event matches. A fault matches when it begins, unless the pattern has `phase=ends`. An operator's command
 * matches once, when the primary receives it.
 */
export function matches(pattern: EventPattern, { host, event }: SimEvent): boolean {
  const isFault = event.kind === 'fault';
  if (isFault && event.fault.kind === 'command') return false;
  if (pattern.kind !== (isFault ? event.fault.kind : event.kind)) return false;
  if (pattern.host !== undefined && pattern.host !== host) return false;
  const wanted = isFault ? { phase: 'begins', ...pattern.fields } : pattern.fields;
  const found = eventFields(event);
  return Object.entries(wanted).every(([name, value]) => found[name] === value);
}

/**
 * The fields of an event that a pattern can compare, as text. The backups of a record are joined by `+`; `none` without
 * any.
 */
export function eventFields(event: SimEvent['event']): Record<string, string> {
  const found: Record<string, string> = {};
  const take = (from: object) => {
    for (const [name, value] of Object.entries(from))
      if (['string', 'number', 'boolean'].includes(typeof value)) found[name] = `${value}`;
  };
  if (event.kind === 'fault') take(event.fault);
  take(event);
  if ('record' in event) {
    const { primary, backups } = event.record;
    Object.assign(found, { primary, backups: backups.join('+') || 'none' });
  }
  if (event.kind === 'command') found.command = event.command.kind;
  return found;
}
