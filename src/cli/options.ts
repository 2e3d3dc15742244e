import { InvalidArgumentError, Option } from 'commander';
import { type UnsafeRule, unsafeRules } from '../ft/rules.ts';
import type { Fault, HostId, When } from '../sim/faults.ts';
import type { ProgramOptions } from './program.ts';

/** What `vmft run` is given, as commander hands it over. */
export interface RunOptions extends ProgramOptions {
  crash?: Fault[];
  pause?: Fault[];
  partition?: Fault[];
  delay?: Fault[];
  speed?: [HostId, number][];
  ft: boolean;
  seed: string;
  maxSteps?: number;
  input?: string;
  clients: number;
  diff?: boolean;
  unsafe?: UnsafeRule[];
  record?: string;
  saveStates?: string;
  json?: boolean;
  quiet?: boolean;
  verbose?: boolean;
}

const units: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const PAGE_BYTES = 4096;
const MAX_MEMORY_BYTES = 2 ** 31;

/** `64M`, `1G`, `8192K` or a number of bytes. */
export function memorySize(text: string): number {
  const match = /^(\d+)([kmg]?)i?b?$/i.exec(text);
  const sizeBytes = match ? Number(match[1]) * units[match[2]!.toLowerCase()]! : Number.NaN;
  if (!match || sizeBytes < PAGE_BYTES || sizeBytes > MAX_MEMORY_BYTES || sizeBytes % PAGE_BYTES !== 0)
    throw new InvalidArgumentError('a memory size is a multiple of 4K up to 2G, like 64M.');
  return sizeBytes;
}

export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll('_', '')) : Number.NaN;
    if (!(value >= min && value <= max))
      throw new InvalidArgumentError(
        max === Number.MAX_SAFE_INTEGER
          ? `it must be a whole number from ${min} on.`
          : `it must be a whole number from ${min} to ${max}.`,
      );
    return value;
  };
}

const nsPer: Record<string, number> = { us: 1e3, ms: 1e6, s: 1e9 };

function duration(text: string): number {
  const match = /^(\d+(?:\.\d+)?)(us|ms|s)$/.exec(text);
  if (!match) throw new InvalidArgumentError(`"${text}" is no time; write it like 5ms, 250us or 1.5s.`);
  return Math.round(Number(match[1]) * nsPer[match[2]!]!);
}

function who(text: string): HostId {
  if (text === 'primary' || text === 'backup') return text;
  throw new InvalidArgumentError(`"${text}" is no host; it is primary or backup.`);
}

function when(text: string): When {
  const [name, value] = assignment(text);
  if (name === 'icount') return { at: 'icount', icount: wholeNumber(1)(value) };
  if (name === 'output') return { at: 'output', number: wholeNumber(1)(value) };
  if (name === 't') return { at: 'time', ns: duration(value) };
  throw new InvalidArgumentError(`"${text}" is no moment; it is icount=N, t=5ms or output=N.`);
}

/** `NAME=VALUE`; whatever follows the first `=` is the value, for its own parser to judge. */
function assignment(text: string): [string, string] {
  const index = text.indexOf('=');
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

function at(text: string): [string, string] {
  const index = text.indexOf('@');
  if (index < 0) throw new InvalidArgumentError('it has the form WHO@WHEN, like primary@icount=100000.');
  return [text.slice(0, index), text.slice(index + 1)];
}

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] = []): T[] => [...before, parse(text)];

/** `primary@icount=100000`. */
const crash = (text: string): Fault => {
  const [host, moment] = at(text);
  return { kind: 'crash', who: who(host), when: when(moment) };
};

/** `primary@t=5ms+20ms`. */
const pause = (text: string): Fault => {
  const [host, rest] = at(text);
  const [moment, length] = split(rest);
  return { kind: 'pause', who: who(host), when: when(moment), forNs: duration(length) };
};

/** `5ms+20ms`. */
const partition = (text: string): Fault => {
  const [start, length] = split(text);
  return { kind: 'partition', atNs: duration(start), forNs: duration(length) };
};

/** `5ms+20ms=2ms`. */
const delay = (text: string): Fault => {
  const [span, extra] = assignment(text);
  const [start, length] = split(span);
  return { kind: 'delay', atNs: duration(start), forNs: duration(length), extraNs: duration(extra) };
};

function split(text: string): [string, string] {
  const index = text.lastIndexOf('+');
  if (index < 0) throw new InvalidArgumentError('it needs a length: START+LENGTH, like 5ms+20ms.');
  return [text.slice(0, index), text.slice(index + 1)];
}

const speed = (text: string): [HostId, number] => {
  const [host, value] = assignment(text);
  const factor = Number(value);
  if (!(factor >= 0.001 && factor <= 1000))
    throw new InvalidArgumentError('it has the form HOST=FACTOR, like backup=0.25.');
  return [who(host), factor];
};

const defsym = (text: string): [string, bigint] => {
  const match = /^([A-Za-z_.$][\w.$]*)=(-?(?:0x[\da-f]+|\d+))$/i.exec(text);
  if (!match) throw new InvalidArgumentError('it has the form NAME=NUMBER, like LIMIT=100000.');
  const negative = match[2]!.startsWith('-');
  const magnitude = BigInt(negative ? match[2]!.slice(1) : match[2]!);
  return [match[1]!, negative ? -magnitude : magnitude];
};

const unsafe = (text: string): UnsafeRule => {
  if (Object.hasOwn(unsafeRules, text)) return text as UnsafeRule;
  throw new InvalidArgumentError(`the rules are ${Object.keys(unsafeRules).join(', ')}.`);
};

/** Options that several commands share, or that need a parser of their own. */
export const options = {
  memory: () =>
    new Option('--memory <size>', "the guest's RAM").argParser(memorySize).default(64 << 20, '64M'),
  defsym: () =>
    new Option('--defsym <name=number>', 'a symbol for the assembler (repeatable)').argParser(
      collect(defsym),
    ),
  crash: () =>
    new Option(
      '--crash <who@when>',
      'power loss of primary or backup at icount=N, t=5ms or output=N (repeatable)',
    ).argParser(collect(crash)),
  pause: () =>
    new Option('--pause <who@when+length>', 'the host stands still, then goes on (repeatable)').argParser(
      collect(pause),
    ),
  partition: () =>
    new Option('--partition <start+length>', 'the hosts do not reach each other (repeatable)').argParser(
      collect(partition),
    ),
  delay: () =>
    new Option('--delay <start+length=extra>', 'the link between the hosts is slower (repeatable)').argParser(
      collect(delay),
    ),
  speed: () =>
    new Option(
      '--speed <host=factor>',
      'how fast a simulated host is; 1 is 100 million steps a second (repeatable)',
    ).argParser(collect(speed)),
  unsafe: () =>
    new Option(
      '--unsafe <rule>',
      `switch a rule off, to see what it is for: ${Object.keys(unsafeRules).join(', ')} (repeatable)`,
    ).argParser(collect(unsafe)),
};
