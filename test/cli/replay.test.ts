import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { LogWriter, readLog } from '../../src/replay/log-file.ts';
import { program, workplace } from './command.ts';

const { file, vmft } = workplace();

test.each([[[]], [['--restore', '3']], [['--json']]])(
  'a replay that contradicts its recording is reported as a divergence: %j',
  async (options) => {
    await vmft(['run', program('dice.s'), '--no-ft', '-q', '--record', 'dice.log']);
    const { description, entries } = readLog(readFileSync(file('dice.log')), 'dice.log');
    const writer = new LogWriter(description);
    for (const entry of entries) writer.append(entry.kind === 'check' ? { ...entry, hash: 1n } : entry);
    writeFileSync(file('other.log'), writer.take());
    const { code, stderr } = await vmft(['replay', 'other.log', ...options]);
    expect(stderr).toMatch(
      /^other\.log: the replay diverges at \d+: [^\n]+ check 0000000000000001 [^\n]+; it was recorded by another machine/,
    );
    expect(code).toBe(3);
  },
);

test('--json says whether its console output is complete', async () => {
  const run = await vmft(['run', program('hello.s'), '-q', '--record', 'hello.log']);
  const { stdout } = await vmft(['replay', 'hello.log', '--json']);
  expect(JSON.parse(stdout)).toMatchObject({ console: run.stdout, consoleTruncated: false });
});

test('--from and --to take a recording apart: the parts print what the whole prints', async () => {
  const run = await vmft(['run', program('dice.s'), '--no-ft', '--record', 'parts.log']);
  for (const place of ['output=30', 'entry=20', 'time=1ms']) {
    const before = await vmft(['replay', 'parts.log', '--to', place]);
    const after = await vmft(['replay', 'parts.log', '--from', place]);
    expect([place, before.stdout + after.stdout]).toEqual([place, run.stdout]);
    const both = await vmft(['replay', 'parts.log', '--from', place, '--to', place]);
    expect([both.stdout, both.stderr]).toEqual(['', before.stderr]);
  }
  const { code, stderr } = await vmft(['replay', 'parts.log', '--from', '2000', '--to', '1000']);
  expect([code, stderr]).toEqual([2, 'vmft: --to is before --from; exchange them\n']);
  expect((await vmft(['replay', 'parts.log', '--to', 'output=x'])).stderr).toContain(
    'a position is N, icount=N',
  );
});
