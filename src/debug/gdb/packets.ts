/** Packets of GDB's remote serial protocol. Source: GDB manual, "Remote Protocol", sections "Overview" and "Packets". */

import { hexOf } from '../../base/text.ts';

/** What was received. */
export type Received =
  /** A packet's content, each character one byte. */
  | { is: 'packet'; content: string }
  /** A packet whose checksum is wrong, or that is too long. */
  | { is: 'bad packet' }
  | { is: 'acknowledgment' }
  | { is: 'retransmission request' }
  /** Ctrl-C. */
  | { is: 'interrupt' };

/** The longest content of a packet in either direction. Announced to gdb as `PacketSize`. */
export const MAX_PACKET_BYTES = 0x8000;

const [START, END, INTERRUPT] = ['$', '#', '\x03'].map((char) => char.charCodeAt(0));
const ESCAPED_BY = 0x20;

/** The hexadecimal digits of a number, at least `digits` of them. */
export const hex = (value: number | bigint, digits = 1): string => value.toString(16).padStart(digits, '0');

/** The bytes that hexadecimal digits stand for; undefined if they are none, or not in pairs. */
export function bytesOfHex(text: string): Uint8Array | undefined {
  if (!/^([0-9a-f]{2})*$/i.test(text)) return undefined;
  return Uint8Array.from(text.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** A register's value in the guest's byte order, as hexadecimal digits. */
export const hexOfRegister = (value: bigint): string =>
  hexOf(new Uint8Array(BigUint64Array.of(value).buffer));

/** The UTF-8 encoding of a text as hexadecimal digits. */
export const hexOfText = (text: string): string => hexOf(new TextEncoder().encode(text));

/** The characters of bytes, one for each. */
export const charsOf = (bytes: Uint8Array): string => {
  let chars = '';
  for (const byte of bytes) chars += String.fromCharCode(byte);
  return chars;
};

/** The bytes of characters up to U+00FF. */
export const bytesOf = (chars: string): Uint8Array => Uint8Array.from(chars, (char) => char.charCodeAt(0));

const checksumOf = (content: string): string =>
  hex(
    bytesOf(content).reduce((sum, byte) => (sum + byte) & 0xff, 0),
    2,
  );

/** The bytes of a packet. `content` must have its special characters escaped. */
export const packetOf = (content: string): Uint8Array => bytesOf(`$${content}#${checksumOf(content)}`);

/** Replaces the characters that have a meaning in packets. */
export const escaped = (content: string): string =>
  content.replace(/[$#}*]/g, (char) => `}${String.fromCharCode(char.charCodeAt(0) ^ ESCAPED_BY)}`);

/** The content with escapes replaced. */
const unescaped = (content: string): string =>
  content.replace(/\}(.)/gs, (_, char: string) => String.fromCharCode(char.charCodeAt(0) ^ ESCAPED_BY));

/** Takes the byte stream from gdb apart. At most one packet is in memory. */
export class PacketParser {
  /** The content of the packet that has begun; undefined between packets. */
  private content: string | undefined;
  private isTooLong = false;
  /** The characters of the checksum, once the content has ended. */
  private checksum: string | undefined;

  /** The next bytes. */
  *feed(bytes: Uint8Array): Generator<Received, void> {
    for (const byte of bytes) {
      const received = this.take(byte);
      if (received) yield received;
    }
  }

  private take(byte: number): Received | undefined {
    const char = String.fromCharCode(byte);
    if (this.checksum !== undefined) {
      this.checksum += char;
      return this.checksum.length === 2 ? this.end() : undefined;
    }
    if (byte === START) this.begin();
    else if (this.content === undefined) return between(byte);
    else if (byte === END) this.checksum = '';
    else if (this.content.length < MAX_PACKET_BYTES) this.content += char;
    else this.isTooLong = true;
    return undefined;
  }

  /** A `$` within a packet begins another: the first was cut. */
  private begin(): void {
    this.content = '';
    this.isTooLong = false;
  }

  private end(): Received {
    const { content, checksum, isTooLong } = this;
    this.content = undefined;
    this.checksum = undefined;
    if (isTooLong || checksum!.toLowerCase() !== checksumOf(content!)) return { is: 'bad packet' };
    return { is: 'packet', content: unescaped(content!) };
  }
}

function between(byte: number): Received | undefined {
  if (byte === INTERRUPT) return { is: 'interrupt' };
  const char = String.fromCharCode(byte);
  if (char === '+') return { is: 'acknowledgment' };
  return char === '-' ? { is: 'retransmission request' } : undefined;
}
