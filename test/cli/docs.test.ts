/** The documentation of formats, files and commands agrees with the program. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { storyNames } from '../../src/cli/play.ts';
import { encodeMessage } from '../../src/ft/messages.ts';
import { EVIDENCE_VERSION } from '../../src/host/evidence/format.ts';
import { workplace } from './command.ts';

const root = join(import.meta.dirname, '../..');
const { vmft } = workplace();
const architecture = readFileSync(join(root, 'docs/architecture.md'), 'utf8');
const directory = mkdtempSync(join(tmpdir(), 'vmft-test-'));

const run = (...args: string[]) =>
  execFileSync(process.execPath, [join(root, 'bin/vmft.js'), 'run', ...args, '--quiet'], { cwd: directory });
const made = (name: string) => readFileSync(join(directory, name));

/** A part of the text, from its headline to the next one. */
function section(title: string): string {
  const [, text] = architecture.split(`### ${title}\n`);
  return text!.split('\n##')[0]!;
}
const version = (title: string) => Number(/version, (\d+)/.exec(section(title))![1]);

test('the log file has the documented version and end', () => {
  run(join(root, 'programs/hello.s'), '--no-ft', '--record', 'hello.log');
  const log = made('hello.log');
  expect(log.readUInt16LE(8)).toBe(version('Log file'));
  const [, example] = /```text\n([^`]+)```/.exec(section('Log file'))!;
  const end = example!.replaceAll(/ {4}\w+:.*/g, '').replaceAll(/\s/g, '');
  expect(log.toString('hex').slice(-end.length)).toBe(end);
});

test('a snapshot file has the documented version', () => {
  run(join(root, 'programs/bank.s'), '--crash', 'primary@icount=100000', '--save-states', 'states');
  expect(made('states/backup.vm').readUInt16LE(8)).toBe(version('Snapshot file'));
});

test('a message has the documented version', () => {
  expect(encodeMessage({ kind: 'heartbeat', generation: 1, domain: '', ticks: 0 })[2]).toBe(
    version('Message'),
  );
});

test('an evidence file has the documented version', () => {
  expect(EVIDENCE_VERSION).toBe(version('Evidence file'));
});

afterAll(() => rmSync(directory, { recursive: true }));

describe('docs/questions.md', () => {
  const questions = readFileSync(join(root, 'docs/questions.md'), 'utf8');
  const commands = [...questions.matchAll(/`vmft ([^`]+)`/g)].map(([, command]) => command!);

  test('names existing stories', () => {
    const named = commands.flatMap((command) => /^story ([a-z]\S+)$/.exec(command)?.[1] ?? []);
    expect(named.length).toBeGreaterThan(20);
    for (const name of named) expect(storyNames()).toContain(name);
  });

  test('shows commands that run, each with the expected exit code', async () => {
    const cheap = commands.filter((command) => /^(run|replay|log) /.test(command));
    expect(cheap.length).toBeGreaterThan(6);
    const made = (command: string) => command.includes('--record');
    // Commands that record come before those that read the recording.
    for (const stage of [cheap.filter(made), cheap.filter((command) => !made(command))])
      await Promise.all(
        stage.map(async (command) => {
          const { code } = await vmft(command.replace(' </dev/null', '').split(' '));
          expect([command, code]).toEqual([command, /--unsafe|flip:/.test(command) ? 3 : 0]);
        }),
      );
  }, 240_000);
});

const pages = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'docs', 'programs'].flatMap((place) =>
  place.endsWith('.md')
    ? [place]
    : readdirSync(join(root, place), { recursive: true, encoding: 'utf8' })
        .filter((name) => name.endsWith('.md'))
        .map((name) => join(place, name)),
);

/** docs/machine.md describes how NuttX is built. */
const OF_NUTTX = 'tools/configure.sh';

/** The commands and options of vmft in a text: in backquotes, or at the start of a line of a block. */
const commandsIn = (text: string): string[] =>
  [/`(?:npx )?vmft ([^`]+)`/g, /^ *(?:\$ )?(?:npx )?vmft (\S.*)$/gm].flatMap((pattern) =>
    [...text.matchAll(pattern)].map(([, command]) => command!),
  );

test('the documentation shows commands and options that exist', async () => {
  const shown = new Map<string, Set<string>>();
  for (const command of pages.flatMap((page) => commandsIn(readFileSync(join(root, page), 'utf8')))) {
    const [name, ...rest] = command.split(/[\s\\|]+/) as [string, ...string[]];
    // Not `vmft COMMAND --help`, nor sentences that begin with vmft.
    if (!/^[a-z]+$/.test(name) || /^(runs|has)$/.test(name)) continue;
    const options = shown.get(name) ?? shown.set(name, new Set()).get(name)!;
    for (const word of rest) if (word.startsWith('--')) options.add(word);
  }
  expect(shown.size).toBeGreaterThan(10);
  for (const [name, options] of shown) {
    const { code, stdout } = await vmft([name, '--help']);
    expect([name, code, stdout.startsWith(`Usage: vmft ${name}`)]).toEqual([name, 0, name !== 'help']);
    const known = [...stdout.matchAll(/(?<=[ ,])--[a-z-]+/g)].map(([option]) => option);
    expect([name, [...options].filter((option) => !known.includes(option))]).toEqual([name, []]);
  }
});

describe.each(pages)('%s', (page) => {
  const text = readFileSync(join(root, page), 'utf8');

  /** The anchors that GitHub makes of the headlines of a page. */
  const anchors = (path: string): string[] =>
    [...readFileSync(path, 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}_ -]/gu, '')
        .replaceAll(' ', '-'),
    );

  test('links to existing pages and headlines', () => {
    const links = [...text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, link]) => link!);
    const broken = links.filter((link) => {
      const [path, anchor] = link.split('#') as [string, string | undefined];
      const target = path === '' ? join(root, page) : join(root, dirname(page), path);
      return !existsSync(target) || (anchor !== undefined && !anchors(target).includes(anchor));
    });
    expect(broken).toEqual([]);
  });

  test('names existing files and npm commands', () => {
    const named = [
      ...text.matchAll(/`((?:src|test|tools|scripts|stories|docs|bin|\.ci)\/[\w./-]*\w)[`,) ]/g),
    ].map(([, path]) => path!);
    const missing = named.filter((path) => !path.includes('NAME') && !existsSync(join(root, path)));
    expect(missing.filter((path) => path !== OF_NUTTX)).toEqual([]);
    const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
    const commands = [...text.matchAll(/npm run ([\w:]+)/g)].map(([, name]) => name!);
    expect(commands.filter((name) => !(name in scripts))).toEqual([]);
  });
});
