/** The symbols that `--symbols` names. */
import { ProgramSymbols } from '../../debug/trace/program-symbols.ts';
import { findProgram } from '../../lib/programs.ts';
import { SymbolTable } from '../../symbols/symbol-table.ts';
import { readSymbols, Symbols } from '../../symbols/symbols.ts';
import { assembleFile, isSource } from '../../vmm/guest/image-file.ts';
import { readBytes } from '../files.ts';
import { guestFiles } from '../program.ts';

/**
 * Reads the symbols of programs: ELF files, System.maps, and sources in assembly, also by the name of a bundled one.
 * What is missing in a file is said on stderr.
 * @throws {OperatingError} when a file is none of these, or can't be read
 */
export function readProgramSymbols(paths: readonly string[]): ProgramSymbols {
  const programs = paths.map(findProgram).map((path) => (isSource(path) ? ofSource(path) : ofFile(path)));
  return new ProgramSymbols(programs);
}

function ofFile(path: string): Symbols {
  const symbols = readSymbols(readBytes(path), path);
  for (const warning of symbols.warnings) process.stderr.write(`vmft: warning: ${warning}\n`);
  return symbols;
}

/** The labels of a source, and where its sections end. Its other symbols are numbers, which no section contains. */
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
