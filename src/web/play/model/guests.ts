/** The bundled programs and stories, as files by name: `programs/bank.s`, `stories/two-backups.story`. */
import { OperatingError } from '../../../base/errors.ts';
import type { GuestFiles } from '../../../vmm/guest/files.ts';
import { type Guest, readGuest } from '../../../vmm/guest/guest.ts';
import { GUEST_FILE, type GuestFile, parseGuestFile, withDevices } from '../../../vmm/guest/guest-file.ts';

/** Files by name. */
export type Files = ReadonlyMap<string, Uint8Array<ArrayBuffer>>;

const PROGRAMS = 'programs';
const STORIES = 'stories';

/** The names in those of files that have the pattern. */
const namesOf = (files: Files, pattern: RegExp): string[] =>
  [...files.keys()]
    .flatMap((name) => pattern.exec(name)?.[1] ?? [])
    .sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));

/** The names of the bundled programs. */
export const programNames = (files: Files): string[] =>
  namesOf(files, /^programs\/([^/.]+)(?:\.s|\/\1\.elf)$/);

/** The names of the bundled stories. */
export const storyNames = (files: Files): string[] => namesOf(files, /^stories\/([^/]+)\.story$/);

/** The text of a bundled story. @throws {OperatingError} if there is none of that name */
export function bundledStory(files: Files, name: string): string {
  const file = `${STORIES}/${name}.story`;
  if (!files.has(file))
    throw new OperatingError(`there is no story "${name}"; there are: ${storyNames(files).join(', ')}`);
  return new TextDecoder().decode(read(files, file));
}

/** The file of a bundled program. @throws {OperatingError} if there is none of that name */
export function programFile(files: Files, name: string): string {
  const found = [`${PROGRAMS}/${name}.s`, `${PROGRAMS}/${name}/${name}.elf`].find((file) => files.has(file));
  if (found !== undefined) return found;
  throw new OperatingError(`there is no program "${name}"; there are: ${programNames(files).join(', ')}`);
}

/** The console input of a bundled program: `bank.input` beside `bank.s`; empty without one. */
export const inputOf = (files: Files, name: string): Uint8Array<ArrayBuffer> =>
  files.get(programFile(files, name).replace(/\.[^./]+$/, '.input')) ?? new Uint8Array(0);

/** The content of `NAME.guest.json` beside a program, and that file's name. */
function guestFileOf(files: Files, name: string): { own: GuestFile | undefined; file: string } {
  const file = programFile(files, name).replace(/\.[^./]+$/, `.${GUEST_FILE}`);
  const bytes = files.get(file);
  return { own: bytes && parseGuestFile(bytes, file), file };
}

/** Whether a program has a network card of its own. @throws {OperatingError} if there is none of that name */
const hasNetwork = (files: Files, name: string): boolean =>
  guestFileOf(files, name).own?.devices?.some((device) => device.startsWith('virtio-net')) ?? false;

/** The clients of a program that serves some. */
const CLIENTS = 3;

/** The number of clients that a program has: some if it has a network card. @throws {OperatingError} as above */
export const clientsOf = (files: Files, name: string): number => (hasNetwork(files, name) ? CLIENTS : 0);

/** What of a machine does not follow from its program. */
export interface GuestSetting {
  /** The source of the program, if it is not the bundled one. */
  source?: string | undefined;
  memorySizeBytes: number;
  defines: readonly [string, bigint][];
  clients: number;
}

/**
 * The machine of a bundled program, as the command line makes it.
 * @throws {OperatingError} as {@link readGuest}
 */
export function guestOf(
  files: Files,
  name: string,
  { source, memorySizeBytes, defines, clients }: GuestSetting,
): Guest {
  const path = programFile(files, name);
  const { own, file } = guestFileOf(files, name);
  const options = {
    memory: memorySizeBytes,
    clients,
    ...(defines.length > 0 && { defsym: [...defines] }),
  };
  if (source !== undefined && !path.endsWith('.s'))
    throw new OperatingError(`${name} is bundled as an ELF file: it has no source that could be another one`);
  const all = source === undefined ? files : new Map(files).set(path, new TextEncoder().encode(source));
  return readGuest(path, own ? withDevices(own, file, options) : options, guestFiles(all));
}

function read(files: Files, name: string): Uint8Array<ArrayBuffer> {
  const bytes = files.get(name);
  if (bytes) return bytes;
  throw new OperatingError(`${name}: no such file`);
}

/** Includes are searched for beside the source, in the include folders, and among the bundled programs. */
const guestFiles = (files: Files): GuestFiles => ({
  read: (name) => read(files, name),
  findIncluded: (included, from, folders) =>
    [from.replace(/\/[^/]*$/, ''), ...folders, PROGRAMS]
      .map((folder) => `${folder}/${included}`)
      .find((file) => files.has(file)),
});
