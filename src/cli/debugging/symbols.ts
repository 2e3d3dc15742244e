/** The symbols that `--symbols` names. */
import { ProgramSymbols } from '../../debug/trace/program-symbols.ts';
import { findProgram } from '../../lib/programs.ts';
import { SymbolTable } from '../../symbols/symbol-table.ts';
import { placeText, readSymbols, Symbols } from '../../symbols/symbols.ts';
import { assembleFile, isSource } from '../../vmm/guest/image-file.ts';
import { readBytes } from '../files.ts';
import { guestFiles } from '../program.ts';

/** Names addresses: `main+0x12 (main.c:34)`; undefined for what no file knows. */
export type Naming = (address: bigint) => string | undefined;

/**
 * Reads the symbols of programs: ELF files, System.maps, and sources in assembly, also by the name of a
 * bundled one. What is missing in a file is said on stderr.
 * @throws {OperatingError} when a file is none of these, or can't be read
 */
const readAll = (paths: readonly string[]): Symbols[] =>
  paths.map(findProgram).map((path) => (isSource(path) ? ofSource(path) : ofFile(path)));

/** As {@link readAll}: the symbols of all programs of a guest. */
export const readProgramSymbols = (paths: readonly string[]): ProgramSymbols =>
  new ProgramSymbols(readAll(paths));

/** As {@link readAll}: names with source lines, where they are known. */
export function readNaming(paths: readonly string[] = []): Naming {
  const programs = readAll(paths);
  return (address) => {
    for (const program of programs) {
      const place = program.describe(address);
      if (place.symbol !== undefined || place.file !== undefined) return placeText(place);
    }
    return undefined;
  };
}

function ofFile(path: string): Symbols {
  const symbols = readSymbols(readBytes(path), path);
  for (const warning of symbols.warnings) process.stderr.write(`vmft: warning: ${warning}\n`);
  return symbols;
}

/**
 * The labels of a source, and where its sections end. Its other symbols are numbers, which no section
 * contains.
 */
function ofSource(path: string): Symbols {
  const { symbols, sections } = assembleFile(path, {}, guestFiles);
  const labels = [...symbols].flatMap(([name, address]) => {
    const section = sections.find(
      (one) => Number(address) >= one.address && Number(address) < one.address + one.sizeBytes,
    );
    if (!section) return [];
    const limit = BigInt(section.address + section.sizeBytes);
    return [{ name, address, sizeBytes: 0, kind: 'label', binding: 'global', limit } as const];
  });
  return new Symbols(new SymbolTable(labels));
}
