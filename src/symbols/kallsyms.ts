/**
 * The symbol table that a Linux kernel carries for its own messages (CONFIG_KALLSYMS), found in its memory or its image.
 * Source: scripts/kallsyms.c, which writes the table, and kernel/kallsyms.c, which reads it. Each part begins at a
 * multiple of 8 bytes:
 *
 * | part | since Linux 6.4 | before |
 * | --- | --- | --- |
 * | `kallsyms_offsets` and `kallsyms_relative_base`, or `kallsyms_addresses` | last | first |
 * | `kallsyms_num_syms`, `kallsyms_names`, `kallsyms_markers` | in this order | in this order |
 * | `kallsyms_seqs_of_names` | after the addresses | none; in Linux 6.2 and 6.3 here |
 * | `kallsyms_token_table`, `kallsyms_token_index` | in this order | in this order |
 */
import type { NmSymbol } from './system-map.ts';

/** The parts begin at multiples of this. In bytes. */
const ALIGNMENT = 8;
/** Bytes of a name are numbers of tokens. */
const TOKENS = 256;
const INDEX_BYTES = 2 * TOKENS;
/** `kallsyms_markers` has the place of each name whose number is a multiple of this. */
const MARKED = 256;
/** The bytes of an entry of `kallsyms_seqs_of_names`, where the markers are followed by it. */
const SEQUENCE_BYTES = [0, 3, 4];
/** A token is a part of a name, which has a type before it and is at most this long (KSYM_NAME_LEN). In bytes. */
const MAX_TEXT_BYTES = 512;
/** No kernel has more names than fit into this. In bytes. */
const MAX_NAMES_BYTES = 1 << 25;

/** No kernel is below RAM; one that moves itself has zeros in its image where addresses belong. */
const LOWEST = 0x8000_0000n;
const HIGHEST = 2n ** 64n - 1n;

const aligned = (at: number): number => Math.ceil(at / ALIGNMENT) * ALIGNMENT;

/**
 * The symbols of the first kernel that has its table in `memory`, by address: where the kernel runs if it runs, else where
 * it is linked. undefined when there is none, or when the kernel has yet to find out where it runs.
 * @param memory begins at a multiple of 8
 */
export function kallsyms(memory: Uint8Array): NmSymbol[] | undefined {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  for (let at = 0; at + INDEX_BYTES <= memory.length; at += ALIGNMENT) {
    if (!isIndex(view, at)) continue;
    const tokens = readTokens(memory, at);
    const names = tokens && readNames(view, tokens.start);
    const addresses = names && readAddresses(view, names, at + INDEX_BYTES);
    if (addresses) return symbolsOf(memory, tokens.texts, names, addresses);
  }
  return undefined;
}

/** Whether offsets that grow begin there: quick, since every position in memory is asked. */
function isIndex(view: DataView, at: number): boolean {
  if (view.getUint16(at, true) !== 0) return false;
  let before = 0;
  for (let offset = 2; offset < INDEX_BYTES; offset += 2) {
    const next = view.getUint16(at + offset, true);
    if (next <= before) return false;
    before = next;
  }
  return true;
}

/** The texts that end before `kallsyms_token_index`, which says where each begins, and the place of the first. */
function readTokens(memory: Uint8Array, index: number): { start: number; texts: string[] } | undefined {
  const view = new DataView(memory.buffer, memory.byteOffset + index, INDEX_BYTES);
  const offsets = Array.from({ length: TOKENS }, (_, token) => view.getUint16(2 * token, true));
  const last = offsets[TOKENS - 1]!;
  // How long the last text is, is not known.
  const nearest = index - aligned(last + 1);
  for (let start = nearest; start >= Math.max(0, nearest - MAX_TEXT_BYTES); start -= ALIGNMENT) {
    const texts = offsets.map((offset) => textUpTo(memory, start + offset, index));
    const fits = texts.every((text, token) => {
      const end = offsets[token]! + text.length + 1;
      return token < TOKENS - 1 ? end === offsets[token + 1] : aligned(start + end) === index;
    });
    if (fits) return { start, texts };
  }
  return undefined;
}

/** The characters before the next zero byte. */
function textUpTo(memory: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end && memory[at] !== 0; at++) text += String.fromCharCode(memory[at]!);
  return text;
}

/** Where the number of names is, how many there are, and where each begins. */
interface Names {
  start: number;
  count: number;
  places: Uint32Array;
}

/** The names whose markers, and what may follow these, end at a place. */
function readNames(view: DataView, end: number): Names | undefined {
  const first = Math.max(0, end - MAX_NAMES_BYTES);
  for (let start = end - 2 * ALIGNMENT; start >= first; start -= ALIGNMENT) {
    const count = view.getUint32(start, true);
    // The padding after the number; each name has a length and at least one byte.
    if (count === 0 || view.getUint32(start + 4, true) !== 0 || count > (end - start) / 2) continue;
    const names = { start, count, places: new Uint32Array(0) };
    const namesEnd = followNames(view, names, end, () => {});
    if (namesEnd === undefined) continue;
    names.places = new Uint32Array(count);
    followNames(view, names, end, (place, index) => {
      names.places[index] = place;
    });
    if (hasMarkers(view, names, namesEnd, end)) return names;
  }
  return undefined;
}

/** Tells the place of each name; returns where the last one ends, or undefined when that is not before `end`. */
function followNames(
  view: DataView,
  { start, count }: Names,
  end: number,
  tell: (place: number, index: number) => void,
): number | undefined {
  let at = start + ALIGNMENT;
  for (let index = 0; index < count; index++) {
    tell(at, index);
    const { sizeBytes, head } = lengthAt(view, at);
    at += head + sizeBytes;
    if (sizeBytes === 0 || at > end) return undefined;
  }
  return at;
}

/** The length of a name, in one byte or in two of LEB128, and how many bytes that takes. */
function lengthAt(view: DataView, at: number): { sizeBytes: number; head: number } {
  const low = view.getUint8(at);
  if (low < 0x80 || at + 1 >= view.byteLength) return { sizeBytes: low, head: 1 };
  return { sizeBytes: (low & 0x7f) | (view.getUint8(at + 1) << 7), head: 2 };
}

/** Whether the markers of these names follow, and end at `end` with what may come after them. */
function hasMarkers(view: DataView, { start, count, places }: Names, namesEnd: number, end: number): boolean {
  const markers = aligned(namesEnd);
  const markersEnd = aligned(markers + 4 * Math.ceil(count / MARKED));
  if (!SEQUENCE_BYTES.some((sizeBytes) => aligned(markersEnd + sizeBytes * count) === end)) return false;
  for (let index = 0; index < count; index += MARKED)
    if (view.getUint32(markers + 4 * (index / MARKED), true) !== places[index]! - start - ALIGNMENT)
      return false;
  return true;
}

/** The address of each name: before the names or after the index, as offsets to the first address or whole. */
function readAddresses(view: DataView, { start, count }: Names, after: number): BigUint64Array | undefined {
  const offsetsBytes = aligned(4 * count);
  const before = start - ALIGNMENT;
  return (
    fromOffsets(view, after, count, after + offsetsBytes) ??
    fromOffsets(view, before - offsetsBytes, count, before) ??
    whole(view, after, count) ??
    whole(view, start - 8 * count, count)
  );
}

/** Offsets of 32 bits, and the address that they begin at. */
function fromOffsets(view: DataView, start: number, count: number, base: number): BigUint64Array | undefined {
  if (start < 0 || base + 8 > view.byteLength || view.getUint32(start, true) !== 0) return undefined;
  const first = view.getBigUint64(base, true);
  return inOrder(count, (index) => first + BigInt(view.getUint32(start + 4 * index, true)));
}

function whole(view: DataView, start: number, count: number): BigUint64Array | undefined {
  if (start < 0 || start + 8 * count > view.byteLength) return undefined;
  return inOrder(count, (index) => view.getBigUint64(start + 8 * index, true));
}

/** The addresses, if they can be those of a kernel: where memory may be, ascending, and not all the same. */
function inOrder(count: number, address: (index: number) => bigint): BigUint64Array | undefined {
  if (address(0) < LOWEST || address(0) === address(count - 1)) return undefined;
  const addresses = new BigUint64Array(count);
  for (let index = 0; index < count; index++) {
    const next = address(index);
    if (next > HIGHEST || (index > 0 && next < addresses[index - 1]!)) return undefined;
    addresses[index] = next;
  }
  return addresses;
}

function symbolsOf(
  memory: Uint8Array,
  tokens: readonly string[],
  { places }: Names,
  addresses: BigUint64Array,
): NmSymbol[] {
  const view = new DataView(memory.buffer, memory.byteOffset, memory.byteLength);
  return Array.from(places, (place, index) => {
    const { sizeBytes, head } = lengthAt(view, place);
    let text = '';
    for (let at = place + head; at < place + head + sizeBytes; at++) text += tokens[memory[at]!];
    return { address: addresses[index]!, type: text.slice(0, 1), name: text.slice(1) };
  });
}
