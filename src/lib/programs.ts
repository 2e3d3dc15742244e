/** Finds programs and folders with a `guest.json`, and the options that they imply. */
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

/** Where a bundled guest is made; its `guest.json` there knows how much memory it needs with what was added to it. */
const MADE = 'out';

/**
 * The options of a folder with a `guest.json`, or of one among the bundled programs: `--append` is added to the guest's
 * own command line, and memory is at least what the guest needs. For a program, the options include its devices.
 * @throws {OperatingError} when a file of the guest is missing, or the JSON is invalid
 */
export function openFolder<T extends BootOptions>(
  name: string | undefined,
  options: T,
  read: ReadFile,
  programs = PROGRAMS,
): { path: string | undefined; options: T } {
  if (name === undefined) return { path: name, options };
  const folder = [name, join(programs, name, MADE), join(programs, name)].find((at) =>
    existsSync(join(at, GUEST_FILE)),
  );
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
  throw new OperatingError(`${path} is missing${make ? `; make it: ${make}` : ''}`);
}

/** The file of a program: a path, or the name of a bundled one. @throws {OperatingError} when there is neither */
export function findProgram(name: string): string {
  if (name === '') throw new OperatingError('an empty text is no program; name a file');
  if (/[./]/.test(name) || (existsSync(name) && statSync(name).isFile())) return name;
  const files = [join(PROGRAMS, `${name}.s`), join(PROGRAMS, name, `${name}.elf`)];
  const found = files.find((file) => existsSync(file));
  if (found !== undefined || existsSync(name)) return found ?? name;
  throw new OperatingError(
    `${name}: no such file, and no bundled program of that name; there are: ${programNames().join(', ')}`,
  );
}

/** The names of the bundled programs. */
export const programNames = (): string[] =>
  readdirSync(PROGRAMS, { withFileTypes: true })
    .filter(
      ({ name }) =>
        name.endsWith('.s') ||
        [GUEST_FILE, `${name}.elf`].some((file) => existsSync(join(PROGRAMS, name, file))),
    )
    .map(({ name }) => name.replace(/\.s$/, ''))
    .sort();

/** The file system. Includes are searched for beside the source, in the include folders, and in the bundled programs. */
export const filesOnDisk = (read: ReadFile): GuestFiles => ({
  read: (name, kind) => read(name, LIMIT_BYTES[kind]),
  findIncluded: (included, from, folders) => {
    const places = [dirname(from), ...folders, PROGRAMS];
    return places.map((place) => besides(place, included)).find((file) => existsSync(file));
  },
});

/** The shortest path of a name relative to a folder. */
const besides = (folder: string, name: string): string =>
  isAbsolute(name) || folder === '.' ? name : join(folder, name);

/** The input file of a program: `bank.input` beside `bank.s`; empty without one. */
export function inputBeside(path: string, read: ReadFile): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? read(file, LIMIT_BYTES.typed) : new Uint8Array(0);
}
