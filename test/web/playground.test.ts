/**
 * The playground in a browser (as page.test.ts): its worker makes the runs of the command line, from a file, under the
 * page's policy and in a sandboxed frame; the page is used with the pointer, by the keyboard alone, and on a telephone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { performStory, readStory } from '../../src/cli/play.ts';
import { durationText } from '../../src/sim/faults/fault-text.ts';
import { linkText, readLink } from '../../src/sim/session/link.ts';
import { parseScenario } from '../../src/sim/story/scenario.ts';
import { type Files, programNames, storyNames } from '../../src/web/play/model/guests.ts';
import { formFrom, setupOf } from '../../src/web/play/model/setup.ts';
import type { FinishedRun } from '../../src/web/play/worker/tasks.ts';
import { root, workplace } from '../cli/command.ts';
import { expectAccessible, expectToFit, LIMIT_MS, launch, wrongOf } from './browser.ts';

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
  browser = await launch();
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
  const wrong = wrongOf(page);
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
      const { simulation, violations } = performStory(parseScenario(setups[number]!.story, 'test'));
      const { machine, outcome } = simulation;
      expect([everything[number], run.outcome, run.steps, run.console]).toEqual([
        ...[everything[number], outcome, machine.icount],
        new TextDecoder().decode(simulation.transcript),
      ]);
      expect([everything[number], BigInt(`0x${run.stateHash}`)]).toEqual([
        everything[number],
        machine.hash(),
      ]);
      expect(run.page.findings.length > 0).toBe(outcome === 'diverged' || violations.length > 0);
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

const bank = (faults: string, focus = { atNs: 20e6, host: 'primary', icount: 0 }) => {
  const setup = setupOf(files, { ...formFrom(files, 'program bank'), faults });
  return `file://${index}#${linkText({ ...setup, focus })}`;
};
/** The link in the address, once it is written. */
async function linkIn(page: Page) {
  await expect.poll(() => new URL(page.url()).hash.length, { timeout: LIMIT_MS }).toBeGreaterThan(1);
  return readLink(new URL(page.url()).hash.slice(1));
}
const shownNs = async (page: Page) =>
  Number(await page.getByRole('slider', { name: 'Time in the whole run' }).getAttribute('aria-valuenow'));

describe('the page', () => {
  it('is moved in time by keys, by events and instructions, and lets time pass', async () => {
    const { page, wrong } = await open(bank('crash:primary@icount=100000'));
    await finished(page);
    const machine = page.locator('.machines h2');
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return shownNs(page);
    };
    const start = await shownNs(page);
    const next = await press('.');
    expect(next).toBeGreaterThan(start);
    expect(await press(',')).toBeLessThan(next);
    const at = async () =>
      Number(/instruction ([\d\u202f]+)/.exec((await machine.textContent())!)![1]!.replaceAll('\u202f', ''));
    const before = await at();
    await press(']');
    expect(await at()).toBe(before + 1);
    await press('[');
    await press('[');
    expect(await at()).toBe(before - 1);
    expect(await press('End')).toBeGreaterThan(70e6);
    expect(await press('Home')).toBe(0);
    await page.locator('body').press(' ');
    await page.waitForFunction('document.querySelector(".surface").getAttribute("aria-valuenow") > 0');
    await page.locator('body').press(' ');
    const paused = await shownNs(page);
    expect(await press('Home')).toBe(0);
    expect(paused).toBeGreaterThan(0);
    // The registers are those of the machine at that instruction, once it is there.
    const pc = page.locator('.registers div:has(dt:text-is("pc")) code').first();
    await expect.poll(() => pc.textContent(), { timeout: LIMIT_MS }).toBe('0000000080000000');
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('makes a run with a fault of a host or link that was clicked, and keeps the old one as a tab', async () => {
    const { page } = await open(bank(''));
    await finished(page);
    await page.getByRole('button', { name: 'link primary–backup' }).click();
    await page.getByRole('button', { name: 'cut for 20 ms' }).click();
    await page.getByText('✓ bank partition:primary-backup@20ms+20ms').waitFor();
    expect(await page.getByRole('tab').count()).toBe(2);
    expect(await page.locator('.command code').textContent()).toBe(
      'vmft run bank --fault partition:primary-backup@20ms+20ms </dev/null',
    );
    await page.getByRole('tab').first().press('ArrowLeft');
    await page.getByRole('tab').first().click();
    expect(await page.locator('.command code').textContent()).toBe('vmft run bank </dev/null');
    await page.close();
  });

  it('runs again while a fault is dragged, shows the newest run only, and survives 300 drags', async () => {
    const { page, wrong } = await open(bank('crash:primary@20ms'));
    await finished(page);
    const handle = page.locator('.fault-handle');
    await handle.scrollIntoViewIfNeeded();
    const box = (await handle.boundingBox())!;
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    await page.mouse.move(x, y);
    await page.mouse.down();
    for (let count = 0; count < 300; count++) await page.mouse.move(x + 40 + ((count * 7) % 300), y);
    await page.mouse.move(x + 200, y);
    await page.mouse.up();
    await finished(page);
    const [fault] = await page
      .locator('.faults textarea')
      .inputValue()
      .then((text) => text.split('\n'));
    const linked = async () => (await linkIn(page)).story;
    await expect.poll(linked, { timeout: LIMIT_MS }).toContain(`fault ${fault}`);
    // Its text, its handle and the run say the same time.
    const handleNs = Number(await handle.getAttribute('aria-valuenow'));
    expect(fault).toBe(`crash:primary@${durationText(handleNs)}`);
    const { simulation } = performStory(parseScenario(await linked(), 'link'));
    expect(await figure(page, 'state hash')).toBe(simulation.machine.hash().toString(16).padStart(16, '0'));
    expect(await page.getByRole('tab').count()).toBe(2);
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('is in a link: another reader sees the same run and focus; a damaged link says so', async () => {
    const url = bank('crash:primary@30ms', { atNs: 45_000_000, host: 'backup', icount: 0 });
    const first = await open(url);
    await finished(first.page);
    await first.page.keyboard.press('.');
    const nextNs = await shownNs(first.page);
    const linkedNs = async () => Math.round((await linkIn(first.page)).focus.atNs);
    await expect.poll(linkedNs, { timeout: LIMIT_MS }).toBe(nextNs);
    const second = await open(first.page.url());
    await finished(second.page);
    const seen = (page: Page) =>
      Promise.all([
        shownNs(page),
        figure(page, 'state hash'),
        page.locator('.transport output').textContent(),
      ]);
    expect(await seen(second.page)).toEqual(await seen(first.page));
    const damaged = await open(`${url.slice(0, -3)}AAA`);
    await damaged.page.getByRole('alert').waitFor();
    expect(await damaged.page.getByRole('alert').textContent()).toMatch(/link can't be opened: .*damaged/);
    for (const { page } of [first, second, damaged]) await page.close();
  });

  it('leads from a story to the next question, and keeps the run before as a tab', async () => {
    const { page } = await open();
    await finished(page);
    await page.getByRole('button', { name: 'Next: What if it dies just after the output?' }).click();
    await page.locator('#run h2 >> text=primary-dies-after-output.story').waitFor();
    expect(await page.getByRole('tab').count()).toBe(2);
    await page.close();
  });

  it('says what is wrong with a fault, and keeps the run', async () => {
    const { page } = await open(bank(''));
    await finished(page);
    await page.locator('.faults textarea').fill('crash:nobody@5ms');
    await page.getByRole('button', { name: 'Run', exact: true }).click();
    expect(await page.getByRole('alert').textContent()).toContain('"nobody" is no host here');
    expect(await page.locator('.figures').count()).toBe(1);
    await page.close();
  });

  it('runs an edited program, which its link holds, and opens a counterexample that was found', async () => {
    const { page, wrong } = await open();
    await finished(page);
    await page.locator('.from select').selectOption({ label: 'hello' });
    await page.getByRole('button', { name: 'Edit', exact: true }).click();
    const code = page.getByRole('textbox', { name: 'Source of hello' });
    await code.press('Control+End');
    // The page's own keys are letters here.
    const added = '\n.data\nadded: .word 1, 2';
    await page.keyboard.type(added);
    await page.keyboard.press('Control+Enter');
    await page.locator('#run h2 >> text=hello.s').first().waitFor();
    await finished(page);
    const linked = async () => (await linkIn(page)).source ?? '';
    await expect.poll(linked, { timeout: LIMIT_MS }).toContain(added);
    const hash = await figure(page, 'state hash');
    const second = await open(page.url());
    await finished(second.page);
    expect(await figure(second.page, 'state hash')).toBe(hash);

    await page.getByRole('button', { name: 'Find a counterexample' }).click();
    await page.getByLabel('Rule that is switched off').selectOption('log-entropy');
    await page.locator('section.search').getByLabel('Program').selectOption('dice');
    await page.getByRole('button', { name: 'Search', exact: true }).click();
    await page.getByRole('button', { name: 'Open this run' }).click();
    await page.getByText('backup diverged').first().waitFor();
    expect([...wrong, ...second.wrong]).toEqual([]);
    for (const one of [page, second.page]) await one.close();
  });

  it('is accessible in both colour schemes, and fits 390 pixels', async () => {
    const { page, wrong } = await open(bank('crash:primary@20ms'));
    await finished(page);
    await page.locator('.instructions').waitFor();
    for (const summary of await page.locator('form summary').all()) await summary.click();
    await expectAccessible(page);
    await expectToFit(page);
    expect(wrong).toEqual([]);
    await page.close();
  });
});
