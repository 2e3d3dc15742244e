/** `--verify` replays the run on a fresh machine, and reports what differs outside. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { program, workplace } from './command.ts';

const { file, vmft } = workplace();
const checked = /^checked: a fresh machine that replays the log prints the same/m;
const violation = /^VIOLATION of (\S+): /gm;
const violated = (stderr: string) => [...stderr.matchAll(violation)].map(([, invariant]) => invariant);

describe('a run without a fault', () => {
  test.each([[[]], [['--no-ft']]])(
    'is replayed, and the result reported; without the option it is not: %j',
    async (options) => {
      const [asked, unasked] = await Promise.all([
        vmft(['run', program('dice.s'), '--verify', ...options]),
        vmft(['run', program('dice.s'), ...options]),
      ]);
      expect([asked.code, unasked.code]).toEqual([0, 0]);
      expect(asked.stderr).toMatch(checked);
      expect(unasked.stderr).not.toMatch(checked);
    },
  );

  test('is replayed, too, when a rule is switched off', async () => {
    const { code, stderr } = await vmft(['run', program('hello.s'), '--unsafe', 'dedup']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(checked)]);
  });
});

describe('a violation that only the replay finds', () => {
  /** Flips the lowest bit of a letter that the guest prints: `c` becomes `b`. */
  async function flipped(): Promise<string[]> {
    await vmft(['asm', program('hello.s'), '-o', 'hello.bin']);
    const offset = readFileSync(file('hello.bin')).indexOf('cannot tell');
    return ['run', program('hello.s'), '--no-ft', '--fault', `flip:primary@0ms=${offset}.0`];
  }

  test('is reported with exit code 3; without the option it goes unnoticed', async () => {
    const given = await flipped();
    const [unasked, asked] = await Promise.all([vmft(given), vmft([...given, '--verify'])]);
    for (const { stdout, stderr } of [unasked, asked]) {
      expect(stdout).toMatch(/I bannot tell\.\n$/);
      expect(stderr).toContain('completed with exit code 0');
      expect(stderr).not.toMatch(checked);
    }
    expect([unasked.code, violated(unasked.stderr)]).toEqual([0, []]);
    expect([asked.code, violated(asked.stderr)]).toEqual([3, ['outputs-covered']]);
    expect(asked.stderr).toMatch(
      /console byte \d+ is .*bannot.*a machine with the same history prints .*cannot/,
    );
  });

  test('has its place in the document of --json', async () => {
    const { code, stdout } = await vmft([...(await flipped()), '--verify', '--json']);
    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({
      outcome: 'completed',
      violations: [{ invariant: 'outputs-covered', message: expect.stringContaining('bannot tell') }],
    });
  });

  test('is found with a rule of the protocol switched off, and only then', async () => {
    const cluster = ['--clients', '3', '--backups', '2', '--spares', '0', '--fault', 'crash:live@entry=89'];
    const given = ['run', program('kv/kv.elf'), ...cluster, '--verify'];
    const [on, off] = await Promise.all([vmft(given), vmft([...given, '--unsafe', 'dedup'])]);
    expect([on.code, violated(on.stderr)]).toEqual([0, []]);
    expect(on.stderr).toMatch(checked);
    expect([off.code, violated(off.stderr)]).toEqual([3, ['outputs-covered']]);
    expect(off.stderr).not.toMatch(checked);
  });
});
