import { InvalidArgumentError, Option } from 'commander';
import { OperatingError } from '../base/errors.ts';
import {
  type DiskVariant,
  diskVariants,
  type Replication,
  replications,
  type UnsafeRule,
  unsafeRules,
} from '../ft/rules.ts';
import { parseFault } from '../sim/fault-text.ts';
import type { Fault, HostId } from '../sim/faults.ts';
import type { ProgramOptions } from './program.ts';

/** What `vmft run` is given, as commander hands it over. */
export interface RunOptions extends ProgramOptions {
  crash?: Fault[];
  pause?: Fault[];
  partition?: Fault[];
  delay?: Fault[];
  fault?: Fault[];
  speed?: [HostId, number][];
  ft: boolean;
  backups: number;
  spares: number;
  replication: Replication;
  disk: DiskVariant;
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

export const DEFAULT_DISK_BYTES = 256 << 10;

function diskSize(text: string): number {
  return text === '0' ? 0 : memorySize(text);
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

/** `NAME=VALUE`; whatever follows the first `=` is the value, for its own parser to judge. */
function assignment(text: string): [string, string] {
  const index = text.indexOf('=');
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] = []): T[] => [...before, parse(text)];

/** A fault, as the campaign and the stories write it; the message of a refusal is commander's to show. */
const fault = (text: string): Fault => {
  try {
    return parseFault(text);
  } catch (error) {
    if (error instanceof OperatingError) throw new InvalidArgumentError(`${error.message}.`);
    throw error;
  }
};

/** `--crash primary@icount=100000` is `--fault crash:primary@icount=100000`. */
const shorthand = (kind: string) => (text: string) => fault(`${kind}:${text}`);
/** The link between the first two hosts, where no other is named. */
const onLink = (kind: string) => (text: string) =>
  fault(`${kind}:${text.includes('@') ? text : `primary-backup@${text}`}`);

const speed = (text: string): [HostId, number] => {
  const [host, value] = assignment(text);
  const factor = Number(value);
  if (!(factor >= 0.001 && factor <= 1000))
    throw new InvalidArgumentError('it has the form HOST=FACTOR, like backup=0.25.');
  return [host, factor];
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
  diskSize: () =>
    new Option('--disk-size <size>', "the guest's disk, empty at first; 0 for none")
      .argParser(diskSize)
      .default(DEFAULT_DISK_BYTES, '256K'),
  defsym: () =>
    new Option('--defsym <name=number>', 'a symbol for the assembler (repeatable)').argParser(
      collect(defsym),
    ),
  crash: () =>
    new Option(
      '--crash <who@when>',
      'power loss of primary or backup at icount=N, t=5ms or output=N (repeatable)',
    ).argParser(collect(shorthand('crash'))),
  pause: () =>
    new Option('--pause <who@when+length>', 'the host stands still, then goes on (repeatable)').argParser(
      collect(shorthand('pause')),
    ),
  partition: () =>
    new Option('--partition <start+length>', 'the hosts do not reach each other (repeatable)').argParser(
      collect(onLink('partition')),
    ),
  delay: () =>
    new Option('--delay <start+length=extra>', 'the link between the hosts is slower (repeatable)').argParser(
      collect(onLink('delay')),
    ),
  fault: () =>
    new Option(
      '--fault <kind:where@when>',
      "any other fault, or an operator's act: `vmft help faults` lists them (repeatable)",
    ).argParser(collect(fault)),
  backups: () =>
    new Option('--backups <n>', 'how many backups protect the VM').argParser(wholeNumber(0, 3)).default(1),
  spares: () =>
    new Option('--spares <n>', 'hosts with room, for protection again after a failure')
      .argParser(wholeNumber(0, 8))
      .default(1),
  replication: () =>
    new Option('--replication <how>', 'replay the log of the doors, or take over checkpoints of the state')
      .choices(replications)
      .default('lockstep'),
  disk: () =>
    new Option(
      '--disk <variant>',
      'one disk, where the primary reads or each side does; or a disk for each side',
    )
      .choices(diskVariants)
      .default('shared'),
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
