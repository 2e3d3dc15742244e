import { statSync } from 'node:fs';
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
import type { Fault, FaultKind, HostId } from '../sim/faults/faults.ts';
import { limits, memoryDefaults, type Range, tuningLimits } from '../sim/spec/limits.ts';
import { defaults } from '../sim/spec/spec.ts';
import { parseTuning, tuningNames } from '../sim/spec/tuning.ts';
import { decimal, parseBitRate } from '../sim/spec/values.ts';
import { type EntryKind, entryKinds } from '../vmm/entries.ts';
import type { EngineOptions } from './engine.ts';
import type { ProgramOptions } from './program.ts';
import { parseChardev, parseDevice, parseDrive, parseNetdev, parseObject } from './qemu/device-options.ts';
import { takesFixed } from './qemu/fixed-options.ts';

/** What says how a run is, but for its guest, as commander hands it over. */
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

/** What `vmft run` is given. */
export interface RunOptions extends ProgramOptions, SpecOptions, EngineOptions {
  input?: string;
  typeAfter?: string;
  terminal?: 'line' | 'raw';
  diff?: boolean;
  verify?: boolean;
  diagram?: boolean;
  record?: string;
  saveStates?: string;
  json?: boolean;
  quiet?: boolean;
  strict?: boolean;
  verbose?: boolean;
  clients: number;
}

/** What `vmft chaos` is given. */
export interface ChaosOptions extends ProgramOptions, EngineOptions {
  runs: number;
  from: number;
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

/** `64M`, `1G`, `8192K` or a number of bytes; `what` has that size. */
function size(text: string, what: string): number {
  const match = /^(\d+)([kmg]?)i?b?$/i.exec(text);
  const sizeBytes = match ? Number(match[1]) * units[match[2]!.toLowerCase()]! : Number.NaN;
  const { least, most } = limits.memoryBytes;
  if (!match || sizeBytes < least || sizeBytes > most || sizeBytes % PAGE_BYTES !== 0)
    throw new InvalidArgumentError(`the size of ${what} is a multiple of 4K up to 2G, like 64M.`);
  return sizeBytes;
}

export const memorySize = (text: string): number => size(text, 'the memory');

function diskSize(text: string): number {
  return text === '0' ? 0 : size(text, 'a disk');
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

const wholeNumberIn = ({ least, most }: Range) => wholeNumber(least, most);

/** `NAME=VALUE`; whatever follows the first `=` is the value, for its own parser to judge. */
function assignment(text: string): [string, string] {
  const index = text.indexOf('=');
  return index < 0 ? [text, ''] : [text.slice(0, index), text.slice(index + 1)];
}

const collect =
  <T>(parse: (text: string) => T) =>
  (text: string, before: T[] = []): T[] => [...before, parse(text)];

/** As {@link collect}, of names with values: each name once. */
const collectByName =
  <T>(parse: (text: string) => [string, T]) =>
  (text: string, before: [string, T][] = []): [string, T][] => {
    const [name, value] = parse(text);
    if (before.some(([other]) => other === name))
      throw new InvalidArgumentError(`${name} has a value already; name it once.`);
    return [...before, [name, value]];
  };

/** The message of a refusal is commander's to show; `ending` stands before its full stop. */
function refusable<T>(parse: () => T, ending = ''): T {
  try {
    return parse();
  } catch (error) {
    if (error instanceof OperatingError) throw new InvalidArgumentError(`${error.message}${ending}.`);
    throw error;
  }
}

/** A fault, as the campaign and the stories write it. */
const fault = (text: string, ending?: string): Fault => refusable(() => parseFault(text), ending);

/** `--crash primary@icount=100000` is `--fault crash:primary@icount=100000`. */
const shorthand = (kind: string) => (text: string) =>
  fault(`${kind}:${text}`, `; here without the "${kind}:"`);
/** The link between the first two hosts, where no other is named. */
const onLink = (kind: string) => (text: string) =>
  text.includes('@')
    ? shorthand(kind)(text)
    : fault(`${kind}:primary-backup@${text}`, `; here "${kind}:primary-backup@" may be left out`);

const tuning = (text: string): [string, Partial<Tuning>] => {
  const [name, value] = assignment(text);
  return [name, refusable(() => parseTuning(name, value))];
};

/** `HOST=NUMBER`; `what` the number is, in an `example`. */
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

/** `5,25,100`: what each part between commas is, without repetition, from small to large. */
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
  if (statSync(text, { throwIfNoEntry: false })?.isDirectory()) return text;
  throw new InvalidArgumentError('there is no such directory.');
};

const unsafe = (text: string): UnsafeRule => {
  if (Object.hasOwn(unsafeRules, text)) return text as UnsafeRule;
  throw new InvalidArgumentError(`the rules are ${Object.keys(unsafeRules).join(', ')}.`);
};

const kindsOfFaults = (text: string): FaultKind[] =>
  text.split(',').map((name) => {
    const kind = faultKinds.find((one) => one === name);
    if (!kind) throw new InvalidArgumentError(`"${name}" is none; the kinds are ${faultKinds.join(', ')}.`);
    return kind;
  });

const kindsOfEntries = (text: string): EntryKind[] =>
  text.split(',').map((name) => {
    const kind = entryKinds.find((one) => one === name);
    if (!kind) throw new InvalidArgumentError(`"${name}" is none; the kinds are ${entryKinds.join(', ')}.`);
    return kind;
  });

/** Arguments and options of a command that takes a guest: a program, or a kernel and what goes with it. */
export function takesGuest(
  command: Command,
  { memory = options.memory() }: { memory?: Option } = {},
): Command {
  return takesFixed(command)
    .argument(
      '[program]',
      'a .s source, an RV64 ELF, a raw image (.bin), or the name of a program that comes along; `NAME.input` beside it is typed, `NAME.guest.json` has its devices',
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

/** Options that several commands share, or that need a parser of their own. */
export const options = {
  memory: () =>
    new Option('--memory <size>', "the guest's RAM").argParser(memorySize).default(memoryDefaults.run, '64M'),
  diskSize: () =>
    new Option(
      '--disk-size <size>',
      'a disk that is empty at first, in virtio slot 0; 0 for none (default: what the program brings along)',
    ).argParser(diskSize),
  drive: () =>
    new Option(
      '--drive <file=F,...>',
      'a disk that holds this file at first, in virtio slot 0 unless a --device refers to it; `readonly=on`: the guest may not write; the file itself is never written (repeatable)',
    )
      .argParser(collect(parseDrive))
      .conflicts('diskSize'),
  device: () =>
    new Option(
      '--device <driver,...>',
      'a virtio device, as QEMU takes it: virtio-blk-device,drive=ID, virtio-net-device, virtio-rng-device or virtio-serial-device; `bus=virtio-mmio-bus.N` puts it into slot N (repeatable)',
    ).argParser(collect(parseDevice)),
  netdev: () =>
    new Option('--netdev <user,id=ID>', 'the simulated network, for virtio-net-device,netdev=ID').argParser(
      collect(parseNetdev),
    ),
  console: () =>
    new Option('--console <device>', 'what typed bytes go to: the UART, or a virtio console')
      .choices(consoles)
      .default('uart'),
  clock: () =>
    new Option(
      '--clock <kind>',
      "the guest's clock: the world's time, an entry for every look; or derived from the steps, and set right now and then",
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
      'where else an `.include` is looked for: beside the source first, last among the programs that come along (repeatable)',
    ).argParser(collect(directory)),
  raw: () => new Option('--raw', 'the program is a raw image, whatever its name'),
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
    ).argParser(collect((text) => fault(text))),
  kinds: () =>
    new Option('--kind <kind,...>', `only entries of these kinds: ${entryKinds.join(', ')}`).argParser(
      kindsOfEntries,
    ),
  restore: () =>
    new Option(
      '--restore <n>',
      'replay on a second machine as well, saved and restored n times on its way, and compare both each time',
    )
      .argParser(wholeNumber(1))
      .conflicts(['json', 'quiet']),
  backups: () =>
    new Option('--backups <n>', 'how many backups protect the VM')
      .argParser(wholeNumberIn(limits.backups))
      .default(defaults.backups),
  spares: () =>
    new Option('--spares <n>', 'hosts with room, for protection again after a failure')
      .argParser(wholeNumberIn(limits.spares))
      .default(defaults.spares),
  replication: () =>
    new Option('--replication <how>', 'replay the log of the doors, or take over checkpoints of the state')
      .choices(replications)
      .default(defaults.replication),
  disk: () =>
    new Option(
      '--disk <variant>',
      'one disk, where the primary reads or each side does; or a disk for each side',
    )
      .choices(diskVariants)
      .default(defaults.disk),
  speed: () =>
    new Option(
      '--speed <host=factor>',
      'how fast a simulated host is; 1 is 100 million steps a second (repeatable)',
    ).argParser(collectByName(hostNumber('factor', limits.speed, 'backup=0.25'))),
  domain: () =>
    new Option(
      '--domain <host=name>',
      'the failure domain of a host; by default each is one of its own, with its own name (repeatable)',
    ).argParser(collectByName(domain)),
  load: () =>
    new Option(
      '--load <host=n>',
      'what else a host has to do: a new backup is made where there is least (repeatable)',
    ).argParser(collectByName(hostNumber('number', limits.load, 'spare=3'))),
  link: () =>
    new Option('--link <speed>', 'how fast every link is, in bits a second')
      .argParser(bitRate)
      .default(defaults.bitsPerSecond, '1G'),
  seed: (what = 'the source of all chance: the same seed gives the same run to the byte') =>
    new Option('--seed <seed>', what).default(defaults.seed),
  maxSteps: (what = 'stop after this many steps') =>
    new Option('--max-steps <n>', what).argParser(wholeNumberIn(limits.maxSteps)),
  checkEvery: () =>
    new Option(
      '--check-every <n>',
      'steps between two comparisons of the whole state (default: 5 million, more where more memory is in use)',
    ).argParser(wholeNumberIn(tuningLimits.checkSteps)),
  tuning: () =>
    new Option(
      '--tuning <name=value>',
      `a time or size of the protocol, like suspectNs=20ms or copyPages=1: ${tuningNames.join(', ')} (repeatable)`,
    ).argParser(collectByName(tuning)),
  epochs: () =>
    new Option('--epochs <ms,...>', 'how long epochs of checkpoints last, in milliseconds')
      .argParser(ascending(wholeNumber(1, tuningLimits.epochNs.most / NS_PER_MS)))
      .default([5, 25, 100], '5,25,100'),
  links: () =>
    new Option('--links <speed,...>', 'how fast the links are, in bits a second')
      .argParser(ascending(bitRate))
      .default([1e8, 1e9, 1e10], '100M,1G,10G'),
  clients: () =>
    new Option('--clients <n>', 'simulated clients of a key-value server on UDP port 9000')
      .argParser(wholeNumberIn(limits.clients))
      .default(defaults.clients),
  kindsOfFaults: () =>
    new Option(
      '--faults <kind,kind>',
      `only faults of these kinds: ${faultKinds.join(', ')} (default: all)`,
    ).argParser(kindsOfFaults),
  unsafe: () =>
    new Option(
      '--unsafe <rule>',
      `switch a rule off, to see what it is for: ${Object.keys(unsafeRules).join(', ')} (repeatable)`,
    ).argParser(collect(unsafe)),
};
