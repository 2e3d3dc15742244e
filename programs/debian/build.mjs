#!/usr/bin/env node
// Makes a Linux guest out of Debian's own packages: a kernel (out/Image) and an initramfs (out/initrd).
// README.md in this folder says how to use it.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { hostMirror, PrivateApt } from './apt.mjs';
import { packInitramfs } from './initramfs.mjs';
import { guestModules, kernelImage } from './kernel.mjs';
import { BuildError, needTools, say, unpack } from './tools.mjs';

const USAGE = `Usage: node programs/debian/build.mjs [options]

Makes a Debian guest for riscv64: the kernel as out/Image, busybox and what drives
virtio devices as out/initrd.

  --with PACKAGES   put these packages and what they depend on into the initrd as well
                    (names with commas or spaces between; may be given again)
  --suite NAME      the Debian release (default: trixie)
  --mirror URL      the mirror to take it from (default: the one that this machine's apt uses)
  --out FOLDER      where to put the results (default: out/ beside this script)
  -h, --help        this text
`;

function options() {
  try {
    const { values } = parseArgs({
      options: {
        with: { type: 'string', multiple: true, default: [] },
        suite: { type: 'string', default: 'trixie' },
        mirror: { type: 'string' },
        out: { type: 'string', default: join(import.meta.dirname, 'out') },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    return { ...values, with: values.with.flatMap((names) => names.split(/[\s,]+/)).filter(Boolean) };
  } catch (error) {
    throw new BuildError(`${error.message}\n\n${USAGE}`);
  }
}

function build({ suite, mirror, out, with: extra }) {
  needTools(['apt-get', 'apt-cache', 'dpkg-deb', 'tar', 'xz', 'gzip']);
  mkdirSync(out, { recursive: true });
  const work = mkdtempSync(join(out, 'work-'));
  process.on('exit', () => rmSync(work, { recursive: true, force: true }));

  const apt = new PrivateApt({ folder: join(out, 'apt'), suite, mirror: mirror ?? hostMirror() });
  say(`asking ${apt.mirror} for ${suite}, riscv64`);
  apt.update();
  const kernel = apt.kernelPackages();
  const userland = apt.withDependencies(['busybox-static', ...extra]);
  say(`${kernel.length + userland.length} packages: ${[...kernel, ...userland].join(' ')}`);

  const system = join(work, 'kernel');
  unpack(apt.download(kernel), system);
  const image = kernelImage(system);
  writeFileSync(join(out, 'Image'), image.bytes);
  say(`out/Image: Linux ${image.release}, ${megabytes(image.bytes.length)}`);

  const root = join(work, 'root');
  const initrd = packInitramfs({
    root,
    debs: apt.download(userland),
    release: image.release,
    ...guestModules(system, image.release),
    init: readFileSync(join(import.meta.dirname, 'init')),
    greeting: `Debian ${suite}, Linux ${image.release}. "exit" switches the machine off.`,
  });
  writeFileSync(join(out, 'initrd'), initrd);
  writeFileSync(join(out, 'packages.txt'), apt.versions([...kernel, ...userland]));
  say(`out/initrd: ${megabytes(initrd.length)}`);
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

process.umask(0o022);
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
try {
  const chosen = options();
  if (chosen.help) process.stdout.write(USAGE);
  else build(chosen);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
