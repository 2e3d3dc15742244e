/** A guest from which machines are made. */
import { OperatingError } from '../base/errors.ts';
import { limits, memoryDefaults } from '../sim/values/limits.ts';
import { type Naming, namingOf } from '../symbols/naming.ts';
import { parseDevice } from '../vmm/guest/device-options.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import {
  type GuestOptions as BootOptions,
  firstFile,
  type Guest as Made,
  readGuest,
} from '../vmm/guest/guest.ts';
import { readFile } from './files.ts';
import { guestSymbols } from './guest-symbols.ts';
import { filesOnDisk, inputBeside, openFolder } from './programs.ts';
import type { Guest, GuestOptions, GuestSource } from './types.ts';

/** The name of a disk that was given as bytes: no file can have it. */
const DISK = '\0disk';
const PAGE_BYTES = 4096;

/** The contents of files that were given as bytes, by name. */
type Held = Map<string, Uint8Array>;

/** What is booted: a file, on disk or given as bytes, or a kernel. */
interface Booted {
  path: string | undefined;
  options: BootOptions;
}

/** What {@link loadGuest} returns. Machines are made when a run first needs them. */
export class LoadedGuest implements Guest {
  readonly name: string;
  readonly memoryBytes: number;
  readonly input: Uint8Array;
  /** Names the addresses of its program, kernel and firmware. */
  readonly naming: Naming;
  /** The machine without clients, and with them: then it has a network card. */
  private readonly made = new Map<boolean, Made>();
  private readonly booted: Booted;
  private readonly files: GuestFiles;

  constructor(from: GuestSource, options: GuestOptions) {
    const held: Held = new Map();
    this.booted = bootedOf(from, optionsOf(options, held), held);
    const { read, findIncluded } = filesOnDisk(readFile);
    // Each file is read once: later changes of it do not change the guest.
    const seen: Held = new Map(held);
    this.files = {
      findIncluded,
      read: (name, kind) => {
        const bytes = seen.get(name) ?? read(name, kind);
        seen.set(name, bytes);
        return bytes;
      },
    };
    const { path, options: booted } = this.booted;
    this.naming = namingOf(() => guestSymbols(path, booted, this.files));
    const { description } = this.machine(0);
    this.name = description.program;
    this.memoryBytes = description.memorySizeBytes;
    const first = firstFile(this.booted.path, this.booted.options);
    this.input = held.has(first) ? new Uint8Array(0) : inputBeside(first, readFile);
  }

  /** The machine, and the initial content of its disk. @throws {OperatingError} if a file or a device is invalid */
  machine(clients: number): Made {
    const { path, options } = this.booted;
    const made = this.made.get(clients > 0) ?? readGuest(path, { ...options, clients }, this.files);
    this.made.set(clients > 0, made);
    return made;
  }
}

function bootedOf(from: GuestSource, options: BootOptions, held: Held): Booted {
  if (typeof from === 'string') return openFolder(from, options, readFile);
  if (typeof from !== 'object' || from === null)
    throw new OperatingError('a guest is a name, a path, { source }, { image } or { kernel }');
  if ('source' in from) {
    const path = (from.name ?? 'guest').replace(/(\.s)?$/i, '.s');
    held.set(path, new TextEncoder().encode(from.source));
    return { path, options };
  }
  if ('image' in from) {
    const path = (from.name ?? 'image').replace(/\.s$/i, '');
    held.set(path, from.image.slice());
    return { path, options: { ...options, raw: true } };
  }
  const { kernel, initrd, append, bios } = from;
  const given = Object.entries({ kernel, initrd, append, bios }).filter(([, value]) => value !== undefined);
  return { path: undefined, options: { ...options, ...Object.fromEntries(given) } };
}

function optionsOf(options: GuestOptions, held: Held): BootOptions {
  const {
    memoryBytes = memoryDefaults.run,
    defines = {},
    includeFolders,
    disk,
    devices,
    console = 'uart',
    clock = 'logged',
    ...unknown
  } = options;
  for (const name of Object.keys(unknown))
    throw new OperatingError(`a guest has no "${name}"; it has ${Object.keys(optionNames).join(', ')}`);
  mustBeOneOf('console', console, ['uart', 'virtio']);
  mustBeOneOf('clock', clock, ['logged', 'derived']);
  const { least, most } = limits.memoryBytes;
  if (!(memoryBytes >= least && memoryBytes <= most && memoryBytes % PAGE_BYTES === 0))
    throw new OperatingError(
      `memoryBytes ${memoryBytes}: the size of the memory is a multiple of ${PAGE_BYTES} up to ${most}`,
    );
  if (disk instanceof Uint8Array) held.set(DISK, disk.slice());
  const file = disk instanceof Uint8Array ? DISK : disk;
  const symbols = Object.entries(defines).map(([name, value]): [string, bigint] => [
    name,
    wordOf(name, value),
  ]);
  return {
    memory: memoryBytes,
    ...(symbols.length > 0 && { defsym: symbols }),
    ...(includeFolders && { include: [...includeFolders] }),
    ...(typeof file === 'string' && {
      drive: [{ text: 'disk', file, readOnly: false, id: undefined, forDevice: false }],
    }),
    ...(typeof file === 'number' && { diskSize: diskBytes(file) }),
    ...(devices && { device: devices.map(parseDevice) }),
    console,
    clock,
  };
}

const optionNames: Readonly<Record<keyof GuestOptions, true>> = {
  memoryBytes: true,
  defines: true,
  includeFolders: true,
  disk: true,
  devices: true,
  console: true,
  clock: true,
};

function mustBeOneOf<T>(option: string, value: T, allowed: readonly T[]): void {
  if (!allowed.includes(value))
    throw new OperatingError(`${option} ${value}: it must be one of ${allowed.join(', ')}`);
}

/** A symbol's value. @throws {OperatingError} if it does not fit in 64 bits */
function wordOf(name: string, value: number | bigint): bigint {
  const whole = typeof value === 'bigint' || Number.isSafeInteger(value) ? BigInt(value) : undefined;
  if (whole !== undefined && whole >= -(2n ** 63n) && whole < 2n ** 64n) return whole;
  throw new OperatingError(`defines ${name}=${value}: it must be a whole number that fits into 64 bits`);
}

function diskBytes(sizeBytes: number): number {
  const { most } = limits.memoryBytes;
  if (Number.isInteger(sizeBytes) && sizeBytes >= 0 && sizeBytes <= most) return sizeBytes;
  throw new OperatingError(`disk ${sizeBytes}: the size of a disk is a whole number of bytes up to ${most}`);
}
