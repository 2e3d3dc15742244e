import { existsSync } from 'node:fs';
import { basename, dirname, isAbsolute, join } from 'node:path';
import { assemble } from '../asm/assemble.ts';
import { OperatingError } from '../base/errors.ts';
import { RAM_BASE } from '../cpu/layout.ts';
import { boot } from '../vmm/boot.ts';
import type { MachineDescription } from '../vmm/description.ts';
import { htifWords, type Image, isElf, loadElf, loadRaw } from '../vmm/image.ts';
import { type BootFile, kernelStart, loadKernel } from '../vmm/kernel-image.ts';
import { LIMIT_BYTES, readBytes } from './files.ts';
import { openFolder } from './guest-file.ts';
import { PROGRAMS } from './package.ts';
import { type DeviceOptions, placeDevices } from './qemu/placement.ts';

export interface ProgramOptions extends DeviceOptions {
  memory: number;
  defsym?: [string, bigint][];
  /** Whether a program that is neither ELF nor source is a raw image, whatever its name. */
  raw?: boolean;
  /** Folders in which a source's `.include` is looked for. */
  include?: string[];
  /** Files. */
  kernel?: string;
  initrd?: string;
  /** A file, or one of {@link BIOS}. */
  bios?: string;
  /** The kernel's command line. */
  append?: string;
  clock?: MachineDescription['clock'];
}

/** A machine, and what its disks hold at first. */
export interface Guest {
  description: MachineDescription;
  diskContent: Uint8Array;
}

/** 2010-12-01 00:00 UTC: what the guest's real-time clock shows at boot, so that two runs with one seed are equal. */
const BOOT_EPOCH_NS = 1_291_161_600_000_000_000n;

const decoder = new TextDecoder();

/** What is said of a source, beside the file. */
export type SourceOptions = Pick<ProgramOptions, 'defsym' | 'include'>;

/** Assembles a source file; what it includes is looked for beside it, in the folders named for that, and among the programs that come along. */
export function assembleFile(path: string, { defsym = [], include = [] }: SourceOptions, origin = RAM_BASE) {
  return assemble(sourceText(path), {
    file: path,
    origin: BigInt(origin),
    define: Object.fromEntries(defsym),
    readFile: (included, from) => {
      const places = [dirname(from), ...include, PROGRAMS];
      const name = places.map((place) => besides(place, included)).find((file) => existsSync(file));
      return name === undefined ? undefined : { name, text: sourceText(name) };
    },
  });
}

/** What a file is decides how it is loaded: `.s` and `.S` are assembled, ELF is linked, a raw image says by its suffix that it is one. */
export function loadImage(
  path: string,
  { memory, raw = RAW_SUFFIX.test(path), ...options }: Pick<ProgramOptions, 'memory' | 'raw'> & SourceOptions,
): Image {
  const ram = { base: RAM_BASE, sizeBytes: memory };
  if (isSource(path)) return assembledImage(path, { memory, ...options });
  const content = readBytes(path);
  if (isElf(content)) return loadElf(content, path, ram);
  mustBeImage(content, path);
  if (!raw && content.length > 0)
    throw new OperatingError(
      `${path}: neither an ELF nor a source; a raw image has the suffix .bin, .img or .raw, or is given with --raw`,
    );
  return loadRaw(content, path, ram);
}

const RAW_SUFFIX = /\.(bin|img|raw)$/i;

/** What has another use is not run as code, whatever its name. */
function mustBeImage(content: Uint8Array, path: string): void {
  const begins = (text: string) => [...text].every((char, index) => content[index] === char.charCodeAt(0));
  if (begins('VMFT-LOG'))
    throw new OperatingError(`${path}: a recording; run it again with \`vmft replay ${path}\``);
  if (begins('VMFT-VM'))
    throw new OperatingError(`${path}: a saved machine; compare it with another by \`vmft diff\``);
  if (isText(content.subarray(0, TEXT_SAMPLE_BYTES)))
    throw new OperatingError(`${path}: text, which is no program; an assembly source has the suffix .s`);
}

const TEXT_SAMPLE_BYTES = 4096;

/** Whether there are only characters that can be read. Code has zeros, and bytes that are none, in every few of its instructions. */
const isText = (bytes: Uint8Array): boolean =>
  !/[^\P{Cc}\t\n\f\r]|\ufffd/u.test(new TextDecoder().decode(bytes, { stream: true })) && bytes.length > 0;

function sourceText(path: string): string {
  const bytes = readBytes(path, LIMIT_BYTES.source);
  if (bytes.includes(0)) throw new OperatingError(`${path}: not text; an assembly source is expected here`);
  return decoder.decode(bytes);
}

/** A name seen from a folder, as short as it can be. */
const besides = (folder: string, name: string): string =>
  isAbsolute(name) || folder === '.' ? name : join(folder, name);

export const isSource = (path: string): boolean => /\.s$/i.test(path);

function assembledImage(
  path: string,
  { memory, ...options }: Pick<ProgramOptions, 'memory'> & SourceOptions,
  origin = RAM_BASE,
): Image {
  const { segments, entry, symbols, sections } = assembleFile(path, options, origin);
  const last = sections.at(-1);
  const end = last ? last.address + last.sizeBytes : RAM_BASE;
  if (end > RAM_BASE + memory)
    throw new OperatingError(
      `${path}: the program ends at 0x${end.toString(16)}, beyond the end of RAM at 0x${(RAM_BASE + memory).toString(16)}; give it more with --memory`,
    );
  const zeros = sections.filter(({ stored }) => !stored);
  return {
    entry,
    segments: [
      ...segments.map((segment) => ({ ...segment, memorySizeBytes: segment.bytes.length })),
      ...zeros.map(({ address, sizeBytes }) => ({
        address,
        bytes: new Uint8Array(0),
        memorySizeBytes: sizeBytes,
      })),
    ],
    symbols: [...symbols].map(([name, address]) => ({ name, address: Number(address), sizeBytes: 0 })),
    ...htifWords((name) => {
      const address = symbols.get(name);
      return address === undefined ? undefined : Number(address);
    }),
  };
}

// ── The machine ─────────────────────────────────────────────────────────────────────────────────────────────────────

const bootFile = (name: string): BootFile => ({ name, bytes: readBytes(name) });

/** Firmware may be linked as OpenSBI is: to any address, and moving itself to where it finds itself. */
function loadFirmware(path: string, options: ProgramOptions): Image {
  const content = readBytes(path);
  const ram = { base: RAM_BASE, sizeBytes: options.memory };
  return isElf(content) ? loadElf(content, path, ram, RAM_BASE) : loadImage(path, { ...options, raw: true });
}

/** What `--bios` takes beside a file, as QEMU does: nothing below the kernel, and the machine's own firmware, which is the VMM. */
const BIOS = { NONE: 'none', DEFAULT: 'default' } as const;

const firmwareFile = ({ bios }: ProgramOptions): string | undefined =>
  bios === BIOS.NONE || bios === BIOS.DEFAULT ? undefined : bios;

/** What lies below the kernel, if anything does. */
function firmwareBelow(path: string | undefined, options: ProgramOptions): Image | undefined {
  const bios = firmwareFile(options);
  if (path !== undefined) return loadImage(path, options);
  return bios === undefined ? undefined : loadFirmware(bios, options);
}

/** A kernel in assembly stands where other kernels do. */
function loadKernelFile(path: string, options: ProgramOptions, firmware: Image | undefined): Image {
  const start = options.bios === BIOS.NONE ? RAM_BASE : kernelStart(firmware);
  if (isSource(path)) return assembledImage(path, options, start);
  return loadKernel(bootFile(path), { base: RAM_BASE, sizeBytes: options.memory }, start);
}

/** The file that says what a machine runs. @throws {OperatingError} unless it is one. */
export function programPath(program: string | undefined, given: ProgramOptions): string {
  const { path, options } = openFolder(program, given);
  const { kernel } = options;
  const bios = firmwareFile(options);
  if (path !== undefined && kernel !== undefined)
    throw new OperatingError(
      `a program and a kernel are two ways to boot; leave out ${path}, or --kernel ${kernel}`,
    );
  if (path !== undefined && bios !== undefined)
    throw new OperatingError(`a program starts as firmware does; leave out ${path}, or --bios ${bios}`);
  mustHaveUse(path, kernel, options);
  const first = path ?? kernel ?? bios;
  if (first === undefined) throw new OperatingError('nothing to run; name a program, or give --kernel');
  return first;
}

/** Whether a kernel is booted, which treats a terminal as such; a program takes lines. */
export const bootsKernel = (program: string | undefined, given: ProgramOptions): boolean =>
  openFolder(program, given).path === undefined;

/** What would be without effect is refused: whoever says it expects one. */
function mustHaveUse(path: string | undefined, kernel: string | undefined, options: ProgramOptions): void {
  const { initrd, append, defsym, include, raw } = options;
  const refuse = (option: string, why: string): never => {
    throw new OperatingError(`${option} ${why}; leave it out`);
  };
  if (path !== undefined && initrd !== undefined)
    refuse('--initrd', `is for a kernel, which ${path} is not given as`);
  if (path !== undefined && append !== undefined)
    refuse('--append', `is for a kernel, which ${path} is not given as`);
  const source = [path, kernel, firmwareFile(options)].find((file) => file !== undefined && isSource(file));
  if (source === undefined && defsym) refuse('--defsym', 'is for the assembler, and no source is given');
  if (source === undefined && include) refuse('--include', 'is for the assembler, and no source is given');
  if (raw && (path === undefined || isSource(path)))
    refuse('--raw', 'says that a program is a raw image, and none is');
}

/** The machine that runs a program, or boots a kernel, with its disks. */
export function readGuest(program: string | undefined, given: ProgramOptions): Guest {
  const { path, options } = openFolder(program, given);
  const { virtio, diskContent } = placeDevices(options);
  return { description: describe(path, options, virtio), diskContent };
}

export const describeMachine = (path: string | undefined, options: ProgramOptions): MachineDescription =>
  readGuest(path, options).description;

function describe(
  path: string | undefined,
  options: ProgramOptions,
  virtio: MachineDescription['virtio'],
): MachineDescription {
  const { memory, kernel, initrd, append = '' } = options;
  const firmware = firmwareBelow(path, options);
  return {
    program: basename(programPath(path, options)),
    memorySizeBytes: memory,
    bootEpochNs: BOOT_EPOCH_NS,
    virtio,
    clock: options.clock ?? 'logged',
    ...boot({
      memorySizeBytes: memory,
      append,
      ...(firmware && { firmware }),
      ...(kernel !== undefined && { kernel: loadKernelFile(kernel, options, firmware) }),
      bare: options.bios === BIOS.NONE,
      ...(initrd !== undefined && { initrd: bootFile(initrd) }),
    }),
  };
}

/** The input that a program brings along: `bank.input` beside `bank.s`. */
export function ownInput(path: string): Uint8Array {
  const file = path.replace(/\.[^./]+$/, '.input');
  return file !== path && existsSync(file) ? readBytes(file, LIMIT_BYTES.typed) : new Uint8Array(0);
}
