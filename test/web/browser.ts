/** What the tests of pages in a browser share: Debian's chromium, or the one that CHROMIUM names. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, chromium, type Page } from 'playwright-core';
import { expect } from 'vitest';

/** Only for what hangs. */
export const LIMIT_MS = 240_000;

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

interface Axe {
  axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
}

/** Starts the browser. @throws {Error} if it is missing */
export async function launch(): Promise<Browser> {
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  if (!existsSync(executablePath))
    throw new Error(`${executablePath} is missing: apt-get install chromium, or set CHROMIUM`);
  return await chromium.launch({ executablePath, args: ['--no-sandbox'], timeout: LIMIT_MS });
}

/** axe finds nothing, in the light scheme and in the dark one. */
export async function expectAccessible(page: Page): Promise<void> {
  // Not as an element: the page's policy admits no other script.
  await page.evaluate(axe);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme });
    const { violations } = await page.evaluate(async () => await (globalThis as never as Axe).axe.run());
    const found = violations.flatMap(({ id, nodes }) =>
      nodes.map((node) => `${colorScheme}, ${id}: ${node.html.slice(0, 160)}`),
    );
    expect(found).toEqual([]);
  }
}

/** Nothing is to be scrolled sideways, from 390 pixels on. */
export async function expectToFit(page: Page): Promise<void> {
  for (const width of [1280, 768, 390]) {
    await page.setViewportSize({ width, height: 900 });
    await page.waitForFunction(`innerWidth === ${width}`);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
  }
}

/** A page of a run in the browser. */
export interface Opened {
  page: Page;
  /** Requests but for the page itself, and what went to the error console. */
  wrong: string[];
}

/** Collects what a page must not do: requests, but for files that are opened, and what goes to the error console. */
export function wrongOf(page: Page): string[] {
  const wrong: string[] = [];
  page.on('request', (request) => {
    if (!request.isNavigationRequest() && !/^(data|blob):/.test(request.url())) wrong.push(request.url());
  });
  page.on('console', (message) => wrong.push(message.text()));
  page.on('pageerror', (error) => wrong.push(error.message));
  return wrong;
}

/** How a page is opened. */
interface View {
  width?: number | undefined;
  colorScheme?: 'light' | 'dark' | undefined;
  hash?: string | undefined;
}

/** Opens the page of a run, and waits until it is drawn. */
export async function openPage(
  browser: Browser,
  path: string,
  { width = 1280, colorScheme = 'light', hash = '' }: View = {},
): Promise<Opened> {
  const page = await browser.newPage({
    viewport: { width, height: 900 },
    colorScheme,
    reducedMotion: 'reduce',
  });
  page.setDefaultTimeout(LIMIT_MS);
  const wrong = wrongOf(page);
  await page.goto(`file://${path}${hash}`);
  await page.locator('footer').waitFor();
  await page.locator('.timeline canvas').first().waitFor();
  return { page, wrong };
}
