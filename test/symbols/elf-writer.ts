import { zlibSync } from 'fflate';
import { Writer } from '../../src/base/codec.ts';

/** A section of an ELF file. */
export interface Section {
  name: string;
  type?: number;
  flags?: number;
  address?: bigint;
  bytes?: Uint8Array;
  /** In memory, if it is not that of the bytes. */
  size?: number;
  /** The name of the section that it refers to. */
  link?: string;
}

/** A symbol; its section by name, or a special index. */
export interface SymbolSpec {
  name: string;
  value: bigint;
  size?: number | bigint;
  type?: number;
  binding?: number;
  section: string | number;
}

export const CODE = { type: 1, flags: 6 };
export const DATA = { type: 1, flags: 3 };

const text = (value: string) => new TextEncoder().encode(value);

/** Texts that end with zero bytes, each once, and their offsets. */
export class Texts {
  private readonly out = new Writer();
  private readonly known = new Map<string, number>();

  constructor() {
    this.at('');
  }
  at(value: string): number {
    const known = this.known.get(value) ?? this.out.length;
    if (!this.known.has(value)) {
      this.known.set(value, known);
      this.out.raw(text(`${value}\0`));
    }
    return known;
  }
  get bytes(): Uint8Array {
    return this.out.bytes();
  }
}

/** The sections .symtab and .strtab, or .dynsym and .dynstr. `others`: the sections that symbols name, from index 1. */
export function symbolSections(symbols: SymbolSpec[], others: Section[], dynamic = false): Section[] {
  const [table, strings] = dynamic ? ['.dynsym', '.dynstr'] : ['.symtab', '.strtab'];
  const names = new Texts();
  const out = new Writer();
  out.raw(new Uint8Array(24));
  for (const { name, value, size = 0, type = 0, binding = 1, section } of symbols) {
    out.u32(names.at(name));
    out.u8(binding * 16 + type);
    out.u8(0);
    out.u16(typeof section === 'number' ? section : 1 + others.findIndex((one) => one.name === section));
    out.u64(value);
    out.u64(BigInt(size));
  }
  return [
    { name: table!, type: dynamic ? 11 : 2, bytes: out.bytes(), link: strings! },
    { name: strings!, type: 3, bytes: names.bytes },
  ];
}

/** A section as the linker compresses it. `change`: damages it. */
export function compressed(
  section: Section,
  change: (bytes: Uint8Array, view: DataView) => void = () => {},
): Section {
  const content = section.bytes ?? new Uint8Array();
  const packed = zlibSync(content);
  const bytes = new Uint8Array(24 + packed.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 1, true);
  view.setBigUint64(8, BigInt(content.length), true);
  view.setBigUint64(16, 1n, true);
  bytes.set(packed, 24);
  change(bytes, view);
  return { ...section, flags: 0x800, bytes };
}

/** An executable for RV64 with these sections, after the empty one of index 0. No segments: it is not to be loaded. */
export function elfOf(given: Section[], type = 2): Uint8Array {
  const names = new Texts();
  const sections: Section[] = [{ name: '', type: 0 }, ...given, { name: '.shstrtab', type: 3 }];
  for (const { name } of sections) names.at(name);
  sections.at(-1)!.bytes = names.bytes;
  const headersAt = 64 + sections.reduce((sum, { bytes }) => sum + (bytes?.length ?? 0), 0);
  const out = new Writer();
  out.raw(Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0));
  for (const half of [type, 243]) out.u16(half);
  out.u32(1);
  for (const word of [0n, 0n, BigInt(headersAt)]) out.u64(word);
  out.u32(0);
  for (const half of [64, 56, 0, 64, sections.length, sections.length - 1]) out.u16(half);
  const offsets = sections.map(({ bytes = new Uint8Array() }) => {
    const at = out.length;
    out.raw(bytes);
    return at;
  });
  for (const [index, section] of sections.entries()) {
    const { name, flags = 0, address = 0n, bytes, size, link } = section;
    out.u32(names.at(name));
    out.u32(section.type ?? 1);
    out.u64(BigInt(flags));
    out.u64(address);
    out.u64(BigInt(offsets[index]!));
    out.u64(BigInt(size ?? bytes?.length ?? 0));
    out.u32(link === undefined ? 0 : sections.findIndex((one) => one.name === link));
    out.u32(0);
    for (const word of [1n, 0n]) out.u64(word);
  }
  return out.bytes();
}
