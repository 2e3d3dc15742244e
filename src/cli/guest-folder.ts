/** Guests that are more than one file: a folder whose `guest.json` says what to boot. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { OperatingError } from '../base/errors.ts';
import { readBytes } from './files.ts';

/** The programs that come with vmft, which can be named without their folder. */
const PROGRAMS = fileURLToPath(new URL('../programs/', import.meta.url));
const FILE = 'guest.json';

/** The options that a folder stands for. */
interface BootOptions {
  memory: number;
  kernel?: string;
  initrd?: string;
  append?: string;
}

interface GuestFile {
  /** Relative to the folder. */
  kernel: string;
  initrd?: string;
  append?: string;
  /** The least that it needs. */
  memoryMiB?: number;
  /** What makes the files, when they are not there. */
  make?: string;
}

/**
 * A folder with a `guest.json`, or the name of one among the programs, as the options that it stands for: `--append` is added to what
 * the guest's own command line says, and the guest gets at least the memory that it needs.
 * @throws {OperatingError} when a file of the guest is not there
 */
export function openFolder<T extends BootOptions>(
  path: string | undefined,
  options: T,
): { path: string | undefined; options: T } {
  const folder = [path, path && join(PROGRAMS, path)].find((at) => at && existsSync(join(at, FILE)));
  if (folder === undefined) return { path, options };
  const guest = JSON.parse(new TextDecoder().decode(readBytes(join(folder, FILE)))) as GuestFile;
  const file = (name: string) => {
    const at = join(folder, name);
    if (existsSync(at)) return at;
    const how = guest.make ? `; make it: ${guest.make}` : '';
    throw new OperatingError(`${at} is not there${how}`);
  };
  const append = [guest.append, options.append].filter((text) => text !== undefined).join(' ');
  return {
    path: undefined,
    options: {
      ...options,
      kernel: file(guest.kernel),
      ...(guest.initrd !== undefined && { initrd: file(guest.initrd) }),
      append,
      memory: Math.max(options.memory, (guest.memoryMiB ?? 0) << 20),
    },
  };
}
