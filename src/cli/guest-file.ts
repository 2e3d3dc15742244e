/** Finds programs and folders with a `guest.json`, and the options that they imply. */
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import {
  type BootOptions,
  GUEST_FILE,
  type GuestFile,
  parseGuestFile,
  withDevices,
  withFolder,
} from '../vmm/guest/guest-file.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { PROGRAMS } from './package.ts';

/**
 * The options of a folder with a `guest.json`, or of one among the bundled programs: `--append` is added to the guest's
 * own command line, and memory is at least what the guest needs. For a program, the options include its own devices.
 * @throws {OperatingError} when a file of the guest is missing, or the JSON is invalid
 */
export function openFolder<T extends BootOptions>(
  name: string | undefined,
  options: T,
): { path: string | undefined; options: T } {
  if (name === undefined) return { path: name, options };
  const folder = [name, join(PROGRAMS, name)].find((at) => existsSync(join(at, GUEST_FILE)));
  if (folder !== undefined) {
    const file = join(folder, GUEST_FILE);
    const guest = readGuestFile(file);
    const place = (one: string) => placeOf(join(folder, one), guest);
    return { path: undefined, options: withFolder(guest, file, options, place) };
  }
  const path = findProgram(name);
  const beside = path.replace(/\.[^./]+$/, `.${GUEST_FILE}`);
  if (beside === path || !existsSync(beside)) return { path, options };
  return { path, options: withDevices(readGuestFile(beside), beside, options) };
}

const readGuestFile = (path: string): GuestFile => parseGuestFile(readBytes(path, LIMIT_BYTES.text), path);

function placeOf(path: string, { make }: GuestFile): string {
  if (existsSync(path)) return path;
  throw new OperatingError(`${path} is missing${make ? `; make it: ${make}` : ''}`);
}

/** The file of a program: a path, or the name of a bundled one. @throws {OperatingError} when there is neither */
export function findProgram(name: string): string {
  if (name === '') throw new OperatingError('an empty text is no program; name a file');
  if (/[./]/.test(name) || statSync(name, { throwIfNoEntry: false })?.isFile()) return name;
  const files = [join(PROGRAMS, `${name}.s`), join(PROGRAMS, name, `${name}.elf`)];
  const found = files.find((file) => existsSync(file));
  if (found !== undefined || existsSync(name)) return found ?? name;
  throw new OperatingError(
    `${name}: no such file, and no bundled program of that name; there are: ${programNames().join(', ')}`,
  );
}

const programNames = (): string[] =>
  readdirSync(PROGRAMS, { withFileTypes: true })
    .filter(
      ({ name }) =>
        name.endsWith('.s') ||
        [GUEST_FILE, `${name}.elf`].some((file) => existsSync(join(PROGRAMS, name, file))),
    )
    .map(({ name }) => name.replace(/\.s$/, ''))
    .sort();
