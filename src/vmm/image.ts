/**
 * Program images: what is loaded into memory before the machine starts. Executables in ELF (System V ABI, chapters
 * "Object Files" and "Program Loading"; RISC-V ELF psABI), or raw bytes.
 */
import {
  ElfFile,
  type ElfSegment,
  type ElfSymbol,
  FILE,
  SECTION,
  SEGMENT,
  SPECIAL_SECTION,
  SYMBOL_TYPE,
} from '../base/elf.ts';
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

/** Tags of the dynamic section: a needed library, and the file's own name as a library. */
const NEEDED = 1n;
const SONAME = 14n;
const DYNAMIC_ENTRY_BYTES = 16;
const COMPILE = 'compile it with riscv64-unknown-elf-gcc';

const otherTypes: Record<number, string> = {
  [FILE.relocatable]:
    'a relocatable object; link it first, for example with riscv64-unknown-elf-gcc -nostdlib -static',
  [FILE.core]: 'a core dump; give the executable itself',
};

const hex = (value: number | bigint): string => `0x${value.toString(16)}`;

/**
 * Reads a 64-bit little-endian RISC-V executable.
 * @param name of the file, for messages
 * @param movable where to load the lowest segment of a file that is linked below RAM and relocates itself when it
 * starts: firmware, kernels. Without it only a position-independent file is relocated, to the start of RAM.
 * @throws {OperatingError} when the file is no such executable, is damaged, or does not fit into RAM
 */
export function loadElf(bytes: Uint8Array, name: string, ram: RamRange, movable?: number): Image {
  const file = new Executable(new ElfFile(bytes, name));
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

class Executable {
  /** The load address minus the physical address in the file. */
  private distance = 0n;
  private readonly headers: readonly ElfSegment[];

  constructor(private readonly elf: ElfFile) {
    const { type } = elf;
    if (type !== FILE.executable && type !== FILE.shared)
      throw elf.error(`is ${otherTypes[type] ?? `no executable; ${COMPILE}`}.`);
    this.headers = elf.segments();
    this.mustNeedNoLoader();
  }

  get positionIndependent(): boolean {
    return this.elf.type === FILE.shared;
  }

  /**
   * Accepts self-relocating files such as firmware; rejects files that need a dynamic linker, which there is none of.
   */
  private mustNeedNoLoader(): void {
    const { elf } = this;
    const statically = 'there is no dynamic linker here; link it with -static';
    for (const { type, offset, fileSize } of this.headers) {
      if (type === SEGMENT.interpreter) throw elf.error(`is dynamically linked, and ${statically}.`);
      if (type !== SEGMENT.dynamic) continue;
      const entries = elf.range(offset, fileSize, 'its dynamic section');
      const view = new DataView(entries.buffer, entries.byteOffset, entries.byteLength);
      for (let at = 0; at + DYNAMIC_ENTRY_BYTES <= entries.length; at += DYNAMIC_ENTRY_BYTES) {
        const tag = view.getBigUint64(at, true);
        if (tag === 0n) break;
        if (tag === NEEDED) throw elf.error(`needs shared libraries, and ${statically}.`);
        if (tag === SONAME) throw elf.error('is a shared library; give a program.');
      }
    }
  }

  /** The headers of loadable segments. */
  private loadable(): ElfSegment[] {
    return this.headers.filter(({ type, memorySize }) => type === SEGMENT.loadable && memorySize > 0n);
  }

  segments(ram: RamRange, movable?: number): ImageSegment[] {
    const headers = this.loadable();
    if (movable !== undefined) {
      const [lowest] = headers.toSorted((a, b) => (a.physicalAddress < b.physicalAddress ? -1 : 1));
      // Only the file's headers may lie below RAM: such a file is linked to its load address.
      if (
        lowest !== undefined &&
        lowest.physicalAddress < ram.base &&
        this.segmentPart(lowest, ram).left === 0
      )
        this.distance = BigInt(movable) - lowest.physicalAddress;
    }
    const segments = headers.map((header) => this.segment(header, ram));
    if (segments.length === 0) throw this.elf.error(`has no segment to load; ${COMPILE} and link it.`);
    return segments;
  }

  /** A segment's bytes, its load address, and how many bytes at its start are {@link headersBelow} RAM. */
  private segmentPart(
    { physicalAddress, offset, fileSize, memorySize }: ElfSegment,
    ram: RamRange,
  ): { address: bigint; bytes: Uint8Array; left: number } {
    // The physical address: there is no loader that maps the virtual one.
    const address = physicalAddress + this.distance;
    if (fileSize > memorySize)
      throw this.elf.error(
        `has a segment at ${hex(address)} that is larger in the file than in memory; make it again.`,
      );
    const bytes = this.elf.range(offset, fileSize, `its segment at ${hex(address)}`);
    const left = offset === 0n ? this.headersBelow(BigInt(ram.base) - address, bytes) : 0;
    return { address, bytes, left };
  }

  private segment(header: ElfSegment, ram: RamRange): ImageSegment {
    const { address, bytes, left } = this.segmentPart(header, ram);
    const { memorySize } = header;
    const end = address + memorySize;
    if (address + BigInt(left) < ram.base || end > ram.base + ram.sizeBytes)
      throw this.elf.error(tooLarge(address, end, ram));
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
    const afterHeaders = bytes.subarray(this.elf.headersBytes, Number(belowBytes));
    return afterHeaders.every((byte) => byte === 0) ? Number(belowBytes) : 0;
  }

  entry(segments: readonly ImageSegment[]): number {
    const entry = this.physicalEntry();
    const holds = ({ address, memorySizeBytes }: ImageSegment) =>
      entry >= address && entry < address + memorySizeBytes;
    if (!segments.some(holds))
      throw this.elf.error(
        `starts at ${hex(entry)}, where it loads nothing; name the entry when linking, with -e.`,
      );
    return Number(entry);
  }

  /** A kernel's entry is a virtual address; this is the physical one. */
  private physicalEntry(): bigint {
    const { entry } = this.elf;
    const headers = this.loadable();
    for (const kind of ['physicalAddress', 'virtualAddress'] as const)
      for (const header of headers) {
        const offset = entry - header[kind];
        if (offset >= 0n && offset < header.memorySize)
          return header.physicalAddress + offset + this.distance;
      }
    return entry;
  }

  /** The named addresses of all symbol tables, ordered by address; none in a stripped file. */
  symbols(): ImageSymbol[] {
    const sections = this.elf.sections();
    return sections
      .filter(({ type }) => type === SECTION.symbols)
      .flatMap((table) => this.elf.symbols(table, sections))
      .filter(namesPlace)
      .map(({ name, value, size }) => ({ name, address: Number(value), sizeBytes: Number(size) }))
      .sort((a, b) => a.address - b.address);
  }
}

/** Whether a symbol names a place in the program: defined, and neither a section, a file nor a mapping symbol. */
const namesPlace = ({ name, type, section, value, size }: ElfSymbol): boolean =>
  type <= SYMBOL_TYPE.function &&
  section !== SPECIAL_SECTION.undefined &&
  value <= Number.MAX_SAFE_INTEGER &&
  size <= Number.MAX_SAFE_INTEGER &&
  name !== '' &&
  !name.startsWith('$');
