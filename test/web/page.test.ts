/**
 * The page of a run in a browser (Debian's chromium, or the one that CHROMIUM names): it asks for nothing, reports no
 * error, is small, usable by the keyboard, readable on a telephone, and accessible in both colour schemes.
 */
import { statSync, writeFileSync } from 'node:fs';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workplace } from '../cli/command.ts';
import { expectAccessible, expectToFit, launch, type Opened, openPage } from './browser.ts';

const { vmft, file } = workplace();
let browser: Browser;

/** Guest output that would be an element, or end one, in a page that inserted it as HTML. */
const HOSTILE = '</script><img src=x onerror="document.title=1"><b>bold</b>';

beforeAll(async () => {
  browser = await launch();
  const crash = ['--crash', 'primary@icount=100000'];
  await vmft(['run', 'bank', ...crash, '--report', 'bank.html', '--quiet']);
  await vmft(['run', 'bank', ...crash, '--unsafe', 'log-clock', '--report', 'clock.html', '--quiet']);
  await vmft(['report', 'two-backups']);
  writeFileSync(file('hostile.s'), hostile(HOSTILE));
  await vmft(['run', 'hostile.s', '--report', 'hostile.html', '--quiet']);
});
afterAll(() => browser?.close());

/** A program that prints a text and ends. */
const hostile = (text: string): string =>
  [
    ...['_start:', '  la a0, text', '  li t0, 0x10000000', 'next:', '  lbu t1, 0(a0)', '  beqz t1, done'],
    ...['  sb t1, 0(t0)', '  addi a0, a0, 1', '  j next', 'done:', '  li t0, 0x100000', '  li t1, 0x5555'],
    ...['  sw t1, 0(t0)', 'loop:', '  j loop', 'text:', `  .asciz ${JSON.stringify(`${text}\n`)}`, ''],
  ].join('\n');

const open = (name: string, width?: number, colorScheme?: 'light' | 'dark', hash?: string): Promise<Opened> =>
  openPage(browser, file(name), { width, colorScheme, hash });

const pages = ['bank.html', 'clock.html', 'two-backups.html', 'hostile.html'];

describe.each(pages)('the page %s', (name) => {
  it('asks for nothing, reports no error, is no larger than 400 kB, and fits widths from 390 pixels on', async () => {
    const { page, wrong } = await open(name);
    expect(statSync(file(name)).size).toBeLessThan(400_000);
    expect(await page.locator('section').count()).toBeGreaterThan(4);
    await expectToFit(page);
    expect(wrong).toEqual([]);
    await page.close();
  });
});

// The page of the hostile guest has no other elements.
it.each(pages.slice(0, 3))('%s is accessible in the light scheme and in the dark one', async (name) => {
  const { page } = await open(name);
  await expectAccessible(page);
  await page.close();
});

describe('the page of a failover', () => {
  const focusOf = (page: Page) => new URLSearchParams(new URL(page.url()).hash.slice(1));
  const time = (page: Page) => Number(focusOf(page).get('t'));

  it('is used by the keyboard alone', async () => {
    const { page, wrong } = await open('bank.html');
    const press = async (key: string) => {
      await page.keyboard.press(key);
      return time(page);
    };
    // Every chapter, then the whole run, can be reached.
    await page.getByRole('button', { name: /^suspicion/ }).focus();
    expect(await press('Enter')).toBe(44_493_380);
    expect(focusOf(page).get('host')).toBe('backup');
    await page.getByRole('slider', { name: 'Time in the whole run' }).focus();
    const next = await press('ArrowRight');
    expect(next).toBeGreaterThan(44_493_380);
    expect(await press('ArrowLeft')).toBeLessThan(next);
    await press('ArrowDown');
    expect(focusOf(page).get('host')).toBe('spare');
    const span = () => Number(focusOf(page).get('to')) - Number(focusOf(page).get('from'));
    const before = span();
    await press('+');
    expect(span()).toBeLessThan(before);
    const from = focusOf(page).get('from');
    await page.getByRole('slider', { name: 'The detail begins at' }).focus();
    await press('ArrowLeft');
    expect(Number(focusOf(page).get('from'))).toBeLessThan(Number(from));
    await page.getByRole('table', { name: 'Console' }).getByRole('rowgroup').focus();
    expect(await press('Home')).toBeLessThan(1e6);
    expect(wrong).toEqual([]);
    await page.close();
  });

  it('shows the same focus in every view, and again at the same address', async () => {
    const { page } = await open('bank.html', 1280, 'light', '#t=5409000&host=primary');
    const state = async (one: Page) => ({
      life: await one.locator('.quote').textContent(),
      line: await one.locator('.line[aria-current]').textContent(),
      position: await one.locator('.positions tr[aria-current]').textContent(),
    });
    const seen = await state(page);
    expect(seen.life).toContain('#4 1c1afe56 deposit alice 300: alice 300');
    expect(seen.line).toContain('#4 1c1afe56 deposit alice 300: alice 300');
    expect(seen.position).toContain('primarylive');
    await page.getByRole('button', { name: 'The next output' }).click();
    const next = await state(page);
    expect(next.life).toContain('deposit bob 120');
    const again = await open('bank.html', 1280, 'light', new URL(page.url()).hash);
    expect(await state(again.page)).toEqual(next);
    await page.close();
    await again.page.close();
  });

  it('is chosen with the pointer: a time and a host, and a part of the run', async () => {
    const { page } = await open('bank.html');
    const whole = page.getByRole('slider', { name: 'Time in the whole run' });
    const box = (await whole.boundingBox())!;
    await page.mouse.click(box.x + box.width * 0.8, box.y + 125);
    expect(focusOf(page).get('host')).toBe('backup');
    const clicked = time(page);
    expect(clicked).toBeGreaterThan(50e6);
    await page.mouse.move(box.x + box.width * 0.2, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width * 0.3, box.y + 60, { steps: 4 });
    await page.mouse.up();
    expect(Number(focusOf(page).get('from'))).toBeLessThan(15e6);
    expect(Number(focusOf(page).get('to'))).toBeLessThan(25e6);
    await page.close();
  });
});

it("shows a guest's output as text, whatever it is", async () => {
  const { page, wrong } = await open('hostile.html');
  expect(await page.locator('.line .said').first().textContent()).toBe(HOSTILE);
  expect(await page.locator('img, #page b:text-is("bold")').count()).toBe(0);
  expect(await page.title()).toBe('hostile.s – vmft');
  expect(wrong).toEqual([]);
  await page.close();
});

it('shows a counterexample from the first entry that differs to where it was found', async () => {
  const { page } = await open('clock.html');
  const chain = page.locator('.chain > li');
  expect((await chain.allTextContents()).map((text) => text.slice(0, 12))).toEqual([
    'entry 17 dif',
    '2 registersa',
    'devices and ',
    'found by the',
  ]);
  await page.getByRole('button', { name: /on spare/ }).click();
  expect(focusOfUrl(page.url())).toBe('spare');
  await page.close();
});

const focusOfUrl = (url: string) => new URLSearchParams(new URL(url).hash.slice(1)).get('host');
