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
