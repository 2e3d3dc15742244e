#!/usr/bin/env node
// Makes a Linux guest out of Debian's own packages: a kernel (out/Image) and an initramfs (out/initrd).
// README.md in this folder says how to use it.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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

async function build({ suite, mirror, out, with: extra }) {
  needTools(['apt-get', 'apt-cache', 'dpkg-deb', 'tar', 'xz']);
  const work = join(out, 'work');
  const clean = () => rmSync(work, { recursive: true, force: true });
  clean();
  mkdirSync(work, { recursive: true });
  process.on('exit', clean);

  const apt = new PrivateApt({ folder: join(out, 'apt'), suite, mirror: mirror ?? (await hostMirror()) });
  say(`asking ${apt.mirror} for ${suite}, riscv64`);
  await apt.update();
  const kernel = await apt.kernelPackages();
  const userland = await apt.withDependencies(['busybox-static', ...extra]);
  const versions = [...(await apt.versions([...kernel, ...userland]))];
  say(`taking ${versions.map(([name, version]) => `${name} ${version}`).join(', ')}`);

  const system = join(work, 'kernel');
  await unpack(await apt.download(kernel), system);
  const { release, bytes } = kernelImage(system);
  const initrd = await packInitramfs({
    root: join(work, 'root'),
    debs: await apt.download(userland),
    release,
    ...(await guestModules(system, release)),
    init: readFileSync(join(import.meta.dirname, 'init')),
    services: services(),
    greeting: `Debian ${suite}, Linux ${release}. "exit" switches the machine off.`,
  });
  const results = {
    Image: bytes,
    initrd,
    'guest.json': guestFile(initrd.length),
    'packages.txt': versions.map(([name, version]) => `${name} ${version}\n`).join(''),
  };
  for (const [name, content] of Object.entries(results)) {
    writeFileSync(join(work, name), content);
    renameSync(join(work, name), join(out, name));
  }
  say(`made in ${out}: Image with ${megabytes(bytes.length)}, initrd with ${megabytes(initrd.length)}`);
}

/** What the kernel needs when it unpacks the initrd, which is in memory twice then. */
const KERNEL_MIB = 88;

/** What `vmft run FOLDER` reads, as ../guest.json says it for the usual folder. */
function guestFile(initrdBytes) {
  const guest = JSON.parse(readFileSync(join(import.meta.dirname, 'guest.json')));
  const memoryMiB = Math.max(guest.memoryMiB, KERNEL_MIB + Math.ceil((2 * initrdBytes) / 2 ** 20));
  const own = { kernel: 'Image', initrd: 'initrd', make: undefined, memoryMiB };
  return `${JSON.stringify({ ...guest, ...own }, null, 2)}\n`;
}

/** The scripts that SERVICE on the kernel's command line starts, by name. */
function services() {
  const folder = join(import.meta.dirname, 'services');
  return readdirSync(folder).map((name) => [name, readFileSync(join(folder, name))]);
}

const megabytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

process.umask(0o022);
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
try {
  const chosen = options();
  if (chosen.help) process.stdout.write(USAGE);
  else await build(chosen);
} catch (error) {
  if (!(error instanceof BuildError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
