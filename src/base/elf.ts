/**
 * The structure of RISC-V files in ELF: System V ABI, chapters "Object Files" and "Program Loading"; RISC-V ELF psABI.
 * What a program, its symbols and its debug sections mean is for those who read them.
 */
import { OperatingError } from './errors.ts';

/** A program header: a range of the file, and where it belongs in memory. Sizes in bytes. */
export interface ElfSegment {
  /** One of {@link SEGMENT}, or another number. */
  type: number;
  offset: bigint;
  virtualAddress: bigint;
  physicalAddress: bigint;
  fileSize: bigint;
  memorySize: bigint;
}

/** A section header. Sizes in bytes. */
export interface ElfSection {
  /** Empty in a file without section names. */
  name: string;
  /** One of {@link SECTION}, or another number. */
  type: number;
  /** Bits of {@link SECTION_FLAG}, and others. */
  flags: bigint;
  address: bigint;
  offset: bigint;
  size: bigint;
  /** The index of the section that this one refers to: for symbols, their names. */
  link: number;
}

/** A symbol, as it is in the file. */
export interface ElfSymbol {
  /** Cut off after {@link NAME_LIMIT_BYTES}. */
  name: string;
  /** One of {@link SYMBOL_TYPE}, or another number. */
  type: number;
  /** One of {@link BINDING}, or another number. */
  binding: number;
  /** The index of its section, or one of {@link SPECIAL_SECTION}. */
  section: number;
  value: bigint;
  /** In bytes; 0 when the file does not give it. */
  size: bigint;
}

/** Types of files (e_type). */
export const FILE = { relocatable: 1, executable: 2, shared: 3, core: 4 } as const;
/** Types of segments (p_type). */
export const SEGMENT = { loadable: 1, dynamic: 2, interpreter: 3 } as const;
/** Types of sections (sh_type). `noBits`: takes no room in the file. */
export const SECTION = { symbols: 2, strings: 3, noBits: 8, dynamicSymbols: 11 } as const;
/** Flags of sections (sh_flags). `allocated`: is in memory when the program runs. */
export const SECTION_FLAG = { writable: 1n, allocated: 2n, executable: 4n, compressed: 0x800n } as const;
/** Types of symbols (st_info). `indirectFunction`: STT_GNU_IFUNC. */
export const SYMBOL_TYPE = { none: 0, object: 1, function: 2, indirectFunction: 10 } as const;
/** Bindings of symbols (st_info). */
export const BINDING = { local: 0, global: 1, weak: 2 } as const;
/** Section indices with a meaning of their own (st_shndx): from `reserved` on, none is that of a section. */
export const SPECIAL_SECTION = {
  undefined: 0,
  reserved: 0xff00,
  absolute: 0xfff1,
  extended: 0xffff,
} as const;

/** Symbol names are truncated to this length: a damaged file could make them arbitrarily long. */
export const NAME_LIMIT_BYTES = 1024;

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
/** The number of the machine (e_machine). */
export const RISCV = 243;
/** The sizes of the file's header and of the entries of its tables, in bytes. */
export const SIZES = { header: 64, segment: 56, section: 64, symbol: 24 } as const;
const COMPILE = 'compile it with riscv64-unknown-elf-gcc';

const machines: Record<number, string> = {
  3: 'x86',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'PowerPC64',
  22: 'S/390',
  40: 'ARM',
  62: 'x86-64',
  183: 'AArch64',
  258: 'LoongArch',
};

/** Whether bytes begin as an ELF file does. */
export const isElf = (bytes: Uint8Array): boolean => MAGIC.every((byte, index) => bytes[index] === byte);

const decoder = new TextDecoder();

/** The text from `start` to the next zero byte, or to the end of the bytes; no more than `limitBytes` of it. */
export function textUpToZero(bytes: Uint8Array, start: number, limitBytes: number): string {
  const rest = bytes.subarray(start, start + limitBytes);
  const end = rest.indexOf(0);
  return decoder.decode(end < 0 ? rest : rest.subarray(0, end));
}

/** A 64-bit little-endian file for RISC-V: its header, segments, sections and symbols. */
export class ElfFile {
  private readonly view: DataView;

  /**
   * @param name of the file, for messages
   * @throws {OperatingError} when the file is none for RV64, or ends inside its header
   */
  constructor(
    readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.checkHeader();
  }

  private checkHeader(): void {
    const { bytes } = this;
    if (!isElf(bytes)) throw this.error(`is not an ELF executable; ${COMPILE}.`);
    // Class, byte order and machine are in the part of the header that 32-bit files share.
    if (bytes.length < 20) throw this.truncated('its header');
    if (bytes[4] !== 2)
      throw this.error('is not a 64-bit ELF file; compile it for RV64, with -march=rv64gc.');
    if (bytes[5] !== 1)
      throw this.error('is not a little-endian ELF file; this machine is little-endian, compile it so.');
    const machine = this.u16(18);
    if (machine !== RISCV) {
      const kind = machines[machine] ?? `machine number ${machine}`;
      throw this.error(`is for ${kind}, and this machine is RISC-V; ${COMPILE}.`);
    }
    if (bytes.length < SIZES.header) throw this.truncated('its header');
  }

  /** An error about this file. `reason`: the predicate of the sentence, with what to do. */
  error(reason: string): OperatingError {
    return new OperatingError(`'${this.name}' ${reason}`);
  }

  private truncated(what: string): OperatingError {
    return this.error(`ends inside ${what}; it is damaged or incomplete, make it again.`);
  }

  private u16(at: number): number {
    return this.view.getUint16(at, true);
  }
  private u32(at: number): number {
    return this.view.getUint32(at, true);
  }
  private u64(at: number): bigint {
    return this.view.getBigUint64(at, true);
  }

  /** One of {@link FILE}, or another number. */
  get type(): number {
    return this.u16(16);
  }
  /** The address of the first instruction. */
  get entry(): bigint {
    return this.u64(24);
  }
  /** The size of the header and the program headers, in bytes. */
  get headersBytes(): number {
    return SIZES.header + this.u16(54) * this.u16(56);
  }

  /**
   * A range of the file: a view, not a copy.
   * @param what it is, for the message
   * @throws {OperatingError} when it is not within the file
   */
  range(offset: bigint, size: bigint, what: string): Uint8Array {
    if (offset + size > BigInt(this.bytes.length)) throw this.truncated(what);
    return this.bytes.subarray(Number(offset), Number(offset + size));
  }

  /** The offsets of the entries of a table. */
  private table(offset: bigint, count: bigint, entryBytes: number, minBytes: number, what: string): number[] {
    if (count === 0n) return [];
    if (entryBytes < minBytes)
      throw this.error(`has ${what} with entries of ${entryBytes} bytes; it is damaged, make it again.`);
    this.range(offset, count * BigInt(entryBytes), what);
    return Array.from({ length: Number(count) }, (_, index) => Number(offset) + index * entryBytes);
  }

  /** The program headers. @throws {OperatingError} when they are not within the file */
  segments(): ElfSegment[] {
    const count = BigInt(this.u16(56));
    return this.table(this.u64(32), count, this.u16(54), SIZES.segment, 'its program headers').map((at) => ({
      type: this.u32(at),
      offset: this.u64(at + 8),
      virtualAddress: this.u64(at + 16),
      physicalAddress: this.u64(at + 24),
      fileSize: this.u64(at + 32),
      memorySize: this.u64(at + 40),
    }));
  }

  /**
   * The section headers; none in a file that has only segments.
   * @throws {OperatingError} when they, or the names of the sections, are not within the file
   */
  sections(): ElfSection[] {
    const [first, entryBytes, what] = [this.u64(40), this.u16(58), 'its section headers'];
    if (first === 0n) return [];
    let [count, names] = [BigInt(this.u16(60)), this.u16(62)];
    // Numbers that do not fit into the file's header are in the first section's.
    if (count === 0n || names === SPECIAL_SECTION.extended) {
      const zeroth = this.table(first, 1n, entryBytes, SIZES.section, what)[0]!;
      if (count === 0n) count = this.u64(zeroth + 32);
      if (names === SPECIAL_SECTION.extended) names = this.u32(zeroth + 40);
    }
    const headers = this.table(first, count, entryBytes, SIZES.section, what);
    const namesAt = names === 0 ? undefined : headers[names];
    const text = namesAt === undefined ? new Uint8Array() : this.content(this.section(namesAt), what);
    return headers.map((at) => ({
      ...this.section(at),
      name: textUpToZero(text, this.u32(at), NAME_LIMIT_BYTES),
    }));
  }

  /** A section header without its name, which is in another section. */
  private section(at: number): ElfSection {
    return {
      name: '',
      type: this.u32(at + 4),
      flags: this.u64(at + 8),
      address: this.u64(at + 16),
      offset: this.u64(at + 24),
      size: this.u64(at + 32),
      link: this.u32(at + 40),
    };
  }

  /**
   * A section's bytes in the file: a view, not a copy; none for a section that takes no room there.
   * @param what it is, for the message
   * @throws {OperatingError} when they are not within the file
   */
  content({ type, offset, size }: ElfSection, what: string): Uint8Array {
    return type === SECTION.noBits ? new Uint8Array() : this.range(offset, size, what);
  }

  /**
   * The symbols of a symbol table, in the order of the file.
   * @param sections all sections of the file
   * @throws {OperatingError} when the table or its names are not within the file
   */
  symbols(table: ElfSection, sections: readonly ElfSection[]): ElfSymbol[] {
    const what = 'its symbol table';
    const bytes = this.content(table, what);
    const strings = sections[table.link];
    if (strings === undefined)
      throw this.error('has a symbol table without names; it is damaged, make it again.');
    const names = this.content(strings, what);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    return Array.from({ length: Math.floor(bytes.length / SIZES.symbol) }, (_, index) => {
      const at = index * SIZES.symbol;
      const info = bytes[at + 4]!;
      return {
        name: textUpToZero(names, view.getUint32(at, true), NAME_LIMIT_BYTES),
        type: info & 15,
        binding: info >> 4,
        section: view.getUint16(at + 6, true),
        value: view.getBigUint64(at + 8, true),
        size: view.getBigUint64(at + 16, true),
      };
    });
  }
}
