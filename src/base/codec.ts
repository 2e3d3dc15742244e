import { assert } from './assert.ts';
import { FormatError } from './errors.ts';
import { xxh32Within } from './xxh32.ts';

/**
 * One description of a value, from which saving, restoring, hashing and comparing derive. The encoding is canonical:
 * equal values give equal bytes, and bytes that encode no value are rejected with a {@link FormatError}.
 */
export interface Codec<T> {
  write(out: Writer, value: T): void;
  read(input: Reader): T;
}

/** The type of the values that a codec describes. */
export type ValueOf<C> = C extends Codec<infer T> ? T : never;

/** A writer's initial buffer size, and the largest it starts over with after {@link Writer.take}. */
const FIRST_BYTES = 64;
const MAX_ANEW_BYTES = 1 << 23;
const MIN_PASSED_BYTES = 1 << 16;

/** The length of a text that is written and read by itself, without the conversion from and to UTF-8. */
const MAX_ASCII_BYTES = 32;

function isAscii(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 128) return false;
  return true;
}

/** The size of an unsigned LEB128 integer. */
const varintBytes = (value: number): number => (value < 128 ? 1 : 1 + varintBytes(Math.floor(value / 128)));

/** A growing byte buffer. Integers are little-endian. */
export class Writer {
  private buffer = new Uint8Array(FIRST_BYTES);
  private view = new DataView(this.buffer.buffer);
  length = 0;

  /**
   * `passOn`: receives what was written so far, and then the bytes of {@link raw}, whenever those are many: without a
   * copy, and valid only during the call. What comes after the last of them is {@link written}. Not with
   * {@link counted}, which returns to where it began.
   */
  constructor(private readonly passOn?: (bytes: Uint8Array) => void) {}

  /** Makes room at the end and returns its offset. Growing replaces `buffer` and `view`: read those afterwards. */
  private reserve(sizeBytes: number): number {
    const at = this.length;
    this.length += sizeBytes;
    if (this.length > this.buffer.length) {
      // A quarter more than a large value needs, so that the small one after it does not grow the buffer again.
      const grown = new Uint8Array(Math.max(Math.ceil(this.length * 1.25), this.buffer.length * 2));
      grown.set(this.buffer.subarray(0, at));
      this.use(grown);
    }
    return at;
  }

  private use(buffer: Uint8Array<ArrayBuffer>): void {
    this.buffer = buffer;
    this.view = new DataView(buffer.buffer);
  }

  u8(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }
  u16(value: number): void {
    const at = this.reserve(2);
    this.view.setUint16(at, value, true);
  }
  u32(value: number): void {
    const at = this.reserve(4);
    this.view.setUint32(at, value, true);
  }
  u64(value: bigint): void {
    const at = this.reserve(8);
    this.view.setBigUint64(at, value, true);
  }
  /** An unsigned LEB128 integer up to 2^53 - 1, in its shortest form. */
  varint(value: number): void {
    assert(
      Number.isSafeInteger(value) && value >= 0,
      () => `varint: ${value} is not a safe unsigned integer`,
    );
    let rest = value;
    while (rest >= 128) {
      this.u8((rest % 128) + 128);
      rest = Math.floor(rest / 128);
    }
    this.u8(rest);
  }
  /** A short text of ASCII characters, with its length before it; for any other text false, and nothing is written. */
  ascii(text: string): boolean {
    if (text.length > MAX_ASCII_BYTES || !isAscii(text)) return false;
    const at = this.reserve(1 + text.length);
    this.buffer[at] = text.length;
    for (let i = 0; i < text.length; i++) this.buffer[at + 1 + i] = text.charCodeAt(i);
    return true;
  }
  raw(bytes: Uint8Array): void {
    if (this.passOn && bytes.length >= MIN_PASSED_BYTES) {
      this.passOn(this.written);
      this.passOn(bytes);
      this.length = 0;
      return;
    }
    const at = this.reserve(bytes.length);
    this.buffer.set(bytes, at);
  }
  /** Writes the length (u32) of what `write` writes, then that. Returns a view of it, valid until the next write. */
  counted(write: () => void): Uint8Array {
    const at = this.reserve(4);
    write();
    this.view.setUint32(at, this.length - at - 4, true);
    return this.buffer.subarray(at + 4, this.length);
  }
  /** Writes the length (varint) of what `write` writes, then that. Returns the offset at which that begins. */
  measured(write: (out: Writer) => void): number {
    const at = this.reserve(1);
    write(this);
    const length = this.length - at - 1;
    // In most cases the length takes the one byte that was left for it.
    const start = at + varintBytes(length);
    this.reserve(start - at - 1);
    if (start > at + 1) this.buffer.copyWithin(start, at + 1, at + 1 + length);
    this.length = at;
    this.varint(length);
    this.length = start + length;
    return start;
  }
  /** The checksum (XXH32) of what was written from an offset on. */
  checksum(from: number, seed: number): number {
    return xxh32Within(this.view, from, this.length, seed);
  }
  /** A view of what was written, valid until the next write. */
  get written(): Uint8Array {
    return this.buffer.subarray(0, this.length);
  }
  /** A copy of what was written. */
  bytes(): Uint8Array {
    return this.written.slice();
  }
  /** Hands over what was written; the writer starts over, empty. */
  take(): Uint8Array {
    const { written } = this;
    this.use(new Uint8Array(Math.min(this.buffer.length, MAX_ANEW_BYTES)));
    this.length = 0;
    return written;
  }
}

/**
 * Reads what {@link Writer} wrote.
 * @throws {FormatError} at the end of the bytes, or at a value that no writer writes
 */
export class Reader {
  offset = 0;

  constructor(readonly source: Uint8Array) {}

  get remaining(): number {
    return this.source.length - this.offset;
  }

  fail(message: string): never {
    throw new FormatError(message, this.offset);
  }

  private take(sizeBytes: number): number {
    if (sizeBytes > this.remaining) this.fail(`${sizeBytes} bytes wanted, ${this.remaining} left`);
    const at = this.offset;
    this.offset += sizeBytes;
    return at;
  }

  u8(): number {
    return this.source[this.take(1)]!;
  }
  u16(): number {
    return this.halfword(this.take(2));
  }
  u32(): number {
    return this.word(this.take(4));
  }
  u64(): bigint {
    const at = this.take(8);
    return BigInt(this.word(at)) + (BigInt(this.word(at + 4)) << 32n);
  }

  // Without a DataView: creating one takes longer than reading most messages.
  private halfword(at: number): number {
    return this.source[at]! + this.source[at + 1]! * 2 ** 8;
  }
  private word(at: number): number {
    return this.halfword(at) + this.halfword(at + 2) * 2 ** 16;
  }

  varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (!Number.isSafeInteger(value)) this.fail('integer too large');
      if (byte < 128) {
        if (byte === 0 && scale > 1) this.fail('integer not in its shortest form');
        return value;
      }
    }
  }
  /** What {@link Writer.ascii} writes; undefined if there is something else, and nothing is read then. */
  ascii(): string | undefined {
    const { source, offset } = this;
    const length = source[offset] ?? 128;
    if (length > MAX_ASCII_BYTES || length >= this.remaining) return undefined;
    let text = '';
    for (let at = offset + 1; at <= offset + length; at++) {
      if (source[at]! >= 128) return undefined;
      text += String.fromCharCode(source[at]!);
    }
    this.offset += 1 + length;
    return text;
  }
  /** The next `sizeBytes` bytes, copied. */
  raw(sizeBytes: number): Uint8Array {
    const at = this.take(sizeBytes);
    return this.source.slice(at, at + sizeBytes);
  }
}

const codec = <T>(write: (out: Writer, value: T) => void, read: (input: Reader) => T): Codec<T> => ({
  write,
  read,
});

/** An unsigned integer of 8 bits. */
export const u8 = codec<number>(
  (out, value) => out.u8(value),
  (input) => input.u8(),
);
/** An unsigned integer of 16 bits, little-endian. */
export const u16 = codec<number>(
  (out, value) => out.u16(value),
  (input) => input.u16(),
);
/** An unsigned integer of 32 bits, little-endian. */
export const u32 = codec<number>(
  (out, value) => out.u32(value),
  (input) => input.u32(),
);
/** An unsigned integer of 64 bits, little-endian; a bigint. */
export const u64 = codec<bigint>(
  (out, value) => out.u64(value),
  (input) => input.u64(),
);
/** An unsigned integer up to 2^53 - 1, as a varint: counts, positions, times. */
export const uint = codec<number>(
  (out, value) => out.varint(value),
  (input) => input.varint(),
);
/** A truth value, in one byte. */
export const bool = codec<boolean>(
  (out, value) => out.u8(value ? 1 : 0),
  (input) => {
    const byte = input.u8();
    if (byte > 1) input.fail(`${byte} is not a truth value`);
    return byte === 1;
  },
);

/** Bytes of any length up to `limitBytes`. */
export const bytes = (limitBytes = 1 << 30): Codec<Uint8Array> =>
  codec(
    (out, value) => {
      assert(value.length <= limitBytes, () => `${value.length} bytes exceed the limit of ${limitBytes}`);
      out.varint(value.length);
      out.raw(value);
    },
    (input) => {
      const length = input.varint();
      if (length > limitBytes) input.fail(`${length} bytes exceed the limit of ${limitBytes}`);
      return input.raw(length);
    },
  );

const textBytes = bytes(1 << 20);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Text, as UTF-8. Names of hosts are short and ASCII, and in most messages. */
export const text: Codec<string> = codec(
  (out, value) => {
    if (!out.ascii(value)) textBytes.write(out, encoder.encode(value));
  },
  (input) => {
    const short = input.ascii();
    if (short !== undefined) return short;
    const content = textBytes.read(input);
    try {
      return decoder.decode(content);
    } catch {
      return input.fail('text that is not UTF-8');
    }
  },
);

/** A list of up to `limit` members. */
export const list = <T>(member: Codec<T>, limit = 1 << 24): Codec<T[]> =>
  codec(
    (out, values) => {
      assert(values.length <= limit, () => `${values.length} members exceed the limit of ${limit}`);
      out.varint(values.length);
      for (const value of values) member.write(out, value);
    },
    (input) => {
      const length = input.varint();
      if (length > limit) input.fail(`${length} members exceed the limit of ${limit}`);
      // Not allocated for that length: five bytes may announce millions of members, and have none.
      const values: T[] = [];
      for (let index = 0; index < length; index++) values.push(member.read(input));
      return values;
    },
  );

/** A value that may be undefined. */
export const optional = <T>(member: Codec<T>): Codec<T | undefined> =>
  codec(
    (out, value) => {
      bool.write(out, value !== undefined);
      if (value !== undefined) member.write(out, value);
    },
    (input) => (bool.read(input) ? member.read(input) : undefined),
  );

/** A list of a fixed length, which is not encoded. */
export const array = <T>(member: Codec<T>, length: number): Codec<T[]> =>
  codec(
    (out, values) => {
      assert(values.length === length, () => `${values.length} members where ${length} belong`);
      for (const value of values) member.write(out, value);
    },
    (input) => Array.from({ length }, () => member.read(input)),
  );

/** One of a fixed set of words, stored as its index. */
export const oneOf = <const W extends readonly string[]>(...words: W): Codec<W[number]> =>
  codec(
    (out, value) => {
      const index = words.indexOf(value);
      assert(index >= 0, () => `${value} is not one of ${words.join(', ')}`);
      out.u8(index);
    },
    (input) => {
      const index = input.u8();
      return words[index] ?? input.fail(`${index} is not one of ${words.join(', ')}`);
    },
  );

/** A codec of named fields, which can be walked by name. */
export interface RecordCodec<T extends object> extends Codec<T> {
  readonly fields: { readonly [K in keyof T]: Codec<T[K]> };
  /** Reads the fields into an object that has others already. */
  readInto<O extends object>(input: Reader, value: O): O & T;
}

/** Named fields, in the order in which they are declared. */
export const record = <T extends object>(
  fields: { readonly [K in keyof T]: Codec<T[K]> },
): RecordCodec<T> => {
  const names = Object.keys(fields) as (keyof T)[];
  const readInto = <O extends object>(input: Reader, object: O): O & T => {
    const value = object as O & T;
    for (const name of names) value[name] = fields[name].read(input) as (O & T)[keyof T];
    return value;
  };
  return {
    fields,
    write: (out, value) => {
      for (const name of names) fields[name].write(out, value[name]);
    },
    read: (input) => readInto(input, {}),
    readInto,
  };
};

type Kinds = Readonly<Record<string, RecordCodec<object>>>;
type Tagged<K extends Kinds> = { [N in keyof K & string]: { kind: N } & ValueOf<K[N]> }[keyof K & string];

/**
 * A tagged union: one of several records, distinguished by their `kind`. The order of the kinds is part of the
 * encoding.
 */
export const union = <K extends Kinds>(kinds: K): Codec<Tagged<K>> => {
  const names = Object.keys(kinds);
  return codec(
    (out, value) => {
      const index = names.indexOf(value.kind);
      const member = kinds[value.kind];
      assert(member !== undefined, () => `no kind ${value.kind}`);
      out.u8(index);
      member.write(out, value);
    },
    (input) => {
      const index = input.u8();
      const name = names[index] ?? input.fail(`${index} is not a kind`);
      return (kinds[name] as RecordCodec<object>).readInto(input, { kind: name }) as Tagged<K>;
    },
  );
};

/** A pool of writers: most values are small and many. Those for the pages of a copy need not grow for each message. */
const idleWriters: Writer[] = [];
const MAX_IDLE_BYTES = 1 << 18;

function writing<T, R>(of: Codec<T>, value: T, use: (out: Writer) => R): R {
  const out = idleWriters.pop() ?? new Writer();
  out.length = 0;
  of.write(out, value);
  const result = use(out);
  if (out.length <= MAX_IDLE_BYTES) idleWriters.push(out);
  return result;
}

/** The bytes of one value. */
export const encode = <T>(of: Codec<T>, value: T): Uint8Array => writing(of, value, (out) => out.bytes());

/** The size of a value's encoding, in bytes. */
export const encodedSize = <T>(of: Codec<T>, value: T): number => writing(of, value, (out) => out.length);

/** The value that exactly these bytes encode. @throws {FormatError} when they encode none, or bytes are left over */
export function decode<T>(of: Codec<T>, source: Uint8Array): T {
  const input = new Reader(source);
  const value = of.read(input);
  if (input.remaining > 0) input.fail(`${input.remaining} bytes too many`);
  return value;
}
