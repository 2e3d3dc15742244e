/** The program that a command names, on the file system. */
import { existsSync } from 'node:fs';
import { dirname, isAbsolute, join } from 'node:path';
import type { MachineDescription } from '../vmm/description.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import { firstFile, type Guest, type GuestOptions, readGuest as readGuestFrom } from '../vmm/guest/guest.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { openFolder } from './guest-file.ts';
import { PROGRAMS } from './package.ts';

export type { Guest } from '../vmm/guest/guest.ts';

/** What a command is told of its guest. */
export type ProgramOptions = GuestOptions;

/** The file system. A source finds what it includes beside it, in the folders named for that, and among the programs that come along. */
export const guestFiles: GuestFiles = {
  read: (name, kind) => readBytes(name, LIMIT_BYTES[kind]),
  findIncluded: (included, from, folders) => {
    const places = [dirname(from), ...folders, PROGRAMS];
    return places.map((place) => besides(place, included)).find((file) => existsSync(file));
  },
};

/** A name seen from a folder, as short as it can be. */
const besides = (folder: string, name: string): string =>
  isAbsolute(name) || folder === '.' ? name : join(folder, name);

/** The file that says what a machine runs. @throws {OperatingError} unless it is one. */
export function programPath(program: string | undefined, given: GuestOptions): string {
  const { path, options } = openFolder(program, given);
  return firstFile(path, options);
}

/** Whether a kernel is booted, which treats a terminal as such; a program takes lines. */
export const bootsKernel = (program: string | undefined, given: GuestOptions): boolean =>
  openFolder(program, given).path === undefined;

/** The machine that runs a program, or boots a kernel, with its disks. */
export function readGuest(program: string | undefined, given: GuestOptions): Guest {
  const { path, options } = openFolder(program, given);
  return readGuestFrom(path, options, guestFiles);
}

export const describeMachine = (path: string | undefined, options: GuestOptions): MachineDescription =>
  readGuest(path, options).description;

/** The input that a program brings along: `bank.input` beside `bank.s`. */
export function ownInput(path: string): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? readBytes(file, LIMIT_BYTES.typed) : new Uint8Array(0);
}
