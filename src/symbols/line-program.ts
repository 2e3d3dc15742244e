/** Line programs: the code for a state machine that makes the rows of a line table (DWARF 5, section 6.2.5). */
import { DwarfReader } from './dwarf-reader.ts';
import { type LineFile, type LineUnit, readOldFile } from './line-header.ts';

/** From the address of this row to that of the next one, code comes from this line. */
export interface LineRow {
  /** The address minus the sequence's base, in bytes. */
  offset: number;
  /** The number of the file in the unit. */
  file: number;
  /** 0: from no line. */
  line: number;
  /** 0: not known. */
  column: number;
}

/** A contiguous range of code, whose rows belong together. */
export interface LineSequence {
  unit: LineUnit;
  /** Where its program starts, in .debug_line. */
  programAt: number;
  /** What the offsets of its rows count from. */
  base: bigint;
  /** The offset of its first byte of code, and of the first byte after it. */
  first: number;
  end: number;
}

/** Standard opcodes (section 7.22, table 7.25), by their names without DW_LNS_. */
const STANDARD = {
  copy: 1,
  advancePc: 2,
  advanceLine: 3,
  setFile: 4,
  setColumn: 5,
  constAddPc: 8,
  fixedAdvancePc: 9,
} as const;

/** Extended opcodes (section 7.22, table 7.26), by their names without DW_LNE_. */
const EXTENDED = { endSequence: 1, setAddress: 2, defineFile: 3 } as const;

/** The state machine, at the start of a sequence (section 6.2.2). */
class LineMachine {
  base = 0n;
  offset = 0;
  file = 1;
  line = 1;
  column = 0;
  ended = false;
  /** The lowest offset of a row. undefined: there was no row yet. */
  first: number | undefined;
  /** The files that the program has defined. */
  readonly defined: LineFile[] = [];

  constructor(
    private readonly unit: LineUnit,
    private readonly input: DwarfReader,
    /** Where rows go; undefined: nowhere. */
    private readonly rows: LineRow[] | undefined,
  ) {}

  step(): void {
    const { unit, input } = this;
    const opcode = input.u8();
    if (opcode >= unit.opcodeBase) this.special(opcode - unit.opcodeBase);
    else if (opcode === 0) this.extended();
    else this.standard(opcode);
  }

  private row(): void {
    const { offset, file, line, column } = this;
    // On the way to a row it may be out of range.
    if (line < 0 || line >= 2 ** 32) this.input.fail(`line ${line}`);
    if (this.first === undefined || offset < this.first) this.first = offset;
    this.rows?.push({ offset, file, line, column });
  }

  private advance(bytes: number): void {
    this.offset += bytes;
    if (!Number.isSafeInteger(this.offset)) this.input.fail('an address outside the address space');
  }

  private advanceLine(lines: number): void {
    this.line += lines;
    if (!Number.isSafeInteger(this.line)) this.input.fail(`line ${this.line}`);
  }

  /** How far a special opcode, less the opcode base, advances the address (section 6.2.5.1). */
  private bytesOf(adjusted: number): number {
    return Math.floor(adjusted / this.unit.lineRange) * this.unit.minInstructionBytes;
  }

  private special(adjusted: number): void {
    const { lineBase, lineRange } = this.unit;
    this.advance(this.bytesOf(adjusted));
    this.advanceLine(lineBase + (adjusted % lineRange));
    this.row();
  }

  private standard(opcode: number): void {
    const { unit, input } = this;
    switch (opcode) {
      case STANDARD.copy:
        return this.row();
      case STANDARD.advancePc:
        return this.advance(input.unsigned() * unit.minInstructionBytes);
      case STANDARD.advanceLine:
        return this.advanceLine(input.signed());
      case STANDARD.setFile:
        this.file = input.unsigned();
        return;
      case STANDARD.setColumn:
        this.column = input.unsigned();
        return;
      case STANDARD.constAddPc:
        return this.advance(this.bytesOf(255 - unit.opcodeBase));
      case STANDARD.fixedAdvancePc:
        return this.advance(input.u16());
      default:
        // Statements, blocks, prologues, instruction sets; and what is defined later.
        for (let operand = 0; operand < unit.operandCounts[opcode]!; operand++) input.unsigned();
    }
  }

  private extended(): void {
    const { unit, input } = this;
    const sizeBytes = input.unsigned();
    const end = input.offset + sizeBytes;
    if (sizeBytes === 0 || sizeBytes > input.remaining) input.fail(`an opcode of ${sizeBytes} bytes`);
    const opcode = input.u8();
    if (opcode === EXTENDED.endSequence) this.ended = true;
    if (opcode === EXTENDED.setAddress) this.setAddress(sizeBytes - 1);
    // Not in version 5.
    if (opcode === EXTENDED.defineFile && unit.version < 5) {
      const file = readOldFile(input);
      if (file) this.defined.push(file);
    }
    if (input.offset > end) input.fail(`an opcode that is longer than its ${sizeBytes} bytes`);
    input.offset = end;
  }

  private setAddress(sizeBytes: number): void {
    if (sizeBytes > 8) this.input.fail(`an address of ${sizeBytes} bytes`);
    const address = this.input.fixed(sizeBytes);
    if (this.first === undefined) [this.base, this.offset] = [address, 0];
    else {
      this.offset = 0;
      this.advance(Number(BigInt.asIntN(64, address - this.base)));
    }
  }
}

/**
 * The sequences of a unit's program, in its order, without those that have no code. Adds the files that the program
 * defines to the unit's.
 * @param section .debug_line
 * @throws {FormatError} where the program is damaged; the sequences before that were given to `take`
 */
export function readSequences(
  section: Uint8Array,
  unit: LineUnit,
  take: (sequence: LineSequence) => void,
): void {
  const input = new DwarfReader(section.subarray(0, unit.programEnd));
  input.offset = unit.programStart;
  while (input.remaining > 0) {
    const programAt = input.offset;
    const machine = new LineMachine(unit, input, undefined);
    // At its end a program may do without rows what needs no end of a sequence.
    while (!machine.ended && (input.remaining > 0 || machine.first !== undefined)) machine.step();
    for (const file of machine.defined) unit.files.push(file);
    const { base, first, offset: end } = machine;
    if (first !== undefined && first < end) take({ unit, programAt, base, first, end });
  }
}

/**
 * The rows of a sequence, ordered by address; of rows with the same address the last one counts.
 * @param section .debug_line
 */
export function readRows(section: Uint8Array, { unit, programAt }: LineSequence): LineRow[] {
  const input = new DwarfReader(section.subarray(0, unit.programEnd));
  input.offset = programAt;
  const rows: LineRow[] = [];
  const machine = new LineMachine(unit, input, rows);
  while (!machine.ended) machine.step();
  // Addresses should only increase, but not all producers of DWARF keep to that.
  return rows.sort((a, b) => a.offset - b.offset);
}
