/** A guest: what a machine runs, and with which devices, from the files on the command line. */
import { OperatingError } from '../../base/errors.ts';
import { RAM_BASE } from '../../cpu/layout.ts';
import { boot } from '../boot.ts';
import type { MachineDescription } from '../description.ts';
import type { Image } from '../image.ts';
import { type BootFile, kernelStart, loadKernel } from '../kernel-image.ts';
import type { GuestFiles } from './files.ts';
import { assembledImage, type ImageOptions, isSource, loadFirmware, loadImage } from './image-file.ts';
import { type DeviceOptions, placeDevices } from './placement.ts';

/** The options of a guest, besides its program. */
export interface GuestOptions extends DeviceOptions, ImageOptions {
  /** Files. */
  kernel?: string;
  initrd?: string;
  /** A file, or one of {@link BIOS}. */
  bios?: string;
  /** The kernel's command line. */
  append?: string;
  clock?: MachineDescription['clock'];
}

/** A machine, and the initial content of its disks. */
export interface Guest {
  description: MachineDescription;
  diskContent: Uint8Array;
  /** The file of each disk, in the order of their slots; undefined for a disk of zeros. */
  diskFiles: readonly (string | undefined)[];
}

/** 2010-12-01 00:00 UTC: what the guest's real-time clock shows at boot, so that two runs with one seed are equal. */
const BOOT_EPOCH_NS = 1_291_161_600_000_000_000n;

/** What `--bios` takes besides a file, as in QEMU: no firmware, or the default one, which is the VMM. */
const BIOS = { NONE: 'none', DEFAULT: 'default' } as const;

const firmwareFile = ({ bios }: GuestOptions): string | undefined =>
  bios === BIOS.NONE || bios === BIOS.DEFAULT ? undefined : bios;

/**
 * The machine that runs a program or boots a kernel, with its disks.
 * @param path of the program; undefined to boot a kernel
 * @throws {OperatingError} when a file can't be read or run on this machine, or a device is not available
 */
export function readGuest(path: string | undefined, options: GuestOptions, files: GuestFiles): Guest {
  const { virtio, diskContent, diskFiles } = placeDevices(options, (file) => files.read(file, 'image'));
  const { memory, initrd, append = '' } = options;
  const { firmware, kernel } = loadImages(path, options, files);
  const description: MachineDescription = {
    program: lastPart(firstFile(path, options)),
    memorySizeBytes: memory,
    bootEpochNs: BOOT_EPOCH_NS,
    virtio,
    clock: options.clock ?? 'logged',
    ...boot({
      memorySizeBytes: memory,
      append,
      ...(firmware && { firmware }),
      ...(kernel && { kernel }),
      bare: options.bios === BIOS.NONE,
      ...(initrd !== undefined && { initrd: bootFile(initrd, files) }),
    }),
  };
  return { description, diskContent, diskFiles };
}

const lastPart = (path: string): string => path.split(/[\\/]/).at(-1)!;

const bootFile = (name: string, files: GuestFiles): BootFile => ({ name, bytes: files.read(name, 'image') });

/** An image that is loaded at boot, and the file that it is made of. */
export interface LoadedFile {
  file: string;
  image: Image;
}

/**
 * What {@link readGuest} loads: a program or firmware, and a kernel.
 * @throws {OperatingError} as that
 */
export function imagesOf(path: string | undefined, options: GuestOptions, files: GuestFiles): LoadedFile[] {
  const { firmware, kernel } = loadImages(path, options, files);
  return [
    ...(firmware ? [{ file: path ?? firmwareFile(options)!, image: firmware }] : []),
    ...(kernel ? [{ file: options.kernel!, image: kernel }] : []),
  ];
}

function loadImages(path: string | undefined, options: GuestOptions, files: GuestFiles) {
  const firmware = firmwareBelow(path, options, files);
  const kernel =
    options.kernel === undefined ? undefined : kernelImage(options.kernel, options, firmware, files);
  return { firmware, kernel };
}

/** The firmware that a kernel boots on, if any. */
function firmwareBelow(
  path: string | undefined,
  options: GuestOptions,
  files: GuestFiles,
): Image | undefined {
  const bios = firmwareFile(options);
  if (path !== undefined) return loadImage(path, options, files);
  return bios === undefined ? undefined : loadFirmware(bios, options, files);
}

/** A kernel in assembly is loaded where other kernels are. */
function kernelImage(
  path: string,
  options: GuestOptions,
  firmware: Image | undefined,
  files: GuestFiles,
): Image {
  const start = options.bios === BIOS.NONE ? RAM_BASE : kernelStart(firmware);
  if (isSource(path)) return assembledImage(path, options, files, start);
  return loadKernel(bootFile(path, files), { base: RAM_BASE, sizeBytes: options.memory }, start);
}

/**
 * The file that determines what a machine runs.
 * @throws {OperatingError} when there is none or two, or an option has no effect
 */
export function firstFile(path: string | undefined, options: GuestOptions): string {
  const { kernel } = options;
  const bios = firmwareFile(options);
  if (path !== undefined && kernel !== undefined)
    throw new OperatingError(`a program and a kernel are given; leave out ${path}, or --kernel ${kernel}`);
  if (path !== undefined && bios !== undefined)
    throw new OperatingError(`a program takes the place of firmware; leave out ${path}, or --bios ${bios}`);
  mustHaveUse(path, options);
  const first = path ?? kernel ?? bios;
  if (first === undefined) throw new OperatingError('no program given; name one, or give --kernel');
  return first;
}

/** Rejects options that would have no effect. */
function mustHaveUse(path: string | undefined, options: GuestOptions): void {
  const { kernel, initrd, append, defsym, include, raw } = options;
  const refuse = (option: string, why: string): never => {
    throw new OperatingError(`${option} ${why}; leave it out`);
  };
  if (path !== undefined && initrd !== undefined)
    refuse('--initrd', `is for a kernel, and ${path} is given as a program`);
  if (path !== undefined && append !== undefined)
    refuse('--append', `is for a kernel, and ${path} is given as a program`);
  const source = [path, kernel, firmwareFile(options)].find((file) => file !== undefined && isSource(file));
  if (source === undefined && defsym) refuse('--defsym', 'is for the assembler, and no source is given');
  if (source === undefined && include) refuse('--include', 'is for the assembler, and no source is given');
  if (raw && (path === undefined || isSource(path))) refuse('--raw', 'is for a raw image, and none is given');
}
