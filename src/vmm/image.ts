/**
 * Program images: what is loaded into memory before the machine starts. Executables in ELF (System V ABI, chapters
 * "Object Files" and "Program Loading"; RISC-V ELF psABI), or raw bytes.
 */
import { OperatingError } from '../base/errors.ts';
import { MAX_RAM_BYTES } from '../cpu/layout.ts';
import { describeNonCode } from './file-kinds.ts';

/** A range of memory and its initial content. */
export interface ImageSegment {
  address: number;
  /** The first bytes, a view into the file; the rest, up to `memorySizeBytes`, starts as zeros. */
  bytes: Uint8Array;
  memorySizeBytes: number;
}

/** A symbol of a program. */
export interface ImageSymbol {
  name: string;
  address: number;
  /** 0 when the program does not give it. */
  sizeBytes: number;
}

/** A program image. */
export interface Image {
  /** The address of the first instruction. */
  entry: number;
  segments: ImageSegment[];
  /** The two words of HTIF, if the program has symbols of these names. */
  tohost?: number;
  fromhost?: number;
  /** Ordered by address. */
  symbols: ImageSymbol[];
}

/** The first address after all segments of an image. */
export const endOf = ({ segments }: Image): number =>
  Math.max(...segments.map(({ address, memorySizeBytes }) => address + memorySizeBytes));

/** The range of RAM, in bytes. */
export interface RamRange {
  base: number;
  sizeBytes: number;
}

const MAGIC = [0x7f, 0x45, 0x4c, 0x46];
const RISCV = 243;
const EXECUTABLE = 2;
const POSITION_INDEPENDENT = 3;
const LOADABLE = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
/** Tags of the dynamic section: a needed library, and the file's own name as a library. */
const NEEDED = 1n;
const SONAME = 14n;
const SYMBOL_TABLE = 2;
const SIZES = { header: 64, segment: 56, section: 64, symbol: 24, dynamic: 16 } as const;
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

const otherTypes: Record<number, string> = {
  1: 'a relocatable object; link it first, for example with riscv64-unknown-elf-gcc -nostdlib -static',
  4: 'a core dump; give the executable itself',
};

/** Symbol names are truncated to this length: a damaged file could make them arbitrarily long. */
const NAME_LIMIT_BYTES = 1024;

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/** Whether bytes begin as an ELF file does. */
export const isElf = (bytes: Uint8Array): boolean => MAGIC.every((byte, index) => bytes[index] === byte);

/**
 * Reads a 64-bit little-endian RISC-V executable.
 * @param name of the file, for messages
 * @param movable where to load the lowest segment of a file that is linked below RAM and relocates itself when it
 * starts: firmware, kernels. Without it only a position-independent file is relocated, to the start of RAM.
 * @throws {OperatingError} when the file is no such executable, is damaged, or does not fit into RAM
 */
export function loadElf(bytes: Uint8Array, name: string, ram: RamRange, movable?: number): Image {
  const file = new ElfFile(bytes, name);
  file.checkHeader();
  const segments = file.segments(ram, movable ?? (file.positionIndependent ? ram.base : undefined));
  const entry = file.entry(segments);
  const symbols = file.symbols();
  return {
    entry,
    segments,
    symbols,
    ...htifWords((name) => symbols.find((symbol) => symbol.name === name)?.address),
  };
}

/** The addresses of the words of HTIF, from the symbols of a program. */
export function htifWords(
  addressOf: (name: string) => number | undefined,
): Pick<Image, 'tohost' | 'fromhost'> {
  const [tohost, fromhost] = [addressOf('tohost'), addressOf('fromhost')];
  return { ...(tohost !== undefined && { tohost }), ...(fromhost !== undefined && { fromhost }) };
}

/**
 * A raw image: the bytes are loaded at `address`, which is the entry point.
 * @throws {OperatingError} when the bytes are recognized as something other than machine code, or do not fit into RAM
 */
export function loadRaw(bytes: Uint8Array, name: string, ram: RamRange, address = ram.base): Image {
  if (bytes.length === 0) throw new OperatingError(`'${name}' is empty; give a file with a program.`);
  const other = describeNonCode(bytes);
  if (other !== undefined) throw new OperatingError(`'${name}' is ${other}.`);
  const end = address + bytes.length;
  if (end > ram.base + ram.sizeBytes) throw new OperatingError(`'${name}' ${tooLarge(address, end, ram)}`);
  return {
    entry: address,
    segments: [{ address, bytes, memorySizeBytes: bytes.length }],
    symbols: [],
  };
}

const MEBIBYTE = 2 ** 20;

/** The predicate of an error message: why a file does not fit into RAM, and what to do. */
export function tooLarge(start: number | bigint, end: number | bigint, ram: RamRange): string {
  const ends = ram.base + ram.sizeBytes;
  const outside = `needs memory from ${hex(start)} to ${hex(end)}, and RAM is ${hex(ram.base)} to ${hex(ends)};`;
  const neededBytes = Number(end) - ram.base;
  // Otherwise the address itself is wrong, and more memory does not help.
  return start >= ram.base && neededBytes <= MAX_RAM_BYTES
    ? `${outside} give the machine at least ${Math.ceil(neededBytes / MEBIBYTE)} MiB with --memory.`
    : `${outside} link it to an address in RAM.`;
}

class ElfFile {
  private readonly view: DataView;
  /** The load address minus the physical address in the file. */
  private distance = 0n;
  constructor(
    private readonly bytes: Uint8Array,
    private readonly name: string,
  ) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  private fail(reason: string): OperatingError {
    return new OperatingError(`'${this.name}' ${reason}`);
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

  get positionIndependent(): boolean {
    return this.u16(16) === POSITION_INDEPENDENT;
  }

  checkHeader(): void {
    const { bytes } = this;
    if (!isElf(bytes)) throw this.fail(`is not an ELF executable; ${COMPILE}.`);
    // Class, byte order and machine are in the part of the header that 32-bit files share.
    if (bytes.length < 20) throw this.truncated('its header');
    if (bytes[4] !== 2) throw this.fail('is not a 64-bit ELF file; compile it for RV64, with -march=rv64gc.');
    if (bytes[5] !== 1)
      throw this.fail('is not a little-endian ELF file; this machine is little-endian, compile it so.');
    const machine = this.u16(18);
    if (machine !== RISCV) {
      const kind = machines[machine] ?? `machine number ${machine}`;
      throw this.fail(`is for ${kind}, and this machine is RISC-V; ${COMPILE}.`);
    }
    const type = this.u16(16);
    if (type !== EXECUTABLE && type !== POSITION_INDEPENDENT)
      throw this.fail(`is ${otherTypes[type] ?? `no executable; ${COMPILE}`}.`);
    if (bytes.length < SIZES.header) throw this.truncated('its header');
    this.mustNeedNoLoader();
  }

  /**
   * Accepts self-relocating files such as firmware; rejects files that need a dynamic linker, which there is none of.
   */
  private mustNeedNoLoader(): void {
    const statically = 'there is no dynamic linker here; link it with -static';
    for (const at of this.programHeaders()) {
      if (this.u32(at) === INTERPRETER) throw this.fail(`is dynamically linked, and ${statically}.`);
      if (this.u32(at) !== DYNAMIC) continue;
      const { offset, sizeBytes } = this.part(this.u64(at + 8), this.u64(at + 32), 'its dynamic section');
      for (let entry = offset; entry + SIZES.dynamic <= offset + sizeBytes; entry += SIZES.dynamic) {
        const tag = this.u64(entry);
        if (tag === 0n) break;
        if (tag === NEEDED) throw this.fail(`needs shared libraries, and ${statically}.`);
        if (tag === SONAME) throw this.fail('is a shared library; give a program.');
      }
    }
  }

  private truncated(what: string): OperatingError {
    return this.fail(`ends inside ${what}; it is damaged or incomplete, make it again.`);
  }

  /** Checks that a part of the file is within it, and returns its place as numbers. */
  private part(offset: bigint, sizeBytes: bigint, what: string): { offset: number; sizeBytes: number } {
    if (offset + sizeBytes > BigInt(this.bytes.length)) throw this.truncated(what);
    return { offset: Number(offset), sizeBytes: Number(sizeBytes) };
  }

  /** The offsets of the entries of a table. */
  private table(
    offset: bigint,
    count: number,
    entryBytes: number,
    leastBytes: number,
    what: string,
  ): number[] {
    if (count === 0) return [];
    if (entryBytes < leastBytes)
      throw this.fail(`has ${what} with entries of ${entryBytes} bytes; it is damaged, make it again.`);
    const { offset: start } = this.part(offset, BigInt(count) * BigInt(entryBytes), what);
    return Array.from({ length: count }, (_, index) => start + index * entryBytes);
  }

  /** The offsets of the program headers. */
  private programHeaders(): number[] {
    return this.table(this.u64(32), this.u16(56), this.u16(54), SIZES.segment, 'its program headers');
  }

  /** The offsets of the program headers of loadable segments. */
  private loadable(): number[] {
    return this.programHeaders().filter((at) => this.u32(at) === LOADABLE && this.u64(at + 40) > 0n);
  }

  segments(ram: RamRange, movable?: number): ImageSegment[] {
    const headers = this.loadable();
    if (movable !== undefined) {
      const [lowest] = headers.toSorted((a, b) => (this.u64(a + 24) < this.u64(b + 24) ? -1 : 1));
      // Only the file's headers may lie below RAM: such a file is linked to its load address.
      if (
        lowest !== undefined &&
        this.u64(lowest + 24) < ram.base &&
        this.segmentPart(lowest, ram).left === 0
      )
        this.distance = BigInt(movable) - this.u64(lowest + 24);
    }
    const segments = headers.map((at) => this.segment(at, ram));
    if (segments.length === 0) throw this.fail(`has no segment to load; ${COMPILE} and link it.`);
    return segments;
  }

  /** A segment's bytes, its load address, and how many bytes at its start are {@link headersBelow} RAM. */
  private segmentPart(at: number, ram: RamRange): { address: bigint; bytes: Uint8Array; left: number } {
    // The physical address: there is no loader that maps the virtual one.
    const address = this.u64(at + 24) + this.distance;
    const [fileOffset, fileSize] = [this.u64(at + 8), this.u64(at + 32)];
    if (fileSize > this.u64(at + 40))
      throw this.fail(
        `has a segment at ${hex(address)} that is larger in the file than in memory; make it again.`,
      );
    const { offset, sizeBytes } = this.part(fileOffset, fileSize, `its segment at ${hex(address)}`);
    const bytes = this.bytes.subarray(offset, offset + sizeBytes);
    const left = fileOffset === 0n ? this.headersBelow(BigInt(ram.base) - address, bytes) : 0;
    return { address, bytes, left };
  }

  private segment(at: number, ram: RamRange): ImageSegment {
    const { address, bytes, left } = this.segmentPart(at, ram);
    const memorySize = this.u64(at + 40);
    const end = address + memorySize;
    if (address + BigInt(left) < ram.base || end > ram.base + ram.sizeBytes)
      throw this.fail(tooLarge(address, end, ram));
    return {
      address: Number(address) + left,
      bytes: bytes.subarray(left),
      memorySizeBytes: Number(memorySize) - left,
    };
  }

  /**
   * How many bytes at the start of the first segment to skip. Without a linker script, with -Ttext at the start of RAM,
   * GNU ld puts the file's headers below the program, where there is no RAM; the program does not need them.
   */
  private headersBelow(belowBytes: bigint, bytes: Uint8Array): number {
    if (belowBytes <= 0n || belowBytes > bytes.length) return 0;
    const headersEnd = SIZES.header + this.u16(54) * this.u16(56);
    const onlyHeaders = bytes.subarray(headersEnd, Number(belowBytes)).every((byte) => byte === 0);
    return onlyHeaders ? Number(belowBytes) : 0;
  }

  entry(segments: readonly ImageSegment[]): number {
    const entry = this.physicalEntry();
    const holds = ({ address, memorySizeBytes }: ImageSegment) =>
      entry >= address && entry < address + memorySizeBytes;
    if (!segments.some(holds))
      throw this.fail(
        `starts at ${hex(entry)}, where it loads nothing; name the entry when linking, with -e.`,
      );
    return Number(entry);
  }

  /** A kernel's entry is a virtual address; this is the physical one. */
  private physicalEntry(): bigint {
    const entry = this.u64(24);
    const within = (start: bigint, at: number) => entry >= start && entry < start + this.u64(at + 40);
    const headers = this.loadable();
    const at =
      headers.find((header) => within(this.u64(header + 24), header)) ??
      headers.find((header) => within(this.u64(header + 16), header));
    if (at === undefined) return entry;
    const linked = within(this.u64(at + 24), at) ? this.u64(at + 24) : this.u64(at + 16);
    return entry - linked + this.u64(at + 24) + this.distance;
  }

  /** The named addresses of all symbol tables; none in a stripped file. */
  symbols(): ImageSymbol[] {
    const offset = this.u64(40);
    if (offset === 0n) return [];
    const headers = this.table(offset, this.u16(60), this.u16(58), SIZES.section, 'its section headers');
    return headers
      .filter((at) => this.u32(at + 4) === SYMBOL_TABLE)
      .flatMap((at) => this.symbolTable(at, headers[this.u32(at + 40)]))
      .sort((a, b) => a.address - b.address);
  }

  private symbolTable(at: number, stringsAt: number | undefined): ImageSymbol[] {
    if (stringsAt === undefined) return [];
    const what = 'its symbol table';
    const table = this.part(this.u64(at + 24), this.u64(at + 32), what);
    const strings = this.part(this.u64(stringsAt + 24), this.u64(stringsAt + 32), what);
    const names = this.bytes.subarray(strings.offset, strings.offset + strings.sizeBytes);
    return Array.from({ length: Math.floor(table.sizeBytes / SIZES.symbol) }, (_, index) =>
      this.symbol(table.offset + index * SIZES.symbol, names),
    ).filter((symbol) => symbol !== undefined);
  }

  /** A symbol that names a place in the program: defined, and neither a section, a file nor a mapping symbol. */
  private symbol(at: number, names: Uint8Array): ImageSymbol | undefined {
    const type = this.bytes[at + 4]! & 15;
    const section = this.u16(at + 6);
    const [value, size] = [this.u64(at + 8), this.u64(at + 16)];
    if (type > 2 || section === 0 || value > Number.MAX_SAFE_INTEGER || size > Number.MAX_SAFE_INTEGER)
      return undefined;
    const start = this.u32(at);
    const rest = names.subarray(start, start + NAME_LIMIT_BYTES);
    const end = rest.indexOf(0);
    const name = new TextDecoder().decode(end < 0 ? rest : rest.subarray(0, end));
    if (name === '' || name.startsWith('$')) return undefined;
    return { name, address: Number(value), sizeBytes: Number(size) };
  }
}
