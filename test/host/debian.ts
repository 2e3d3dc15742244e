/** The Debian guest for tests: made from Debian's packages before the first test, and kept until its scripts change. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { openFolder, readGuest } from '../../src/cli/program.ts';
import type { Guest } from '../../src/vmm/guest/guest.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const scripts = join(root, 'programs/debian');
const cache = join(root, 'node_modules/.cache/vmft-debian');
/** Names the scripts that have made the guest in the cache. */
const madeBy = join(cache, 'made-by');
const PACKAGES = ['redis-server', 'e2fsprogs'];

/** The folder of Debian with Redis and the tools of ext4. */
export const debianFolder = cache;

/**
 * Makes that folder, once and before any test: test files run at a time, and two builds would write into each other's.
 * It takes half a minute and downloads 140 MB with apt; what it leaves is used again.
 */
export async function setup(): Promise<void> {
  const digest = digestOf(scripts);
  if (!existsSync(madeBy) || readFileSync(madeBy, 'utf8') !== digest) {
    mkdirSync(cache, { recursive: true });
    const wanted = PACKAGES.flatMap((name) => ['--with', name]);
    await promisify(execFile)(process.execPath, [join(scripts, 'build.mjs'), '--out', cache, ...wanted]);
    writeFileSync(madeBy, digest);
  }
}

/**
 * That guest, which starts a service of `programs/debian/services`. `append`: further words on the kernel's command
 * line. `diskSize`: of an empty disk, in bytes.
 */
export async function debianGuest(append: string, diskSize = 0): Promise<Guest> {
  const { options } = openFolder(debianFolder, { memory: 160 << 20, append, diskSize });
  return readGuest(undefined, options);
}

/** A digest of the files of a folder, but for what a build leaves in it. */
function digestOf(folder: string): string {
  const hash = createHash('sha256');
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort())
    if (!/^out(\/|$)|^services$/.test(name)) hash.update(name).update(readFileSync(join(folder, name)));
  return hash.digest('hex');
}
