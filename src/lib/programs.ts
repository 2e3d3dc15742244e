/** Programs, and folders with a `guest.json`: where they and their files are, and the options that they stand for. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import {
  type BootOptions,
  GUEST_FILE,
  type GuestFile,
  parseGuestFile,
  withDevices,
  withFolder,
} from '../vmm/guest/guest-file.ts';
import { LIMIT_BYTES, type ReadFile } from './files.ts';
import { PROGRAMS } from './package.ts';

/**
 * A folder with a `guest.json`, or the name of one among the programs, as the options that it stands for: `--append` is added to what
 * the guest's own command line says, and the guest gets at least the memory that it needs. A program with the devices that it brings
 * along.
 * @throws {OperatingError} when a file of the guest is not there, or the JSON is not as it must be
 */
export function openFolder<T extends BootOptions>(
  name: string | undefined,
  options: T,
  read: ReadFile,
): { path: string | undefined; options: T } {
  if (name === undefined) return { path: name, options };
  const folder = [name, join(PROGRAMS, name)].find((at) => existsSync(join(at, GUEST_FILE)));
  if (folder !== undefined) {
    const file = join(folder, GUEST_FILE);
    const guest = parseGuestFile(read(file, LIMIT_BYTES.text), file);
    const place = (one: string) => placeOf(join(folder, one), guest);
    return { path: undefined, options: withFolder(guest, file, options, place) };
  }
  const path = findProgram(name);
  const beside = path.replace(/\.[^./]+$/, `.${GUEST_FILE}`);
  if (beside === path || !existsSync(beside)) return { path, options };
  return {
    path,
    options: withDevices(parseGuestFile(read(beside, LIMIT_BYTES.text), beside), beside, options),
  };
}

function placeOf(path: string, { make }: GuestFile): string {
  if (existsSync(path)) return path;
  throw new OperatingError(`${path} is not there${make ? `; make it: ${make}` : ''}`);
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

/** The names of the programs that come along. */
export const programNames = (): string[] =>
  readdirSync(PROGRAMS, { withFileTypes: true })
    .filter(
      ({ name }) =>
        name.endsWith('.s') ||
        [GUEST_FILE, `${name}.elf`].some((file) => existsSync(join(PROGRAMS, name, file))),
    )
    .map(({ name }) => name.replace(/\.s$/, ''))
    .sort();

/** The file system. A source finds what it includes beside it, in the folders named for that, and among the programs that come along. */
export const filesOnDisk = (read: ReadFile): GuestFiles => ({
  read: (name, kind) => read(name, LIMIT_BYTES[kind]),
  findIncluded: (included, from, folders) => {
    const places = [dirname(from), ...folders, PROGRAMS];
    return places.map((place) => besides(place, included)).find((file) => existsSync(file));
  },
});

/** A name seen from a folder, as short as it can be. */
const besides = (folder: string, name: string): string =>
  isAbsolute(name) || folder === '.' ? name : join(folder, name);

/** The input that a program brings along: `bank.input` beside `bank.s`. */
export function inputBeside(path: string, read: ReadFile): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? read(file, LIMIT_BYTES.typed) : new Uint8Array(0);
}
