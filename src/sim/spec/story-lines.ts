/** A run's specification as lines of a story. */
import { diskVariants, replications, type UnsafeRule, unsafeRules } from '../../ft/rules.ts';
import { faultText, parseFault } from '../faults/fault-text.ts';
import { hostsOf } from '../faults/faults.ts';
import { limits, type Range } from '../values/limits.ts';
import {
  bitRateText,
  lineText,
  parseBitRate,
  parseChoice,
  parseLineText,
  parseNumber,
  parseWhole,
  refuse,
} from '../values/values.ts';
import { isAs, type RunSpec, storyDefaults, words } from './spec.ts';
import { parseTuning, tuningText } from './tuning.ts';

/** How a field is written in a story. */
export interface SpecLine {
  /** The syntax after the field's word. */
  form: string;
  /** How often the line may occur: once, once for each name, or any number of times. */
  times: 'once' | 'by name' | 'often';
  /** Parses a line, given the lines before; also returns the hosts that it names. @throws {OperatingError} */
  read: (text: string, spec: RunSpec) => { given: Partial<RunSpec>; named?: string[] };
  /** The text after the word, for each line that the field takes. */
  write: (spec: RunSpec) => string[];
}

const wholeLine = (field: 'backups' | 'spares' | 'clients' | 'maxSteps'): SpecLine => ({
  form: 'N',
  times: 'once',
  read: (text) => ({ given: { [field]: parseWhole(text, limits[field]) } }),
  write: (spec) => [`${spec[field]}`],
});

const choiceLine = (field: 'replication' | 'disk', allowed: readonly string[]): SpecLine => ({
  form: allowed.join('|'),
  times: 'once',
  read: (text) => ({ given: { [field]: parseChoice(allowed, text) } }),
  write: (spec) => [spec[field]],
});

const hostLine = <F extends 'speeds' | 'domains' | 'loads'>(
  field: F,
  form: string,
  parse: (text: string) => RunSpec[F][string],
): SpecLine => ({
  form: `HOST ${form}`,
  times: 'by name',
  read: (text, spec) => {
    const [host = '', value, ...more] = text.split(/\s+/);
    if (value === undefined || more.length > 0) refuse(`"${text}" must be a host and a value`);
    return { given: { [field]: { ...spec[field], [host]: parse(value) } }, named: [host] };
  },
  write: (spec) => Object.entries(spec[field]).map(([host, value]) => `${host} ${value}`),
});

const numberIn = (range: Range) => (text: string) => parseNumber(text, range);

/** In the order of the documentation, and of writing. */
const lines: Readonly<Record<keyof RunSpec, SpecLine>> = {
  clients: wholeLine('clients'),
  backups: wholeLine('backups'),
  spares: wholeLine('spares'),
  seed: {
    form: 'TEXT',
    times: 'once',
    read: (text) => ({ given: { seed: parseLineText(text) } }),
    write: ({ seed }) => [lineText(seed)],
  },
  replication: choiceLine('replication', replications),
  disk: choiceLine('disk', diskVariants),
  bitsPerSecond: {
    form: 'SPEED',
    times: 'once',
    read: (text) => ({ given: { bitsPerSecond: parseBitRate(text, limits.bitsPerSecond) } }),
    write: ({ bitsPerSecond }) => [bitRateText(bitsPerSecond)],
  },
  maxSteps: wholeLine('maxSteps'),
  speeds: hostLine('speeds', 'FACTOR', numberIn(limits.speed)),
  domains: hostLine('domains', 'NAME', (text) => text),
  loads: hostLine('loads', 'N', numberIn(limits.load)),
  tuning: {
    form: 'NAME VALUE',
    times: 'by name',
    read: (text, { tuning }) => {
      const [name = '', value = '', ...more] = text.split(/\s+/);
      if (more.length > 0) refuse(`"${text}" must be a name and a value`);
      return { given: { tuning: { ...tuning, ...parseTuning(name, value) } } };
    },
    write: ({ tuning }) => tuningText(tuning).map((text) => text.replace('=', ' ')),
  },
  faults: {
    form: 'KIND:WHERE@WHEN[+LENGTH][=VALUE]',
    times: 'often',
    read: (text, { faults }) => {
      const fault = parseFault(text);
      return { given: { faults: [...faults, fault] }, named: hostsOf(fault) };
    },
    write: ({ faults }) => faults.map(faultText),
  },
  unsafe: {
    form: 'RULE',
    times: 'often',
    read: (text, { unsafe }) => {
      const rule = parseChoice(Object.keys(unsafeRules) as UnsafeRule[], text);
      return { given: { unsafe: [...unsafe, rule] } };
    },
    write: ({ unsafe }) => [...unsafe],
  },
};
const fields = Object.keys(lines) as (keyof RunSpec)[];

/** The lines that specify the run, by their first word. */
export const specLines: ReadonlyMap<string, SpecLine> = new Map(
  fields.map((field) => [words[field], lines[field]]),
);

/** A specification as lines of a story; defaults are omitted. */
export const storyLines = (spec: RunSpec): string[] =>
  fields
    .filter((field) => !isAs(field, spec, storyDefaults))
    .flatMap((field) => lines[field].write(spec).map((text) => `${words[field]} ${text}`));
