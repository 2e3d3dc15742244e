/** Writes line tables: a model of rows, encoded by a choice of opcodes that is an input. */
import { Writer } from '../../src/base/codec.ts';
import { Texts } from './elf-writer.ts';

/** A row, at an address. */
export interface Row {
  address: bigint;
  /** The number of the file as the program says it. */
  file: number;
  line: number;
  column: number;
}

/** Rows with ascending addresses, and the first address after them. */
export interface Sequence {
  rows: Row[];
  end: bigint;
}

interface File {
  path: string;
  directory: number;
}

/** How the names of version 5 are stored. */
export type NameForm = 'string' | 'line_strp' | 'strp';

/** A unit. In version 5 directory 0 and file 0 are the first of the lists; before it, the first ones have number 1. */
export interface Unit {
  version: number;
  wide?: boolean;
  minInstructionBytes?: number;
  lineBase?: number;
  lineRange?: number;
  opcodeBase?: number;
  directories: string[];
  files: File[];
  /** Up to version 4: files that the program defines, numbered after the others. */
  defined?: File[];
  nameForm?: NameForm;
  /** Whether entries of version 5 have a check sum, a size, a time and the producer's own field. */
  details?: boolean;
  sequences: Sequence[];
}

/** Gives numbers below a limit: the encoder's choices. */
export type Choose = (limit: number) => number;

/** Choices from a list, over and over. */
export function chooseFrom(list: readonly number[]): Choose {
  let next = 0;
  return (limit) => (list[next++ % list.length] ?? 0) % limit;
}

const FORM = {
  string: 8,
  line_strp: 0x1f,
  strp: 0x0e,
  data16: 0x1e,
  udata: 0x0f,
  block: 9,
  data2: 5,
  data1: 11,
};

const text = (out: Writer, value: string) => out.raw(new TextEncoder().encode(`${value}\0`));

function signed(out: Writer, value: number): void {
  let rest = value;
  for (;;) {
    const low = ((rest % 128) + 128) % 128;
    rest = Math.floor(rest / 128);
    const last = (rest === 0 && low < 64) || (rest === -1 && low >= 64);
    out.u8(last ? low : low + 128);
    if (last) return;
  }
}

/** The sections of line tables. */
export class LineWriter {
  readonly line = new Writer();
  readonly lineTexts = new Texts();
  readonly texts = new Texts();

  /** @param program replaces the program that the unit's sequences would give */
  unit(unit: Unit, choose: Choose = () => 0, program?: Uint8Array): this {
    const { version, wide = false } = unit;
    const length = (out: Writer, value: number) => (wide ? out.u64(BigInt(value)) : out.u32(value));
    const tables = new Writer();
    this.fixedPart(tables, unit);
    if (version >= 5) this.tables(tables, unit, length);
    else oldTables(tables, unit);
    const code = program ?? new ProgramWriter(unit, choose).bytes();
    const body = new Writer();
    body.u16(version);
    if (version >= 5) body.raw(Uint8Array.of(8, 0));
    length(body, tables.length);
    body.raw(tables.bytes());
    body.raw(code);
    if (wide) this.line.u32(0xffff_ffff);
    length(this.line, body.length);
    this.line.raw(body.bytes());
    return this;
  }

  private fixedPart(out: Writer, unit: Unit): void {
    const { version, minInstructionBytes = 1, lineBase = -5, lineRange = 14, opcodeBase = 13 } = unit;
    out.u8(minInstructionBytes);
    if (version >= 4) out.u8(1);
    for (const byte of [1, lineBase & 0xff, lineRange, opcodeBase]) out.u8(byte);
    // Opcodes above those of the standard have two operands each.
    const counts = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1];
    for (let opcode = 1; opcode < opcodeBase; opcode++) out.u8(counts[opcode - 1] ?? 2);
  }

  private tables(out: Writer, unit: Unit, length: (out: Writer, value: number) => void): void {
    const { nameForm = 'line_strp', details = false, directories, files } = unit;
    const name = (value: string) => {
      if (nameForm === 'string') text(out, value);
      else length(out, (nameForm === 'strp' ? this.texts : this.lineTexts).at(value));
    };
    out.u8(1);
    for (const value of [1, FORM[nameForm], directories.length]) out.varint(value);
    for (const directory of directories) name(directory);
    const fields = [
      ...[1, FORM[nameForm], 2, details ? FORM.data2 : FORM.udata],
      ...(details ? [5, FORM.data16, 4, FORM.udata, 3, FORM.block, 0x2001, FORM.data1] : []),
    ];
    out.u8(fields.length / 2);
    for (const value of [...fields, files.length]) out.varint(value);
    for (const { path, directory } of files) {
      name(path);
      if (details) out.u16(directory);
      else out.varint(directory);
      if (details) {
        out.raw(new Uint8Array(16).fill(0x55));
        out.varint(1000);
        out.raw(Uint8Array.of(3, 1, 2, 3));
        out.u8(7);
      }
    }
  }
}

function oldTables(out: Writer, { directories, files }: Unit): void {
  for (const directory of directories) text(out, directory);
  out.u8(0);
  for (const file of files) oldFile(out, file);
  out.u8(0);
}

function oldFile(out: Writer, { path, directory }: File): void {
  text(out, path);
  for (const value of [directory, 1_700_000_000, 1234]) out.varint(value);
}

/** Encodes rows as a line program (DWARF 5, section 6.2.5). */
class ProgramWriter {
  private readonly out = new Writer();
  private readonly unit: Required<
    Pick<Unit, 'minInstructionBytes' | 'lineBase' | 'lineRange' | 'opcodeBase'>
  > &
    Unit;
  private address = 0n;
  private file = 1;
  private line = 1;
  private column = 0;

  constructor(
    unit: Unit,
    private readonly choose: Choose,
  ) {
    this.unit = { minInstructionBytes: 1, lineBase: -5, lineRange: 14, opcodeBase: 13, ...unit };
  }

  bytes(): Uint8Array {
    for (const file of this.unit.defined ?? []) {
      const content = new Writer();
      oldFile(content, file);
      this.extended(3, content.bytes());
    }
    for (const { rows, end } of this.unit.sequences) {
      Object.assign(this, { address: 0n, file: 1, line: 1, column: 0 });
      this.setAddress(rows[0]!.address);
      for (const row of rows) this.row(row);
      this.advance(end);
      this.extended(1, new Uint8Array());
    }
    return this.out.bytes();
  }

  private extended(opcode: number, content: Uint8Array): void {
    this.out.u8(0);
    this.out.varint(1 + content.length);
    this.out.u8(opcode);
    this.out.raw(content);
  }

  private setAddress(address: bigint): void {
    this.extended(2, new Uint8Array(BigUint64Array.of(address).buffer));
    this.address = address;
  }

  /** An opcode that changes nothing that is compared. */
  private noise(): void {
    const { out, unit } = this;
    const kind = this.choose(12);
    const standard = [6, 7, 10, 11][kind];
    if (standard !== undefined && standard < unit.opcodeBase) out.u8(standard);
    if (kind === 4 && unit.opcodeBase > 12) out.raw(Uint8Array.of(12, 0x81, 0x01));
    if (kind === 5) this.extended(4, Uint8Array.of(0x85, 0x02));
    if (kind === 6) this.extended(0x80 + this.choose(0x80), Uint8Array.of(1, 2, 3).subarray(this.choose(4)));
    if (kind === 7 && unit.opcodeBase > 13) out.raw(Uint8Array.of(13, 0x80, 0x00, 0x7f));
    if (kind === 8 && unit.version >= 5) this.extended(3, Uint8Array.of(1, 2));
    // The same number, padded.
    if (kind === 9) out.raw(Uint8Array.of(3, 0x80, 0x80, 0x00));
  }

  private row({ address, file, line, column }: Row): void {
    const { out } = this;
    if (file !== this.file || this.choose(8) === 0) {
      out.u8(4);
      out.varint(file);
    }
    this.noise();
    if (column !== this.column || this.choose(8) === 0) {
      out.u8(5);
      out.varint(column);
    }
    if (this.choose(4) === 0) this.constAddPc(address);
    if (this.choose(3) === 0 || !this.special(address, line)) {
      // Part of the way by other opcodes, the rest by a special one if that can.
      this.advance(address);
      if (this.choose(2) === 0)
        this.advanceLine(line - this.unit.lineBase - this.choose(this.unit.lineRange));
      if (!this.special(address, line)) {
        this.advanceLine(line);
        out.u8(1);
      }
    }
    this.noise();
    Object.assign(this, { file, column });
  }

  /** Writes a special opcode, if there is one from here to there. */
  private special(address: bigint, line: number): boolean {
    const { minInstructionBytes, lineBase, lineRange, opcodeBase } = this.unit;
    const bytes = Number(address - this.address);
    const byLine = line - this.line - lineBase;
    const opcode = byLine + (lineRange * bytes) / minInstructionBytes + opcodeBase;
    const fits =
      bytes >= 0 && byLine >= 0 && byLine < lineRange && bytes % minInstructionBytes === 0 && opcode <= 255;
    if (!fits) return false;
    this.out.u8(opcode);
    Object.assign(this, { address, line });
    return true;
  }

  private constAddPc(limit: bigint): void {
    const { minInstructionBytes, lineRange, opcodeBase } = this.unit;
    const next = this.address + BigInt(Math.floor((255 - opcodeBase) / lineRange) * minInstructionBytes);
    if (opcodeBase <= 8 || next > limit) return;
    this.out.u8(8);
    this.address = next;
  }

  private advance(address: bigint): void {
    const { minInstructionBytes, opcodeBase } = this.unit;
    const bytes = Number(address - this.address);
    const kind = this.choose(4);
    if (bytes < 0) this.setAddress(address);
    else if (kind === 0 && bytes < 2 ** 16 && opcodeBase > 9) {
      this.out.u8(9);
      this.out.u16(bytes);
    } else if (kind > 1 && bytes % minInstructionBytes === 0) {
      this.out.u8(2);
      this.out.varint(bytes / minInstructionBytes);
    } else this.setAddress(address);
    this.address = address;
  }

  private advanceLine(line: number): void {
    if (line < 0) return;
    this.out.u8(3);
    signed(this.out, line - this.line);
    this.line = line;
  }
}
