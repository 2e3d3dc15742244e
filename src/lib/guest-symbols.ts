/** The symbols of the files that a guest is made of. */
import { ElfFile, type ElfSegment, isElf, SEGMENT } from '../base/elf.ts';
import { OperatingError } from '../base/errors.ts';
import { type Interval, Intervals } from '../symbols/intervals.ts';
import type { SourceLine } from '../symbols/line-table.ts';
import { SymbolTable } from '../symbols/symbol-table.ts';
import { readSymbols, Symbols } from '../symbols/symbols.ts';
import type { GuestFiles } from '../vmm/guest/files.ts';
import { type GuestOptions, imagesOf } from '../vmm/guest/guest.ts';
import { assembleFile, isSource, type SourceOptions } from '../vmm/guest/image-file.ts';

/**
 * The symbols of a guest's own program, kernel and firmware, by the addresses at which they run. None of a file that has
 * none, such as a raw image, or whose symbols can't be read: the guest runs without them.
 * @param path of the program; undefined for a kernel
 * @throws {OperatingError} when the guest can't be loaded
 */
export function guestSymbols(path: string | undefined, options: GuestOptions, files: GuestFiles): Symbols[] {
  return imagesOf(path, options, files).flatMap(({ file, image }) => {
    const entry = BigInt(image.entry);
    if (isSource(file)) return [sourceSymbols(file, options, files, entry)];
    const bytes = files.read(file, 'image');
    return isElf(bytes) ? elfSymbols(bytes, file, entry) : [];
  });
}

/**
 * The labels of a source in assembly, and its lines. A label extends to the next one, or to the end of its section.
 * Other symbols are numbers, and name no place.
 * @param entry where its first instruction runs; by default where the assembler puts it
 * @throws {OperatingError} when it can't be read, or with all its errors
 */
export function sourceSymbols(
  path: string,
  options: SourceOptions,
  files: GuestFiles,
  entry?: bigint,
): Symbols {
  const assembled = assembleFile(path, options, files);
  const sections = new Intervals(assembled.sections.map((section) => rangeOf(section, section)));
  const labels = [...assembled.symbols].flatMap(([name, address]) => {
    const limit = sections.at(address)?.end;
    if (limit === undefined) return [];
    return [{ name, address, sizeBytes: 0, kind: 'label', binding: 'global', limit } as const];
  });
  const lines = new Intervals<SourceLine>(
    assembled.lines.map((one) => rangeOf(one, { file: one.file, line: one.line })),
  );
  const distance = entry === undefined ? 0n : entry - BigInt(assembled.entry);
  return new Symbols(new SymbolTable(labels), { at: (address) => lines.at(address)?.value }, [], distance);
}

const rangeOf = <T>(
  { address, sizeBytes }: { address: number; sizeBytes: number },
  value: T,
): Interval<T> => ({ start: BigInt(address), end: BigInt(address + sizeBytes), value });

/** A program whose first instruction is at `entry`: at each place where its code can run. */
function elfSymbols(bytes: Uint8Array, name: string, entry: bigint): Symbols[] {
  try {
    const { table, lines, warnings } = readSymbols(bytes, name);
    return distancesOf(new ElfFile(bytes, name), entry).map(
      (distance) => new Symbols(table, lines, warnings, distance),
    );
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return [];
  }
}

/**
 * How far from its linked addresses a file runs. One that is linked to other addresses than those to which it is loaded
 * maps itself there; before that it runs where it was loaded.
 */
function distancesOf(file: ElfFile, loaded: bigint): bigint[] {
  const headers = file.segments().filter(({ type }) => type === SEGMENT.loadable);
  const within = (start: bigint, { memorySize }: ElfSegment) =>
    file.entry >= start && file.entry < start + memorySize;
  const physical = headers.find((one) => within(one.physicalAddress, one));
  const header = physical ?? headers.find((one) => within(one.virtualAddress, one));
  if (!header) return [loaded - file.entry];
  const mapped = header.virtualAddress - header.physicalAddress;
  const linked = physical ? file.entry + mapped : file.entry;
  return mapped === 0n ? [loaded - linked] : [0n, loaded - linked];
}
