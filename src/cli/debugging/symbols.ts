/** The symbols that `--symbols` names, and those of a guest's own files. */
import { OperatingError } from '../../base/errors.ts';
import { ProgramSymbols } from '../../debug/trace/program-symbols.ts';
import { guestSymbols, sourceSymbols } from '../../lib/guest-symbols.ts';
import { findProgram } from '../../lib/programs.ts';
import { type Naming, namingOf } from '../../symbols/naming.ts';
import { readSymbols, type Symbols } from '../../symbols/symbols.ts';
import { isSource } from '../../vmm/guest/image-file.ts';
import { readBytes } from '../files.ts';
import { guestFiles, openFolder, type ProgramOptions } from '../program.ts';
import type { SymbolOptions } from './options.ts';

/**
 * Reads the symbols of programs: ELF files, System.maps, and sources in assembly, also by the name of a
 * bundled one. What is missing in a file is said on stderr.
 * @throws {OperatingError} when a file is none of these, or can't be read
 */
const readAll = (paths: readonly string[]): Symbols[] =>
  paths.map(findProgram).map((path) => (isSource(path) ? sourceSymbols(path, {}, guestFiles) : ofFile(path)));

/** As {@link readAll}: the symbols of all programs of a guest. */
export const readProgramSymbols = (paths: readonly string[]): ProgramSymbols =>
  new ProgramSymbols(readAll(paths));

/** As {@link readAll}: names with source lines, where they are known. */
export function readNaming(paths: readonly string[] = []): Naming {
  const programs = readAll(paths);
  return namingOf(() => programs);
}

/**
 * Names for the addresses of a guest: from the files that `--symbols` names, then from its own, which are read when the
 * first address is named. If they can't be read then, they name nothing.
 * @throws {OperatingError} as {@link readAll}, for `--symbols`
 */
export function guestNaming(
  program: string | undefined,
  { symbols = [], ...options }: SymbolOptions & ProgramOptions,
): Naming {
  const given = readAll(symbols);
  return namingOf(() => [...given, ...ownSymbols(program, options)]);
}

function ownSymbols(program: string | undefined, given: ProgramOptions): Symbols[] {
  try {
    const { path, options } = openFolder(program, given);
    return guestSymbols(path, options, guestFiles);
  } catch (error) {
    if (!(error instanceof OperatingError)) throw error;
    return [];
  }
}

function ofFile(path: string): Symbols {
  const symbols = readSymbols(readBytes(path), path);
  for (const warning of symbols.warnings) process.stderr.write(`vmft: warning: ${warning}\n`);
  return symbols;
}
