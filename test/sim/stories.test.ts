import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { playStory, readStory, type StoryOptions, storyNames } from '../../src/cli/play.ts';
import { plainText } from '../../src/report/styled-text.ts';
import type { SimEvent } from '../../src/sim/cluster/cluster.ts';
import { eventFields, matches, parsePattern } from '../../src/sim/story/event-pattern.ts';
import { perform } from '../../src/sim/story/performance.ts';
import { parseScenario, type Scenario } from '../../src/sim/story/scenario.ts';
import { stopAfter, tours } from '../../src/sim/story/tours.ts';
import { machineOf } from '../ft/guest.ts';
import { path } from './support.ts';

const play = (scenario: Scenario, options: StoryOptions = {}) => {
  const { lines, asExpected } = playStory(scenario, options);
  return { lines: lines.map(plainText), asExpected };
};
const playText = (text: string) => {
  const { lines, asExpected } = play(parseScenario(text, 'my.story'));
  return { text: lines.join('\n'), asExpected };
};

describe.each(storyNames())('the story %s', (name) => {
  it('meets its expectations, and gives its transcript (npm run stories)', () => {
    const { lines, asExpected } = play(readStory(name));
    const golden = path(`test/stories/${name}.txt`);
    expect(lines.filter((line) => line.includes('✗'))).toEqual([]);
    expect(asExpected).toBe(true);
    expect(existsSync(golden) && readFileSync(golden, 'utf8')).toBe(`${lines.join('\n')}\n`);
  });

  it('has a title, prose and expectations', () => {
    const { title, says, expectations } = readStory(name);
    expect(title.length).toBeLessThan(110);
    expect(says.length).toBeGreaterThan(1);
    expect(expectations.length).toBeGreaterThan(1);
  });
});

it('the same story gives the same transcript and the same diagram, to the byte', () => {
  for (const diagram of [false, true]) {
    const once = () => play(readStory('deposed-primary'), { diagram }).lines.join('\n');
    expect(once()).toBe(once());
  }
});

describe("a user's story", () => {
  const bank = (...lines: string[]) => ['# Mine.', 'guest bank', ...lines].join('\n');

  it('sets up hosts, faults and explanations', () => {
    const scenario = parseScenario(
      [
        '# A title.',
        'guest primes',
        'define LIMIT 1000',
        'typed a\\nb',
        'backups 2',
        'spares 1',
        'seed 7',
        'speed backup2 0.5',
        'domain spare rack-b',
        'load spare 3',
        'tuning suspectNs 20ms',
        'tuning copyPages 8',
        'unsafe drain',
        'fault crash:primary@output=18',
        'say Long prose',
        '  goes on here.   # not a comment',
        'say when live backup: Now.',
      ].join('\n'),
      'my.story',
    );
    expect(scenario).toMatchObject({
      title: 'A title.',
      guest: 'primes',
      typed: 'a\nb',
      defines: [['LIMIT', 1000n]],
      spec: {
        backups: 2,
        spares: 1,
        seed: '7',
        speeds: { backup2: 0.5 },
        domains: { spare: 'rack-b' },
        loads: { spare: 3 },
        tuning: { suspectNs: 20_000_000, copyPages: 8 },
        faults: [{ kind: 'crash', who: 'primary', when: { at: 'output', number: 18 } }],
      },
      says: [
        { when: 'beginning', text: 'Long prose goes on here.   # not a comment' },
        { when: { kind: 'live', host: 'backup', fields: {} }, text: 'Now.' },
      ],
    });
  });

  it.each<[string[], RegExp]>([
    [['replication checkpoint', 'disk private'], /my.story: disk private: a checkpoint carries/],
    [['gusts bank'], /^my.story:3: "gusts" begins no line of a story; these do:\n {2}guest NAME/],
    [['backups'], /:3: "backups" needs more: backups N$/],
    [['backups many'], /:3: "many" is no whole number from 0 to 3$/],
    [['backups 9'], /:3: "9" is no number from 0 to 3$/],
    [['speed backup'], /:3: "backup" must be a host and a value$/],
    [['speed backup9 1'], /:3: "backup9" is no host here; they are primary, backup$/],
    [['tuning patience 5ms'], /:3: "patience" is none of heartbeatNs, suspectNs/],
    [['tuning suspectNs 20ms or so'], /:3: "suspectNs 20ms or so" must be a name and a value$/],
    [['expect down time below 15ms or so'], /:3: .*expect down time below 15ms/s],
    [['tuning suspectNs 5'], /:3: "5" is no time; write it like 5ms/],
    [['unsafe everything'], /:3: "everything" is none of output-rule,/],
    [['fault crash:primary'], /:3: "crash:primary" has no place or no moment/],
    [['fault crash:bacup@5ms'], /:3: "bacup" is no host here/],
    [['fault command:switch-over=bacup@5ms'], /:3: "bacup" is no host here/],
    [['say when live The backup'], /:3: "say when live The backup" has no text; the form is say \[when/],
    [['say when : Now.'], /:3: "" is no event; they are booted, held/],
    [['say when vanished: Gone.'], /:3: "vanished" is no event/],
    [['say when live:'], /:3: "say when live:" has no text/],
    [['expect lives'], /:3: "lives" is no event/],
    [['', 'expect live bakcup'], /:4: "bakcup" is no host here/],
    [['expect live backup spare'], /:3: "live backup spare" has a second host, "spare"/],
    [['expect live generatoin=2'], /:3: "live" has no generatoin; it has icount, generation, pending, from$/],
    [['expect full size=2'], /:3: "full" has no size/],
    [['expect outcome fine'], /:3: "fine" is no outcome; they are completed, lost, limit, diverged$/],
    [['expect violation of-privacy'], /:3: "of-privacy" is no invariant; they are output-rule/],
    [['expect output eighteen once'], /:3: .*expect output N once/s],
    [['expect in order: live, went'], /:3: "went" is no event/],
    [['never live after dinner'], /:3: "dinner" is no event/],
  ])('%j is refused', (lines, message) => {
    expect(() => parseScenario(bank(...lines), 'my.story')).toThrow(message);
  });

  it('has the first line of comment as its title, or the name of its file', () => {
    const title = (...lines: string[]) =>
      parseScenario([...lines, 'guest bank'].join('\n'), 'my.story').title;
    expect(title('#', '', '# A title.')).toBe('A title.');
    expect(title('#')).toBe('my.story');
  });

  it('without a guest is refused', () => {
    expect(() => parseScenario('# Nothing.', 'my.story')).toThrow('my.story: a story needs a guest');
  });

  it('that fails names each failed expectation, and the reason', () => {
    const { text, asExpected } = playText(
      bank(
        'fault crash:backup@5ms',
        'fault crash:primary@icount=900000000',
        'say when evicted: Never.',
        'expect live backup',
        'expect once released',
        'expect in order: won primary, crash backup',
        'expect in order within 1ms: crash backup, won primary',
        'expect output 18 never',
        'expect outcome lost',
        'expect exit code 1',
        'expect down time below 1ms',
        'expect violation one-live',
        'never suspected after crash',
        'never live after evicted',
      ),
    );
    expect(asExpected).toBe(false);
    for (const said of [
      '✗ expect live backup: it did not happen',
      /✗ expect once released: it happened \d+ times/,
      '✗ expect in order: won primary, crash backup: "crash backup" did not happen after "won primary"',
      /✗ expect in order within 1ms: .*: it took \d+\.\d+ ms, more than 1ms/,
      '✗ expect output 18 never: it was delivered 1 times',
      '✗ expect outcome lost: the outcome is completed',
      '✗ expect exit code 1: the exit code is 0',
      '✗ expect down time below 1ms: there was no failover',
      '✗ expect violation one-live: the checkers did not find it',
      /✗ never suspected after crash: it happened at \d+\.\d+ ms/,
      '✗ never live after evicted: "evicted" did not happen',
      '✗ every explanation is used: line 5: "evicted" did not happen',
      '✗ fault crash:primary@icount=900000000: not triggered: primary did not reach it; its machine is at icount',
    ])
      expect(text).toMatch(said);
  });

  it('fails when the checkers find a violation that it does not expect', () => {
    const { text, asExpected } = playText(
      bank('unsafe test-and-set', 'fault partition:primary-backup@20ms+30ms'),
    );
    expect(asExpected).toBe(false);
    expect(text).toContain('✗ no other violation: the checkers found one-live');
  });
});

it('a pattern compares what events have: hosts, numbers, records, and faults when they begin or end', () => {
  const record = { primary: 'backup', backups: ['spare', 'spare2'] };
  expect(eventFields({ kind: 'won', generation: 3, record })).toMatchObject({
    generation: '3',
    primary: 'backup',
    backups: 'spare+spare2',
  });
  expect(parsePattern('won by backup backups=none')).toEqual({
    kind: 'won',
    host: 'backup',
    fields: { backups: 'none' },
  });
});

it('a pattern of a full buffer may name the buffer', () => {
  const pattern = parsePattern('full primary what=log');
  const on = (event: SimEvent['event']) => matches(pattern, { atNs: 0, host: 'primary', event });
  expect(on({ kind: 'full', what: 'log' })).toBe(true);
  expect(on({ kind: 'full', what: 'outputs' })).toBe(false);
});

it('an operator command matches once', () => {
  const { text, asExpected } = playText(
    ['# Mine.', 'guest bank', 'fault command:switch-over@20ms', 'say T.', 'expect once command primary'].join(
      '\n',
    ),
  );
  expect(text).not.toContain('✗');
  expect(asExpected).toBe(true);
});

it('shows characters whose bytes are separate outputs', () => {
  const story = parseScenario('# T\nguest hello', 'my.story');
  // Longer than a slice, so that each byte is released on its own.
  const source = [0xc3, 0xa4, 0x0a].map(
    (byte, label) => `
    li    t1, ${byte}
    sb    t1, (t0)
    li    t2, 200000
wait${label}: addi t2, t2, -1
    bnez  t2, wait${label}`,
  );
  const guest = machineOf(`
    li    t0, 0x10000000
    ${source.join('')}
    li    t0, 0x100000
    li    t1, 0x5555
    sw    t1, (t0)`);
  const { printed } = perform(story, guest, new Uint8Array(0));
  expect(printed.map(({ text }) => text).join('')).toBe('ä\n');
});

it('every story is at one place of the tours', () => {
  const stops = tours.flatMap((tour) => tour.stops.map((stop) => stop.story));
  expect(stops.toSorted()).toEqual(storyNames().toSorted());
  expect(stops.map((one) => stopAfter(one)?.story)).toEqual([...stops.slice(1), undefined]);
});

it('docs/stories.md lists every story', () => {
  const guide = readFileSync(path('docs/stories.md'), 'utf8');
  expect(storyNames().filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
});
