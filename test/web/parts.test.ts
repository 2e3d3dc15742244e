/**
 * The guest editor and the search for counterexamples in a browser, on a page of their own under the policy of the
 * playground's: from a file, in a sandboxed frame, by the keyboard, in both colour schemes, on a telephone.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Browser, FrameLocator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { AssemblyError, assemble } from '../../src/asm/assemble.ts';
import { readGuest } from '../../src/cli/program.ts';
import { storyText } from '../../src/sim/story/story-text.ts';
import { memoryDefaults } from '../../src/sim/values/limits.ts';
import { search } from '../../src/web/search/search.ts';
import { program, workplace } from '../cli/command.ts';
import { expectAccessible, expectToFit, LIMIT_MS, launch, wrongOf } from './browser.ts';
import { partsPage } from './parts/build.ts';

const { file } = workplace();
const bank = readFileSync(program('bank.s'), 'utf8');
let browser: Browser;

beforeAll(async () => {
  browser = await launch();
  writeFileSync(file('parts.html'), await partsPage());
  writeFileSync(
    file('frame.html'),
    '<!doctype html><title>frame</title><iframe sandbox="allow-scripts" src="parts.html" width="900" height="900"></iframe>',
  );
});
afterAll(() => browser?.close());

/** Opens a page. `wrong`: requests but for files of this test, and what went to the error console. */
async function open(name = 'parts.html'): Promise<{ page: Page; wrong: string[] }> {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, reducedMotion: 'reduce' });
  page.setDefaultTimeout(LIMIT_MS);
  const wrong = wrongOf(page);
  await page.goto(`file://${file(name)}`);
  return { page, wrong };
}

type Place = Page | FrameLocator;
const code = (at: Place) => at.getByRole('textbox', { name: 'Source of bank' });
const editing = (at: Place) => at.getByRole('button', { name: 'Edit', exact: true }).click();

/** Opens the editor, and types at the end of the source. */
async function edit(at: Place, text: string): Promise<void> {
  await editing(at);
  await at.getByText('✓ assembles').waitFor();
  await code(at).press('Control+End');
  await code(at).pressSequentially(text);
}

/** The assembler's first error in this source of bank. */
function firstError(source: string) {
  const readFile = (path: string) => ({ name: path, text: readFileSync(program(path), 'utf8') });
  try {
    assemble(source, { file: 'bank.s', readFile });
  } catch (error) {
    if (error instanceof AssemblyError) return error.diagnostics[0]!;
  }
  throw new Error('it assembles');
}

it('shows an error where the assembler has it, and leads there; nothing is requested or reported', async () => {
  const { page, wrong } = await open();
  const typo = '.text\n  adi a0, a0, 1';
  await edit(page, typo);
  await page.getByText('✗ 1 error').waitFor();
  const { line, column, message } = firstError(bank + typo);
  expect(column).toBe(3);
  await page.getByRole('listitem').filter({ hasText: message }).waitFor();
  const marked = page.locator('.cm-lintRange-error');
  expect(await marked.textContent()).toBe('adi');
  const lineText = await page.locator('.cm-line').filter({ has: marked }).textContent();
  expect(lineText!.indexOf('adi')).toBe(column - 1);
  await code(page).press('Control+Home');
  await page.getByRole('button', { name: `bank.s:${line}:${column}` }).click();
  expect(await page.locator('.cm-lineNumbers .cm-activeLineGutter').textContent()).toBe(String(line));
  // The cursor is there: what is typed makes the instruction whole, without the error.
  await page.keyboard.press('ArrowRight');
  await page.keyboard.type('d');
  await page.getByText('✓ assembles').waitFor();
  expect(await marked.count()).toBe(0);
  expect(wrong).toEqual([]);
  await page.close();
});

it('says that the policy does not admit its script', async () => {
  const script = /<script id="editor-script" type="text\/plain">/;
  writeFileSync(file('refused.html'), readFileSync(file('parts.html'), 'utf8').replace(script, '$&;'));
  const { page } = await open('refused.html');
  await editing(page);
  await page
    .getByText("The editor can't be opened: this page's policy does not admit the editor's script")
    .waitFor();
  await page.close();
});

it('keeps a draft when it is closed, and when the page is loaded again, until it is reverted', async () => {
  const { page } = await open();
  const isKept = async () => {
    await code(page).press('Control+End');
    await page.locator('.cm-line').filter({ hasText: '# a remark' }).waitFor();
  };
  await edit(page, '# a remark');
  await editing(page);
  expect(await code(page).count()).toBe(0);
  await editing(page);
  await isKept();
  await page.reload();
  await editing(page);
  await isKept();
  await page.getByText('edited; the draft is kept in this browser').waitFor();
  await page.getByRole('button', { name: 'revert to the bundled source' }).click();
  expect(await page.getByText('edited;').count()).toBe(0);
  await page.keyboard.press('Control+z');
  await isKept();
  await page.getByRole('button', { name: 'revert to the bundled source' }).click();
  await page.reload();
  await editing(page);
  await page.getByText('✓ assembles').waitFor();
  expect(await page.getByText('edited;').count()).toBe(0);
  await page.close();
});

it('is left by Escape and Tab, and runs by Ctrl-Enter what assembles', async () => {
  const { page } = await open();
  const focused = () =>
    page.evaluate('document.activeElement.shadowRoot ? "code" : document.activeElement.textContent');
  await edit(page, '\n');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('code');
  await page.keyboard.type('# indented');
  await page.keyboard.press('Control+Enter');
  await page.locator('#said').filter({ hasText: '# indented' }).waitFor();
  expect(await page.locator('#said').textContent()).toBe(`${bank}\n    # indented`);
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+Tab');
  expect(await focused()).toBe('Run');
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('code');
  // Entered again, Tab indents again.
  await page.keyboard.press('Tab');
  expect(await focused()).toBe('code');
  await page.keyboard.type('\nadi a0, a0, 1');
  await page.keyboard.press('Control+Enter');
  await page.getByText('✗ 1 error').waitFor();
  expect(await page.locator('#said').textContent()).toBe(`${bank}\n    # indented`);
  await page.close();
});

it('works in a sandboxed frame, which has no storage', async () => {
  const { page, wrong } = await open('frame.html');
  const frame = page.frameLocator('iframe');
  await edit(frame, '  adi a0, a0, 1');
  await frame.getByText('✗ 1 error').waitFor();
  await frame.getByText('edited; kept while this page is open').waitFor();
  await editing(frame);
  await editing(frame);
  await frame.getByText('✗ 1 error').waitFor();
  await frame.getByLabel('Rule that is switched off').selectOption('output-rule');
  await frame.getByRole('button', { name: 'Search' }).click();
  await frame.getByText('This is the smallest run').waitFor();
  expect(wrong).toEqual([]);
  await page.close();
});

it('finds the counterexample that Node finds, opens it, and cancels a search', async () => {
  const { page, wrong } = await open();
  await page.getByLabel('Rule that is switched off').selectOption('output-rule');
  await page.getByLabel('Program').selectOption('dice');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByRole('button', { name: 'Open this run' }).waitFor();
  await page.getByText('This is the smallest run').waitFor();
  await page.getByRole('button', { name: 'Open this run' }).click();
  const { description } = readGuest(program('dice.s'), { memory: memoryDefaults.campaign });
  const steps = search(
    { guest: 'dice', clients: 0, unsafe: ['output-rule'], seed: '1', runs: 1000 },
    { description, input: new Uint8Array(0), clients: 0 },
  );
  let step = steps.next();
  while (!step.done) step = steps.next();
  expect(await page.locator('#said').textContent()).toBe(storyText(step.value.found!.story));
  await page.getByLabel('Rule that is switched off').selectOption('');
  const runs = page.getByLabel('Runs', { exact: true });
  await runs.fill('0');
  await page.getByText('The number of runs is a whole number from 1').waitFor();
  expect(await page.getByRole('button', { name: 'Search' }).isDisabled()).toBe(true);
  await runs.fill('100000');
  await runs.press('Enter');
  await page.getByText(/^[1-9]\d* of 100000 runs · 0 violations · [\d.]+ runs a second$/).waitFor();
  await page.getByRole('button', { name: 'Cancel' }).click();
  await page.getByText('Cancelled.').waitFor();
  expect(wrong).toEqual([]);
  await page.close();
});

it('is accessible in both schemes, and fits widths from 390 pixels on', async () => {
  const { page } = await open();
  await edit(page, '  adi a0, a0, 1 # "a"\n.data\n.asciz "text"\n');
  await page.getByText('✗ 1 error').waitFor();
  await page.getByLabel('Rule that is switched off').selectOption('output-rule');
  await page.getByRole('button', { name: 'Search' }).click();
  await page.getByText('This is the smallest run').waitFor();
  // The editor's own search, since the browser's sees only the lines in view.
  await code(page).press('Control+f');
  await page.keyboard.type('text_arrow');
  await page.keyboard.press('Enter');
  await page.locator('.cm-searchMatch-selected').waitFor();
  await expectAccessible(page);
  await expectToFit(page);
  await page.close();
});
