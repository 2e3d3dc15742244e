// The initramfs: busybox, further packages, modules and /init, as a cpio archive (newc) packed with gzip.
// Equal inputs give equal bytes: entries are sorted, times are 0, all belongs to root.

import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from 'node:fs';
import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CpioArchive } from './cpio.mjs';
import { run, unpack } from './tools.mjs';

/** Nothing in the guest reads these, and the guest keeps its root in RAM. */
const LEFT_OUT = ['doc', 'info', 'lintian', 'locale', 'man', 'bug', 'initramfs-tools'].map(
  (name) => `usr/share/${name}`,
);

/** Debian's layout: one folder with three names. */
const MERGED = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib' };

const FOLDERS = ['dev', 'etc', 'proc', 'root', 'run', 'sys', 'tmp', 'var', 'var/lib', 'var/log'];

/** The users that Debian always has, as far as servers run as one of them. */
const FILES = {
  'etc/passwd': [
    'root:x:0:0:root:/root:/bin/sh',
    'daemon:x:1:1:daemon:/usr/sbin:/bin/false',
    'www-data:x:33:33:www-data:/var/www:/bin/false',
    'nobody:x:65534:65534:nobody:/nonexistent:/bin/false',
  ],
  'etc/group': ['root:x:0:', 'daemon:x:1:', 'adm:x:4:', 'tty:x:5:', 'www-data:x:33:', 'nogroup:x:65534:'],
  'etc/hosts': ['127.0.0.1 localhost'],
};

/** Lays the root file system in `root` and packs it. */
export function packInitramfs({ root, debs, modules, init, greeting }) {
  for (const [name, target] of Object.entries(MERGED)) {
    mkdirSync(join(root, target), { recursive: true });
    symlinkSync(target, join(root, name));
  }
  unpack(debs, root);
  for (const name of LEFT_OUT) rmSync(join(root, name), { recursive: true, force: true });
  for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  if (!existsSync(join(root, 'bin/sh'))) symlinkSync('busybox', join(root, 'bin/sh'));
  for (const [name, lines] of Object.entries(FILES)) add(root, name, `${lines.join('\n')}\n`);
  for (const { name, bytes } of modules) add(root, `lib/modules/${name}.ko`, bytes);
  add(root, 'lib/modules/order', modules.map(({ name }) => `${name}\n`).join(''));
  add(root, 'etc/issue', `${greeting}\n`);
  add(root, 'init', init, 0o755);
  return run('gzip', ['-9', '-n'], { input: archive(root), binary: true });
}

function add(root, name, content, mode = 0o644) {
  const path = join(root, name);
  if (existsSync(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
}

function archive(root) {
  const cpio = new CpioArchive();
  for (const name of readdirSync(root, { recursive: true }).sort()) {
    const path = join(root, name);
    const { mode } = lstatSync(path);
    const kind = mode & 0o170000;
    if (kind === 0o040000) cpio.add(name, mode);
    else if (kind === 0o120000) cpio.add(name, 0o120777, readlinkSync(path, { encoding: 'buffer' }));
    else cpio.add(name, mode, readFileSync(path));
  }
  // The kernel opens it for /init before anything is mounted.
  cpio.add('dev/console', 0o020600, undefined, { major: 5, minor: 1 });
  return cpio.end();
}
