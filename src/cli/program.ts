/** Reads the guest that a command names from the file system. */
import { filesOnDisk, inputBeside, openFolder as openWith } from '../lib/programs.ts';
import type { MachineDescription } from '../vmm/description.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import { firstFile, type Guest, type GuestOptions, readGuest as readGuestFrom } from '../vmm/guest/guest.ts';
import type { BootOptions } from '../vmm/guest/guest-file.ts';
import { readBytes } from './files.ts';

export type { Guest } from '../vmm/guest/guest.ts';

/** The options of a command's guest. */
export type ProgramOptions = GuestOptions;

/** The files that guests are made of. */
export const guestFiles: GuestFiles = filesOnDisk(readBytes);

/** As {@link openWith}. */
export const openFolder = <T extends BootOptions>(name: string | undefined, options: T) =>
  openWith(name, options, readBytes);

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

/** The machine of {@link readGuest}, without the content of its disks. @throws {OperatingError} */
export const describeMachine = (path: string | undefined, options: GuestOptions): MachineDescription =>
  readGuest(path, options).description;

/** The input file of a program: `bank.input` beside `bank.s`; empty without one. */
export const ownInput = (path: string): Uint8Array => inputBeside(path, readBytes);
