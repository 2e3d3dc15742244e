/** Writes the table of scripts/kallsyms.c in Linux, as a kernel has it in memory. */
import { Writer } from '../../src/base/codec.ts';
import type { NmSymbol } from '../../src/symbols/system-map.ts';

/** How the parts are arranged. */
export interface Layout {
  /** Since Linux 6.4 the addresses follow the tokens; before, they come first. */
  addresses: 'last' | 'first';
  /** CONFIG_KALLSYMS_BASE_RELATIVE: offsets of 32 bits to a base; else whole addresses. */
  isRelative: boolean;
  /** The bytes of each number in kallsyms_seqs_of_names: 0 for none. */
  sequenceBytes: 0 | 3 | 4;
  /** Texts that tokens stand for, where no character needs the number. */
  parts: readonly string[];
}

/** What the 256 tokens stand for: each character that occurs itself, all others parts of names. */
function tokensOf(texts: readonly string[], parts: readonly string[]): string[] {
  const used = new Set(texts.join(''));
  const waiting = [...parts];
  return Array.from({ length: 256 }, (_, code) => {
    const char = String.fromCharCode(code);
    return used.has(char) ? char : (waiting.shift() ?? '');
  });
}

/** The numbers of the tokens that a text consists of: the longest that fits, then the next. */
function encoded(text: string, tokens: readonly string[]): number[] {
  const codes: number[] = [];
  for (let at = 0; at < text.length; ) {
    const char = text.charCodeAt(at);
    const fits = tokens.flatMap((token, code) =>
      token[0] === text[at] && text.startsWith(token, at) ? [code] : [],
    );
    const best = fits.reduce(
      (one, other) => (tokens[other]!.length > tokens[one]!.length ? other : one),
      char,
    );
    codes.push(best);
    at += tokens[best]!.length;
  }
  return codes;
}

/** The bytes, which begin at a multiple of 8. Symbols are in the order of their addresses. */
export function kallsymsTable(symbols: readonly NmSymbol[], layout: Layout): Uint8Array {
  const { addresses, isRelative, sequenceBytes, parts } = layout;
  const out = new Writer();
  const label = () => {
    while (out.length % 8 !== 0) out.u8(0);
  };
  const writeAddresses = () => {
    label();
    const base = symbols[0]!.address;
    for (const { address } of symbols)
      if (isRelative) out.u32(Number(address - base));
      else out.u64(address);
    label();
    if (isRelative) out.u64(base);
  };
  const writeSequences = () => {
    label();
    for (const index of symbols.keys())
      for (let byte = 0; byte < sequenceBytes; byte++) out.u8((index >> (8 * byte)) & 0xff);
  };
  if (addresses === 'first') writeAddresses();
  label();
  out.u32(symbols.length);
  label();
  const texts = symbols.map(({ type, name }) => type + name);
  const tokens = tokensOf(texts, parts);
  const start = out.length;
  const markers: number[] = [];
  for (const [index, text] of texts.entries()) {
    if (index % 256 === 0) markers.push(out.length - start);
    const codes = encoded(text, tokens);
    if (codes.length > 0x7f) out.u8((codes.length & 0x7f) | 0x80);
    out.u8(codes.length > 0x7f ? codes.length >> 7 : codes.length);
    out.raw(Uint8Array.from(codes));
  }
  label();
  for (const marker of markers) out.u32(marker);
  if (addresses === 'first') writeSequences();
  label();
  const offsets: number[] = [];
  const tokensAt = out.length;
  for (const token of tokens) {
    offsets.push(out.length - tokensAt);
    out.raw(Uint8Array.from(`${token}\0`, (char) => char.charCodeAt(0)));
  }
  label();
  for (const offset of offsets) out.u16(offset);
  if (addresses === 'last') {
    writeAddresses();
    writeSequences();
  }
  label();
  return out.bytes();
}
