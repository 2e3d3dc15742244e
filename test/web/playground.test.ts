/**
 * The playground in a browser (as page.test.ts): its worker makes the runs of the command line, from a file, under the
 * page's policy and in a sandboxed frame; the page is used with the pointer, by the keyboard alone, and on a telephone.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { type Browser, chromium, type FrameLocator, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from '../../src/check/verdict.ts';
import { performStory, readStory } from '../../src/cli/play.ts';
import { evidenceOf } from '../../src/sim/cluster/evidence.ts';
import { linkText, readLink } from '../../src/sim/session/link.ts';
import { parseScenario } from '../../src/sim/story/scenario.ts';
import { type Files, programNames, storyNames } from '../../src/web/play/model/guests.ts';
import { commandOf, formFrom, setupOf } from '../../src/web/play/model/setup.ts';
import type { FinishedRun } from '../../src/web/play/worker/tasks.ts';
import { root, workplace } from '../cli/command.ts';

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Only for what hangs. */
const LIMIT_MS = 240_000;
const index = join(root, 'dist/web/index.html');
const { file } = workplace();
let browser: Browser;

const [, archive] = /<script id="archive"[^>]*>([^<]*)</.exec(readFileSync(index, 'utf8'))!;
const files: Files = new Map(
  Object.entries(unzipSync(new Uint8Array(Buffer.from(archive!, 'base64')))).map(([name, bytes]) => [
    name,
    new Uint8Array(bytes),
  ]),
);

beforeAll(async () => {
  if (!existsSync(executablePath))
    throw new Error(`${executablePath} is missing: apt-get install chromium, or set CHROMIUM`);
  browser = await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: LIMIT_MS });
});
afterAll(() => browser?.close());

interface Opened {
  page: Page;
  /** What the page has asked for, and what went to the error console. */
  wrong: string[];
}

async function open(url = `file://${index}`, width = 1280): Promise<Opened> {
  const page = await browser.newPage({ viewport: { width, height: 900 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(LIMIT_MS);
  const wrong: string[] = [];
  page.on('request', (request) => {
    if (!request.isNavigationRequest() && !/^(data|blob):/.test(request.url())) wrong.push(request.url());
  });
  page.on('console', (message) => wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(error.message));
  await page.goto(url);
  return { page, wrong };
}

/** Waits until the run is over, and its result shown. */
const finished = (page: Page | FrameLocator) =>
  page.locator('#run[aria-busy=false] .figures').waitFor({ timeout: LIMIT_MS });
const figure = (page: Page | FrameLocator, name: string) =>
  page.locator(`.figures div:has(dt:text-is("${name}")) dd`).textContent();

const everything = [
  ...programNames(files).map((name) => `program ${name}`),
  ...storyNames(files).map((name) => `story ${name}`),
];

describe('the worker, from a file and under the policy of the page', () => {
  it('gives hash, outcome and console of the command line for every bundled program and story', async () => {
    const { page, wrong } = await open();
    await finished(page);
    const setups = everything.map((from) => setupOf(files, formFrom(files, from)));
    const given = [...files].map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')] as const);
    const runs = await page.evaluate(runInWorker, { given, setups });
    for (const [number, run] of (runs as FinishedRun[]).entries()) {
      const { simulation } = performStory(parseScenario(setups[number]!.story, 'test'));
      const { machine, outcome } = simulation;
      expect([everything[number], run.outcome, run.steps, run.console]).toEqual([
        ...[everything[number], outcome, machine.icount],
        new TextDecoder().decode(simulation.transcript),
      ]);
      expect([everything[number], BigInt(`0x${run.stateHash}`)]).toEqual([
        everything[number],
        machine.hash(),
      ]);
      expect(run.page.findings.length > 0).toBe(
        outcome === 'diverged' || judge(evidenceOf(simulation)).length > 0,
      );
    }
    expect(wrong).toEqual([]);
    await page.close();
  });
});

interface WorkerLike {
  postMessage(message: unknown): void;
  onmessage?: (event: { data: { kind: string; result: unknown; message: string } }) => void;
}

/** In the page: runs setups one after the other in a worker as the page's. */
async function runInWorker({ given, setups }: { given: (readonly [string, string])[]; setups: object[] }) {
  const bytesOf = (text: string) => Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  const all = new Map(given.map(([name, text]) => [name, bytesOf(text)]));
  const url = URL.createObjectURL(new Blob([all.get('worker.js')!], { type: 'text/javascript' }));
  const { Worker } = globalThis as never as { Worker: new (url: string) => WorkerLike };
  const worker = new Worker(url);
  worker.postMessage(all);
  const results: unknown[] = [];
  for (const [id, setup] of setups.entries())
    results.push(
      await new Promise((resolve, reject) => {
        worker.onmessage = ({ data }) => {
          if (data.kind === 'result') resolve(data.result);
          else if (data.kind !== 'progress') reject(new Error(`${id}: ${data.message}`));
        };
        worker.postMessage({ id, task: 'run', argument: { run: 1, setup } });
      }),
    );
  return results;
}

it('runs in a sandboxed frame, where there is no storage', async () => {
  const frame = file('frame.html');
  writeFileSync(
    frame,
    `<iframe sandbox="allow-scripts" width="1000" height="800" src="file://${index}"></iframe>`,
  );
  const { page, wrong } = await open(`file://${frame}`);
  const inside = page.frameLocator('iframe');
  await finished(inside);
  const { simulation } = performStory(readStory('primary-dies-before-output'));
  expect(await figure(inside, 'state hash')).toBe(simulation.machine.hash().toString(16).padStart(16, '0'));
  expect(wrong.filter((text) => !text.startsWith('file:'))).toEqual([]);
  await page.close();
});
