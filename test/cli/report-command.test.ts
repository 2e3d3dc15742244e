/** `vmft report` of a folder of evidence: the page, the verdict, and what is wrong in words. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateSync } from 'fflate';
import { beforeAll, expect, test } from 'vitest';
import { EvidenceFile } from '../../src/cli/judging/files.ts';
import { EVIDENCE_SUFFIX } from '../../src/host/evidence/format.ts';
import type { PageData } from '../../src/report/page/page-data.ts';
import { parseFault } from '../../src/sim/faults/fault-text.ts';
import { campaignDefaults } from '../../src/sim/spec/spec.ts';
import { runOf } from '../../src/web/report/model/run.ts';
import { untimed } from '../host/earlier-evidence.ts';
import { workplace } from './command.ts';
import { RecordedRun } from './simulated-evidence.ts';

const { vmft, file } = workplace();

/** The data of a page. */
function pageIn(name: string): PageData {
  const text = /<script id="data"[^>]*>([^<]*)</.exec(readFileSync(file(name), 'utf8'))![1]!;
  return JSON.parse(new TextDecoder().decode(inflateSync(Buffer.from(text, 'base64'))));
}

let recorded: RecordedRun;
beforeAll(() => {
  const faults = [parseFault('crash:primary@icount=100000')];
  recorded = new RecordedRun('bank', { ...campaignDefaults, faults });
});

test('the page has the verdict, the hosts, who was live when, and what they have printed', async () => {
  recorded.write(file('evidence'));
  const { code, stderr } = await vmft(['report', 'evidence']);
  expect(stderr).toMatch(/^no violations in group g1: bank.s completed on backup at icount 350298, /);
  expect(stderr).toContain('report written to g1.html');
  expect(code).toBe(0);
  const page = pageIn('g1.html');
  expect(page).toMatchObject({
    source: 'evidence',
    verdict: { tone: 'good', text: 'completed on backup, exit code 0' },
    command: 'vmft judge evidence --group g1 --record g1.log',
    hosts: ['primary', 'backup', 'spare'],
    backups: ['backup'],
    machines: { names: ['primary', 'backup'], equal: true, icount: 100_000 },
    findings: [],
  });
  expect(page.playground).toBeUndefined();
  const run = runOf(page);
  const states = (host: string) => run.states.get(host)!.map(({ value }) => value);
  expect(states('primary')).toEqual(['live', 'no power']);
  expect(states('backup').slice(0, 2)).toEqual(['follows', 'live']);
  expect(states('spare').slice(0, 2)).toEqual(['spare', 'follows']);
  expect(run.shown.map(({ text }) => text).join('')).toBe(
    new TextDecoder().decode(recorded.simulation.transcript),
  );
  expect(run.generations.map(({ value }) => value.split(':')[0])).toEqual(['1', '2', '3']);
});

test('what is damaged is not judged, and the page says so', async () => {
  recorded.write(file('damaged'));
  const name = readdirSync(file('damaged')).find((one) => one.startsWith('g1.host-backup'))!;
  const path = join(file('damaged'), name);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(path, bytes);
  const { code, stderr } = await vmft(['report', 'damaged', '-o', 'damaged.html']);
  expect(code).toBe(2);
  expect(stderr).toContain(`not judged: damaged/${name} is damaged at byte`);
  const page = pageIn('damaged.html');
  expect(page.verdict.tone).toBe('plain');
  expect(page.before).toContainEqual(expect.stringContaining('is damaged at byte'));
  expect(runOf(page).states.get('backup')!.at(-1)!.value).toBe('no evidence');
});

test('without evidence, or of a group that it is not of, no page is written', async () => {
  mkdirSync(file('empty'));
  recorded.write(file('one'));
  const wrong = async (...args: string[]) => {
    const { code, stderr, stdout } = await vmft(['report', ...args, '-o', 'none.html']);
    expect([code, stdout]).toEqual([2, '']);
    return stderr;
  };
  expect(await Promise.all([wrong('empty'), wrong('one', '--group', 'g2'), wrong('nowhere')])).toEqual([
    expect.stringContaining('empty: no evidence; hosts, switch and storage write it'),
    expect.stringContaining('one: no evidence of group g2'),
    expect.stringContaining('nowhere: neither a story'),
  ]);
  expect(readdirSync(file('.'))).not.toContain('none.html');
});

test('evidence of the version without times is judged, and makes no page', async () => {
  recorded.write(file('old'));
  for (const name of readdirSync(file('old')).filter((one) => one.endsWith(EVIDENCE_SUFFIX))) {
    const path = join(file('old'), name);
    const evidence = new EvidenceFile(path);
    writeFileSync(path, untimed([evidence.head, ...evidence, { kind: 'closed' }]));
  }
  const page = await vmft(['report', 'old', '-o', 'none.html']);
  expect(page).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(/evidence of format 1 has no times.*`vmft judge`/),
  });
  const { code, stdout } = await vmft(['judge', 'old']);
  expect(stdout).toMatch(/^no violations in group g1/);
  expect(code).toBe(0);
});
