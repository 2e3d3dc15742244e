import {
  BINDING,
  type ElfFile,
  type ElfSection,
  type ElfSymbol,
  SECTION,
  SECTION_FLAG,
  SPECIAL_SECTION,
  SYMBOL_TYPE,
} from '../base/elf.ts';
import type { ProgramSymbol, SymbolBinding, SymbolKind } from './symbol-table.ts';

const kinds: Record<number, SymbolKind> = {
  [SYMBOL_TYPE.none]: 'label',
  [SYMBOL_TYPE.object]: 'object',
  [SYMBOL_TYPE.function]: 'function',
  [SYMBOL_TYPE.indirectFunction]: 'function',
};

const bindings: Record<number, SymbolBinding> = { [BINDING.local]: 'local', [BINDING.weak]: 'weak' };

/**
 * The symbols of a file from .symtab, or, in a stripped one, from .dynsym (System V ABI, "Symbol Table"): functions,
 * objects and labels that are in memory when the program runs, and absolute values. None when it has neither table.
 * @throws {OperatingError} when the table or its names are not within the file
 */
export function elfSymbols(file: ElfFile, sections: readonly ElfSection[]): ProgramSymbol[] {
  const table =
    sections.find(({ type }) => type === SECTION.symbols) ??
    sections.find(({ type }) => type === SECTION.dynamicSymbols);
  if (!table) return [];
  return file
    .symbols(table, sections)
    .map((symbol) => programSymbol(symbol, sections))
    .filter((symbol) => symbol !== undefined);
}

/** undefined for what is no name of a place: sections, files, thread-local variables, symbols of other files. */
function programSymbol(
  { name, type, binding, section, value, size }: ElfSymbol,
  sections: readonly ElfSection[],
): ProgramSymbol | undefined {
  const kind = kinds[type];
  if (kind === undefined || section === SPECIAL_SECTION.undefined) return undefined;
  const symbol = { name, address: value, sizeBytes: Number(size), binding: bindings[binding] ?? 'global' };
  if (section === SPECIAL_SECTION.absolute) return { ...symbol, kind: 'value' };
  // The section's index is in another table, and only needed for its end.
  if (section === SPECIAL_SECTION.extended) return { ...symbol, kind };
  const within = section < SPECIAL_SECTION.reserved ? sections[section] : undefined;
  // Addresses in other sections are offsets from their start.
  if (!within || (within.flags & SECTION_FLAG.allocated) === 0n) return undefined;
  return { ...symbol, kind, limit: within.address + within.size };
}
