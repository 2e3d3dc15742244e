import { existsSync, statSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { OperatingError } from '../base/errors.ts';
import {
  type DiskVariant,
  diskVariants,
  type Replication,
  replications,
  type Tuning,
  type UnsafeRule,
  unsafeRules,
} from '../ft/rules.ts';
import { faultKinds } from '../sim/campaign/draw.ts';
import { parseFault } from '../sim/faults/fault-text.ts';
import { type Fault, type FaultKind, type HostId, timeOf } from '../sim/faults/faults.ts';
import { defaults } from '../sim/spec/spec.ts';
import { parseTuning, tuningNames } from '../sim/spec/tuning.ts';
import { limits, memoryDefaults, type Range, tuningLimits } from '../sim/values/limits.ts';
import { decimal, parseBitRate } from '../sim/values/values.ts';
import { type EntryKind, entryKinds } from '../vmm/entries.ts';
import type { SymbolOptions } from './debugging/options.ts';
import type { EngineOptions } from './engine.ts';
import type { ProgramOptions } from './program.ts';
import { parseChardev, parseDevice, parseDrive, parseNetdev, parseObject } from './qemu/device-options.ts';
import { takesFixed } from './qemu/fixed-options.ts';

/** The options of a run without those of its guest, as commander parses them. */
export interface SpecOptions {
  crash?: Fault[];
  pause?: Fault[];
  partition?: Fault[];
  delay?: Fault[];
  fault?: Fault[];
  speed?: [HostId, number][];
  domain?: [HostId, string][];
  load?: [HostId, number][];
  /** Bits a second. */
  link: number;
  ft: boolean;
  backups: number;
  spares: number;
  replication: Replication;
  disk: DiskVariant;
  seed: string;
  maxSteps?: number;
  checkEvery?: number;
  tuning?: [string, Partial<Tuning>][];
  clients: number;
  unsafe?: UnsafeRule[];
}

/** The options of `vmft run`. */
export interface RunOptions extends ProgramOptions, SpecOptions, EngineOptions, SymbolOptions {
  input?: string;
  typeAfter?: string;
  terminal?: 'line' | 'raw';
  diff?: boolean;
  verify?: boolean;
  diagram?: boolean;
  record?: string;
  saveStates?: string;
  report?: string;
  json?: boolean;
  quiet?: boolean;
  strict?: boolean;
  verbose?: boolean;
  /** Always given, though optional for a guest. */
  clients: number;
}

/** The options of `vmft chaos`. */
/** The `part`th, from 1 on, of so many parts. */
export interface Shard {
  part: number;
  parts: number;
}

export interface ChaosOptions extends ProgramOptions, EngineOptions {
  runs: number;
  from?: number;
  shard?: Shard;
  exhaustive?: boolean;
  seed: string;
  jobs?: number;
  clients: number;
  input?: string;
  backups?: number;
  spares?: number;
  speed?: [HostId, number][];
  replication: Replication;
  disk: DiskVariant;
  faults?: FaultKind[];
  unsafe?: UnsafeRule[];
  stopAfter: number;
  json?: boolean;
  quiet?: boolean;
}

const consoles = ['uart', 'virtio'] as const;
const clocks = ['logged', 'derived'] as const;
const units: Record<string, number> = { '': 1, k: 2 ** 10, m: 2 ** 20, g: 2 ** 30 };
const PAGE_BYTES = 4096;
const NS_PER_MS = 1e6;

/** Parses `64M`, `1G`, `8192K` or a number of bytes. `what` has that size, for the error. */
function size(text: string, what: string): number {
  const match = /^(\d+)([kmg]?)i?b?$/i.exec(text);
  const sizeBytes = match ? Number(match[1]) * units[match[2]!.toLowerCase()]! : Number.NaN;
  const { least, most } = limits.memoryBytes;
  if (!match || sizeBytes < least || sizeBytes > most || sizeBytes % PAGE_BYTES !== 0)
    throw new InvalidArgumentError(`the size of ${what} is a multiple of 4K up to 2G, like 64M.`);
  return sizeBytes;
}

/** Parses a memory size, in bytes. @throws {InvalidArgumentError} */
export const memorySize = (text: string): number => size(text, 'the memory');

function diskSize(text: string): number {
  return text === '0' ? 0 : size(text, 'a disk');
}

/** A parser of whole numbers from `min` to `max`; it throws {@link InvalidArgumentError} for others. */
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

const wholeNumberIn = ({ least, most }: Range) => wholeNumber(least, most);

/** Splits `NAME=VALUE` at the first `=`; the value is parsed elsewhere. */
function assignment(text: string): [string, string] {
  const index = text.indexOf('=');
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] = []): T[] => [...before, parse(text)];

/** As {@link collect}, for names with values; refuses a repeated name. */
const collectByName =
  <T>(parse: (text: string) => [string, T]) =>
  (text: string, before: [string, T][] = []): [string, T][] => {
    const [name, value] = parse(text);
    if (before.some(([other]) => other === name)) throw new InvalidArgumentError(`${name} is given twice.`);
    return [...before, [name, value]];
  };

/** Turns an {@link OperatingError} into commander's error; `ending` precedes its full stop. */
function refusable<T>(parse: () => T, ending = ''): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OperatingError) throw new InvalidArgumentError(`${error.message}${ending}.`);
    throw error;
  }
}

/** A fault in the syntax of campaigns and stories. */
const fault = (text: string, ending?: string): Fault => refusable(() => parseFault(text), ending);

/** `--crash primary@icount=100000` is `--fault crash:primary@icount=100000`. */
const shorthand = (kind: string) => (text: string) =>
  fault(`${kind}:${text}`, `; here without the "${kind}:"`);
/** The link primary-backup unless the text names another. */
const onLink = (kind: string) => (text: string) =>
  text.includes('@')
    ? shorthand(kind)(text)
    : fault(`${kind}:primary-backup@${text}`, `; here "${kind}:primary-backup@" may be omitted`);

/** A fault that is added to a recorded run. */
export interface ForkFault {
  fault: Fault;
  /** Its time counts from the fork, and not from boot. */
  sinceFork: boolean;
}

type FaultParser<T> = (parse: (text: string) => Fault) => (text: string) => T;
const sinceBoot: FaultParser<Fault> = (parse) => parse;
/** `primary@fork:5ms`: 5 ms after the fork. */
export const orSinceFork: FaultParser<ForkFault> = (parse) => (text) => {
  const own = text.replace(/(^|@)fork:/, '$1');
  const parsed = parse(own);
  if (own !== text && (timeOf(parsed) === undefined || parsed.after))
    throw new InvalidArgumentError('after "fork:" comes a time, like fork:5ms.');
  return { fault: parsed, sinceFork: own !== text };
};

const tuning = (text: string): [string, Partial<Tuning>] => {
  const [name, value] = assignment(text);
  return [name, refusable(() => parseTuning(name, value))];
};

/** A parser of `HOST=NUMBER`; `what` and `example` are for the error. */
const hostNumber =
  (what: string, range: Range, example: string) =>
  (text: string): [HostId, number] => {
    const [host, value] = assignment(text);
    const number = decimal(value);
    if (!(number >= range.least && number <= range.most))
      throw new InvalidArgumentError(
        `it has the form HOST=${what.toUpperCase()} with a ${what} from ${range.least} to ${range.most}, like ${example}.`,
      );
    return [host, number];
  };

const domain = (text: string): [HostId, string] => {
  const [host, name] = assignment(text);
  if (!/^\S+$/.test(name))
    throw new InvalidArgumentError('it has the form HOST=NAME with a word for a name, like backup=rack-a.');
  return [host, name];
};

/** A parser of lists like `5,25,100`: sorted, without duplicates. */
const ascending =
  (parse: (text: string) => number) =>
  (text: string): number[] =>
    [...new Set(text.split(',').map(parse))].sort((a, b) => a - b);

/** `100M`, `2.5G`: bits a second. */
const bitRate = (text: string): number => refusable(() => parseBitRate(text, limits.bitsPerSecond));

const defsym = (text: string): [string, bigint] => {
  const match = /^([A-Za-z_.$][\w.$]*)=(-?(?:0x[\da-f]+|\d+))$/i.exec(text);
  if (!match) throw new InvalidArgumentError('it has the form NAME=NUMBER, like LIMIT=100000.');
  const negative = match[2]!.startsWith('-');
  const magnitude = BigInt(negative ? match[2]!.slice(1) : match[2]!);
  if (magnitude > (negative ? 2n ** 63n : 2n ** 64n - 1n))
    throw new InvalidArgumentError('the number does not fit in 64 bits.');
  return [match[1]!, negative ? -magnitude : magnitude];
};

const directory = (text: string): string => {
  if (existsSync(text) && statSync(text).isDirectory()) return text;
  throw new InvalidArgumentError('there is no such directory.');
};

const unsafe = (text: string): UnsafeRule => {
  if (Object.hasOwn(unsafeRules, text)) return text as UnsafeRule;
  throw new InvalidArgumentError(`the rules are ${Object.keys(unsafeRules).join(', ')}.`);
};

/** Reads `3/16`, as test runners have it. */
export function parseShard(text: string): Shard {
  const [, part, parts] = (/^(\d{1,6})\/(\d{1,6})$/.exec(text) ?? []).map(Number);
  if (!part || !parts || part > parts)
    throw new InvalidArgumentError('write k/n with k from 1 to n, for example 3/16.');
  return { part, parts };
}

/** The range of the part of numbered things, from `from` on and before `to`. */
export function shardOf({ part, parts }: Shard, from: number, to: number): { from: number; to: number } {
  const border = (number: number) => from + Math.floor(((to - from) * number) / parts);
  return { from: border(part - 1), to: border(part) };
}

const kindsOfFaults = (text: string): FaultKind[] =>
  text.split(',').map((name) => {
    const kind = faultKinds.find((one) => one === name);
    if (!kind)
      throw new InvalidArgumentError(`there is no kind "${name}"; the kinds are ${faultKinds.join(', ')}.`);
    return kind;
  });

const kindsOfEntries = (text: string): EntryKind[] =>
  text.split(',').map((name) => {
    const kind = entryKinds.find((one) => one === name);
    if (!kind)
      throw new InvalidArgumentError(`there is no kind "${name}"; the kinds are ${entryKinds.join(', ')}.`);
    return kind;
  });

/** Adds the argument and options of a guest: a program, or a kernel with its disks and firmware. */
export function takesGuest(command: Command, memory: Option = options.memory()): Command {
  return takesFixed(command)
    .argument(
      '[program]',
      'a .s source, an RV64 ELF, a raw image (.bin), or the name of a bundled program; beside it, `NAME.input` is its console input, `NAME.guest.json` has its devices',
    )
    .addOption(memory)
    .option(
      '--kernel <file>',
      'boot a kernel: a Linux Image (gzip or not), a U-Boot image, an ELF, bytes without a header, or a .s source',
    )
    .option('--initrd <file>', "the kernel's initial RAM disk")
    .option('--append <text>', "the kernel's command line")
    .option(
      '--bios <file>',
      'firmware in machine mode; `none`: the kernel itself starts in machine mode; without it, or with `default`, the VMM answers the SBI calls of the kernel',
    )
    .addOption(options.drive())
    .addOption(options.device())
    .addOption(options.netdev())
    .addOption(new Option('--object <type,id=NAME>').argParser(collect(parseObject)).hideHelp())
    .addOption(new Option('--chardev <type,id=NAME>').argParser(collect(parseChardev)).hideHelp())
    .addOption(options.diskSize())
    .addOption(options.console())
    .addOption(options.clock())
    .addOption(options.defsym())
    .addOption(options.include())
    .addOption(options.raw());
}

/**
 * An option with a default value, or with one that a campaign draws for each run. Commander shows only defaults with a
 * value, so the help text says what is drawn.
 */
const withDefault = (
  flags: string,
  description: string,
  value: unknown,
  drawn: string | undefined,
): Option =>
  drawn === undefined
    ? new Option(flags, description).default(value)
    : new Option(flags, `${description} (default: ${drawn})`);

/** Options that several commands share, or that need their own parser. */
export const options = {
  keep: () =>
    new Option('--keep <size>', 'memory for snapshots, before they are compressed')
      .argParser((text) => size(text, 'the snapshots'))
      .default(512 << 20, '512M'),
  limit: () =>
    new Option(
      '--limit <size>',
      'end the recording when it has this size, like 500M (default: no limit)',
    ).argParser((text) => size(text, 'a recording')),
  memory: () =>
    new Option('--memory <size>', "the guest's RAM").argParser(memorySize).default(memoryDefaults.run, '64M'),
  diskSize: () =>
    new Option(
      '--disk-size <size>',
      'an initially empty disk in virtio slot 0; 0 for none (default: the disk of the program)',
    ).argParser(diskSize),
  drive: () =>
    new Option(
      '--drive <file=F,...>',
      'a disk with the content of this file, in virtio slot 0 unless a --device refers to it; `readonly=on`: the guest may not write; the file itself is never written (repeatable)',
    )
      .argParser(collect(parseDrive))
      .conflicts('diskSize'),
  device: () =>
    new Option(
      '--device <driver,...>',
      'a virtio device, in the syntax of QEMU: virtio-blk-device,drive=ID, virtio-net-device, virtio-rng-device or virtio-serial-device; `bus=virtio-mmio-bus.N` puts it into slot N (repeatable)',
    ).argParser(collect(parseDevice)),
  netdev: () =>
    new Option('--netdev <user,id=ID>', 'the simulated network, for virtio-net-device,netdev=ID').argParser(
      collect(parseNetdev),
    ),
  console: () =>
    new Option('--console <device>', 'the device that receives console input: the UART, or a virtio console')
      .choices(consoles)
      .default('uart'),
  clock: () =>
    new Option(
      '--clock <kind>',
      "the guest's clock: `logged`, a log entry for every reading; or `derived` from the steps, with corrections now and then",
    )
      .choices(clocks)
      .default('logged'),
  defsym: () =>
    new Option('--defsym <name=number>', 'a symbol for the assembler (repeatable)').argParser(
      collectByName(defsym),
    ),
  include: () =>
    new Option(
      '-I, --include <dir>',
      'a folder to search for `.include`, after that of the source and before the bundled programs (repeatable)',
    ).argParser(collect(directory)),
  raw: () => new Option('--raw', 'the program is a raw image, regardless of its name'),
  crash: (from: FaultParser<unknown> = sinceBoot) =>
    new Option(
      '--crash <who@when>',
      'power loss of a host at icount=N, t=5ms or output=N (repeatable)',
    ).argParser(collect(from(shorthand('crash')))),
  pause: (from: FaultParser<unknown> = sinceBoot) =>
    new Option('--pause <who@when+length>', 'the host is paused, then resumes (repeatable)').argParser(
      collect(from(shorthand('pause'))),
    ),
  partition: (from: FaultParser<unknown> = sinceBoot) =>
    new Option('--partition <start+length>', 'the link between the hosts is down (repeatable)').argParser(
      collect(from(onLink('partition'))),
    ),
  delay: (from: FaultParser<unknown> = sinceBoot) =>
    new Option(
      '--delay <start+length=extra>',
      'the link between the hosts has more latency (repeatable)',
    ).argParser(collect(from(onLink('delay')))),
  fault: (from: FaultParser<unknown> = sinceBoot) =>
    new Option(
      '--fault <kind:where@when>',
      'any other fault, or an operator command: `vmft help faults` lists them (repeatable)',
    ).argParser(collect(from((text) => fault(text)))),
  kinds: () =>
    new Option('--kind <kind,...>', `only entries of these kinds: ${entryKinds.join(', ')}`).argParser(
      kindsOfEntries,
    ),
  restore: () =>
    new Option(
      '--restore <n>',
      'replay on a second machine as well, save and restore it n times, and compare both each time',
    )
      .argParser(wholeNumber(1))
      .conflicts(['json', 'quiet']),
  backups: (drawn?: string) =>
    withDefault('--backups <n>', 'number of backups', defaults.backups, drawn).argParser(
      wholeNumberIn(limits.backups),
    ),
  spares: (drawn?: string) =>
    withDefault(
      '--spares <n>',
      'number of spare hosts, for re-protection after a failure',
      defaults.spares,
      drawn,
    ).argParser(wholeNumberIn(limits.spares)),
  replication: (drawn?: string) =>
    withDefault(
      '--replication <how>',
      'replay the log of inputs, or transfer checkpoints of the state',
      defaults.replication,
      drawn,
    ).choices(replications),
  disk: (drawn?: string) =>
    withDefault(
      '--disk <variant>',
      'one disk, which the primary or each replica reads; or a disk per replica',
      defaults.disk,
      drawn,
    ).choices(diskVariants),
  speed: () =>
    new Option(
      '--speed <host=factor>',
      'speed of a simulated host; 1 is 100 million steps per second (repeatable)',
    ).argParser(collectByName(hostNumber('factor', limits.speed, 'backup=0.25'))),
  domain: () =>
    new Option(
      '--domain <host=name>',
      'the failure domain of a host (default: the name of the host) (repeatable)',
    ).argParser(collectByName(domain)),
  load: () =>
    new Option(
      '--load <host=n>',
      'other load of a host: a new backup is placed where it is lowest (repeatable)',
    ).argParser(collectByName(hostNumber('number', limits.load, 'spare=3'))),
  link: () =>
    new Option('--link <speed>', 'speed of every link, in bits per second')
      .argParser(bitRate)
      .default(defaults.bitsPerSecond, '1G'),
  seed: (what = 'the seed of all randomness: the same seed gives the same run to the byte') =>
    new Option('--seed <seed>', what).default(defaults.seed),
  maxSteps: (what = 'stop after this many steps (default: no limit)') =>
    new Option('--max-steps <n>', what).argParser(wholeNumberIn(limits.maxSteps)),
  checkEvery: () =>
    new Option(
      '--check-every <n>',
      'steps between two comparisons of the whole state (default: 5 million, more where more memory is in use)',
    ).argParser(wholeNumberIn(tuningLimits.checkSteps)),
  tuning: () =>
    new Option(
      '--tuning <name=value>',
      `a parameter of the protocol, like suspectNs=20ms or copyPages=1: ${tuningNames.join(', ')} (repeatable)`,
    ).argParser(collectByName(tuning)),
  epochs: () =>
    new Option('--epochs <ms,...>', 'lengths of checkpoint epochs, in milliseconds')
      .argParser(ascending(wholeNumber(1, tuningLimits.epochNs.most / NS_PER_MS)))
      .default([5, 25, 100], '5,25,100'),
  links: () =>
    new Option('--links <speed,...>', 'speeds of the links, in bits per second')
      .argParser(ascending(bitRate))
      .default([1e8, 1e9, 1e10], '100M,1G,10G'),
  clients: () =>
    new Option('--clients <n>', 'simulated clients of a key-value server on UDP port 9000')
      .argParser(wholeNumberIn(limits.clients))
      .default(defaults.clients),
  shard: () =>
    new Option('--shard <k/n>', 'only the kth of n equal parts, from 1 on, of what would be run').argParser(
      parseShard,
    ),
  kindsOfFaults: () =>
    new Option(
      '--faults <kind,kind>',
      `only faults of these kinds: ${faultKinds.join(', ')} (default: all)`,
    ).argParser(kindsOfFaults),
  unsafe: () =>
    new Option(
      '--unsafe <rule>',
      `disable a rule, to see what it prevents: ${Object.keys(unsafeRules).join(', ')} (repeatable)`,
    ).argParser(collect(unsafe)),
};
