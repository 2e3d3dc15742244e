/**
 * What a guest brings along, as JSON: `guest.json` in a folder says what to boot there, `NAME.guest.json` beside a program with which
 * devices it runs. Options of the command line come before it.
 */

import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InvalidArgumentError } from 'commander';
import { OperatingError } from '../base/errors.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { PROGRAMS } from './package.ts';
import { parseDevice } from './qemu/device-options.ts';
import type { DeviceOptions } from './qemu/placement.ts';

const FILE = 'guest.json';

/** The options that a guest file stands for. */
interface BootOptions extends Pick<DeviceOptions, 'own'> {
  memory: number;
  kernel?: string;
  initrd?: string;
  append?: string;
}

interface GuestFile {
  /** Relative to the folder. */
  kernel?: string;
  initrd?: string;
  append?: string;
  /** The least that it needs. */
  memoryMiB?: number;
  /** What makes the files, when they are not there. */
  make?: string;
  /** Devices, as `--device` takes them. */
  devices?: string[];
  /** A disk that is empty at first, unless there is another. */
  diskKiB?: number;
}

/**
 * A folder with a `guest.json`, or the name of one among the programs, as the options that it stands for: `--append` is added to what
 * the guest's own command line says, and the guest gets at least the memory that it needs. A program with the devices that it brings
 * along.
 * @throws {OperatingError} when a file of the guest is not there, or the JSON is not as it must be
 */
export function openFolder<T extends BootOptions>(
  name: string | undefined,
  options: T,
): { path: string | undefined; options: T } {
  if (name === undefined) return { path: name, options };
  const folder = [name, join(PROGRAMS, name)].find((at) => existsSync(join(at, FILE)));
  if (folder !== undefined) return { path: undefined, options: withFolder(folder, options) };
  const path = findProgram(name);
  const beside = path.replace(/\.[^./]+$/, `.${FILE}`);
  if (beside === path || !existsSync(beside)) return { path, options };
  const guest = readGuestFile(beside);
  const other = Object.keys(guest).find((name) => name !== 'devices' && name !== 'diskKiB');
  if (other !== undefined)
    throw new OperatingError(`${beside}: "${other}" is for a folder; a program has devices and diskKiB`);
  return { path, options: { ...options, own: ownDevices(guest, beside) } };
}

/** The file of a program: a path, or a name among the programs that come along. @throws {OperatingError} when there is neither */
export function findProgram(name: string): string {
  if (name === '') throw new OperatingError('an empty text is no program; name a file');
  if (/[./]/.test(name) || statSync(name, { throwIfNoEntry: false })?.isFile()) return name;
  const files = [join(PROGRAMS, `${name}.s`), join(PROGRAMS, name, `${name}.elf`)];
  const found = files.find((file) => existsSync(file));
  if (found !== undefined || existsSync(name)) return found ?? name;
  throw new OperatingError(
    `${name}: no such file, and no program of that name comes along; these do: ${programNames().join(', ')}`,
  );
}

const programNames = (): string[] =>
  readdirSync(PROGRAMS, { withFileTypes: true })
    .filter(
      ({ name }) =>
        name.endsWith('.s') || [FILE, `${name}.elf`].some((file) => existsSync(join(PROGRAMS, name, file))),
    )
    .map(({ name }) => name.replace(/\.s$/, ''))
    .sort();

function withFolder<T extends BootOptions>(folder: string, options: T): T {
  const guest = readGuestFile(join(folder, FILE));
  const file = (name: string) => {
    const at = join(folder, name);
    if (existsSync(at)) return at;
    const how = guest.make ? `; make it: ${guest.make}` : '';
    throw new OperatingError(`${at} is not there${how}`);
  };
  if (guest.kernel === undefined) throw new OperatingError(`${join(folder, FILE)}: it names no kernel`);
  const append = [guest.append, options.append].filter((text) => text !== undefined).join(' ');
  return {
    ...options,
    kernel: file(guest.kernel),
    ...(guest.initrd !== undefined && { initrd: file(guest.initrd) }),
    append,
    memory: Math.max(options.memory, (guest.memoryMiB ?? 0) << 20),
    own: ownDevices(guest, join(folder, FILE)),
  };
}

function ownDevices({ devices = [], diskKiB }: Pick<GuestFile, 'devices' | 'diskKiB'>, file: string) {
  try {
    return {
      devices: devices.map(parseDevice),
      ...(diskKiB !== undefined && { diskSize: diskKiB << 10 }),
    };
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw new OperatingError(`${file}: ${error.message}`);
    throw error;
  }
}

const isText = (value: unknown): boolean => typeof value === 'string';
const isSize = (value: unknown): boolean =>
  Number.isInteger(value) && Number(value) > 0 && Number(value) < 2 ** 21;

const fields: { [K in keyof GuestFile]-?: (value: unknown) => boolean } = {
  kernel: isText,
  initrd: isText,
  append: isText,
  memoryMiB: isSize,
  make: isText,
  devices: (value) => Array.isArray(value) && value.every(isText),
  diskKiB: isSize,
};

function readGuestFile(path: string): GuestFile {
  const guest = parseJson(path);
  for (const [name, value] of Object.entries(guest)) {
    if (!Object.hasOwn(fields, name))
      throw new OperatingError(
        `${path}: "${name}" is not known; there are ${Object.keys(fields).join(', ')}`,
      );
    if (!fields[name as keyof GuestFile](value))
      throw new OperatingError(`${path}: "${name}" can't be ${JSON.stringify(value)}`);
  }
  return guest;
}

function parseJson(path: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(readBytes(path, LIMIT_BYTES.text)));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new OperatingError(`${path}: ${error.message}`);
  }
  throw new OperatingError(`${path}: it must be a JSON object`);
}
