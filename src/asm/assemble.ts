/**
 * The assembler: GNU as syntax for RISC-V (RISC-V Assembly Programmer's Manual) to a program placed in memory.
 * Instructions are defined by the instruction table alone.
 *
 * Sections are laid out from the origin: .text (.text.init first), .rodata, .data, all others in the order of their
 * first mention, .bss. Each begins at a multiple of its alignment, at least 8. This is equivalent to a linker script
 * that lists the sections in this order, each with `ALIGN(8)`.
 */
import { Assembly } from './assembly.ts';
import { AssemblyError, StatementError } from './diagnostics.ts';
import type { FixedPiece, Section, VariablePiece } from './layout.ts';
import { SECTION_LIMIT_BYTES } from './layout.ts';
import { type FindFile, Reader } from './reader.ts';

export { AssemblyError, type Diagnostic } from './diagnostics.ts';
export type { FindFile } from './reader.ts';

/** The options of {@link assemble}. */
export interface AssembleOptions {
  /** The name of the source in messages. */
  file: string;
  /** The load address of the program; default: the start of RAM. */
  origin?: bigint | number;
  /** Finds the file that `fromFile` includes as `path`; undefined when there is none. */
  readFile?: FindFile;
  /** Predefined symbols, as with `--defsym` of GNU as. */
  define?: Record<string, bigint>;
}

/** Bytes in memory from `address` on. */
export interface AssembledSegment {
  address: number;
  bytes: Uint8Array;
}

/** A section in memory. */
export interface AssembledSection {
  name: string;
  address: number;
  sizeBytes: number;
  /** Whether its bytes are stored; other sections start as zeros. */
  stored: boolean;
}

/** The output of a line of the sources. */
export interface AssembledLine {
  address: number;
  sizeBytes: number;
  file: string;
  /** Counts from 1. */
  line: number;
  /** The line; for a line of a macro, with its arguments substituted. */
  text: string;
}

/** An assembled program. */
export interface Assembled {
  origin: number;
  /** The stored sections that are not empty, ordered by address. */
  segments: AssembledSegment[];
  /** The address of `_start`; without it the start of .text. */
  entry: number;
  /** Labels and assigned symbols, except numeric and `.L` labels; values as unsigned 64-bit numbers. */
  symbols: Map<string, bigint>;
  /** Instructions and data, without alignment padding, ordered by address. */
  lines: AssembledLine[];
  /** Ordered by address, without empty ones. */
  sections: AssembledSection[];
}

/** Where RAM starts. */
const DEFAULT_ORIGIN = 0x8000_0000;

/** Assembles a program. @throws {AssemblyError} with all errors of the sources */
export function assemble(source: string, options: AssembleOptions): Assembled {
  const origin = Number(options.origin ?? DEFAULT_ORIGIN);
  const assembly = new Assembly(options.file, origin);
  for (const [name, value] of Object.entries(options.define ?? {}))
    assembly.symbols.assign(name, { is: 'constant', value: BigInt.asIntN(64, value) }, false, 1);

  new Reader(assembly, options.readFile).read(options.file, source);
  assembly.finish();
  assembly.layout.settle(assembly.symbols.placed);
  checkSize(assembly);
  const segments = assembly.layout.sections.map((section) => write(assembly, section));
  assembly.symbols.check((line, error) => assembly.report(line, error));
  if (assembly.diagnostics.length > 0) throw new AssemblyError(assembly.diagnostics);
  return result(assembly, origin, segments.flat());
}

function result(assembly: Assembly, origin: number, segments: AssembledSegment[]): Assembled {
  const { sections } = assembly.layout;
  const symbols = assembly.symbols.values();
  const text = sections.find(({ name }) => name === '.text');
  return {
    origin,
    segments,
    entry: Number(symbols.get('_start') ?? BigInt(text!.address)),
    symbols,
    lines: sections.flatMap(linesOf),
    sections: sections
      .filter(({ sizeBytes }) => sizeBytes > 0)
      .map((section) => ({
        name: section.name,
        address: section.address,
        sizeBytes: section.sizeBytes,
        stored: isStored(section),
      })),
  };
}

const isStored = ({ kind }: Section): boolean => kind.group !== 'bss';

/** All pieces of a section with their offsets in it. */
function* piecesOf({ zones }: Section): Generator<{ piece: FixedPiece | VariablePiece; at: number }> {
  for (const { offset, pieces, sizeBytes, end } of zones) {
    for (const piece of pieces) yield { piece, at: offset + piece.offset };
    if (end) yield { piece: end, at: offset + sizeBytes };
  }
}

/** Checks the total size, which includes alignments and so is known only now. */
function checkSize({ layout: { sections }, line }: Assembly): void {
  const sizeBytes = sections.reduce((sum, section) => sum + section.sizeBytes, 0);
  if (sizeBytes <= SECTION_LIMIT_BYTES) return;
  const { file, line: number, text } = line;
  throw new AssemblyError([
    { file, line: number, column: 1, message: 'the program is larger than 1 GiB', text },
  ]);
}

function write(assembly: Assembly, section: Section): AssembledSegment[] {
  const { name, sizeBytes, address } = section;
  const bytes = new Uint8Array(sizeBytes);
  const out = new DataView(bytes.buffer);
  for (const { piece, at } of piecesOf(section)) {
    assembly.attempt(piece.line, () => {
      piece.write(out, at, assembly.symbols.placed, piece.sizeBytes);
      if (!isStored(section) && bytes.subarray(at, at + piece.sizeBytes).some((byte) => byte !== 0))
        throw new StatementError(`${name} starts as zeros and can hold nothing else`, piece.column);
    });
  }
  return isStored(section) && sizeBytes > 0 ? [{ address, bytes }] : [];
}

const linesOf = (section: Section): AssembledLine[] =>
  [...piecesOf(section)]
    .filter(({ piece }) => piece.sizeBytes > 0 && !('pad' in piece))
    .map(({ piece: { line, sizeBytes }, at }) => ({
      address: section.address + at,
      sizeBytes,
      file: line.file,
      line: line.line,
      text: line.text,
    }));
