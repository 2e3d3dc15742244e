/** Lines of source code by address, from .debug_line (DWARF 5, section 6.2), versions 2 to 5. */
import { FormatError } from '../base/errors.ts';
import { DwarfReader } from './dwarf-reader.ts';
import { type Interval, Intervals, lastWhere } from './intervals.ts';
import { type LineSections, pathOf, readHeader } from './line-header.ts';
import { type LineRow, type LineSequence, readRows, readSequences } from './line-program.ts';

/** A place in source code. */
export interface SourceLine {
  /** As the compiler was given it; absolute, if the line table has the directory of the compilation. */
  file: string;
  /** From 1. */
  line: number;
  /** From 1, in bytes; undefined when it is not known. */
  column?: number;
}

/** What of a line table can't be read. The rest is used. */
export interface LineDamage {
  /** How many; no more are read after {@link MAX_DAMAGED_UNITS}. */
  units: number;
  /** Of the first such unit: where in .debug_line the problem is, and what. */
  offset: number;
  message: string;
}

/** After so many damaged units the section is something else, and is read no further. */
const MAX_DAMAGED_UNITS = 1000;

/** As many decoded rows are kept, some 5 MB; a program that is examined at one place needs few. */
const MAX_DECODED_ROWS = 2 ** 16;

/**
 * The lines of a program. Of the table only the ranges of its sequences are kept; the rows of a sequence are decoded
 * when an address in it is looked up. So the table of a Linux kernel takes little memory.
 */
export class LineTable {
  private readonly sequences: Intervals<LineSequence>;
  private readonly decoded = new Map<LineSequence, LineRow[]>();
  private decodedRows = 0;
  /** undefined: all units can be read. */
  readonly damage: LineDamage | undefined;

  /**
   * @param sections the contents of the sections; damage in them is in `damage`, and never an error
   * @param isCode whether there is code at an address. The linker sets the addresses of what it has discarded to zero
   */
  constructor(
    private readonly sections: LineSections,
    isCode: (address: bigint) => boolean,
  ) {
    const ranges: Interval<LineSequence>[] = [];
    this.damage = readUnits(sections, (sequence) => {
      const start = sequence.base + BigInt(sequence.first);
      if (isCode(start)) ranges.push({ start, end: sequence.base + BigInt(sequence.end), value: sequence });
    });
    this.sequences = new Intervals(ranges);
  }

  /** The line that the code at an address comes from; undefined when that is not known, or it comes from none. */
  at(address: bigint): SourceLine | undefined {
    const sequence = this.sequences.at(address)?.value;
    if (!sequence) return undefined;
    const rows = this.rowsOf(sequence);
    const offset = Number(address - sequence.base);
    const row = rows[lastWhere(rows.length, (index) => rows[index]!.offset <= offset)];
    const file = row && pathOf(sequence.unit, row.file);
    if (!row || !file || row.line === 0) return undefined;
    return { file, line: row.line, ...(row.column > 0 && { column: row.column }) };
  }

  private rowsOf(sequence: LineSequence): LineRow[] {
    const known = this.decoded.get(sequence);
    if (known) return known;
    const rows = readRows(this.sections.line, sequence);
    this.decodedRows += rows.length;
    if (this.decodedRows > MAX_DECODED_ROWS) {
      this.decoded.clear();
      this.decodedRows = rows.length;
    }
    this.decoded.set(sequence, rows);
    return rows;
  }
}

/** Reads all units, also those after a damaged one if its length is right. */
function readUnits(sections: LineSections, take: (sequence: LineSequence) => void): LineDamage | undefined {
  const { line } = sections;
  let damage: LineDamage | undefined;
  const careful = (read: () => void): void => {
    try {
      read();
    } catch (error) {
      if (!(error instanceof FormatError)) throw error;
      const { offset, message } = error;
      damage = damage ? { ...damage, units: damage.units + 1 } : { units: 1, offset, message };
    }
  };
  let next = 0;
  while (next < line.length && (damage?.units ?? 0) < MAX_DAMAGED_UNITS) {
    const start = next;
    next = line.length;
    careful(() => {
      const input = new DwarfReader(line);
      input.offset = start;
      const end = input.unitEnd();
      next = end;
      readSequences(line, readHeader(input.upTo(end), sections), take);
    });
  }
  return damage;
}
