/** A recording is written during the run, and can be replayed however the run ends. */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { readLog } from '../../src/replay/log-file.ts';
import { examples } from '../thorough.ts';
import { BIN, root, workplace } from './command.ts';

const { directory, file, shell, vmft } = workplace();

/** Reads the clock endlessly, and prints something now and then. */
const endless = `
    li      s0, 0x10000000
1:  li      s1, 1000
2:  rdtime  a0
    addi    s1, s1, -1
    bnez    s1, 2b
    li      a0, '.'
    sb      a0, 0(s0)
    j       1b
`;
beforeAll(() => writeFileSync(file('endless.s'), endless));

/** Runs `endless.s` until its recording has `sizeBytes` bytes, and sends `signal`. */
async function interrupted(
  log: string,
  sizeBytes: number,
  signal: NodeJS.Signals,
  options: readonly string[],
): Promise<{ code: number | null; stderr: string }> {
  rmSync(file(log), { force: true });
  const child = spawn(process.execPath, [BIN, 'run', 'endless.s', '--record', log, ...options], {
    cwd: directory,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (part: string) => {
    stderr += part;
  });
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  const isThere = () => existsSync(file(log)) && statSync(file(log)).size >= sizeBytes;
  while (!isThere() && child.exitCode === null) await setTimeout(1);
  child.kill(signal);
  return { code: await ended, stderr };
}

describe('a recording', () => {
  test.each([
    ['alone', ['--no-ft']],
    ['of a pair that loses its primary', ['--crash', 'primary@icount=40000']],
  ])('%s, cut short by kill -9 at any moment, is good up to its last whole entry', async (name, options) => {
    await fc.assert(
      fc.asyncProperty(fc.nat(60_000), async (sizeBytes) => {
        const log = `killed ${name}.log`;
        await interrupted(log, 100 + sizeBytes, 'SIGKILL', options);
        const { entries, damage } = readLog(readFileSync(file(log)), log);
        const icount = entries.at(-1)?.icount ?? 0;
        expect(damage!.message).toContain(
          `the log is cut short; the last good entry is number ${entries.length}, at icount ${icount}`,
        );
        const replay = await vmft(['replay', log]);
        expect([replay.code, replay.stderr]).toEqual([
          2,
          expect.stringContaining(`${damage!.message}; replayed up to there`),
        ]);
      }),
      { numRuns: examples(10) },
    );
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is whole after %s, which ends the run and says how far it was', async (signal, code) => {
    const run = await interrupted('stopped.log', 5_000, signal, []);
    expect(run.code).toBe(code);
    const said = /interrupted at [^;\n]+; (\d+) steps, [^\n]+\nrecorded to stopped\.log; replay it with/.exec(
      run.stderr,
    );
    const replay = await vmft(['replay', 'stopped.log']);
    expect([replay.code, replay.stderr]).toEqual([0, expect.stringContaining('as recorded')]);
    expect(replay.stderr).toContain(`: ${said?.[1]} steps, `);
  });

  test('and saved machines have shell-quoted names in the printed commands', async () => {
    const [hello, log, states] = [join(root, 'programs/hello.s'), 'my run.log', 'my states'];
    const { stderr } = await vmft(['run', hello, '--record', log, '--save-states', states]);
    const printed = [...stderr.matchAll(/`(vmft [^`]*)`/g)].map(([, command]) => command!);
    expect(printed).toEqual([
      "vmft replay 'my run.log'",
      "vmft diff 'my states/primary.vm' 'my states/backup.vm'",
    ]);
    for (const command of printed)
      expect(await shell(command.replace('vmft', '$VMFT'))).toMatchObject({ code: 0 });
  });

  test('to a device without room does not end the run; it is reported at the end, with exit code 2', async () => {
    const dice = join(root, 'programs/dice.s');
    const { code, stdout, stderr } = await vmft(['run', dice, '--record', '/dev/full']);
    expect(stdout).toBe(readFileSync(join(root, 'programs/expected/dice.txt'), 'utf8'));
    const [completed, failure, ...more] = stderr.split('\n').slice(-3);
    expect(completed).toMatch(/^completed with exit code 0; \d+ steps, /);
    expect([failure, more]).toEqual([expect.stringMatching(/^vmft: \/dev\/full: no space left; /), ['']]);
    expect([code, stderr]).toEqual([2, expect.not.stringContaining('recorded to')]);
  });

  test('to a file that can not grow any more does not end the run; what was written can be replayed', async () => {
    const record = '$VMFT run bank --record';
    await shell(`${record} whole.log </dev/null`);
    const whole = readLog(readFileSync(file('whole.log')), 'whole.log').entries;
    // Not only the head, and not all entries.
    const limitKiB = Math.floor((statSync(file('whole.log')).size * 0.8) / 1024);
    const run = await shell(`ulimit -f ${limitKiB}; ${record} limited.log </dev/null`);
    expect(run.stdout).toBe(readFileSync(join(root, 'programs/expected/bank.txt'), 'utf8'));
    expect(run.stderr).toMatch(/^completed with exit code 0; .*\nvmft: limited\.log: EFBIG: file too large/m);
    expect([run.code, run.stderr]).toEqual([2, expect.not.stringContaining('recorded to')]);
    const { entries, damage } = readLog(readFileSync(file('limited.log')), 'limited.log');
    expect(damage?.message).toContain('the log is cut short');
    expect(entries.length).toBeGreaterThan(0);
    expect(entries).toEqual(whole.slice(0, entries.length));
    expect((await vmft(['replay', 'limited.log'])).stderr).toContain(
      `${damage!.message}; replayed up to there`,
    );
  });
});
