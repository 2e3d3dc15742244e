/** `vmft run --report` and `vmft report`: the file, and what is refused. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { inflateRawSync } from 'node:zlib';
import { expect, test } from 'vitest';
import type { PageData } from '../../src/report/page/page-data.ts';
import { readLink } from '../../src/sim/session/link.ts';
import { parseScenario } from '../../src/sim/story/scenario.ts';
import { workplace } from './command.ts';

const { vmft, file } = workplace();

/** The data in a page. */
function dataOf(name: string): PageData {
  const html = readFileSync(file(name), 'utf8');
  const [, data] = /<script id="data"[^>]*>([A-Za-z0-9+/=]*)<\/script>/.exec(html)!;
  return JSON.parse(inflateRawSync(Buffer.from(data!, 'base64')).toString());
}

test('the page of a run has its verdict, its command and its output; the run is the same, and so is the page again', async () => {
  const args = ['run', 'hello', '--crash', 'primary@icount=100', '--quiet'];
  const [plain, first] = [await vmft(args), await vmft([...args, '--report', 'a.html'])];
  expect([first.code, first.stdout, first.stderr]).toEqual([plain.code, plain.stdout, plain.stderr]);
  const page = readFileSync(file('a.html'), 'utf8');
  await vmft([...args, '--report', 'a.html']);
  expect(readFileSync(file('a.html'), 'utf8')).toBe(page);
  const data = dataOf('a.html');
  expect(data.verdict).toMatchObject({ tone: 'good', text: 'completed, exit code 0' });
  expect(data.command).toBe('vmft run hello --crash primary@icount=100 --quiet --report a.html');
  expect(data.machines?.equal).toBe(true);
  const shown = data.events.flatMap((event) => (event.kind === 'note' ? [event.shown ?? ''] : []));
  expect(shown.join('')).toBe(plain.stdout);
});

test('the page of a story has its explanations and expectations; one that fails exits with 3', async () => {
  const story = (expectation: string) => [
    '# Mine.',
    'guest hello',
    'fault crash:primary@0.1ms',
    'say First.',
    'say when crash: Then.',
    `expect ${expectation}`,
  ];
  writeFileSync(file('good.story'), story('no violation').join('\n'));
  const good = await vmft(['report', './good.story']);
  expect([good.code, good.stderr]).toEqual([0, 'report written to good.html\n']);
  expect(dataOf('good.html')).toMatchObject({
    ...{ title: 'Mine.', before: ['First.'], chapters: [{ title: 'crash', text: 'Then.' }] },
    expectations: [{ holds: true, text: 'expect no violation' }],
  });
  writeFileSync(file('bad.story'), story('outcome lost').join('\n'));
  const bad = await vmft(['report', './bad.story', '-o', 'other.html']);
  expect(bad.code).toBe(3);
  expect(bad.stderr).toContain('expect outcome lost');
  expect(dataOf('other.html').expectations).toMatchObject([{ holds: false }]);
});

test('the page leads to the same run in the playground, if that can make it', async () => {
  const storyOf = () => {
    const { playground } = dataOf('linked.html');
    return playground === undefined ? undefined : readLink(playground.split('/#')[1]!).story;
  };
  await vmft(['report', 'two-backups', '--quiet', '-o', 'linked.html']);
  expect(storyOf()).toBe(readFileSync('stories/two-backups.story', 'utf8'));

  const crash = ['--crash', 'primary@icount=100'];
  const run = async (...args: string[]) => {
    await vmft(['run', ...args, '--report', 'linked.html', '--quiet']);
    const story = storyOf();
    return story === undefined ? undefined : parseScenario(story, 'linked');
  };
  const scenario = await run('primes', ...crash, '--defsym', 'LIMIT=100', '--memory', '32M');
  expect(scenario).toMatchObject({ guest: 'primes', defines: [['LIMIT', 100n]], memorySizeBytes: 32 << 20 });
  expect(scenario!.spec.faults).toMatchObject([{ kind: 'crash' }]);
  writeFileSync(file('input'), 'open me\nquit\n');
  expect(await run('bank', '--input', 'input')).toMatchObject({ typed: 'open me\nquit\n' });
  writeFileSync(file('input'), Uint8Array.of(0xff, 0x0a));
  expect(await run('bank', '--input', 'input')).toBeUndefined();
  expect(await run('hello', '--device', 'virtio-rng-device')).toBeUndefined();
  writeFileSync(file('mine.s'), '_start: j _start\n');
  expect(await run('mine.s', '--max-steps', '100')).toBeUndefined();
});

test.each([
  [['run', 'hello', '--report', '-'], 'the page is no console output; write it to a file'],
  [['run', 'hello', '--report', 'missing/out.html'], 'no directory'],
  [['report', 'no-such-story'], 'no-such-story: neither a story'],
  [['report'], "missing required argument 'story|dir'"],
])('%j is refused', async (args, why) => {
  const { code, stderr } = await vmft(args);
  expect([code, stderr]).toEqual([2, expect.stringContaining(why)]);
  expect(existsSync(file('out.html'))).toBe(false);
});
