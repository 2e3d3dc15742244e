/** Reads the guest that a command names from the file system. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { MachineDescription } from '../vmm/description.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import { firstFile, type Guest, type GuestOptions, readGuest as readGuestFrom } from '../vmm/guest/guest.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { openFolder } from './guest-file.ts';
import { PROGRAMS } from './package.ts';

export type { Guest } from '../vmm/guest/guest.ts';

/** The options of a command's guest. */
export type ProgramOptions = GuestOptions;

/** The file system. An include is searched for beside its source, in the include folders, and in the bundled programs. */
export const guestFiles: GuestFiles = {
  read: (name, kind) => readBytes(name, LIMIT_BYTES[kind]),
  findIncluded: (included, from, folders) => {
    const places = [dirname(from), ...folders, PROGRAMS];
    return places.map((place) => besides(place, included)).find((file) => existsSync(file));
  },
};

/** The shortest path of a name relative to a folder. */
const besides = (folder: string, name: string): string =>
  isAbsolute(name) || folder === '.' ? name : join(folder, name);

/** The file that the machine boots. @throws {OperatingError} unless there is exactly one */
export function programPath(program: string | undefined, given: GuestOptions): string {
  const { path, options } = openFolder(program, given);
  return firstFile(path, options);
}

/** Whether the guest is a kernel, which has its own line editing, and not a program. */
export const bootsKernel = (program: string | undefined, given: GuestOptions): boolean =>
  openFolder(program, given).path === undefined;

/** The machine that runs a program or boots a kernel, with its disks. @throws {OperatingError} */
export function readGuest(program: string | undefined, given: GuestOptions): Guest {
  const { path, options } = openFolder(program, given);
  return readGuestFrom(path, options, guestFiles);
}

export const describeMachine = (path: string | undefined, options: GuestOptions): MachineDescription =>
  readGuest(path, options).description;

/** The input file of a program: `bank.input` beside `bank.s`; empty without one. */
export function ownInput(path: string): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? readBytes(file, LIMIT_BYTES.typed) : new Uint8Array(0);
}
