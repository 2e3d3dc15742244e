// The kernel's image and the modules that the guest loads.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { BuildError, run } from './tools.mjs';

/** The driver that finds the devices; the guest loads it when it boots. */
const BUS = 'virtio_mmio';

/** The devices' drivers, of which the guest loads those that it needs, and what the kernel itself asks for. */
const ON_DEMAND = ['virtio_blk', 'virtio_net', 'virtio_rng', 'virtio_console', 'ext4'];

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

/**
 * The modules that the guest needs, uncompressed, with what `modprobe` wants to know about them:
 * `{ name, bytes, dependencies, aliases }`, and the names of those that load when the guest boots.
 */
export async function guestModules(system, release) {
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
  const found = new Map();
  /** Finds a module with all that it needs; gives back the names, those needed first. */
  const visit = async (name) => {
    if (builtin.has(name)) return [];
    if (!found.has(name)) {
      const file = files.get(name);
      if (file === undefined) throw new BuildError(`Linux ${release} has no module ${name}`);
      const bytes = file.endsWith('.xz')
        ? await run('xz', ['-dc', file], { binary: true })
        : readFileSync(file);
      const direct = moduleInfo(bytes, 'depends').flatMap((names) => names.split(',').filter(Boolean));
      if (name === 'ext4' && files.has(CHECKSUM)) direct.push(CHECKSUM);
      const dependencies = new Set();
      for (const needed of direct.map(canonical))
        for (const one of await visit(needed)) dependencies.add(one);
      const aliases = moduleInfo(bytes, 'alias');
      found.set(name, { name, bytes: withoutTypes(unsigned(bytes)), dependencies: [...dependencies], aliases });
    }
    return [...found.get(name).dependencies, name];
  };
  for (const name of [BUS, ...ON_DEMAND]) await visit(name);
  return { modules: [...found.values()], atBoot: [BUS].filter((name) => found.has(name)) };
}

/** What a module says of itself in its section `.modinfo`: `key=value` strings with a zero at their end. */
function moduleInfo(bytes, key) {
  const values = [];
  const mark = `\0${key}=`;
  for (let at = bytes.indexOf(mark); at >= 0; at = bytes.indexOf(mark, at + 1)) {
    const start = at + mark.length;
    values.push(bytes.toString('latin1', start, bytes.indexOf(0, start)));
  }
  return values;
}

const SIGNATURE_END = '~Module signature appended~\n';

/** What stands before the mark: `struct module_signature`, whose last word is the length of the signature. */
const SIGNATURE_INFO = 12;

/**
 * A module without the signature at its end. The guest can make nothing of it but work: to verify one takes
 * 30 million instructions.
 */
function unsigned(bytes) {
  const mark = bytes.length - SIGNATURE_END.length;
  if (bytes.toString('latin1', mark) !== SIGNATURE_END) return bytes;
  return bytes.subarray(0, mark - SIGNATURE_INFO - bytes.readUInt32BE(mark - 4));
}

/**
 * A module whose type information for BPF has another section's name: the kernel does not find it. To check it takes most
 * of the time in which the kernel loads a module.
 */
function withoutTypes(bytes) {
  const changed = Buffer.from(bytes);
  const at = changed.indexOf('\0.BTF\0');
  if (at >= 0) changed.write('.btf', at + 1);
  return changed;
}
