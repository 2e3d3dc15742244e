/** Writes a story as a file, which `parseScenario` reads. */
import { OperatingError } from '../../base/errors.ts';
import { type RunSpec, storyDefaults, validated } from '../spec/spec.ts';
import { storyLines } from '../spec/story-lines.ts';
import { memoryDefaults } from '../values/limits.ts';
import { type EventPattern, patternText } from './event-pattern.ts';
import { parseScenario, type Say, typedText } from './scenario.ts';

/** What a story says; what is left out has the default of stories. A {@link Scenario} is one, too. */
export interface StoryContent {
  title: string;
  /** A program by its name, or a path. */
  guest: string;
  spec: Partial<RunSpec>;
  /** Numbers for the assembler, by name. */
  defines?: readonly [string, bigint][];
  memorySizeBytes?: number;
  /** Console input that replaces the program's own. */
  typed?: string | undefined;
  says?: readonly Pick<Say, 'when' | 'text'>[];
  /** Events to report that are omitted by default. */
  shows?: readonly EventPattern[];
  /** Each as its line: `expect outcome completed`. */
  expectations?: readonly { text: string }[];
}

/**
 * The text of a story. Reading it gives the same content.
 * @throws {OperatingError} if a story with this content is impossible, or can't be written
 */
export function storyText(content: StoryContent): string {
  const whole = withDefaults(content);
  const { title, guest, spec, defines, memorySizeBytes, typed, says, shows, expectations } = whole;
  const groups = [
    [`# ${inLine('the title', title)}`],
    [
      `guest ${inLine('the guest', guest)}`,
      ...defines.map(([name, value]) => `define ${name} ${value}`),
      ...(memorySizeBytes === memoryDefaults.story ? [] : [`memory ${memorySizeBytes / 2 ** 20} MiB`]),
      ...storyLines(spec),
      ...(typed === undefined ? [] : [`typed ${typedText(typed)}`]),
    ],
    says.map(({ when, text }) => `say ${momentText(when)}${inLine('an explanation', text)}`),
    shows.map((pattern) => `show ${patternText(pattern)}`),
    expectations.map(({ text }) => inLine('an expectation', text)),
  ];
  const text = groups
    .filter((lines) => lines.length > 0)
    .map((lines) => `${lines.join('\n')}\n`)
    .join('\n');
  // The reader refuses what is impossible. What it would read as something else can't be written.
  const read = withDefaults(parseScenario(text, 'story'));
  const wrong = (Object.keys(whole) as (keyof StoryContent)[]).find((key) => !isSame(read[key], whole[key]));
  if (wrong) throw new OperatingError(`a story can't have this ${wrong}: ${asJson(whole[wrong])}`);
  return text;
}

const withDefaults = (content: StoryContent) => {
  const { title, guest, spec, typed, defines = [], says = [], shows = [], expectations = [] } = content;
  return {
    ...{ title, guest, defines, memorySizeBytes: content.memorySizeBytes ?? memoryDefaults.story },
    ...{ spec: validated(spec, storyDefaults), typed, shows },
    says: says.map(({ when, text }) => ({ when, text })),
    expectations: expectations.map(({ text }) => ({ text })),
  };
};

/** Fields are in alphabetical order: a tuning may be given in any. */
const asJson = (value: unknown): string => JSON.stringify(value, (_, part) => plain(part)) ?? 'undefined';

function plain(part: unknown): unknown {
  if (typeof part === 'bigint') return `${part}`;
  if (typeof part !== 'object' || part === null || Array.isArray(part)) return part;
  return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
}

const isSame = (a: unknown, b: unknown): boolean => asJson(a) === asJson(b);

const momentText = (when: Say['when']): string =>
  typeof when === 'object' ? `when ${patternText(when)}: ` : when === 'end' ? 'at the end: ' : '';

function inLine(what: string, text: string): string {
  if (text === '' || text !== text.trim() || /[\r\n\u2028\u2029]/.test(text))
    throw new OperatingError(
      `${what} of a story is one line, without blanks at its ends: ${JSON.stringify(text)}`,
    );
  return text;
}
