/** Stories: scenarios as text, line by line. docs/stories.md shows how to write one. */
import { OperatingError } from '../../base/errors.ts';
import { hostNames, mustSuit, type RunSpec, storyDefaults, validated } from '../spec/spec.ts';
import { type SpecLine, specLines } from '../spec/story-lines.ts';
import { limits, memoryDefaults } from '../values/limits.ts';
import { lineText, parseLineText, parseWhole, refuse } from '../values/values.ts';
import { type EventPattern, parsePattern, patternText } from './event-pattern.ts';
import { type Expectation, parseExpectation, parseNever, patternsOf } from './expectations.ts';

/** A text for the reader: at the beginning, at the end, or at the first occurrence of an event. */
export interface Say {
  line: number;
  when: 'beginning' | 'end' | EventPattern;
  text: string;
}

/** A parsed story. */
export interface Scenario {
  /** The file's name, for messages. */
  file: string;
  title: string;
  /** A program by its name, or a path. */
  guest: string;
  /** Numbers for the assembler, by name. */
  defines: readonly [string, bigint][];
  memorySizeBytes: number;
  /** Console input that replaces the program's own. */
  typed?: string;
  /** The run without its guest. */
  spec: RunSpec;
  /** The lines that set the run up, verbatim. */
  setupLines: readonly string[];
  says: readonly Say[];
  /** Events to report that are omitted by default. */
  shows: readonly EventPattern[];
  expectations: readonly { line: number; text: string; expectation: Expectation }[];
}

/** A scenario that is being parsed. */
interface Draft {
  guest: string | undefined;
  defines: [string, bigint][];
  typed?: string;
  memorySizeBytes: number;
  /** The run as specified so far, not validated yet. */
  spec: RunSpec;
  says: Say[];
  shows: EventPattern[];
  expectations: { line: number; text: string; expectation: Expectation }[];
  /** Hosts that lines name; they are checked at the end. */
  named: { line: number; host: string }[];
  /** The line of each keyword that may be given only once. */
  given: Map<string, number>;
}

interface Keyword {
  form: string;
  /** How often the line may occur; by default `often`. */
  times?: SpecLine['times'];
  /** `line`: the number of the line; `text`: the text after the keyword. */
  read: (draft: Draft, text: string, line: number) => void;
}

const keywords: Record<string, Keyword> = {
  guest: {
    form: 'guest NAME',
    times: 'once',
    read: (draft, text) => {
      draft.guest = text;
    },
  },
  define: {
    form: 'define NAME NUMBER',
    times: 'by name',
    read: ({ defines }, text) => {
      const [, name, value] =
        /^([A-Za-z_.$][\w.$]*)\s+(\d+)$/.exec(text) ?? refuse(`"${text}" must be a name and a number`);
      if (BigInt(value!) >= 2n ** 64n) refuse(`${value} does not fit in 64 bits`);
      defines.push([name!, BigInt(value!)]);
    },
  },
  typed: {
    form: 'typed TEXT',
    times: 'once',
    read: (draft, text) => {
      draft.typed = text.startsWith('"') ? parseLineText(text) : text.replaceAll('\\n', '\n');
    },
  },
  memory: {
    form: 'memory N MiB',
    times: 'once',
    read: (draft, text) => {
      const mib = /^(\d+) MiB$/.exec(text)?.[1] ?? refuse(`"${text}" is no size; write it like 4 MiB`);
      draft.memorySizeBytes = parseWhole(mib, limits.storyMemoryMib) << 20;
    },
  },
  ...Object.fromEntries([...specLines].map(([word, line]) => [word, specKeyword(word, line)])),
  say: {
    form: 'say [when EVENT:|at the end:] TEXT',
    read: (draft, text, line) => {
      const [, condition, prose] = /^(?:(when [^:]*|at the end):)?(.*)$/s.exec(text)!;
      // Without its colon the condition would be parsed as prose.
      if (prose!.trim() === '' || (!condition && /^(when|at the end)\b/.test(text)))
        refuse(`"say ${text}" has no text; the form is ${keywords.say!.form}`);
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

/** Console input as a line `typed` has it: with `\n` for Enter, or as a JSON string if that would be read differently. */
export function typedText(typed: string): string {
  const line = typed.replaceAll('\n', '\\n');
  return typed.includes('\\n') || lineText(line) !== line ? JSON.stringify(typed) : line;
}

/** Keywords of texts and expectations; the others set the run up. */
const afterwards = new Set(['say', 'show', 'expect', 'never']);

/** Parses the condition before the colon of a `say` line. */
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

/** The keyword of a line of the run's specification, which is validated as a whole at the end. */
function specKeyword(word: string, { form, times, read }: SpecLine): Keyword {
  return {
    form: `${word} ${form}`,
    times,
    read: (draft, text, line) => {
      const { given, named = [] } = read(text, draft.spec);
      Object.assign(draft.spec, given);
      for (const host of named) draft.named.push({ line, host });
    },
  };
}

/**
 * Parses a story. @throws {OperatingError} with file and line, what is wrong, and what is allowed.
 */
export function parseScenario(text: string, file: string): Scenario {
  const lines = logicalLines(text);
  const draft = emptyDraft();
  for (const { line, text: content } of lines) at(`${file}:${line}`, () => readLine(draft, content, line));
  const { guest, named, spec, given: _, ...rest } = draft;
  if (guest === undefined)
    throw new OperatingError(`${file}: a story needs a guest; write a line like "guest bank"`);
  const hosts = hostNames(spec);
  for (const { line, host } of named)
    at(`${file}:${line}`, () => {
      if (!hosts.includes(host)) refuse(`"${host}" is no host here; they are ${hosts.join(', ')}`);
    });
  const checked = at(file, () => validated(spec, storyDefaults));
  at(file, () => mustSuit(checked, rest.memorySizeBytes));
  return {
    ...rest,
    file,
    guest,
    spec: checked,
    title: /^#[ \t]*(\S.*)$/m.exec(text)?.[1]?.trim() ?? file,
    setupLines: lines.map(({ text: line }) => line).filter((line) => !afterwards.has(line.split(/\s/)[0]!)),
  };
}

const emptyDraft = (): Draft => ({
  guest: undefined,
  defines: [],
  memorySizeBytes: memoryDefaults.story,
  spec: { ...storyDefaults },
  says: [],
  shows: [],
  expectations: [],
  named: [],
  given: new Map(),
});

/** The lines without comments; an indented line continues the one before. */
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
  mustBeNew(draft, word!, keyword, rest!, line);
  keyword.read(draft, rest!, line);
}

function mustBeNew(
  { given }: Draft,
  word: string,
  { times = 'often' }: Keyword,
  rest: string,
  line: number,
): void {
  if (times === 'often') return;
  const what = times === 'by name' ? `${word} ${rest.split(/\s/)[0]}` : word;
  const before = given.get(what);
  if (before !== undefined) refuse(`"${what}" is given twice: line ${before} has it, too`);
  given.set(what, line);
}

/** Puts the place before the message of an error. */
function at<T>(place: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (error instanceof OperatingError) throw new OperatingError(`${place}: ${error.message}`);
    throw error;
  }
}

/** Errors for `say` lines whose event never happened. */
export function unusedExplanations(says: readonly Say[], given: ReadonlySet<Say>): string[] {
  return says
    .filter((say) => typeof say.when === 'object' && !given.has(say))
    .map(({ line, when }) => `line ${line}: "${patternText(when as EventPattern)}" did not happen`);
}
