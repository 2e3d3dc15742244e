/** Symbols as an ELF file without content, from which gdb and others know the names of what is in memory. */
import { Writer } from '../base/codec.ts';
import {
  BINDING,
  FILE,
  RISCV,
  SECTION,
  SECTION_FLAG,
  SIZES,
  SPECIAL_SECTION,
  SYMBOL_TYPE,
} from '../base/elf.ts';
import type { ProgramSymbol } from './symbol-table.ts';

/** ELFCLASS64, ELFDATA2LSB, EV_CURRENT. */
const IDENTIFICATION = [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1];
/** EF_RISCV_RVC (RISC-V ELF psABI, "File Header"). */
const FLAGS = 1;

const bindings = { local: BINDING.local, weak: BINDING.weak, global: BINDING.global } as const;
const types = {
  function: SYMBOL_TYPE.function,
  object: SYMBOL_TYPE.object,
  label: SYMBOL_TYPE.none,
  value: SYMBOL_TYPE.none,
} as const;

/** A section header, but for the place of its bytes. */
interface Section {
  name: string;
  type: number;
  flags: bigint;
  address: bigint;
  sizeBytes: number | bigint;
  bytes: Uint8Array;
  /** Of a symbol table: the section of the names, how many symbols are local, and the size of one. */
  link: number;
  localCount: number;
  entryBytes: number;
}

const NONE = new Uint8Array(0);
const section = (name: string, type: number, rest: Partial<Section>): Section => ({
  ...{ name, type, flags: 0n, address: 0n, sizeBytes: rest.bytes?.length ?? 0, bytes: NONE },
  ...{ link: 0, localCount: 0, entryBytes: 0 },
  ...rest,
});

/** The bytes of the file. Addresses of functions are in sections of code, all others in sections of data. */
export function symbolFile(symbols: readonly ProgramSymbol[]): Uint8Array {
  const ascending = symbols.toSorted((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
  const places = ascending.filter(({ kind }) => kind !== 'value');
  const code = new Set(places.filter(({ kind }) => kind === 'function').map(({ address }) => address));
  const within = new Map<ProgramSymbol, number>();
  const memory: Section[] = [section('', 0, {})];
  for (const [index, symbol] of places.entries()) {
    const isCode = code.has(symbol.address);
    if (index === 0 || isCode !== code.has(places[index - 1]!.address))
      memory.push(memorySection(symbol, isCode, memory.length));
    within.set(symbol, memory.length - 1);
    const current = memory.at(-1)!;
    const end = places[index + 1]?.address ?? symbol.address + 1n;
    current.sizeBytes = end - current.address;
  }
  const texts = new Texts();
  const link = memory.length + 1;
  return fileOf([
    ...memory,
    symbolTable(ascending, (symbol) => within.get(symbol) ?? SPECIAL_SECTION.absolute, texts, link),
    section('.strtab', SECTION.strings, { bytes: texts.bytes() }),
  ]);
}

const memorySection = ({ address }: ProgramSymbol, isCode: boolean, number: number): Section =>
  section(`${isCode ? '.text' : '.data'}.${number}`, SECTION.noBits, {
    flags: SECTION_FLAG.allocated | (isCode ? SECTION_FLAG.executable : SECTION_FLAG.writable),
    address,
  });

/** Local symbols come first (System V ABI, "Symbol Table"). */
function symbolTable(
  symbols: readonly ProgramSymbol[],
  sectionOf: (symbol: ProgramSymbol) => number,
  texts: Texts,
  link: number,
): Section {
  const isLocal = ({ binding }: ProgramSymbol) => binding === 'local';
  const locals = symbols.filter(isLocal);
  const out = new Writer();
  out.raw(new Uint8Array(SIZES.symbol));
  for (const symbol of [...locals, ...symbols.filter((one) => !isLocal(one))]) {
    out.u32(texts.add(symbol.name));
    out.u8(bindings[symbol.binding] * 16 + types[symbol.kind]);
    out.u8(0);
    out.u16(sectionOf(symbol));
    out.u64(symbol.address);
    out.u64(BigInt(symbol.sizeBytes));
  }
  return section('.symtab', SECTION.symbols, {
    ...{ bytes: out.bytes(), link, localCount: locals.length + 1, entryBytes: SIZES.symbol },
  });
}

/** Texts that end with zero bytes. The first is empty. */
class Texts {
  private readonly out = new Writer();
  private readonly encoder = new TextEncoder();

  constructor() {
    this.add('');
  }

  /** Returns its offset. */
  add(text: string): number {
    const at = this.out.length;
    this.out.raw(this.encoder.encode(`${text}\0`));
    return at;
  }

  bytes(): Uint8Array {
    return this.out.bytes();
  }
}

function fileOf(given: readonly Section[]): Uint8Array {
  const names = new Texts();
  const sections = [...given, section('.shstrtab', SECTION.strings, {})];
  const nameOffsets = sections.map(({ name }) => names.add(name));
  const last = sections.at(-1)!;
  last.bytes = names.bytes();
  last.sizeBytes = last.bytes.length;
  const content = new Writer();
  const offsets = sections.map(({ bytes }) => {
    while (content.length % 8 !== 0) content.u8(0);
    const at = SIZES.header + content.length;
    content.raw(bytes);
    return at;
  });
  while (content.length % 8 !== 0) content.u8(0);
  const out = new Writer();
  writeHeader(out, sections.length, SIZES.header + content.length);
  out.raw(content.bytes());
  for (const [index, one] of sections.entries()) {
    out.u32(nameOffsets[index]!);
    out.u32(one.type);
    for (const word of [one.flags, one.address, BigInt(offsets[index]!), BigInt(one.sizeBytes)])
      out.u64(word);
    out.u32(one.link);
    out.u32(one.localCount);
    // Alignment, and the size of an entry.
    out.u64(1n);
    out.u64(BigInt(one.entryBytes));
  }
  return out.bytes();
}

function writeHeader(out: Writer, count: number, headersAt: number): void {
  out.raw(Uint8Array.from({ length: 16 }, (_, index) => IDENTIFICATION[index] ?? 0));
  out.u16(FILE.executable);
  out.u16(RISCV);
  out.u32(1);
  // Neither an entry nor program headers.
  for (const word of [0n, 0n, BigInt(headersAt)]) out.u64(word);
  out.u32(FLAGS);
  for (const half of [SIZES.header, SIZES.segment, 0, SIZES.section, count, count - 1]) out.u16(half);
}
