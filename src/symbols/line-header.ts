/** The headers of line tables, versions 2 to 5 (DWARF 5, section 6.2.4; DWARF 4, section 6.2.4). */
import { textUpToZero } from '../base/elf.ts';
import type { DwarfReader } from './dwarf-reader.ts';

/** The sections that line tables consist of. undefined: there is no such section, or it can't be read. */
export interface LineSections {
  /** .debug_line */
  line: Uint8Array;
  /** .debug_line_str */
  lineTexts: () => Uint8Array | undefined;
  /** .debug_str */
  texts: () => Uint8Array | undefined;
}

/** A text, which is decoded when it is asked for: from `at` to the next zero byte. */
interface StoredText {
  bytes: Uint8Array;
  at: number;
}

/** A source file of a unit. `directory`: an index in the unit's directories. */
export interface LineFile {
  path: StoredText;
  directory: number;
}

/** The line table of one compilation unit. */
export interface LineUnit {
  version: number;
  minInstructionBytes: number;
  lineBase: number;
  lineRange: number;
  opcodeBase: number;
  /** How many operands each standard opcode has; opcode 1 has index 1. */
  operandCounts: readonly number[];
  /** By the numbers that files use for them. Before version 5, 0 is the unit's own, which is not in this section. */
  directories: readonly (StoredText | undefined)[];
  /** By the numbers that the program uses for them. Before version 5 they start with 1. */
  files: (LineFile | undefined)[];
  /** Offsets in .debug_line. */
  programStart: number;
  programEnd: number;
}

/** What the fields of an entry in the tables of version 5 mean (section 6.2.4.1, "Standard Content Descriptions"). */
const CONTENT = { path: 1, directory: 2 } as const;

/** Paths are cut off after this length. */
const PATH_LIMIT_BYTES = 4096;

/**
 * Reads a header.
 * @param input at the unit's version, and with no bytes after the unit
 * @throws {FormatError} when the header is damaged, or of another version
 */
export function readHeader(input: DwarfReader, sections: LineSections): LineUnit {
  const version = input.u16();
  if (version < 2 || version > 5) input.fail(`version ${version} is not one from 2 to 5`);
  if (version >= 5) input.skip(2); // The sizes of addresses and of segment selectors.
  const headerBytes = input.length();
  const programStart = input.offset + headerBytes;
  if (headerBytes > input.remaining) input.fail('the header is longer than the unit');
  const minInstructionBytes = input.u8();
  if (version >= 4) {
    const operations = input.u8();
    if (operations !== 1) input.fail(`${operations} operations in an instruction, where RISC-V has one`);
  }
  input.skip(1); // Whether rows are by default the beginnings of statements.
  const [lineBase, lineRange, opcodeBase] = [input.i8(), input.u8(), input.u8()];
  if (lineRange === 0) input.fail('a line range of 0');
  if (opcodeBase === 0) input.fail('an opcode base of 0');
  const operandCounts = Array.from({ length: opcodeBase }, (_, opcode) => (opcode === 0 ? 0 : input.u8()));
  const tables = version >= 5 ? readTables(input, sections) : readOldTables(input);
  if (input.offset > programStart) input.fail('the tables are longer than the header');
  return {
    ...{ version, minInstructionBytes, lineBase, lineRange, opcodeBase, operandCounts },
    ...tables,
    programStart,
    programEnd: input.source.length,
  };
}

type Tables = Pick<LineUnit, 'directories' | 'files'>;

/** The tables up to version 4: each ends with an empty name. */
function readOldTables(input: DwarfReader): Tables {
  const { source } = input;
  const directories: (StoredText | undefined)[] = [undefined];
  for (let at = input.text(); source[at] !== 0; at = input.text()) directories.push({ bytes: source, at });
  const files: (LineFile | undefined)[] = [undefined];
  for (let file = readOldFile(input); file; file = readOldFile(input)) files.push(file);
  return { directories, files };
}

/** A file of a table up to version 4, also one that a line program defines; undefined when its name is empty. */
export function readOldFile(input: DwarfReader): LineFile | undefined {
  const path = { bytes: input.source, at: input.text() };
  if (input.source[path.at] === 0) return undefined;
  const directory = input.unsigned();
  input.unsigned(); // Time of the last modification.
  input.unsigned(); // Size.
  return { path, directory };
}

/** The tables of version 5, each of which begins with a description of its entries. */
function readTables(input: DwarfReader, sections: LineSections): Tables {
  const directories = readEntries(input, sections).map(({ path }) => path);
  const files = readEntries(input, sections);
  return { directories, files };
}

function readEntries(input: DwarfReader, sections: LineSections): LineFile[] {
  const fields = Array.from({ length: input.u8() }, () => ({
    content: input.unsigned(),
    form: input.unsigned(),
  }));
  const count = input.unsigned();
  // Every field takes at least a byte, so that the unit's size limits the number of entries.
  if (count > 0 && !fields.some(({ content }) => content === CONTENT.path)) input.fail('files without names');
  const entries: LineFile[] = [];
  for (let index = 0; index < count; index++) {
    let path: StoredText | undefined;
    let directory = 0;
    for (const { content, form } of fields) {
      const value = readForm(input, form, sections);
      if (content === CONTENT.path && typeof value === 'object') path = value;
      if (content === CONTENT.directory && typeof value === 'number') directory = value;
    }
    if (!path) input.fail('a file without a name');
    entries.push({ path, directory });
  }
  return entries;
}

/** The number or text of a field. undefined: one of another kind, such as a check sum (section 7.5.6). */
function readForm(input: DwarfReader, form: number, sections: LineSections): number | StoredText | undefined {
  switch (form) {
    case FORM.string:
      return { bytes: input.source, at: input.text() };
    case FORM.lineStrp:
      return textAt(input, '.debug_line_str', sections.lineTexts());
    case FORM.strp:
      return textAt(input, '.debug_str', sections.texts());
    case FORM.data1:
      return input.u8();
    case FORM.data2:
      return input.u16();
    case FORM.data4:
      return input.u32();
    case FORM.udata:
      return input.unsigned();
    default: {
      const sizeBytes = skipped[form]?.(input);
      if (sizeBytes === undefined) input.fail(`form ${form} is none of a line table`);
      input.skip(sizeBytes);
      return undefined;
    }
  }
}

/** A text in another section, at the offset that comes next. */
function textAt(input: DwarfReader, section: string, bytes: Uint8Array = new Uint8Array()): StoredText {
  const at = input.length();
  if (at >= bytes.length) input.fail(`a text at ${at} of the ${bytes.length} bytes of ${section}`);
  return { bytes, at };
}

/** The forms that are read (DWARF 5, table 7.5), by their names without DW_FORM_. */
const FORM = {
  string: 0x08,
  lineStrp: 0x1f,
  strp: 0x0e,
  data1: 0x0b,
  data2: 0x05,
  data4: 0x06,
  udata: 0x0f,
} as const;

/** The sizes of other forms, in bytes: data8, data16, block, block1, block2, block4. */
const skipped: Record<number, (input: DwarfReader) => number> = {
  7: () => 8,
  30: () => 16,
  9: (input) => input.unsigned(),
  10: (input) => input.u8(),
  3: (input) => input.u16(),
  4: (input) => input.u32(),
};

const ABSOLUTE = /^([/\\]|[A-Za-z]:[/\\])/;

const joinPath = (directory: string, path: string): string =>
  directory === '' || ABSOLUTE.test(path) ? path : `${directory.replace(/[/\\]$/, '')}/${path}`;

/**
 * The path of a file of a unit. Before version 5 it is relative to the unit's own directory, unless it is absolute.
 * undefined when the unit has no file of this number.
 */
export function pathOf({ version, files, directories }: LineUnit, file: number): string | undefined {
  const entry = files[file];
  if (!entry) return undefined;
  const text = (stored: StoredText | undefined) =>
    stored ? textUpToZero(stored.bytes, stored.at, PATH_LIMIT_BYTES) : '';
  const directory = text(directories[entry.directory]);
  const within = version >= 5 ? joinPath(text(directories[0]), directory) : directory;
  return joinPath(entry.directory === 0 ? directory : within, text(entry.path));
}
