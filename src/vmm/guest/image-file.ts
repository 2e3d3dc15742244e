/** Files that are loaded into memory: assembly sources, ELF files, raw images. */
import { assemble } from '../../asm/assemble.ts';
import { isElf } from '../../base/elf.ts';
import { OperatingError } from '../../base/errors.ts';
import { RAM_BASE } from '../../cpu/layout.ts';
import { isText } from '../file-kinds.ts';
import { htifWords, type Image, loadElf, loadRaw, type RamRange } from '../image.ts';
import type { GuestFiles } from './files.ts';

/** The options of a source file. */
export interface SourceOptions {
  /** Symbols for the assembler. */
  defsym?: [string, bigint][];
  /** Folders that are searched for a source's `.include`. */
  include?: string[];
}

/** The options for loading an image. */
export interface ImageOptions extends SourceOptions {
  /** The size of RAM, in bytes. */
  memory: number;
  /** Whether a program that is neither ELF nor source is a raw image; by default its suffix determines it. */
  raw?: boolean;
}

const decoder = new TextDecoder();

/** Whether a file is an assembly source, by its suffix. */
export const isSource = (path: string): boolean => /\.s$/i.test(path);

const ramOf = ({ memory }: ImageOptions): RamRange => ({ base: RAM_BASE, sizeBytes: memory });

/** Assembles a source file. @throws {OperatingError} when it can't be read, or with all its errors */
export function assembleFile(
  path: string,
  { defsym = [], include = [] }: SourceOptions,
  files: GuestFiles,
  origin = RAM_BASE,
) {
  return assemble(sourceText(path, files), {
    file: path,
    origin: BigInt(origin),
    define: Object.fromEntries(defsym),
    readFile: (included, from) => {
      const name = files.findIncluded(included, from, include);
      return name === undefined ? undefined : { name, text: sourceText(name, files) };
    },
  });
}

function sourceText(path: string, files: GuestFiles): string {
  const bytes = files.read(path, 'source');
  if (bytes.includes(0)) throw new OperatingError(`${path}: not text; an assembly source is expected here`);
  return decoder.decode(bytes);
}

/**
 * Loads a file according to its kind: `.s` and `.S` are assembled, ELF is recognized by its magic number, a raw image
 * by its suffix.
 * @throws {OperatingError} when it is none of these, or doesn't fit into RAM
 */
export function loadImage(
  path: string,
  { raw = RAW_SUFFIX.test(path), ...options }: ImageOptions,
  files: GuestFiles,
): Image {
  if (isSource(path)) return assembledImage(path, options, files);
  const content = files.read(path, 'image');
  if (isElf(content)) return loadElf(content, path, ramOf(options));
  mustBeImage(content, path);
  if (!raw && content.length > 0)
    throw new OperatingError(
      `${path}: neither an ELF nor a source; a raw image has the suffix .bin, .img or .raw, or is given with --raw`,
    );
  return loadRaw(content, path, ramOf(options));
}

const RAW_SUFFIX = /\.(bin|img|raw)$/i;

/** Rejects recordings, snapshots and text, whatever their names. */
function mustBeImage(content: Uint8Array, path: string): void {
  const begins = (text: string) => [...text].every((char, index) => content[index] === char.charCodeAt(0));
  if (begins('VMFT-LOG'))
    throw new OperatingError(`${path}: a recording; run it again with \`vmft replay ${path}\``);
  if (begins('VMFT-VM'))
    throw new OperatingError(`${path}: a saved machine; compare it with another by \`vmft diff\``);
  if (isText(content))
    throw new OperatingError(`${path}: text, which is no program; an assembly source has the suffix .s`);
}

/** Firmware may be linked to any address and relocate itself to where it is loaded, as OpenSBI does. */
export function loadFirmware(path: string, options: ImageOptions, files: GuestFiles): Image {
  const content = files.read(path, 'image');
  return isElf(content)
    ? loadElf(content, path, ramOf(options), RAM_BASE)
    : loadImage(path, { ...options, raw: true }, files);
}

/** A program in assembly, placed at an address. */
export function assembledImage(
  path: string,
  { memory, ...options }: ImageOptions,
  files: GuestFiles,
  origin = RAM_BASE,
): Image {
  const { segments, entry, symbols, sections } = assembleFile(path, options, files, origin);
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
