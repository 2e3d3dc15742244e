// The initramfs: busybox, further packages, modules, services and /init, as a cpio archive (newc).
// Equal inputs give equal bytes: entries are sorted, times are 0, all belongs to root.

import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { CpioArchive } from './cpio.mjs';
import { unpack } from './tools.mjs';

/** Nothing in the guest reads these, and the guest keeps its root in RAM. */
const LEFT_OUT = [
  ...['bash-completion', 'bug', 'doc', 'gcc', 'gdb', 'info', 'initramfs-tools', 'lintian', 'locale', 'man'].map(
    (name) => `usr/share/${name}`,
  ),
  ...['systemd', 'udev', 'riscv64-linux-gnu/gconv'].map((name) => `usr/lib/${name}`),
];

/** Debian's layout: one folder with three names. */
const MERGED = { bin: 'usr/bin', sbin: 'usr/sbin', lib: 'usr/lib' };

const FOLDERS = ['dev', 'etc', 'mnt', 'proc', 'root', 'run', 'sys', 'tmp', 'var', 'var/lib', 'var/log'];

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

const LINK_MODE = 0o120777;

/** The system console, Documentation/admin-guide/devices.txt: a character device. */
const CONSOLE = { mode: 0o020600, major: 5, minor: 1 };

/**
 * Lays the root file system in `root` and packs it. The archive is not compressed: to unpack what gzip has packed takes
 * the guest 24 instructions a byte.
 */
export async function packInitramfs({ root, debs, release, modules, atBoot, init, services, greeting }) {
  for (const [name, target] of Object.entries(MERGED)) {
    mkdirSync(join(root, target), { recursive: true });
    symlinkSync(target, join(root, name));
  }
  await unpack(debs, root);
  for (const name of LEFT_OUT) rmSync(join(root, name), { recursive: true, force: true });
  for (const name of FOLDERS) mkdirSync(join(root, name), { recursive: true });
  chmodSync(join(root, 'tmp'), 0o1777);
  if (!exists(join(root, 'bin/sh'))) symlinkSync('busybox', join(root, 'bin/sh'));
  for (const [name, lines] of Object.entries(FILES)) add(root, name, `${lines.join('\n')}\n`);
  addModules(root, release, modules);
  add(root, 'etc/modules', atBoot.map((name) => `${name}\n`).join(''));
  add(root, 'etc/issue', `${greeting}\n`);
  add(root, 'init', init, 0o755);
  for (const [name, script] of services) add(root, `etc/services/${name}`, script);
  return archive(root);
}

/** The modules and the tables in which modprobe finds its way (`modules.dep(5)`, made by depmod elsewhere). */
function addModules(root, release, modules) {
  const folder = `lib/modules/${release}`;
  for (const { name, bytes } of modules) add(root, `${folder}/${name}.ko`, bytes);
  const file = (name) => `${name}.ko`;
  add(
    root,
    `${folder}/modules.dep`,
    modules
      .map(
        ({ name, dependencies }) =>
          `${[`${file(name)}:`, ...dependencies.toReversed().map(file)].join(' ')}\n`,
      )
      .join(''),
  );
  add(
    root,
    `${folder}/modules.alias`,
    modules.flatMap(({ name, aliases }) => aliases.map((alias) => `alias ${alias} ${name}\n`)).join(''),
  );
}

function add(root, name, content, mode = 0o644) {
  const path = join(root, name);
  if (exists(path)) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content, { mode });
}

/** Whether there is something with this name, be it a link that leads nowhere on this machine. */
const exists = (path) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

function archive(root) {
  const cpio = new CpioArchive();
  const firstNames = new Map();
  for (const name of tree(root).sort()) {
    const path = join(root, name);
    const stat = lstatSync(path);
    if (stat.isDirectory()) cpio.add(name, stat.mode);
    else if (stat.isSymbolicLink()) cpio.add(name, LINK_MODE, readlinkSync(path, { encoding: 'buffer' }));
    else {
      const content = readFileSync(path);
      // A program that the package has under two names: the second becomes a symbolic link.
      const first = (stat.mode & 0o111) !== 0 ? firstNames.get(digest(content)) : undefined;
      if (first === undefined) cpio.add(name, stat.mode, content);
      else cpio.add(name, LINK_MODE, Buffer.from(`/${first}`));
      firstNames.set(digest(content), name);
    }
  }
  // The kernel opens it for /init before anything is mounted.
  cpio.add('dev/console', CONSOLE.mode, undefined, CONSOLE);
  return cpio.end();
}

const digest = (content) => createHash('sha256').update(content).digest('hex');

/** The names of all entries below a folder. (A recursive readdir would follow symbolic links.) */
function tree(root, prefix = '') {
  return readdirSync(join(root, prefix), { withFileTypes: true }).flatMap((entry) => {
    const name = prefix === '' ? entry.name : `${prefix}/${entry.name}`;
    return entry.isDirectory() ? [name, ...tree(root, name)] : [name];
  });
}
