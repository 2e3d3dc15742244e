// Makes docs/report-light.png and docs/report-dark.png, the pictures in README.md: the page of the run that `npm start`
// makes, as Debian's chromium shows it (or the one that CHROMIUM names).

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'vmft-picture-'));
try {
  const run = ['run', 'bank', '--crash', 'primary@icount=100000', '--diff', '--report', 'bank.html'];
  execFileSync(process.execPath, [join(root, 'bin/vmft.js'), ...run], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium';
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
    const shown = await browser.newPage({ viewport: { width: 1120, height: 900 }, colorScheme });
    await shown.goto(`file://${join(folder, 'bank.html')}`);
    await shown.locator('.timeline canvas').first().waitFor();
    const path = join(root, `docs/report-${colorScheme}.png`);
    await shown.screenshot({ path });
    console.log(path);
  }
  await browser.close();
} finally {
  rmSync(folder, { recursive: true });
}
