export interface Segment {
  address: bigint;
  bytes?: number[];
  memorySize?: bigint;
  type?: number;
}

/** An ELF executable as a linker writes it: header, program headers, contents, symbols, section headers. */
export function elf(
  segments: Segment[],
  symbols: { name: string; value: bigint; section?: number; info?: number }[] = [],
) {
  const contentsAt = 64 + 56 * segments.length;
  const contents = segments.flatMap(({ bytes }) => bytes ?? []);
  const strings = `\0${symbols.map(({ name }) => `${name}\0`).join('')}`;
  const symbolsAt = contentsAt + contents.length;
  const stringsAt = symbolsAt + 24 * (symbols.length + 1);
  const sectionsAt = stringsAt + strings.length;
  const bytes = new Uint8Array(sectionsAt + 3 * 64);
  const view = new DataView(bytes.buffer);
  const u64 = (at: number, value: bigint | number) => view.setBigUint64(at, BigInt(value), true);

  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 2, true);
  view.setUint16(18, 243, true);
  view.setUint32(20, 1, true);
  u64(24, segments[0]?.address ?? 0);
  u64(32, 64);
  u64(40, sectionsAt);
  [64, 56, segments.length, 64, 3, 0].forEach((value, index) => {
    view.setUint16(52 + 2 * index, value, true);
  });
  let offset = contentsAt;
  segments.forEach(({ address, bytes: own = [], memorySize, type = 1 }, index) => {
    const at = 64 + 56 * index;
    view.setUint32(at, type, true);
    [offset, address, address, own.length, memorySize ?? own.length].forEach((value, field) => {
      u64(at + 8 + 8 * field, value);
    });
    offset += own.length;
  });
  bytes.set(contents, contentsAt);
  symbols.forEach(({ name, value, section = 1, info = 2 }, index) => {
    const at = symbolsAt + 24 * (index + 1);
    view.setUint32(at, strings.indexOf(`\0${name}\0`) + 1, true);
    bytes[at + 4] = info;
    view.setUint16(at + 6, section, true);
    u64(at + 8, value);
    u64(at + 16, 4);
  });
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  const section = (index: number, type: number, from: number, to: number, link: number) => {
    const at = sectionsAt + 64 * index;
    view.setUint32(at + 4, type, true);
    u64(at + 24, from);
    u64(at + 32, to - from);
    view.setUint32(at + 40, link, true);
  };
  section(1, 2, symbolsAt, stringsAt, 2);
  section(2, 3, stringsAt, sectionsAt, 0);
  return { bytes, view };
}
