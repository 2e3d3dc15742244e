/** What the two sides say to each other, and in which bytes: magic, version, body, checksum. */
import {
  bytes,
  type Codec,
  decode,
  encode,
  Reader,
  record,
  uint,
  union,
  type ValueOf,
  Writer,
} from '../base/codec.ts';
import { crc32c } from '../base/crc32.ts';
import { FormatError } from '../base/errors.ts';
import { entryList } from '../vmm/entries.ts';

const message = union({
  /**
   * Log entries, numbered from `first` on. `released` is the last output that the primary has let out: the backup need not keep
   * those.
   */
  entries: record({ generation: uint, first: uint, released: uint, entries: entryList }),
  /** The backup holds the entries up to `received`, and its machine has consumed those up to `consumed`. */
  ack: record({ generation: uint, received: uint, consumed: uint, icount: uint }),
  /** I am alive. Sent as a datagram; may be lost. */
  heartbeat: record({ generation: uint }),
});
export type Message = ValueOf<typeof message>;
export type MessageOf<K extends Message['kind']> = Extract<Message, { kind: K }>;

const MAGIC = 0x4654;
const VERSION = 1;
const HEAD_BYTES = 3;
const MAX_BODY_BYTES = 1 << 24;
const body: Codec<Uint8Array> = bytes(MAX_BODY_BYTES);

export function encodeMessage(value: Message): Uint8Array {
  const out = new Writer();
  out.u16(MAGIC);
  out.u8(VERSION);
  const content = encode(message, value);
  body.write(out, content);
  out.u32(crc32c(content));
  return out.bytes();
}

/** @throws {FormatError} for anything that {@link encodeMessage} did not make. */
export function decodeMessage(source: Uint8Array): Message {
  const input = new Reader(source);
  if (source.length < HEAD_BYTES || input.u16() !== MAGIC) throw new FormatError('not a message of vmft', 0);
  const version = input.u8();
  if (version !== VERSION)
    throw new FormatError(`message version ${version}, this vmft speaks ${VERSION}`, 2);
  const content = body.read(input);
  if (input.u32() !== crc32c(content)) input.fail('the checksum of the message is wrong');
  if (input.remaining > 0) input.fail(`${input.remaining} bytes too many`);
  return decode(message, content);
}
