/** Stories that are written are read as the same stories. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OperatingError } from '../../src/base/errors.ts';
import { performStory, playStory, readStory, storyNames } from '../../src/cli/play.ts';
import { hostNames, storyDefaults } from '../../src/sim/spec/spec.ts';
import { parsePattern } from '../../src/sim/story/event-pattern.ts';
import { parseScenario, type Say } from '../../src/sim/story/scenario.ts';
import { type StoryContent, storyText } from '../../src/sim/story/story-text.ts';
import { specs } from './arbitraries.ts';

const content = ({
  title,
  guest,
  spec,
  defines,
  memorySizeBytes,
  typed,
  says,
  shows,
  expectations,
}: StoryContent) => ({
  ...{ title, guest, spec, defines, memorySizeBytes, typed, shows },
  says: says?.map(({ when, text }) => ({ when, text })),
  expectations: expectations?.map(({ text }) => ({ text })),
});

/** One line of text, also with what a reader could take for something else. */
const line = fc
  .oneof(
    fc.string({ unit: 'grapheme', minLength: 1 }),
    fc.constantFrom('# a', '"a', 'guest b', 'a: b', 'when', '\\n'),
  )
  .map((text) => text.replaceAll(/[\r\n\u2028\u2029]/g, ' ').trim())
  .filter((text) => text !== '');
const typed = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc
    .array(fc.constantFrom('a', ' ', '\n', '\\', 'n', '"', '\t', '\u2028'), { maxLength: 8 })
    .map((parts) => parts.join('')),
);
const pattern = fc
  .constantFrom('crash', 'live backup', 'members generation=2 backups=none')
  .map(parsePattern);
const moment: fc.Arbitrary<Say['when']> = fc.oneof(
  fc.constantFrom('beginning' as const, 'end' as const),
  pattern,
);

const stories = specs.chain((spec) => {
  const isPattern = (one: Say['when']) =>
    typeof one !== 'object' || one.host === undefined || hostNames(spec).includes(one.host);
  return fc.record({
    title: line,
    guest: fc.oneof(fc.constant('bank'), line),
    spec: fc.constant(spec),
    defines: fc.uniqueArray(
      fc.tuple(fc.stringMatching(/^[A-Za-z_.$][\w.$]{0,9}$/), fc.bigInt(0n, 2n ** 64n - 1n)),
      {
        selector: ([name]) => name,
        maxLength: 3,
      },
    ),
    memorySizeBytes: fc.integer({ min: 1, max: 64 }).map((mib) => mib << 20),
    typed: fc.option(typed, { nil: undefined }),
    says: fc.array(
      fc.record({
        when: moment.filter(isPattern),
        text: line.filter((text) => !/^(when|at the end)\b/.test(text)),
      }),
      { maxLength: 3 },
    ),
    shows: fc.array(pattern.filter(isPattern), { maxLength: 2 }),
    expectations: fc
      .subarray(['expect crash', 'expect outcome completed', 'never live after crash'])
      .map((texts) => texts.map((text) => ({ text }))),
  });
});

describe('the text of a story', () => {
  it('is read as the same story', () => {
    fc.assert(
      fc.property(stories, (story) => {
        expect(content(parseScenario(storyText(story), 'story'))).toEqual(content(story));
      }),
    );
  });

  it('is read as the same story, or refused, whatever is in it', () => {
    const some = fc.record({
      title: fc.string({ unit: 'binary' }),
      guest: fc.string({ unit: 'binary' }),
      spec: fc.constant(storyDefaults),
      defines: fc.array(fc.tuple(fc.string(), fc.bigInt()), { maxLength: 2 }),
      memorySizeBytes: fc.nat(2 ** 27),
      says: fc.array(fc.record({ when: moment, text: fc.oneof(line, fc.string({ unit: 'binary' })) }), {
        maxLength: 2,
      }),
      shows: fc.constant([]),
      expectations: fc.array(fc.record({ text: line }), { maxLength: 1 }),
    });
    fc.assert(
      fc.property(some, (story) => {
        let text: string;
        try {
          text = storyText(story);
        } catch (error) {
          expect(error).toBeInstanceOf(OperatingError);
          return;
        }
        expect(content(parseScenario(text, 'story'))).toEqual({ ...content(story), typed: undefined });
      }),
    );
  });

  it.each(storyNames())('is that of the bundled story %s', (name) => {
    const story = readStory(name);
    const text = storyText(story);
    expect(content(parseScenario(text, 'story'))).toEqual(content(story));
    expect(storyText(parseScenario(text, 'story'))).toBe(text);
  });

  it('is a file that vmft story runs, with the same run', () => {
    const folder = mkdtempSync(join(tmpdir(), 'vmft-story-'));
    try {
      const path = join(folder, 'written.story');
      const story = readStory('both-suspect-no-test-and-set');
      writeFileSync(path, storyText({ ...story, typed: 'open me\n"deposit me 5"\n' }));
      const read = readStory(path);
      expect(playStory(parseScenario(storyText(story), path), {}).asExpected).toBe(true);
      const [one, other] = [{ ...story, typed: 'open me\n"deposit me 5"\n' }, read].map((each) => {
        const { simulation, events } = performStory(each);
        return { hash: simulation.machine.hash(), console: simulation.transcript, events };
      });
      expect(other).toEqual(one);
      expect(new TextDecoder().decode(other!.console)).toContain('open me');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('says what can not be written', () => {
    const story = { title: 'a', guest: 'bank', spec: {} };
    const refused = (more: Partial<StoryContent>) => () => storyText({ ...story, ...more });
    expect(refused({ title: 'a\nb' })).toThrow('the title of a story is one line');
    expect(refused({ says: [{ when: 'beginning', text: 'when it rains' }] })).toThrow('has no text');
    expect(refused({ says: [{ when: 'beginning', text: 'when crash: it rains' }] })).toThrow(
      "a story can't have this says",
    );
    expect(refused({ spec: { backups: 9 } })).toThrow('backups 9');
    expect(refused({ memorySizeBytes: 5000 })).toThrow('is no size');
  });
});

describe('typed input', () => {
  const read = (text: string) => parseScenario(`guest bank\ntyped ${text}\n`, 'story').typed;
  it('is written plainly, or in quotation marks with the escapes of JSON', () => {
    expect(read('open me\\ndeposit me 5\\n')).toBe('open me\ndeposit me 5\n');
    expect(read('"a\\\\n\\t"')).toBe('a\\n\t');
    expect(() => read('"a')).toThrow('must end with a quotation mark');
  });
});
