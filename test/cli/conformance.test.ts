import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Facts, reportLines as linesOf } from '../../src/cli/conformance/report.ts';
import { type Result, runTest } from '../../src/cli/conformance/run-test.ts';
import { describeMachine } from '../../src/cli/program.ts';
import { plainText } from '../../src/report/styled-text.ts';
import { examples } from '../thorough.ts';
import { workplace } from './command.ts';
import { executable, saying } from './conformance-programs.ts';

const reportLines = (facts: Facts) => linesOf(facts).map(plainText);
const { directory, vmft: command, interrupted } = workplace();

const PASS = 1;
/** The value in `tohost` of a program whose test of this number fails. */
const failure = (number: number) => number * 2 + 1;

const ENDLESS = saying(PASS, 'j .');
const SLEEPING = saying(PASS, 'wfi');
/** Sleeps until the timer interrupt, a second after boot. */
const SLEEP = `li t0, 0x2004000
  li t1, 10000000
  sd t1, 0(t0)
  li t0, 0x80
  csrw mie, t0
  wfi`;
const WOKEN = saying(PASS, SLEEP);
const WOKEN_FOR_NOTHING = saying(PASS, `${SLEEP}\n j .`);

function write(folder: string, files: Record<string, string | Uint8Array>): string {
  const path = join(directory, folder);
  mkdirSync(path, { recursive: true });
  for (const [name, content] of Object.entries(files))
    writeFileSync(
      join(path, name),
      typeof content === 'string' && content.includes('_start') ? executable(content) : content,
    );
  return path;
}

const run = (source: string, maxSteps = 1000): Result => {
  const folder = write('one', { program: source });
  const load = () => describeMachine(join(folder, 'program'), { memory: 1 << 20, diskSize: 0 });
  return runTest('program', load, maxSteps);
};

/** Prints as the environments of riscv-tests and of its benchmarks do. */
const printing = (text: string, value: number) =>
  saying(
    value,
    `
  la s0, text
1: lbu s1, 0(s0)
  beqz s1, 2f
  # A command to the console: it has been taken when tohost is clear again.
  li t0, 1 << 56 | 1 << 48
  or t0, t0, s1
  la t1, tohost
  sd t0, 0(t1)
3: ld t2, 0(t1)
  bnez t2, 3b
  addi s0, s0, 1
  j 1b
2:
  # A call of the proxy kernel: it is over when fromhost says so.
  la t0, block
  sd t0, 0(t1)
  la t3, fromhost
4: ld t2, 0(t3)
  beqz t2, 4b
  sd zero, 0(t3)
  j 5f
  .balign 64
block: .dword 64, 1, text, ${text.length}, 0, 0, 0, 0
  .globl fromhost
fromhost: .dword 0
text: .asciz "${text}"
  .balign 4
5:
`,
  );

describe('a program', () => {
  test('prints through tohost, and then fails', () => {
    expect(run(printing('case 7 failed', failure(7)))).toMatchObject({
      outcome: 'failed',
      test: 7,
      printed: 'case 7 failedcase 7 failed',
    });
    expect(
      reportLines({
        programs: 1,
        results: [run(printing('oh no', failure(7)))],
        interrupted: false,
        folder: 'x',
      })[1],
    ).toContain("failed: test 7; it printed 'oh nooh no'");
  });

  test('is reported when it waits for an HTIF answer that never comes', () => {
    const result = run(saying('9 << 56 | 3 << 48'));
    expect(result).toMatchObject({ outcome: 'timed-out', unanswered: '0x903000000000000' });
    expect(reportLines({ programs: 1, results: [result], interrupted: false, folder: 'x' })[1]).toContain(
      'timed out; unanswered HTIF command 0x903000000000000 in its tohost',
    );
  });

  test('passes with 1 in tohost; any other odd number names the test that failed', () => {
    expect(run(saying(PASS))).toMatchObject({ outcome: 'passed' });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 31 }), (number) => {
        expect(run(saying(failure(number)))).toMatchObject({ outcome: 'failed', test: number });
      }),
      { numRuns: examples(50) },
    );
  });

  test('is limited to the given number of steps', () => {
    const { steps } = run(saying(PASS));
    expect(steps).toBeGreaterThan(3);
    expect(run(saying(PASS), steps)).toEqual({ name: 'program', steps, outcome: 'passed' });
    expect(run(saying(PASS), steps - 1)).toEqual({ name: 'program', steps: steps - 1, outcome: 'timed-out' });
    for (const endless of [ENDLESS, WOKEN_FOR_NOTHING])
      expect(run(endless, 12_345)).toEqual({ name: 'program', steps: 12_345, outcome: 'timed-out' });
  });

  test('that sleeps is woken by its timer only', () => {
    expect(run(WOKEN)).toMatchObject({ outcome: 'passed' });
    expect(run(SLEEPING)).toMatchObject({ outcome: 'asleep' });
  });

  test('ends with the exit code of the finisher, too', () => {
    const finisher = (value: string) => saying(PASS, `li t0, 0x100000\n li t1, ${value}\n sw t1, 0(t0)`);
    expect(run(finisher('0x5555'))).toMatchObject({ outcome: 'passed' });
    expect(run(finisher('0x73333'))).toMatchObject({ outcome: 'failed', test: 7 });
  });

  test('that reads the clock and random numbers is the same each time', () => {
    const source = saying(PASS, 'csrr a0, time\n csrrw a1, seed, x0\n csrr a2, seed');
    expect(run(source)).toEqual(run(source));
  });

  test('that makes vmft throw is reported with the error', () => {
    const broken = () => {
      throw new Error('a broken invariant');
    };
    expect(runTest('program', broken, 1)).toEqual({
      name: 'program',
      steps: 0,
      outcome: 'broke-vmft',
      reason: 'Error: a broken invariant',
    });
  });
});

test('the report has a row for each program and a total', () => {
  const results: Result[] = [
    { name: 'rv64ui-p-add', steps: 500, outcome: 'passed' },
    { name: 'rv64ui-p-addi', steps: 2_345_678, outcome: 'failed', test: 17 },
    { name: 'rv64ui-p-and', steps: 92, outcome: 'failed', test: 669 },
    { name: 'x', steps: 0, outcome: 'refused', reason: 'not for this machine' },
  ];
  expect(reportLines({ folder: 'isa', programs: 6, results, interrupted: true })).toEqual([
    'program            steps  result',
    'rv64ui-p-add         500  passed',
    'rv64ui-p-addi  2,345,678  failed: test 17',
    'rv64ui-p-and          92  failed: an unexpected trap',
    'x                      0  refused: not for this machine',
    '',
    '1 of 4 passed',
    'interrupted: 2 were not run',
  ]);
});

describe('vmft conformance', () => {
  const vmft = (args: readonly string[]) => command(['conformance', ...args]);

  /** Every third program fails; the failed test has the program's number. */
  const many = () =>
    write(
      'many',
      Object.fromEntries(
        Array.from({ length: 12 }, (_, number) => [
          `test-${number + 1}`,
          saying(number % 3 === 2 ? failure(number + 1) : PASS),
        ]),
      ),
    );

  test('runs the ELF files of a folder and nothing else, in the order of their names', async () => {
    const folder = many();
    writeFileSync(join(folder, 'test-1.dump'), 'Disassembly of section .text:\n');
    writeFileSync(join(folder, 'empty'), '');
    mkdirSync(join(folder, 'sources'), { recursive: true });
    symlinkSync('sources', join(folder, 'link'));
    symlinkSync('nowhere', join(folder, 'dangling'));
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const { code, stdout, stderr } = await vmft([folder]);
    expect(code).toBe(1);
    expect(stderr).toBe('');
    const names = stdout.match(/^test-\d+(?= .*(passed|failed))/gm);
    expect(names).toEqual(Array.from({ length: 12 }, (_, number) => `test-${number + 1}`));
    expect(stdout).toContain('failed: test 9');
    expect(stdout).toContain('\n8 of 12 passed\n');
  });

  test('gives the same report with any number of workers', async () => {
    const folder = many();
    const [one, four] = await Promise.all(['1', '4'].map((jobs) => vmft([folder, '--json', '--jobs', jobs])));
    expect(one).toEqual(four);
    const { results, ...rest } = JSON.parse(one!.stdout);
    expect(rest).toEqual({ folder, programs: 12, interrupted: false });
    expect(results[2]).toEqual({ name: 'test-3', steps: expect.any(Number), outcome: 'failed', test: 3 });
  });

  test('--only chooses by name; the exit code is 0 when all chosen programs pass', async () => {
    const { code, stdout } = await vmft([many(), '--only', 't*-1', '--json']);
    const chosen = JSON.parse(stdout).results.map(({ name }: Result) => name);
    expect(chosen).toEqual(['test-1', 'test-10', 'test-11', 'test-12']);
    expect(code).toBe(1);
    expect(await vmft([many(), '--only', 'test-10'])).toMatchObject({ code: 0, stderr: '' });
  });

  test('a program that does not end, or is for another machine, does not pass', async () => {
    const other = executable(saying(PASS));
    other[4] = 1;
    const folder = write('bad', { endless: ENDLESS, other, sleeping: SLEEPING });
    const { code, stdout } = await vmft([folder, '--max-steps', '1000']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^endless +1,000 {2}timed out$/m);
    expect(stdout).toMatch(/^other +0 {2}refused: .*not a 64-bit ELF file/m);
    expect(stdout).toMatch(/^sleeping +1 {2}waits for an interrupt/m);
  });

  test('ends with the results so far when it is interrupted', async () => {
    const folder = write('long', { 'a-passes': saying(PASS), 'b-endless': ENDLESS, 'c-waits': ENDLESS });
    const { code, stdout, stderr } = await interrupted(
      ['conformance', folder, '--jobs', '1', '--max-steps', '1000000000000'],
      2,
    );
    expect([code, stderr]).toEqual([130, '']);
    expect(stdout).toMatch(/^a-passes +\d+ {2}passed$/m);
    expect(stdout).toContain('interrupted: 2 were not run');
  });

  test('refuses wrong use with a reason', async () => {
    const refused = async (args: string[], reason: RegExp) =>
      expect(await vmft(args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringMatching(reason) });
    await refused([join(directory, 'nothing')], /nothing: no such file or directory; give a folder/);
    await refused([write('empty', { 'a.dump': 'text' })], /no ELF file/);
    await refused([many(), '--only', 'rv64'], /no ELF file whose name matches rv64/);
    await refused([many(), '--max-steps', '0'], /from 1 on/);
  });
});
