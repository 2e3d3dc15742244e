/** What the hosts say to each other, and in which bytes: magic, version, body, checksum. */
import {
  bytes,
  type Codec,
  decode,
  encode,
  list,
  record,
  text,
  u64,
  uint,
  union,
  type ValueOf,
} from '../base/codec.ts';
import { FormatError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { descriptionSchema } from '../vmm/description.ts';
import { entryList } from '../vmm/entries.ts';
import { outputCodec } from '../vmm/outputs.ts';

const generationRecord = record({ primary: text, backups: list(text, 16) });

/** Where each generation begins in the log: the number of its first entry. */
export const generationStarts = list(record({ generation: uint, first: uint }), 1 << 16);

const messages = {
  /**
   * Log entries, numbered from `first` on. `delivered`: outputs up to this number have arrived in the world. `lowWater`: every other replica
   * is past the entries up to it. `answers`: the resume that this answers, and what the receiver holds from `first` on is void; 0 for none.
   * `ticks`: what the guest's clock showed when this was sent.
   */
  entries: record({
    generation: uint,
    first: uint,
    delivered: uint,
    lowWater: uint,
    answers: uint,
    ticks: uint,
    entries: entryList,
  }),
  /** The backup holds the entries up to `received`; its machine has consumed those up to `consumed` and stands at `icount`. */
  ack: record({ generation: uint, received: uint, consumed: uint, icount: uint }),
  /** I am alive, in this failure domain; as far as I know the guest's clock shows `ticks`. Sent as a datagram; may be lost. */
  heartbeat: record({ generation: uint, domain: text, ticks: uint }),
  /** A host without a VM says that it has room. Sent as a datagram. */
  available: record({ generation: uint, load: uint, domain: text }),
  /** The primary makes known the generation that stands, and where it begins in the log. */
  members: record({ generation: uint, record: generationRecord, starts: generationStarts }),
  /**
   * A host with a VM asks to go on: its log is that of generation `log`, up to entry `received`, of which `consumed` are consumed.
   * `token` marks the answer.
   */
  resume: record({ generation: uint, log: uint, received: uint, consumed: uint, token: uint }),
  /** A copy begins: make room for this machine. A `copy` number tells one from the next. */
  prepare: record({ generation: uint, copy: uint, description: descriptionSchema }),
  /** Pages of RAM, packed. */
  pages: record({ generation: uint, copy: uint, packed: bytes() }),
  /** One message of a copy has been taken in. */
  'pages-ack': record({ generation: uint, copy: uint }),
  /** Sectors of a disk that belongs to the host. */
  sectors: record({ generation: uint, copy: uint, sector: uint, data: bytes() }),
  'sectors-ack': record({ generation: uint, copy: uint, sector: uint }),
  /**
   * The end of a copy: what makes the machine complete, as it stood when `history` entries had come through its doors, at entry `entry`
   * of the log; the share of a processor that it gets; what its clock shows; what it had made and not delivered; and its hash.
   */
  state: record({
    generation: uint,
    copy: uint,
    entry: uint,
    history: uint,
    speed: uint,
    ticks: uint,
    delta: bytes(),
    outputs: list(outputCodec),
    starts: generationStarts,
    hash: u64,
  }),
};
const message = union(messages);
const kinds = Object.keys(messages) as (keyof typeof messages)[];
export type Message = ValueOf<typeof message>;
export type MessageOf<K extends Message['kind']> = Extract<Message, { kind: K }>;

const MAGIC = 0x4654;
const VERSION = 6;
const HEAD_BYTES = 3;
const MAX_BODY_BYTES = 1 << 28;
const body: Codec<Uint8Array> = bytes(MAX_BODY_BYTES);

/** A message on the channel: magic, version, the message with its length, and its checksum. */
const framed: Codec<Message> = {
  write(out, value) {
    out.u16(MAGIC);
    out.u8(VERSION);
    const content = encode(message, value);
    body.write(out, content);
    out.u32(xxh32(content));
  },
  read(input) {
    if (input.remaining < HEAD_BYTES || input.u16() !== MAGIC)
      throw new FormatError('not a message of vmft', 0);
    const version = input.u8();
    if (version !== VERSION)
      throw new FormatError(`message version ${version}, this vmft speaks ${VERSION}`, 2);
    const content = body.read(input);
    if (input.u32() !== xxh32(content)) input.fail('the checksum of the message is wrong');
    return decode(message, content);
  },
};

export const encodeMessage = (value: Message): Uint8Array => encode(framed, value);

/** @throws {FormatError} for anything that {@link encodeMessage} did not make. */
export const decodeMessage = (source: Uint8Array): Message => decode(framed, source);

/** What kind of message these bytes begin, without a look at the rest; undefined when they are none. */
export function kindOfMessage(source: Uint8Array): Message['kind'] | undefined {
  let at = HEAD_BYTES;
  while (source[at]! >= 128) at++;
  return kinds[source[at + 1] ?? kinds.length];
}
