/**
 * The text form of faults on the command line, in stories and in reports: `KIND:WHERE@WHEN[+LENGTH][=VALUE]`.
 */
import type { Command } from '../../ft/effects.ts';
import { phases } from '../../ft/replica.ts';
import { limits, type Range } from '../values/limits.ts';
import { decimal, refuse } from '../values/values.ts';
import { faultForms } from './fault-forms.ts';
import {
  answerFaults,
  type Fault,
  type FaultKind,
  type PhaseMoment,
  STORAGE,
  timeOf,
  type When,
} from './faults.ts';

const nsPer: Record<string, number> = { ns: 1, us: 1e3, ms: 1e6, s: 1e9 };

const MIB = 1 << 20;
const MAX_MEMORY_MIB = limits.memoryBytes.most / MIB;

/** Parses `5ms`, `250us`, `1.5s`; returns ns. @throws {OperatingError} */
export function parseDuration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ns|us|ms|s)$/.exec(text);
  const ns = match ? Math.round(Number(match[1]) * nsPer[match[2]!]!) : Number.NaN;
  return Number.isSafeInteger(ns) ? ns : refuse(`"${text}" is no time; write it like 5ms, 250us or 1.5s`);
}

/** Parses a duration with an optional minus sign; returns ns. @throws {OperatingError} */
const parseJump = (text: string): number =>
  text.startsWith('-') ? 0 - parseDuration(text.slice(1)) : parseDuration(text);

/** The shortest way to write a time exactly. */
export function durationText(ns: number): string {
  for (const unit of ['s', 'ms', 'us'])
    if (ns !== 0 && ns % nsPer[unit]! === 0) return `${ns / nsPer[unit]!}${unit}`;
  return ns === 0 ? '0ms' : `${ns}ns`;
}

function whole(text: string, most = Number.MAX_SAFE_INTEGER, least = 0): number {
  const number = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
  return number >= least && number <= most
    ? number
    : refuse(`"${text}" is no whole number from ${least} to ${most}`);
}

/** Parses `icount=1000`, `output=3`, `entry=17`, `sent=5`, `t=5ms`, or a time alone. @throws {OperatingError} */
export function parseWhen(text: string): When {
  const index = text.indexOf('=');
  if (index < 0) return { at: 'time', ns: parseDuration(text) };
  const [name, value] = [text.slice(0, index), text.slice(index + 1)];
  switch (name) {
    case 't':
      return { at: 'time', ns: parseDuration(value) };
    case 'icount':
      return { at: 'icount', icount: whole(value) };
    case 'output':
    case 'entry':
    case 'sent':
      return { at: name, number: whole(value, Number.MAX_SAFE_INTEGER, 1) };
    default:
      return refuse(`"${text}" is no moment; it is icount=N, t=5ms, output=N, entry=N or sent=N`);
  }
}

/** A moment as {@link parseWhen} reads it. */
export function whenText(when: When): string {
  if (when.at === 'time') return durationText(when.ns);
  return `${when.at}=${when.at === 'icount' ? when.icount : when.number}`;
}

/** Parses `backup:claiming`, or `backup:claiming.2` for the second time. @throws {OperatingError} */
function parsePhase(text: string): PhaseMoment {
  const [host, phaseText = ''] = cut(text, ':');
  const [name, number] = cut(phaseText, '.');
  const phase = phases.find((one) => one === name);
  if (!phase) return refuse(`"${text}" is no HOST:PHASE; phases are ${phases.join(', ')}`);
  return {
    host,
    phase,
    number: number === undefined ? 1 : whole(number) || refuse(`"${text}": times are counted from 1`),
  };
}

const phaseText = ({ host, phase, number }: PhaseMoment): string =>
  `${host}:${phase}${number === 1 ? '' : `.${number}`}`;

/** Splits at the first or the last occurrence of a mark. */
function cut(text: string, mark: string, last = false): [string, string | undefined] {
  const index = last ? text.lastIndexOf(mark) : text.indexOf(mark);
  return index < 0 ? [text, undefined] : [text.slice(0, index), text.slice(index + mark.length)];
}

const ends = (text: string): { from: string; to: string; both: boolean } => {
  const match = /^([\w-]+?)([->])([\w]+)$/.exec(text);
  if (!match) refuse(`"${text}" is no link; write primary-backup, or primary>backup for one direction`);
  if (match[1] === match[3])
    refuse(`"${text}": a link has two ends; name another one, like storage or switch`);
  return { from: match[1]!, to: match[3]!, both: match[2] === '-' };
};

/** Parses a link without a direction: only a partition can have one. */
function bothEnds(text: string): { from: string; to: string } {
  const { from, to, both } = ends(text);
  return both ? { from, to } : refuse(`"${text}": only a partition has a direction; write ${from}-${to}`);
}

const commandText = (command: Command): string => {
  switch (command.kind) {
    case 'speed':
      return `speed=${command.perMille / 1000}`;
    case 'memory':
      return `memory=${command.sizeBytes / MIB}M`;
    case 'switch-over':
      return command.to ? `switch-over=${command.to}` : 'switch-over';
    case 'move-backup':
      return `move-backup=${command.from}`;
    default:
      return command.kind;
  }
};

function parseCommand(name: string, value: string | undefined): Command {
  switch (name) {
    case 'reset':
    case 'protect':
    case 'unprotect':
      return value === undefined ? { kind: name } : refuse(`"${name}" takes no value`);
    case 'speed': {
      const perMille = Math.round(decimal(value ?? '') * 1000);
      if (!(perMille > 0 && perMille <= 1000)) refuse(`a speed is a share of the processor, like speed=0.5`);
      return { kind: 'speed', perMille };
    }
    case 'memory': {
      const match = /^(\d{1,4})M$/.exec(value ?? '');
      if (!match || !(Number(match[1]) > 0 && Number(match[1]) <= MAX_MEMORY_MIB))
        refuse(`memory is a whole number of MiB up to ${MAX_MEMORY_MIB}, like memory=128M`);
      return { kind: 'memory', sizeBytes: Number(match[1]) * MIB };
    }
    case 'switch-over':
      if (value === undefined) return { kind: 'switch-over' };
      return { kind: 'switch-over', to: value || refuse('switch-over=HOST names the backup that goes live') };
    case 'move-backup':
      return { kind: 'move-backup', from: value || refuse('move-backup=HOST names the backup to move') };
    default:
      return refuse(
        `"${name}" is no command; they are reset, memory=128M, speed=F, switch-over[=HOST], move-backup=HOST, unprotect, protect`,
      );
  }
}

/** What may follow the moment: a length, and a value. */
const tails: Record<FaultKind, { length: 'none' | 'may' | 'must'; value: boolean }> = {
  crash: { length: 'may', value: false },
  kill: { length: 'may', value: false },
  pause: { length: 'must', value: false },
  flip: { length: 'none', value: true },
  slow: { length: 'must', value: true },
  clock: { length: 'none', value: true },
  domain: { length: 'may', value: false },
  partition: { length: 'must', value: false },
  delay: { length: 'must', value: true },
  lose: { length: 'must', value: true },
  duplicate: { length: 'must', value: true },
  reset: { length: 'none', value: false },
  outage: { length: 'must', value: false },
  full: { length: 'must', value: false },
  'io-error': { length: 'must', value: false },
  restart: { length: 'must', value: false },
  answers: { length: 'must', value: true },
  command: { length: 'none', value: false },
};
const kinds = Object.keys(tails);
const isKind = (text: string): text is FaultKind => kinds.includes(text);

function formOf(kind: FaultKind): string {
  const [form, example] = faultForms[kind];
  return `it has the form ${form}, like ${example}`;
}

/** Splits the part after the `@`. @throws {OperatingError} if something is missing or not allowed there. */
function parts(kind: FaultKind, moment: string): { start: string; forNs: number | undefined; value: string } {
  const tail = tails[kind];
  const [front, after] = cut(moment, '+');
  if (after === undefined && tail.length === 'must')
    refuse(`"${moment}": ${kind} needs a length; ${formOf(kind)}`);
  if (after !== undefined && tail.length === 'none') refuse(`"${moment}": ${kind} takes no length`);
  const [length, lengthValue] = cut(after ?? '', '=');
  // Without a length the value follows the time: `clock:primary@5ms=-3ms`.
  const [start, value] = tail.value && after === undefined ? cut(front, '=', true) : [front, lengthValue];
  if (tail.value && !value) refuse(`"${moment}": ${kind} needs a value; ${formOf(kind)}`);
  if (!tail.value && value !== undefined) refuse(`"${moment}": ${kind} takes no value`);
  return { start, forNs: after === undefined ? undefined : parseDuration(length), value: value ?? '' };
}

/**
 * Parses one fault. @throws {OperatingError} which says what is wrong, and what the form is.
 *
 * `crash:primary@icount=1000[+50ms]`, `pause:live@5ms+20ms`, `flip:backup@5ms=4096.3`, `slow:backup@5ms+20ms=0.05`,
 * `clock:primary@5ms=-3ms`, `domain:a@5ms[+50ms]`, `partition:primary-storage@5ms+20ms`,
 * `partition:primary>backup@5ms+20ms`, `delay:primary-backup@5ms+20ms=2ms`, `lose:…=0.5`, `duplicate:…=0.5`,
 * `reset:primary-backup@5ms`, `outage:storage@5ms+20ms`, `full:…`, `io-error:…`, `restart:…`,
 * `answers:storage@5ms+20ms=twice`, `command:switch-over@5ms`. A time may count from the moment at which a host enters
 * a phase: `crash:primary@spare:being-copied:200us`.
 */
export function parseFault(text: string): Fault {
  const { front, after, moment } = anchored(text);
  const fault = parseAtTime(front + moment, text);
  if (!after) return fault;
  if (timeOf(fault) === undefined)
    refuse(`"${text}": after a phase comes a time, like ${phaseText(after)}:2ms`);
  return { ...fault, after };
}

/** Splits off the phase that a moment counts from: the part up to the `@`, the phase, and the rest. */
function anchored(text: string): { front: string; after: PhaseMoment | undefined; moment: string } {
  const at = text.lastIndexOf('@') + 1;
  const moment = text.slice(at);
  const colon = moment.lastIndexOf(':');
  if (at === 0 || colon < 0) return { front: text, after: undefined, moment: '' };
  return {
    front: text.slice(0, at),
    after: parsePhase(moment.slice(0, colon)),
    moment: moment.slice(colon + 1),
  };
}

/** A fault at a time. Long: a case for each kind of fault. */
function parseAtTime(plain: string, text: string): Fault {
  const [kind, rest] = cut(plain, ':');
  if (rest === undefined)
    refuse(
      `"${text}" is no fault; it has the form KIND:WHERE@WHEN[+LENGTH][=VALUE], like crash:primary@20ms`,
    );
  if (!isKind(kind)) refuse(`"${kind}" is no fault; they are ${kinds.join(', ')}`);
  const [where, moment] = cut(rest, '@', true);
  if (where === '' || !moment) refuse(`"${text}" has no place or no moment; ${formOf(kind)}`);
  const { start, forNs: lengthNs, value } = parts(kind, moment);
  const forNs = lengthNs ?? 0;
  const maybeForNs = lengthNs !== undefined && { forNs };
  const atNs = (): number => parseDuration(start);
  const number = ({ least, most }: Range): number => {
    const parsed = decimal(value);
    return parsed >= least && parsed <= most
      ? parsed
      : refuse(`"${text}": ${value} is not from ${least} to ${most}`);
  };
  switch (kind) {
    case 'crash':
    case 'kill':
      return { kind, who: where, when: parseWhen(start), ...maybeForNs };
    case 'pause':
      return { kind, who: where, when: parseWhen(start), forNs };
    case 'flip': {
      const [offset, bit] = cut(value, '.');
      return { kind, who: where, when: parseWhen(start), offset: whole(offset), bit: whole(bit ?? '0', 7) };
    }
    case 'slow':
      return { kind, who: where, atNs: atNs(), forNs, factor: number(limits.speed) };
    case 'clock':
      return { kind, who: where, atNs: atNs(), jumpNs: parseJump(value) };
    case 'domain':
      return { kind, domain: where, atNs: atNs(), ...maybeForNs };
    case 'partition':
      return { kind, ...ends(where), atNs: atNs(), forNs };
    case 'delay':
      return { kind, ...bothEnds(where), atNs: atNs(), forNs, extraNs: parseDuration(value) };
    case 'lose':
    case 'duplicate':
      return { kind, ...bothEnds(where), atNs: atNs(), forNs, probability: number({ least: 0, most: 1 }) };
    case 'reset':
      return { kind, ...bothEnds(where), atNs: atNs() };
    case 'outage':
    case 'full':
    case 'io-error':
    case 'restart':
      if (where !== STORAGE) refuse(`"${text}": only storage can have that: ${kind}:${STORAGE}@WHEN+LENGTH`);
      return { kind, atNs: atNs(), forNs };
    case 'answers': {
      if (where !== STORAGE)
        refuse(`"${text}": only storage can have that: ${kind}:${STORAGE}@WHEN+LENGTH=twice`);
      const how = answerFaults.find((one) => one === value);
      if (!how) refuse(`"${text}": "${value}" is none of ${answerFaults.join(', ')}`);
      return { kind, atNs: atNs(), forNs, how };
    }
    case 'command': {
      const [name, argument] = cut(where, '=');
      return { kind, command: parseCommand(name, argument), atNs: atNs() };
    }
  }
}

/** A fault as {@link parseFault} reads it. */
export function faultText(fault: Fault): string {
  const moment = 'atNs' in fault ? durationText(fault.atNs) : whenText(fault.when);
  const time = fault.after ? `${phaseText(fault.after)}:${moment}` : moment;
  const length = 'forNs' in fault && fault.forNs !== undefined ? `+${durationText(fault.forNs)}` : '';
  switch (fault.kind) {
    case 'crash':
    case 'kill':
    case 'pause':
      return `${fault.kind}:${fault.who}@${time}${length}`;
    case 'flip':
      return `flip:${fault.who}@${time}=${fault.offset}.${fault.bit}`;
    case 'slow':
      return `slow:${fault.who}@${time}${length}=${fault.factor}`;
    case 'clock':
      return `clock:${fault.who}@${time}=${durationText(fault.jumpNs)}`;
    case 'domain':
      return `domain:${fault.domain}@${time}${length}`;
    case 'partition':
      return `partition:${fault.from}${fault.both ? '-' : '>'}${fault.to}@${time}${length}`;
    case 'delay':
      return `delay:${fault.from}-${fault.to}@${time}${length}=${durationText(fault.extraNs)}`;
    case 'lose':
    case 'duplicate':
      return `${fault.kind}:${fault.from}-${fault.to}@${time}${length}=${fault.probability}`;
    case 'reset':
      return `reset:${fault.from}-${fault.to}@${time}`;
    case 'outage':
    case 'full':
    case 'io-error':
    case 'restart':
      return `${fault.kind}:${STORAGE}@${time}${length}`;
    case 'answers':
      return `answers:${STORAGE}@${time}${length}=${fault.how}`;
    case 'command':
      return `command:${commandText(fault.command)}@${time}`;
  }
}
