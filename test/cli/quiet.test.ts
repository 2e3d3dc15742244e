/** `--quiet` prints only requested output and errors: to a script no output means success. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { storyNames } from '../../src/cli/play.ts';
import { program, workplace } from './command.ts';
import { executable, saying } from './conformance-programs.ts';

const { file, vmft } = workplace();
const silent = (code: number) => ({ code, stdout: '', stderr: '' });

describe('vmft chaos --quiet', () => {
  const chaos = (...args: string[]) => vmft(['chaos', program('dice.s'), '--jobs', '1', ...args]);

  test('prints nothing for a campaign without violation', async () => {
    expect(await chaos('--runs', '4', '--quiet')).toEqual(silent(0));
  });

  test('prints each violation, and the shortest schedule, as without the option', async () => {
    const [quiet, whole] = await Promise.all([
      chaos('--runs', '4', '--unsafe', 'output-rule', '-q'),
      chaos('--runs', '4', '--unsafe', 'output-rule'),
    ]);
    expect([quiet.code, quiet.stderr]).toEqual([3, '']);
    expect(quiet.stdout).toMatch(/^run 0: VIOLATED\n {2}output-rule: /);
    expect(quiet.stdout).toMatch(/to reproduce it:\n {2}vmft run \S+dice\.s .*--unsafe output-rule\n$/);
    expect(whole.stdout.endsWith(`\n\n${quiet.stdout}`)).toBe(true);
    expect(quiet.stdout).not.toContain('failovers');
  });

  test('does not change the JSON document', async () => {
    const { code, stdout } = await chaos('--runs', '4', '--quiet', '--json');
    expect([code, JSON.parse(stdout).runs]).toEqual([0, 4]);
  });
});

describe('vmft story --quiet', () => {
  test('lists names, one per line', async () => {
    const { code, stdout } = await vmft(['story', '-q']);
    expect([code, stdout]).toEqual([
      0,
      storyNames()
        .map((name) => `${name}\n`)
        .join(''),
    ]);
  });

  test('prints nothing for a story that meets its expectations', async () => {
    expect(await vmft(['story', 'output-rule', '--quiet'])).toEqual(silent(0));
  });

  test('prints failed expectations', async () => {
    writeFileSync(file('my.story'), '# T\nguest hello\nexpect live backup\nexpect outcome completed\n');
    const { code, stdout } = await vmft(['story', './my.story', '-q']);
    expect([code, stdout]).toEqual([3, '  ✗ expect live backup: it did not happen\n']);
  });
});

test('vmft diff --quiet prints nothing; its exit code is the result', async () => {
  await vmft(['run', program('hello.s'), '-q', '--save-states', 'one']);
  await vmft(['run', program('dice.s'), '-q', '--save-states', 'other']);
  const diff = (other: string) => vmft(['diff', 'one/primary.vm', `${other}.vm`, '--quiet']);
  expect(await Promise.all([diff('one/backup'), diff('other/primary')])).toEqual([silent(0), silent(1)]);
});

test('vmft conformance --quiet prints only the programs that do not pass', async () => {
  const folder = (name: string, programs: Record<string, number>) => {
    mkdirSync(file(name));
    for (const [one, value] of Object.entries(programs))
      writeFileSync(file(`${name}/${one}`), executable(saying(value)));
    return vmft(['conformance', name, '--quiet']);
  };
  expect(await folder('good', { one: 1, two: 1 })).toEqual(silent(0));
  expect(await folder('bad', { one: 1, two: 7 })).toEqual({ ...silent(1), stdout: 'two: failed: test 3\n' });
});
