/** A cluster whose file system is full, and has room again. */
import { execFileSync } from 'node:child_process';
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Cluster, until } from './processes.ts';

/** A small file system in memory, until the end of the test. */
function smallFileSystem(): string {
  const mount = mkdtempSync(join(tmpdir(), 'vmft-full-'));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', mount]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', mount]);
    rmSync(mount, { recursive: true, force: true });
  });
  return mount;
}

/** Writes a file until there is no more room. */
function fill(path: string): void {
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, new Uint8Array(4096));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
}

const receipts = (shown: string): number[] =>
  [...shown.matchAll(/^#(\d+) /gm)].map(([, number]) => Number(number));

// Only root may mount.
test.runIf(process.getuid?.() === 0)(
  'a full disk stops a VM, and it goes on when there is room',
  async () => {
    const mount = smallFileSystem();
    const directory = join(mount, 'cluster');
    mkdirSync(directory);
    const cluster = await Cluster.start(['bank'], directory);
    const terminal = cluster.console();
    let typed = 1;
    terminal.type('open alice\n');
    await until(() => receipts(terminal.stdout).length === typed);
    const filler = join(mount, 'filler');
    fill(filler);
    // What is typed fits into the last page of a file for a while.
    for (let waited = 0; !cluster.said.includes('ended with code 2'); waited++) {
      if (waited % 10 === 0 && typed < 500) {
        terminal.type('deposit alice 1\n');
        typed++;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    rmSync(filler);
    terminal.type('balance alice\nquit\n');
    expect(await terminal.code).toBe(0);
    expect(receipts(terminal.stdout)).toEqual(Array.from({ length: typed }, (_, index) => index + 1));
    expect(terminal.stdout).toContain(`alice ${typed - 1}`);
    expect(await cluster.code).toBe(0);
  },
);
