import { writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from 'vitest';
import { program, type Result, workplace } from './command.ts';

const { file, vmft: command, interrupted, shell: execute } = workplace();
const vmft = (...args: string[]) => command(args);
/** Executes a printed command line. */
const shell = (line: string) => execute(line.trim().replace(/^vmft/, '$VMFT'));

beforeAll(() => {
  writeFileSync(file('idle.s'), 'wfi\nj .\n');
  writeFileSync(file('echo input.txt'), 'open me\nquit\n');
});

describe('vmft chaos', () => {
  test('gives the same results for the same seed, whatever the number of jobs', async () => {
    const [one, three, other] = await Promise.all(
      [
        ['--jobs', '1'],
        ['--jobs', '3'],
        ['--jobs', '2', '--seed', '2'],
      ].map((args) =>
        vmft('chaos', program('bank.s'), '--runs', '16', '--json', '--stop-after', '0', ...args),
      ),
    );
    const results = ({ stdout }: Result) => {
      const { seconds, jobs: _, ...rest } = JSON.parse(stdout);
      expect(seconds).toBeGreaterThan(0);
      return rest;
    };
    expect(results(one!)).toEqual(results(three!));
    expect(results(one!)).toMatchObject({ runs: 16, interrupted: false, counterexample: null });
    expect(results(one!).coverage).not.toEqual(results(other!).coverage);
    expect(one!.code).toBe(0);
  });

  test('in parts on several machines: merged, they are the report of the whole', async () => {
    const options = [program('bank.s'), '--runs', '9', '--faults', 'crash', '--jobs', '1'];
    const reports = await Promise.all(
      ['1/2', '2/2'].map((shard) => vmft('chaos', ...options, '--shard', shard, '--json')),
    );
    expect(reports.map(({ code }) => code)).toEqual([0, 0]);
    const paths = reports.map(({ stdout }, index) => {
      const path = file(`part ${index + 1}.json`);
      writeFileSync(path, stdout);
      return path;
    });
    const whole = await vmft('chaos', ...options);
    const both = await vmft('chaos', 'merge', ...paths);
    expect(both.code).toBe(0);
    const [heading, runs, ...rest] = both.stdout.split('\n');
    expect(heading).toMatch(/bank\.s: random faults, seed 1, 2 parts$/);
    expect(runs).toMatch(/^ {2}runs +9 in \d+\.\d s$/);
    const withoutRates = (line: string) => line.replace(/, [\d.]+ (a minute|times as fast .*)$/, '');
    expect(rest).toEqual(whole.stdout.split('\n').slice(2).map(withoutRates));
    // Merged again, with a report twice, and without a part.
    writeFileSync(file('both.json'), (await vmft('chaos', 'merge', '--json', ...paths)).stdout);
    expect((await vmft('chaos', 'merge', file('both.json'))).stdout).toBe(both.stdout);
    const twice = await vmft('chaos', 'merge', ...paths, file('both.json'));
    expect(twice.code).toBe(2);
    expect(twice.stderr).toMatch(/both have run 0; give each report once/);
    const half = await vmft('chaos', 'merge', paths[1]!);
    expect(half.code).toBe(2);
    expect(half.stderr).toMatch(/no report has runs 0 to 3 of 9; .*--partial/);
    const partial = await vmft('chaos', 'merge', paths[1]!, '--partial');
    expect(partial.code).toBe(0);
  });

  test('prints only a report, with counts by phase and with empty cells', async () => {
    const { code, stdout, stderr } = await vmft(
      'chaos',
      program('bank.s'),
      '--runs',
      '8',
      '--faults',
      'crash,pause',
    );
    expect(code).toBe(0);
    expect(stderr).toBe('');
    for (const part of [
      '8 in',
      'completed',
      '0  VIOLATED',
      'failovers',
      'worst down time',
      'seed 1/',
      'virtual time',
    ])
      expect(stdout).toContain(part);
    expect(stdout).toMatch(/^ {2} +crash +pause$/m);
    expect(stdout).toMatch(/^ {2}primary +\d+/m);
    expect(stdout).toMatch(/^ {2}switching +· +·$/m);
  });

  test.each([
    ['bank.s', ['--unsafe', 'dedup', '--input', 'echo input.txt'], 'outputs-covered'],
    ['bank.s', ['--unsafe', 'log-clock', '--faults', 'crash,partition'], 'divergence'],
    ['dice.s', ['--unsafe', 'log-entropy', '--faults', 'clock'], 'divergence'],
    [
      'journal.s',
      ['--unsafe', 'test-and-set', '--unsafe', 'output-rule', '--disk-size', '128K'],
      'output-rule',
    ],
  ])(
    '%s %j: a violation is shrunk and drawn, and the printed command repeats it',
    async (name, args, invariant) => {
      const { code, stdout } = await vmft('chaos', program(name), '--runs', '60', ...args);
      expect(code).toBe(3);
      expect(stdout).toMatch(/VIOLATION, found in run \d+/);
      expect(stdout).toMatch(/^ +ms +primary .*edge$/m);
      const found = new RegExp(`^ {2}${invariant}: (.*)$`, 'm').exec(
        stdout.slice(stdout.indexOf('VIOLATION, found')),
      );
      expect(found, `no ${invariant} in:\n${stdout}`).not.toBeNull();
      const again = await shell(stdout.slice(stdout.indexOf('to reproduce it:\n') + 17));
      expect(again.code).toBe(3);
      if (invariant === 'divergence') expect(again.stderr).toContain('the machines have diverged');
      else expect(again.stderr).toContain(`VIOLATION of ${invariant}: ${found![1]}`);
    },
  );

  test('prints a command that repeats the run with the worst down time', async () => {
    const { stdout } = await vmft('chaos', program('kv/kv.elf'), '--clients', '2', '--runs', '10', '--json');
    const { worstDown } = JSON.parse(stdout);
    const again = await shell(`${worstDown.command} --json`);
    const { seed, failovers } = JSON.parse(again.stdout);
    expect(seed).toBe(worstDown.seed);
    expect(Math.max(...failovers.map((one: { firstOutputMs: number }) => one.firstOutputMs))).toBeCloseTo(
      worstDown.ms,
      6,
    );
  });

  test('--exhaustive crashes at every position', async () => {
    const { code, stdout } = await vmft('chaos', program('dice.s'), '--exhaustive', '--json');
    expect(code).toBe(0);
    const { runs, outcomes, faults } = JSON.parse(stdout);
    expect(faults).toEqual({ injected: runs, notTriggered: 0 });
    expect(outcomes).toMatchObject({ violated: 0, corrupted: 0, diverged: 0 });
    expect(runs).toBeGreaterThan(100);
  });

  test('--from continues where a campaign ended', async () => {
    const [whole, first, rest] = await Promise.all(
      [['16'], ['6'], ['16', '--from', '6']].map(async (runs) => {
        const { stdout } = await vmft('chaos', program('dice.s'), '--jobs', '1', '--json', '--runs', ...runs);
        return JSON.parse(stdout);
      }),
    );
    expect([first.runs, rest.runs]).toEqual([6, 10]);
    for (const count of ['failovers', 'protections']) expect(first[count] + rest[count]).toBe(whole[count]);
    expect(first.faults.injected + rest.faults.injected).toBe(whole.faults.injected);
  });

  test('ends with the summary so far when it is interrupted', async () => {
    const campaign = ['chaos', program('bank.s'), '--runs', '1000000', '--jobs', '1'];
    const { code, stdout } = await interrupted(campaign, 3);
    expect(code).toBe(130);
    expect(stdout).toMatch(/interrupted after (\d+) of 1000000 runs; continue with --from \1\n/);
    expect(stdout).toContain('failovers');
  });

  test('refuses wrong use with a reason', async () => {
    const refused = async (args: string[], reason: RegExp) => {
      const { code, stderr } = await vmft('chaos', ...args);
      expect([code, stderr]).toEqual([2, expect.stringMatching(reason)]);
    };
    await refused([program('bank.s'), '--faults', 'crash,meteor'], /no kind "meteor"; the kinds are crash,/);
    await refused([program('bank.s'), '--exhaustive', '--runs', '5'], /cannot be used with/);
    await refused([program('bank.s'), '--backups', '0'], /from 1 to 3/);
    await refused([file('idle.s')], /does not terminate/);
  });
});

describe('vmft run', () => {
  test('--diagram draws the run as a sequence diagram on stderr', async () => {
    const { code, stdout, stderr } = await vmft(
      'run',
      program('hello.s'),
      '--crash',
      'primary@output=3',
      '--diagram',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Hello!.*\n$/);
    expect(stderr).toMatch(/^ +ms +primary +backup +spare +storage +edge$/m);
    expect(stderr).toContain('✖ CRASH');
  });

  test('--check-every compares the machines more often, and a flipped bit is traced', async () => {
    const flip = ['--fault', 'flip:backup@20ms=4096.0'];
    const { code, stderr } = await vmft('run', program('bank.s'), ...flip, '--check-every', '50000');
    expect(code).toBe(3);
    expect(stderr).toContain(
      'memory corruption on backup: a replay of its history differs in page 0x80001000',
    );
  });
});
