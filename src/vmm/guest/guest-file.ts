/**
 * Guest files, in JSON: `guest.json` in a folder names what to boot there; `NAME.guest.json` next to a program names
 * the devices it runs with. Command-line options take precedence.
 */
import { OperatingError } from '../../base/errors.ts';
import { MAX_RAM_BYTES } from '../../cpu/layout.ts';
import { parseDevice } from './device-options.ts';
import type { GuestOptions } from './guest.ts';
import type { DeviceOptions } from './placement.ts';

/** The file's name in a folder; the suffix of its name next to a program. */
export const GUEST_FILE = 'guest.json';

/** The options that a guest file provides. */
export type BootOptions = Pick<GuestOptions, 'own' | 'memory' | 'kernel' | 'initrd' | 'append'>;

/** The content of a guest file. */
export interface GuestFile {
  /** Relative to the folder. */
  kernel?: string;
  initrd?: string;
  append?: string;
  /** The minimum. */
  memoryMiB?: number;
  /** The command that makes the files when they are missing. */
  make?: string;
  /** Devices, as `--device` takes them. */
  devices?: string[];
  /** An initially empty disk, unless another is given. */
  diskKiB?: number;
}

/**
 * The options for the guest of a folder. `append` is added to the guest's own command line, and the guest gets at least
 * the memory that it needs.
 * @param name of the guest file, for messages
 * @param place gives the path of a file of the folder
 * @throws {OperatingError} when the file names no kernel, or an unknown device
 */
export function withFolder<T extends BootOptions>(
  guest: GuestFile,
  name: string,
  options: T,
  place: (file: string) => string,
): T {
  if (guest.kernel === undefined) throw new OperatingError(`${name}: it names no kernel`);
  const append = [guest.append, options.append].filter((text) => text !== undefined).join(' ');
  return {
    ...options,
    kernel: place(guest.kernel),
    ...(guest.initrd !== undefined && { initrd: place(guest.initrd) }),
    append,
    memory: Math.max(options.memory, (guest.memoryMiB ?? 0) * MEBIBYTE),
    own: ownDevices(guest, name),
  };
}

/**
 * The options for a program, with the devices of its guest file.
 * @throws {OperatingError} when that has fields for a folder
 */
export function withDevices<T extends BootOptions>(guest: GuestFile, name: string, options: T): T {
  const other = Object.keys(guest).find((field) => field !== 'devices' && field !== 'diskKiB');
  if (other !== undefined)
    throw new OperatingError(`${name}: "${other}" is for a folder; a program has devices and diskKiB`);
  return { ...options, own: ownDevices(guest, name) };
}

function ownDevices(
  { devices = [], diskKiB }: Pick<GuestFile, 'devices' | 'diskKiB'>,
  name: string,
): NonNullable<DeviceOptions['own']> {
  try {
    return {
      devices: devices.map(parseDevice),
      ...(diskKiB !== undefined && { diskSize: diskKiB * 1024 }),
    };
  } catch (error) {
    if (error instanceof OperatingError) throw new OperatingError(`${name}: ${error.message}`);
    throw error;
  }
}

const MEBIBYTE = 2 ** 20;
const isText = (value: unknown): boolean => typeof value === 'string';
const isSizeUpTo =
  (max: number) =>
  (value: unknown): boolean =>
    Number.isInteger(value) && Number(value) > 0 && Number(value) <= max;

const fields: { [K in keyof GuestFile]-?: (value: unknown) => boolean } = {
  kernel: isText,
  initrd: isText,
  append: isText,
  memoryMiB: isSizeUpTo(MAX_RAM_BYTES / MEBIBYTE),
  make: isText,
  devices: (value) => Array.isArray(value) && value.every(isText),
  // Less than 2 GiB.
  diskKiB: isSizeUpTo(2 ** 21 - 1),
};

/** @param name of the file, for messages. @throws {OperatingError} when the content is not a valid guest file */
export function parseGuestFile(bytes: Uint8Array, name: string): GuestFile {
  const guest = parseJson(bytes, name);
  for (const [field, value] of Object.entries(guest)) {
    if (!Object.hasOwn(fields, field))
      throw new OperatingError(
        `${name}: "${field}" is not known; there are ${Object.keys(fields).join(', ')}`,
      );
    if (!fields[field as keyof GuestFile](value))
      throw new OperatingError(`${name}: "${field}" can't be ${JSON.stringify(value)}`);
  }
  return guest;
}

function parseJson(bytes: Uint8Array, name: string): object {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new OperatingError(`${name}: ${error.message}`);
  }
  throw new OperatingError(`${name}: it must be a JSON object`);
}
