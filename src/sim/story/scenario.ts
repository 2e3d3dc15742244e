/** Stories: scenarios as text, line by line. docs/stories.md shows how to write one. */
import { OperatingError } from '../../base/errors.ts';
import {
  clash,
  diskVariants,
  replications,
  type Tuning,
  type UnsafeRule,
  unsafeRules,
} from '../../ft/rules.ts';
import { hostNames, type SimulationOptions } from '../cluster.ts';
import { type EventPattern, parsePattern, patternText } from '../faults/event-pattern.ts';
import { parseFault } from '../faults/fault-text.ts';
import { type Fault, type HostId, hostsOf } from '../faults/faults.ts';
import { parseTuning } from '../tuning.ts';
import { type Expectation, parseExpectation, parseNever, patternsOf } from './expectations.ts';

/** What a story sets up, but for the guest. */
export type ScenarioSetup = Omit<SimulationOptions, 'description' | 'input' | 'print' | 'tell'>;

/** Something for the reader: at the beginning, at the end, or when something happens for the first time. */
export interface Say {
  line: number;
  when: 'beginning' | 'end' | EventPattern;
  text: string;
}

export interface Scenario {
  /** Where it was read from, for messages. */
  file: string;
  title: string;
  /** A program by its name, or a path. */
  guest: string;
  /** Numbers for the assembler, by name. */
  defines: readonly [string, bigint][];
  memorySizeBytes: number;
  /** Typed at the console instead of what the program brings along. */
  typed?: string;
  setup: ScenarioSetup;
  /** The lines that set it up, as they stand. */
  setupLines: readonly string[];
  says: readonly Say[];
  /** Events to be told that are left out otherwise. */
  shows: readonly EventPattern[];
  expectations: readonly { line: number; text: string; expectation: Expectation }[];
}

/** A story does not run for longer than this. */
const MAX_STEPS = 50_000_000;
const MAX_BACKUPS = 3;
const MAX_SPARES = 8;
const MAX_CLIENTS = 64;
const MAX_MEMORY_MIB = 64;

/** Each of these can be said once. */
const single = new Set([
  'guest',
  'typed',
  'memory',
  'clients',
  'backups',
  'spares',
  'seed',
  'replication',
  'disk',
]);
/** And each of these once for each name. */
const singleByName = new Set(['define', 'speed', 'domain', 'load', 'tuning']);

/** A scenario that is being read. */
interface Draft {
  guest: string | undefined;
  defines: [string, bigint][];
  typed?: string;
  memorySizeBytes: number;
  setup: ScenarioSetup & {
    faults: Fault[];
    unsafe: Set<UnsafeRule>;
    speeds: Record<HostId, number>;
    domains: Record<HostId, string>;
    loads: Record<HostId, number>;
    tuning: Partial<Tuning>;
  };
  says: Say[];
  shows: EventPattern[];
  expectations: { line: number; text: string; expectation: Expectation }[];
  /** Hosts that lines name: whether they are there is known at the end. */
  named: { line: number; host: string }[];
  /** Where each thing was said that can be said once. */
  said: Map<string, number>;
}

interface Keyword {
  form: string;
  /** `line` is the number of the line, `text` what stands behind the keyword. */
  read: (draft: Draft, text: string, line: number) => void;
}

const keywords: Record<string, Keyword> = {
  guest: {
    form: 'guest NAME',
    read: (draft, text) => {
      draft.guest = text;
    },
  },
  define: {
    form: 'define NAME NUMBER',
    read: ({ defines }, text) => {
      const [, name, value] =
        /^([A-Za-z_.$][\w.$]*)\s+(\d+)$/.exec(text) ?? refuse(`"${text}" must be a name and a number`);
      if (BigInt(value!) >= 2n ** 64n) refuse(`${value} does not fit in 64 bits`);
      defines.push([name!, BigInt(value!)]);
    },
  },
  typed: {
    form: 'typed TEXT',
    read: (draft, text) => {
      draft.typed = text.replaceAll('\\n', '\n');
    },
  },
  memory: {
    form: 'memory N MiB',
    read: (draft, text) => {
      const mib = /^(\d+) MiB$/.exec(text)?.[1] ?? refuse(`"${text}" is no size; write it like 4 MiB`);
      draft.memorySizeBytes = whole(mib, 1, MAX_MEMORY_MIB) << 20;
    },
  },
  clients: {
    form: 'clients N',
    read: ({ setup }, text) => {
      setup.clients = whole(text, 0, MAX_CLIENTS);
    },
  },
  backups: {
    form: 'backups N',
    read: ({ setup }, text) => {
      setup.backups = whole(text, 0, MAX_BACKUPS);
    },
  },
  spares: {
    form: 'spares N',
    read: ({ setup }, text) => {
      setup.spares = whole(text, 0, MAX_SPARES);
    },
  },
  seed: {
    form: 'seed TEXT',
    read: ({ setup }, text) => {
      setup.seed = text;
    },
  },
  replication: {
    form: `replication ${replications.join('|')}`,
    read: ({ setup }, text) => {
      setup.replication = choice(replications, text);
    },
  },
  disk: {
    form: `disk ${diskVariants.join('|')}`,
    read: ({ setup }, text) => {
      setup.disk = choice(diskVariants, text);
    },
  },
  speed: {
    form: 'speed HOST FACTOR',
    read: hostValue(({ setup }, host, value) => {
      setup.speeds[host] = number(value, 0.001, 1000);
    }),
  },
  domain: {
    form: 'domain HOST NAME',
    read: hostValue(({ setup }, host, value) => {
      setup.domains[host] = value;
    }),
  },
  load: {
    form: 'load HOST N',
    read: hostValue(({ setup }, host, value) => {
      setup.loads[host] = number(value, 0, 1000);
    }),
  },
  tuning: {
    form: 'tuning NAME VALUE',
    read: ({ setup }, text) => {
      const [name = '', value = ''] = text.split(/\s+/);
      Object.assign(setup.tuning, parseTuning(name, value));
    },
  },
  fault: {
    form: 'fault KIND:WHERE@WHEN[+LENGTH][=VALUE]',
    read: ({ setup, named }, text, line) => {
      const fault = parseFault(text);
      setup.faults.push(fault);
      for (const host of hostsOf(fault)) named.push({ line, host });
    },
  },
  unsafe: {
    form: 'unsafe RULE',
    read: ({ setup }, text) => {
      setup.unsafe.add(choice(Object.keys(unsafeRules) as UnsafeRule[], text));
    },
  },
  say: {
    form: 'say [when EVENT:|at the end:] TEXT',
    read: (draft, text, line) => {
      const [, condition, prose] = /^(?:(when [^:]*|at the end):)?(.*)$/s.exec(text)!;
      // Without its colon the moment would be taken for prose.
      if (prose!.trim() === '' || (!condition && /^(when|at the end)\b/.test(text)))
        refuse(`"say ${text}" has nothing to say; the form is ${keywords.say!.form}`);
      const when = momentOf(condition);
      if (typeof when === 'object') nameHosts(draft, [when], line);
      draft.says.push({ line, when, text: prose!.trim() });
    },
  },
  show: {
    form: 'show EVENT',
    read: (draft, text, line) => {
      const pattern = parsePattern(text);
      nameHosts(draft, [pattern], line);
      draft.shows.push(pattern);
    },
  },
  expect: { form: 'expect ...', read: expecting('expect', parseExpectation) },
  never: { form: 'never EVENT [after EVENT] [before EVENT]', read: expecting('never', parseNever) },
};

/** Keywords whose lines are for the reader, or are checked afterwards; the others set the scenario up. */
const afterwards = new Set(['say', 'show', 'expect', 'never']);

/** What stands before the colon of an explanation. */
function momentOf(condition: string | undefined): Say['when'] {
  if (condition === undefined) return 'beginning';
  return condition.startsWith('when ') ? parsePattern(condition.slice('when '.length)) : 'end';
}

function expecting(keyword: string, parse: (text: string) => Expectation): Keyword['read'] {
  return (draft, text, line) => {
    const expectation = parse(text);
    nameHosts(draft, patternsOf(expectation), line);
    draft.expectations.push({ line, text: `${keyword} ${text}`, expectation });
  };
}

function nameHosts({ named }: Draft, patterns: readonly EventPattern[], line: number): void {
  for (const { host } of patterns) if (host !== undefined) named.push({ line, host });
}

function hostValue(set: (draft: Draft, host: HostId, value: string) => void): Keyword['read'] {
  return (draft, text, line) => {
    const [host = '', value, ...more] = text.split(/\s+/);
    if (value === undefined || more.length > 0) refuse(`"${text}" must be a host and a value`);
    draft.named.push({ line, host });
    set(draft, host, value);
  };
}

/**
 * Reads a story. @throws {OperatingError} with file and line, what is wrong, and what is allowed.
 */
export function parseScenario(text: string, file: string): Scenario {
  const lines = logicalLines(text);
  const draft = emptyDraft();
  for (const { line, text: content } of lines) at(file, line, () => readLine(draft, content, line));
  const { guest, named, setup, said: _, ...rest } = draft;
  if (guest === undefined)
    throw new OperatingError(`${file}: a story needs a guest; write a line like "guest bank"`);
  const reason = clash(setup.replication ?? 'lockstep', setup.disk ?? 'shared');
  if (reason !== undefined) throw new OperatingError(`${file}: disk private: ${reason}`);
  const hosts = hostNames(setup.backups, setup.spares ?? 0);
  for (const { line, host } of named)
    at(file, line, () => {
      if (!hosts.includes(host)) refuse(`"${host}" is no host here; they are ${hosts.join(', ')}`);
    });
  return {
    ...rest,
    file,
    guest,
    setup,
    title: /^#\s*(.+)$/m.exec(text)?.[1]?.trim() ?? file,
    setupLines: lines.map(({ text: line }) => line).filter((line) => !afterwards.has(line.split(/\s/)[0]!)),
  };
}

const emptyDraft = (): Draft => ({
  guest: undefined,
  defines: [],
  memorySizeBytes: 1 << 20,
  setup: {
    seed: '1',
    clients: 0,
    faults: [],
    backups: 1,
    spares: 0,
    unsafe: new Set(),
    maxSteps: MAX_STEPS,
    speeds: {},
    domains: {},
    loads: {},
    tuning: {},
  },
  says: [],
  shows: [],
  expectations: [],
  named: [],
  said: new Map(),
});

/** Lines without comments; an indented one goes on with the one before. */
function logicalLines(text: string): { line: number; text: string }[] {
  const lines: { line: number; text: string }[] = [];
  for (const [index, raw] of text.split(/\r?\n/).entries()) {
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const last = lines.at(-1);
    if (/^\s/.test(raw) && last) last.text += ` ${content}`;
    else lines.push({ line: index + 1, text: content });
  }
  return lines;
}

function readLine(draft: Draft, content: string, line: number): void {
  const [, word, rest] = /^(\S+)\s*(.*)$/s.exec(content)!;
  const keyword = Object.hasOwn(keywords, word!) ? keywords[word!]! : undefined;
  if (!keyword)
    refuse(
      `"${word}" begins no line of a story; these do:\n  ${Object.values(keywords)
        .map(({ form }) => form)
        .join('\n  ')}`,
    );
  if (rest === '') refuse(`"${word}" needs more: ${keyword.form}`);
  mustBeNew(draft, word!, rest!, line);
  keyword.read(draft, rest!, line);
}

function mustBeNew({ said }: Draft, word: string, rest: string, line: number): void {
  const what = singleByName.has(word) ? `${word} ${rest.split(/\s/)[0]}` : word;
  if (what === word && !single.has(word)) return;
  const before = said.get(what);
  if (before !== undefined) refuse(`"${what}" was said in line ${before}; say it once`);
  said.set(what, line);
}

/** Says where, if something is wrong. */
function at(file: string, line: number, action: () => void): void {
  try {
    action();
  } catch (error) {
    if (error instanceof OperatingError) throw new OperatingError(`${file}:${line}: ${error.message}`);
    throw error;
  }
}

function refuse(message: string): never {
  throw new OperatingError(message);
}

function number(text: string, least: number, most: number): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  return value >= least && value <= most ? value : refuse(`"${text}" is no number from ${least} to ${most}`);
}

function whole(text: string, least: number, most: number): number {
  return /^\d+$/.test(text)
    ? number(text, least, most)
    : refuse(`"${text}" is no whole number from ${least} to ${most}`);
}

function choice<T extends string>(allowed: readonly T[], text: string): T {
  return allowed.find((one) => one === text) ?? refuse(`"${text}" is none of ${allowed.join(', ')}`);
}

/** What a story has to say when it is over: explanations whose moment never came. */
export function untold(says: readonly Say[], told: ReadonlySet<Say>): string[] {
  return says
    .filter((say) => typeof say.when === 'object' && !told.has(say))
    .map(({ line, when }) => `line ${line}: "${patternText(when as EventPattern)}" did not happen`);
}
