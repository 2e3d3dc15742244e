/** What a program's addresses are in its source: symbols and lines, from its ELF file or from a System.map. */
import { ElfFile, type ElfSection, FILE, isElf, SECTION_FLAG } from '../base/elf.ts';
import { OperatingError } from '../base/errors.ts';
import { debugSection } from './debug-section.ts';
import { elfSymbols } from './elf-symbols.ts';
import { Intervals } from './intervals.ts';
import { LineTable, type SourceLine } from './line-table.ts';
import { SymbolTable } from './symbol-table.ts';
import { isSystemMap, systemMapSymbols } from './system-map.ts';

/** An address, and what of its place in the program is known. */
export interface Place extends Partial<SourceLine> {
  /** Where the program runs, an unsigned 64-bit number. */
  address: bigint;
  /** The name of the symbol that contains the address. */
  symbol?: string;
  /** How many bytes after the start of the symbol. */
  offset?: number;
}

/** Source lines by address. */
export interface Lines {
  /** The line that the code at an address comes from; undefined when that is not known. */
  at(address: bigint): SourceLine | undefined;
}

/** The symbols and lines of one program. */
export class Symbols {
  /**
   * @param table the symbols, by the addresses at which the program is linked
   * @param lines undefined: no line information
   * @param warnings what is missing or can't be read, each a sentence for the user
   * @param distance the address at which the program runs minus the one at which it is linked
   */
  constructor(
    readonly table: SymbolTable,
    readonly lines: Lines | undefined = undefined,
    readonly warnings: readonly string[] = [],
    readonly distance = 0n,
  ) {}

  /** What is known of an address. Addresses are taken modulo 2^64. */
  describe(pc: bigint): Place {
    const linked = BigInt.asUintN(64, pc - this.distance);
    const found = this.table.at(linked);
    return {
      address: BigInt.asUintN(64, pc),
      ...(found && { symbol: found.symbol.name, offset: found.offset }),
      ...this.lines?.at(linked),
    };
  }

  /** The address that `main` or `main+0x10` means where the program runs; undefined when there is no such symbol. */
  addressOf(text: string): bigint | undefined {
    const linked = this.table.addressOf(text);
    return linked === undefined ? undefined : BigInt.asUintN(64, linked + this.distance);
  }
}

/** A place as text: `main+0x12 (main.c:34)`, or as much of that as is known; `0x80000012` instead of a symbol. */
export function placeText(place: Place): string {
  const { address, symbol, offset = 0 } = place;
  const start = symbol ?? hex(address);
  const where = symbol !== undefined && offset !== 0 ? `${start}+${hex(offset)}` : start;
  const line = lineText(place);
  return line === undefined ? where : `${where} (${line})`;
}

/** The source line of a place as text: `main.c:34`. */
export const lineText = ({ file, line }: Place): string | undefined =>
  file === undefined ? undefined : `${file.replace(/^.*[/\\]/, '')}:${line}`;

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/**
 * Reads the symbols of a program: of a RISC-V file in ELF, with its lines, or of a System.map. Line information that
 * can't be read is left out, and `warnings` says so.
 * @param name of the file, for messages
 * @param distance the address at which the program runs minus the one at which it is linked: for programs that are
 * moved when they are loaded
 * @throws {OperatingError} when the file is neither, or its symbols are damaged
 */
export function readSymbols(bytes: Uint8Array, name: string, distance = 0n): Symbols {
  if (isElf(bytes)) return readElf(bytes, name, distance);
  const text = new TextDecoder().decode(bytes);
  if (!isSystemMap(text))
    throw new OperatingError(
      `'${name}' is neither an ELF file nor a System.map; give the program as the linker writes it.`,
    );
  return new Symbols(new SymbolTable(systemMapSymbols(text, name)), undefined, [], distance);
}

function readElf(bytes: Uint8Array, name: string, distance: bigint): Symbols {
  const file = new ElfFile(bytes, name);
  if (file.type === FILE.relocatable)
    throw file.error('is a relocatable object, whose addresses are not final; give the linked program.');
  const sections = file.sections();
  const table = new SymbolTable(elfSymbols(file, sections));
  const warnings: string[] = [];
  if (table.size === 0)
    warnings.push(`'${name}' has no symbols; give the file as it was before it was stripped.`);
  const lines = readLines(file, sections, warnings);
  if (lines?.damage) {
    const { units, offset, message } = lines.damage;
    warnings.push(
      `'${name}' has line information that can't be read, in ${units === 1 ? 'one unit' : `${units} units`} of ` +
        `.debug_line, first at ${hex(offset)}: ${message}; compile it again, with -g.`,
    );
  }
  return new Symbols(table, lines, warnings, distance);
}

/** The lines of a file; undefined when it has none, or when a warning says that they can't be read. */
function readLines(
  file: ElfFile,
  sections: readonly ElfSection[],
  warnings: string[],
): LineTable | undefined {
  const content = (name: string): Uint8Array | undefined => {
    const section = sections.find((one) => one.name === name);
    try {
      return section && debugSection(file, section);
    } catch (error) {
      if (!(error instanceof OperatingError)) throw error;
      warnings.push(error.message);
      return undefined;
    }
  };
  const line = content('.debug_line');
  if (!line) return undefined;
  const code = new Intervals(
    sections
      .filter(({ flags }) => (flags & CODE) === CODE)
      .map(({ address, size }) => ({ start: address, end: address + size, value: undefined })),
  );
  const parts = {
    line,
    lineTexts: once(() => content('.debug_line_str')),
    texts: once(() => content('.debug_str')),
  };
  return new LineTable(parts, (address) => code.at(address) !== undefined);
}

const CODE = SECTION_FLAG.allocated | SECTION_FLAG.executable;

/** A function whose result is computed when it is first asked for. */
function once<T>(compute: () => T): () => T {
  let known: { value: T } | undefined;
  return () => {
    known ??= { value: compute() };
    return known.value;
  };
}
