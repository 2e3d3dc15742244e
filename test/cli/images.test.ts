/** Recordings of a guest with a large boot image: it is beside them once, and `vmft pack` makes one file of both. */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { replay } from '../../src/lib/index.ts';
import { examples } from '../thorough.ts';
import { BIN, workplace } from './command.ts';

const { file, shell, vmft } = workplace();

const source = `
_start:
    li      s0, 0x100000
    li      a0, 0x5555
    sw      a0, 0(s0)
1:  j       1b
words:
    .fill   300000, 4, 0x12345678
`;
/** Reads the clock endlessly; its image is written by a thread. */
const endless = `
_start:
1:  rdtime  a0
    j       1b
words:
    .fill   3000000, 4, 0x12345678
`;
const imagesIn = (directory: string) =>
  existsSync(`${directory}/vmft-images`) ? readdirSync(`${directory}/vmft-images`) : [];
const hashOf = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');

test('several recordings at once share an image, which is whole whenever it is seen', async () => {
  mkdirSync(file('shared'));
  writeFileSync(file('shared/large.s'), source);
  let over = false;
  const names = ['a.log', 'b.log', 'c.log'];
  const runs = Promise.all(
    names.map((name) => shell(`cd shared && $VMFT run large.s --no-ft --record ${name} --quiet`)),
  ).finally(() => {
    over = true;
  });
  while (!over) {
    for (const name of imagesIn(file('shared')))
      if (!name.startsWith('.')) expect(hashOf(file(`shared/vmft-images/${name}`))).toBe(name);
    await setTimeout(3);
  }
  for (const { code, stderr } of await runs) expect([code, stderr]).toEqual([0, '']);
  expect(imagesIn(file('shared'))).toHaveLength(1);
  for (const name of names) {
    expect(statSync(file(`shared/${name}`)).size).toBeLessThan(10_000);
    expect((await vmft(['replay', `shared/${name}`])).code).toBe(0);
  }
  expect(replay(file('shared/a.log')).run().icount).toBeGreaterThan(2);
});

test('a recording whose image is written beside the run, killed at any moment, is not there or names a whole image', async () => {
  mkdirSync(file('killed'));
  writeFileSync(file('killed/endless.s'), endless);
  let there = 0;
  await fc.assert(
    fc.asyncProperty(fc.nat(400), fc.boolean(), async (ms, whenThere) => {
      rmSync(file('killed/vmft-images'), { recursive: true, force: true });
      rmSync(file('killed/x.log'), { force: true });
      const child = spawn(process.execPath, [BIN, 'run', 'endless.s', '--no-ft', '--record', 'x.log'], {
        cwd: file('killed'),
        stdio: 'ignore',
      });
      const ended = new Promise((resolve) => child.on('close', resolve));
      while (whenThere && !existsSync(file('killed/x.log'))) await setTimeout(1);
      await setTimeout(ms);
      child.kill('SIGKILL');
      await ended;
      for (const name of imagesIn(file('killed')))
        if (!name.startsWith('.')) expect(hashOf(file(`killed/vmft-images/${name}`))).toBe(name);
      if (!existsSync(file('killed/x.log'))) return;
      there++;
      const recorded = replay(file('killed/x.log'));
      expect(recorded.damage).toContain('the log is cut short');
      expect(recorded.run().icount).toBe(recorded.end);
    }),
    { numRuns: examples(6), examples: [[200, true]] },
  );
  expect(there).toBeGreaterThan(0);
});

test('what a process that was killed has left of an image is removed by a recording more than an hour later', async () => {
  mkdirSync(file('left/vmft-images'), { recursive: true });
  writeFileSync(file('left/large.s'), source);
  const leave = (name: string, ago: number) => {
    const path = file(`left/vmft-images/${name}`);
    writeFileSync(path, 'part');
    utimesSync(path, new Date(), new Date(Date.now() - ago));
  };
  const image = expect.stringMatching(/^[0-9a-f]{64}$/);
  // The second time the image is there.
  for (const log of ['a.log', 'b.log']) {
    leave('.12-0-0.tmp', 3_700_000);
    leave('.13-1-0.tmp', 0);
    leave('mine.tmp', 3_700_000);
    expect((await shell(`cd left && $VMFT run large.s --no-ft --record ${log} --quiet`)).code).toBe(0);
    expect(imagesIn(file('left')).sort()).toEqual(['.13-1-0.tmp', image, 'mine.tmp']);
  }
});

test('a packed recording needs nothing else, and is what a pipe gets', async () => {
  const packed = await vmft(['pack', 'shared/a.log', '-o', 'whole.log']);
  expect([packed.code, packed.stderr]).toEqual([0, '']);
  expect((await shell('$VMFT run shared/large.s --no-ft --record - > piped.log')).code).toBe(0);
  expect(readFileSync(file('piped.log')).equals(readFileSync(file('whole.log')))).toBe(true);
  // Snapshots of the one are good for the other.
  expect((await vmft(['index', 'shared/a.log', '--quiet'])).code).toBe(0);
  copyFileSync(file('shared/a.log.snapshots'), file('whole.log.snapshots'));
  const { code, stderr } = await vmft(['replay', 'whole.log', '--from', '3']);
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('warning')]);
});

test('a recording is found through a link; away from its images it says what is missing, and nothing is written', async () => {
  mkdirSync(file('away'));
  symlinkSync(file('shared/a.log'), file('away/link.log'));
  expect(replay(file('away/link.log')).run().end).toBeGreaterThan(2);
  copyFileSync(file('shared/a.log'), file('away/a.log'));
  const missing =
    /^vmft: away\/a\.log: its boot image \S*away\/vmft-images\/[0-9a-f]{64} is missing; copy the directory/;
  const { code, stdout, stderr } = await vmft(['replay', 'away/a.log']);
  expect([code, stdout, stderr]).toEqual([2, '', expect.stringMatching(missing)]);
  expect((await vmft(['pack', 'away/a.log', '-o', 'away/none.log'])).stderr).toMatch(missing);
  expect(readdirSync(file('away')).sort()).toEqual(['a.log', 'link.log']);
  // Its entries are all there.
  expect((await vmft(['log', 'away/a.log'])).stdout).toContain('control');
  expect(() => replay(file('away/a.log'))).toThrow(/is missing; copy the directory vmft-images/);
});

test('a damaged image is named, and replaced by the next recording; a cut recording is packed up to its last entry', async () => {
  const [name] = imagesIn(file('shared'));
  writeFileSync(file(`shared/vmft-images/${name}`), 'nonsense');
  expect(() => replay(file('shared/a.log'))).toThrow(
    `shared/vmft-images/${name} is damaged; copy it again, or record`,
  );
  expect((await shell('cd shared && $VMFT run large.s --no-ft --record e.log --quiet')).code).toBe(0);
  replay(file('shared/a.log')).run();
  const whole = readFileSync(file('shared/a.log'));
  writeFileSync(file('shared/a.log'), whole.subarray(0, whole.length - 1));
  const packed = await vmft(['pack', 'shared/a.log', '-o', 'cut.log']);
  expect([packed.code, packed.stderr]).toEqual([
    2,
    expect.stringMatching(/cut short.*; packed up to there\n$/),
  ]);
  expect(replay(file('cut.log')).damage).toContain('cut short');
  rmSync(file('shared'), { recursive: true });
});
