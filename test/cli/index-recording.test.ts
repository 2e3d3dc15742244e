/** `vmft index`, and what `vmft debug` says of recordings and of their snapshots. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { BIN, workplace } from './command.ts';

const { directory, file, shell, vmft } = workplace();

/** What `vmft debug` says until it listens. */
async function debugged(recording: string): Promise<string> {
  const child = spawn(process.execPath, [BIN, 'debug', recording, '--listen', '127.0.0.1:0'], {
    cwd: directory,
  });
  let said = '';
  await new Promise<void>((resolve) => {
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      said += text;
      if (said.includes('target remote')) child.kill('SIGINT');
    });
    child.on('close', () => resolve());
  });
  return said;
}

test('a recording is indexed beside it; a cut one up to its last whole entry, and a wrong index is told', async () => {
  expect((await vmft(['run', 'dice', '--no-ft', '--record', 'dice.log'])).code).toBe(0);
  const indexed = await vmft(['index', 'dice.log']);
  expect([indexed.code, indexed.stderr]).toEqual([
    0,
    expect.stringMatching(/^dice\.log\.snapshots: \d+ snapshots? of [\d ]+ steps, [\d ]+ bytes\n$/),
  ]);
  expect(await debugged('dice.log')).toMatch(
    /^dice\.s: \d+ steps, \d+ entries; it stands at step 0\ngdb connects with: /,
  );

  const whole = readFileSync(file('dice.log'));
  writeFileSync(file('cut.log'), whole.subarray(0, whole.length - 100));
  const cut = await vmft(['index', 'cut.log']);
  expect([cut.code, cut.stderr]).toEqual([
    2,
    expect.stringMatching(/^vmft: cut\.log: the log is cut short.*indexed up to there\n$/),
  ]);
  expect(await debugged('cut.log')).toMatch(/^vmft: warning: cut\.log: the log is cut short/);

  writeFileSync(file('dice.log.snapshots'), 'nonsense');
  expect(await debugged('dice.log')).toContain('dice.log.snapshots: not a file of snapshots; make it again');
});

test('of a recording that this machine does not replay, the part before is indexed', async () => {
  const unsafe = ['--unsafe', 'bounce-buffers'];
  expect((await vmft(['run', 'race', ...unsafe, '--record', 'race.log', '--quiet'])).code).toBe(3);
  const indexed = await vmft(['index', 'race.log']);
  expect([indexed.code, indexed.stderr]).toEqual([
    3,
    expect.stringMatching(
      /^race\.log\.snapshots: .*\nrace\.log: the replay diverges at \d+: .*indexed up to there\n$/,
    ),
  ]);
  expect((await vmft(['replay', 'race.log', '--to', '400000'])).code).toBe(0);
});

test('a recording is indexed while it is written, until it is complete', async () => {
  const run = shell('$VMFT run primes --defsym LIMIT=20000 --no-ft --record growing.log --quiet');
  while (!existsSync(file('growing.log'))) await setTimeout(5);
  const indexed = await vmft(['index', 'growing.log', '--follow']);
  expect((await run).code).toBe(0);
  expect([indexed.code, indexed.stderr]).toEqual([
    0,
    expect.stringMatching(/^growing\.log\.snapshots: \d+ snap/),
  ]);
  const replayed = await vmft(['replay', 'growing.log', '--from', '1000', '--json']);
  const { steps } = JSON.parse(replayed.stdout);
  expect(indexed.stderr.replaceAll(' ', '')).toContain(`of${steps}steps`);
  expect([replayed.code, replayed.stderr]).toEqual([0, '']);
});

test('what is no recording is refused, and so is an address that is taken', async () => {
  writeFileSync(file('empty'), '');
  const none = await vmft(['index', 'empty']);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('empty: not a vmft log')]);
  const missing = await vmft(['debug', 'missing.s']);
  expect([missing.code, missing.stderr]).toEqual([2, expect.stringContaining('missing.s')]);
  const program = await vmft(['debug', 'dice', '--follow']);
  expect([program.code, program.stderr]).toEqual([2, expect.stringContaining('--follow is for a recording')]);
  const wrong = await vmft(['debug', 'dice.log', '--listen', 'here']);
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining("--listen 'here': write ADDRESS:PORT"),
  ]);
});
