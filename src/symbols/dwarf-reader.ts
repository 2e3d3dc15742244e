import { Reader } from '../base/codec.ts';

/** From here on, 32-bit lengths are reserved; the last one announces a 64-bit length (DWARF 5, section 7.4). */
const RESERVED_LENGTHS = 0xffff_fff0;
const WIDE_LENGTH = 0xffff_ffff;

/**
 * Reads the values that DWARF sections consist of (DWARF 5, chapter 7), little-endian.
 * @throws {FormatError} at the end of the bytes, and for numbers above those that can be meant
 */
export class DwarfReader extends Reader {
  /** Whether lengths and offsets in the present unit have 64 bits; {@link unitEnd} finds out. */
  private wide = false;

  /** Reads the length that a unit begins with, and returns where the unit ends. */
  unitEnd(): number {
    const length = this.u32();
    this.wide = length === WIDE_LENGTH;
    if (!this.wide && length >= RESERVED_LENGTHS) this.fail('a reserved unit length');
    const lengthBytes = this.wide ? this.length() : length;
    if (lengthBytes > this.remaining)
      this.fail(`a unit of ${lengthBytes} bytes, where ${this.remaining} are left`);
    return this.offset + lengthBytes;
  }

  /** A reader of the same unit, at the same place, for which the bytes end at `end`. */
  upTo(end: number): DwarfReader {
    const input = new DwarfReader(this.source.subarray(0, end));
    input.offset = this.offset;
    input.wide = this.wide;
    return input;
  }

  /** A length, or an offset in a section. */
  length(): number {
    const value = this.wide ? Number(this.u64()) : this.u32();
    if (!Number.isSafeInteger(value)) this.fail('a length above 2^53');
    return value;
  }

  skip(sizeBytes: number): void {
    if (sizeBytes > this.remaining) this.fail(`${sizeBytes} bytes wanted, ${this.remaining} left`);
    this.offset += sizeBytes;
  }

  /** A signed byte. */
  i8(): number {
    return (this.u8() << 24) >> 24;
  }

  /** An unsigned number of `sizeBytes` bytes. */
  fixed(sizeBytes: number): bigint {
    let value = 0n;
    for (let index = 0; index < sizeBytes; index++) value += BigInt(this.u8()) << BigInt(8 * index);
    return value;
  }

  /** An unsigned LEB128 number up to 2^53 - 1 (section 7.6). Unlike a varint it may be padded. */
  unsigned(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte % 128) * scale;
      if (!Number.isSafeInteger(value)) this.fail('a number above 2^53');
      if (byte < 128) return value;
    }
  }

  /** A signed LEB128 number of up to 49 bits (section 7.6), which may be padded. */
  signed(): number {
    let [value, scale] = [0, 1];
    let byte: number;
    do {
      byte = this.u8();
      if (scale < 2 ** 49) {
        value += (byte % 128) * scale;
        scale *= 128;
      } else if (byte % 128 !== (value < scale / 2 ? 0 : 127)) this.fail('a number above 2^48');
    } while (byte >= 128);
    return value < scale / 2 ? value : value - scale;
  }

  /** Skips a text that ends with a zero byte, and returns where it starts. */
  text(): number {
    const start = this.offset;
    const end = this.source.indexOf(0, start);
    if (end < 0) this.fail('a text without its end');
    this.offset = end + 1;
    return start;
  }
}
