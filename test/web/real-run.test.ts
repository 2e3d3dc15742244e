/** The page of a run on real processes, of which one is killed, in a browser. */
import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Cluster } from '../host/processes.ts';
import { expectAccessible, expectToFit, launch, openPage } from './browser.ts';

let browser: Browser;
beforeAll(async () => {
  browser = await launch();
});
afterAll(() => browser?.close());

it('shows a kill -9 as the report of a simulated run shows a crash', async () => {
  const cluster = await Cluster.start(['bank']);
  const console = cluster.console();
  const shows = async (text: string) => {
    while (!console.stdout.includes(text)) await cluster.poll();
  };
  console.type('open me\n');
  await shows('open me: me 0\n');
  const killed = await cluster.kill('primary');
  console.type('deposit me 5\n');
  await shows('deposit me 5: me 5\n');
  await cluster.protected();
  console.type('quit\n');
  expect(await cluster.code).toBe(0);
  const { code, stderr } = await cluster.vmft('report', 'evidence');
  expect(stderr).toMatch(/^no violations in group bank: bank.s completed/);
  expect(code).toBe(0);

  const path = join(cluster.directory, 'bank.html');
  expect(statSync(path).size).toBeLessThan(400_000);
  const { page, wrong } = await openPage(browser, path);
  expect(await page.locator('.verdict').textContent()).toMatch(/✓ completed on [abc], exit code 0/);
  // The first output was let out by the host that was killed, what was typed later by another one.
  const lines = await page.locator('.line').allTextContents();
  const byHost = (text: string) => lines.find((line) => line.includes(text))!;
  expect(byHost('open me: me 0')).toContain(`ms${killed}`);
  expect(byHost('deposit me 5: me 5')).not.toContain(`ms${killed}`);
  await page.getByRole('button', { name: /^kill/ }).first().click();
  expect(new URLSearchParams(new URL(page.url()).hash.slice(1)).get('host')).toBe(killed);
  expect(await page.locator('.positions tr[aria-current]').textContent()).toContain(`${killed}no power`);
  expect(await page.getByRole('link', { name: /playground/ }).count()).toBe(0);
  await expectToFit(page);
  await expectAccessible(page);
  expect(wrong).toEqual([]);
  await page.close();
});
