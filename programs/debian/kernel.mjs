// The kernel's image and the modules that the guest loads.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BuildError, run } from './tools.mjs';

/** What the guest loads when it boots, in this order, and what each depends on before it. */
const WANTED = ['virtio_mmio', 'virtio_blk', 'virtio_net', 'virtio_rng', 'virtio_console', 'ext4'];

/** Asked for by ext4 of kernels before 6.14 by an alias that only a complete modules.alias resolves. */
const CHECKSUM = 'crc32c_generic';

/** A RISC-V kernel image says so here (Documentation/arch/riscv/boot-image-header.rst: magic2). */
const MAGIC2 = { offset: 0x38, text: 'RSC\x05' };

const canonical = (name) => name.replaceAll('-', '_');

/** The kernel image, uncompressed, and the release that its modules go with. */
export function kernelImage(system) {
  const folder = modulesFolder(system);
  const [release] = readdirSync(folder);
  const places = [
    join(folder, release, 'vmlinuz'),
    ...['vmlinux', 'vmlinuz'].map((name) => join(system, 'boot', `${name}-${release}`)),
  ];
  const place = places.find(existsSync);
  if (place === undefined)
    throw new BuildError(`The kernel package has no image at any of ${places.join(', ')}`);
  const file = readFileSync(place);
  const bytes = file.readUInt16BE(0) === 0x1f8b ? gunzipSync(file) : file;
  const magic = bytes.toString('latin1', MAGIC2.offset, MAGIC2.offset + MAGIC2.text.length);
  if (magic !== MAGIC2.text) throw new BuildError(`${basename(place)} is no RISC-V kernel image`);
  return { release, bytes };
}

function modulesFolder(system) {
  return ['usr/lib/modules', 'lib/modules'].map((name) => join(system, name)).find(existsSync);
}

/** The modules in the order in which they load, uncompressed: `{ name, bytes }`. */
export function modulesToLoad(system, release) {
  const folder = join(modulesFolder(system), release);
  const files = new Map(
    readdirSync(join(folder, 'kernel'), { recursive: true })
      .filter((file) => /\.ko(\.xz)?$/.test(file))
      .map((file) => [canonical(basename(file).replace(/\.ko(\.xz)?$/, '')), join(folder, 'kernel', file)]),
  );
  const builtin = new Set(
    readFileSync(join(folder, 'modules.builtin'), 'utf8')
      .split('\n')
      .map((line) => canonical(basename(line, '.ko'))),
  );
  const loaded = new Map();
  const visit = (name) => {
    if (builtin.has(name) || loaded.has(name)) return;
    const file = files.get(name);
    if (file === undefined) throw new BuildError(`Linux ${release} has no module ${name}`);
    const bytes = file.endsWith('.xz') ? run('xz', ['-dc', file], { binary: true }) : readFileSync(file);
    for (const dependency of dependencies(bytes)) visit(dependency);
    if (name === 'ext4' && files.has(CHECKSUM)) visit(CHECKSUM);
    loaded.set(name, bytes);
  };
  for (const name of WANTED) visit(name);
  return [...loaded].map(([name, bytes]) => ({ name, bytes }));
}

/** A module carries the names that it depends on in its section `.modinfo` (packages ship no modules.dep). */
function dependencies(bytes) {
  const start = bytes.indexOf('\0depends=') + 1;
  if (start === 0) return [];
  const text = bytes.toString('latin1', start + 'depends='.length, bytes.indexOf(0, start));
  return text.split(',').filter(Boolean).map(canonical);
}
