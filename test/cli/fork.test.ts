/** `vmft fork` as users run it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { LogReader, LogWriter } from '../../src/replay/log-file.ts';
import { program, workplace } from './command.ts';

const { file, shell, vmft } = workplace();
const bank = program('bank.s');

interface Document {
  program: string;
  console: string;
  stateHash: string;
  fork?: { recording: string; icount: number; atMs: number };
}
const documentOf = (stdout: string): Document => JSON.parse(stdout);
/** What a run and a fork have in common. */
const common = (stdout: string) => ({ ...documentOf(stdout), program: '', fork: undefined });

let printed: string;
beforeAll(async () => {
  const { code, stdout } = await vmft(['run', bank, '--record', 'bank.log', '--crash', 'primary@output=600']);
  expect(code).toBe(0);
  printed = stdout;
});

describe('a fork', () => {
  test('without a change prints what the run printed from there on, and records the same', async () => {
    const { code, stdout, stderr } = await vmft([
      'fork',
      'bank.log',
      '--at',
      'output=900',
      '--record',
      'same.log',
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/^bank\.log goes on from icount \d+, at \d+\.\d+ ms\n/);
    expect(stderr).not.toContain('CRASH');
    expect(stdout.length).toBeLessThanOrEqual(printed.length - 600);
    expect(printed.endsWith(stdout)).toBe(true);
    expect(readFileSync(file('same.log'))).toEqual(readFileSync(file('bank.log')));
  });

  test.each([
    ['--crash', 'backup@output=950', '--spares', '2'],
    ['--partition', 'backup-storage@60ms+5ms'],
    ['--fault', 'command:switch-over@70ms'],
  ])('with %s %s is the run with that from the beginning', async (option, fault, ...more) => {
    const record = more.length > 0 ? 'more.log' : 'bank.log';
    const run = ['run', bank, '--crash', 'primary@output=600', ...more];
    if (more.length > 0) await vmft([...run, '--record', record]);
    const straight = await vmft([...run, option, fault, '--json', '--verify', '--record', 'straight.log']);
    const at = ['--at', 'output=900', option, fault, '--symbols', bank];
    const forked = await vmft(['fork', record, ...at, '--json', '--verify', '--record', 'forked.log']);
    expect(common(forked.stdout)).toEqual(common(straight.stdout));
    expect(forked.code).toBe(straight.code);
    expect(readFileSync(file('forked.log'))).toEqual(readFileSync(file('straight.log')));
  });

  test('drops recorded faults that did not come yet', async () => {
    const symbols = ['--symbols', bank];
    const dropped = await vmft([
      'fork',
      'bank.log',
      '--at',
      'output=599',
      '--drop-faults',
      '--json',
      ...symbols,
    ]);
    const without = await vmft(['run', bank, '--json']);
    expect(common(dropped.stdout)).toEqual(common(without.stdout));
    const late = await vmft(['fork', 'bank.log', '--at', 'output=900', '--drop-faults', '--json']);
    expect(documentOf(late.stdout).console).toBe(printed);
  });

  test('has other input, and can be forked again', async () => {
    // The first newline ends what is typed of a line before.
    writeFileSync(file('commands'), '\nopen zoe\nquit\n');
    const at = ['--at', 'output=900', '--input', 'commands', '--record', 'typed.log', '--verify'];
    const { code, stdout } = await vmft(['fork', 'bank.log', ...at, '--quiet']);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/open zoe: zoe 0\nclosed after .*\n$/)]);
    const again = await vmft(['fork', 'typed.log', '--at', 'icount=50000', '--json', '--quiet']);
    expect(documentOf(again.stdout).console.endsWith(stdout)).toBe(true);
  });

  test('is made from a recording that went through a pipe, and times count from the fork', async () => {
    await shell(`$VMFT run ${bank} --record - -q </dev/null | cat > piped.log`);
    const crash = ['--crash', 'primary@fork:2ms', '--strict', '--json'];
    const { code, stdout } = await vmft(['fork', 'piped.log', '--at', 't=30ms', ...crash]);
    const { fork, ...rest } = documentOf(stdout);
    expect([code, fork]).toEqual([0, { recording: 'piped.log', icount: expect.any(Number), atMs: 30 }]);
    expect(rest).toMatchObject({ faults: [{ triggered: true, atMs: 32 }] });
  });

  test('begins with the content that its disk had', async () => {
    writeFileSync(file('disk.img'), Buffer.alloc(64 << 10, 7));
    const drive = ['--drive', 'file=disk.img', '--disk', 'shared-backup-reads'];
    const run = await vmft(['run', program('sectors.s'), ...drive, '--record', 'disk.log', '--json']);
    const fork = ['fork', 'disk.log', '--at', 'output=3', '--json', '--symbols', program('sectors.s')];
    expect(common((await vmft(fork)).stdout)).toEqual(common(run.stdout));
    writeFileSync(file('disk.img'), Buffer.alloc(64 << 10, 8));
    const changed = await vmft(fork);
    expect([changed.code, changed.stderr]).toEqual([
      2,
      expect.stringMatching(/disk\.img: not as when disk\.log was rec/),
    ]);
    rmSync(file('disk.img'));
    expect(await vmft(fork)).toMatchObject({
      code: 2,
      stderr: expect.stringMatching(/disk\.img: no such file/),
    });
  });
});

describe('what can not be forked is refused with exit code 2, and nothing is written', () => {
  beforeAll(() => {
    const reader = new LogReader(readFileSync(file('bank.log')), 'bank.log');
    const plain = new LogWriter(reader.description);
    for (const entry of reader) plain.append(entry);
    writeFileSync(file('plain.log'), plain.take());
  });

  test.each<[string[], RegExp]>([
    [
      ['bank.log', '--at', 'output=900', '--crash', 'live@output=700'],
      /^vmft: crash:live@output=700 is before the fork/,
    ],
    [
      ['bank.log', '--at', 'output=900', '--crash', 'primary@t=1ms'],
      /^vmft: crash:primary@1ms is before the fork/,
    ],
    [['bank.log', '--at', 'output=90000'], /^vmft: bank\.log ends before that position, at icount \d+$/m],
    [['bank.log', '--at', '99999999'], /^vmft: bank\.log ends before icount 99999999, at icount \d+$/m],
    [['bank.log', '--at', 't=10s'], /^vmft: bank\.log ends before that time, at [\d.]+ ms/],
    [['bank.log', '--at', 'start'], /a position is N, .* or end/],
    [
      ['bank.log', '--at', '1000', '--max-steps', '999'],
      /^vmft: --max-steps 999 is before the fork, at icount 1000/,
    ],
    [
      ['bank.log', '--at', '1000', '--crash', 'ghost@t=1s'],
      /^vmft: "ghost" is no host here; they are primary, backup, spare/,
    ],
    [['bank.log', '--at', '1000', '--crash', 'primary@fork:output=4'], /after "fork:" comes a time/],
    [['bank.log'], /required option '--at <position>' not specified/],
    [['plain.log', '--at', '1000'], /^vmft: plain\.log does not say how its run was made; .*record it again/],
    [[bank, '--at', '1000'], /not a vmft log/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await vmft(['fork', ...args, '--record', 'not.log']);
    expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(message)]);
    expect(existsSync(file('not.log'))).toBe(false);
  });

  test('though a recording without that can be replayed as before', async () => {
    const [one, other] = await Promise.all(['bank.log', 'plain.log'].map((log) => vmft(['replay', log])));
    expect(other).toEqual(one);
  });
});
