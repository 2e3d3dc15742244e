/** The messages between hosts and their encoding: magic, version, body, checksum. */
import {
  bytes,
  type Codec,
  decode,
  encode,
  list,
  record,
  text,
  u32,
  u64,
  uint,
  union,
  type ValueOf,
} from '../base/codec.ts';
import { FormatError } from '../base/errors.ts';
import { xxh32 } from '../base/xxh32.ts';
import { entryList } from '../vmm/entries.ts';
import { outputCodec } from '../vmm/outputs.ts';

const generationRecord = record({ primary: text, backups: list(text, 16) });

/** The number of each generation's first log entry. */
export const generationStarts = list(record({ generation: uint, first: uint }), 1 << 16);

const messages = {
  /**
   * Log entries, numbered from `first` on. `delivered`: every output up to this number is delivered. `lowWater`: every
   * replica that outputs wait for holds the entries up to this one, and has consumed them where each replica has its
   * own disk or reads for itself. `answers`: the token of the `resume` that this message answers, or 0; in an answer,
   * the receiver's entries from `first` on are void. `ticks`: the guest's clock at sending.
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
  /**
   * The backup holds the entries up to `received` and has consumed those up to `consumed`; it is at position `icount`.
   */
  ack: record({ generation: uint, received: uint, consumed: uint, icount: uint }),
  /**
   * The sender is alive, in failure domain `domain`, and estimates the guest's clock at `ticks`. Sent as a datagram.
   */
  heartbeat: record({ generation: uint, domain: text, ticks: uint }),
  /** The sender is a spare. Sent as a datagram. */
  available: record({ generation: uint, load: uint, domain: text }),
  /** The primary announces the current generation, and where each generation begins in the log. */
  members: record({ generation: uint, record: generationRecord, starts: generationStarts }),
  /**
   * A replica asks for the log: its own is that of generation `log` up to entry `received`, consumed up to `consumed`;
   * all 0 without a VM. The answer carries `token`.
   */
  resume: record({ generation: uint, log: uint, received: uint, consumed: uint, token: uint }),
  /**
   * A copy begins. `copy` identifies it in the messages that follow. `description`: the hash of the description of the
   * machine, which every host of the VM has, boot image included.
   */
  prepare: record({ generation: uint, copy: uint, description: u32 }),
  /** Pages of RAM, packed. */
  pages: record({ generation: uint, copy: uint, packed: bytes() }),
  /** Acknowledges one `pages` message. */
  'pages-ack': record({ generation: uint, copy: uint }),
  /** Sectors of a private disk. */
  sectors: record({ generation: uint, copy: uint, sector: uint, data: bytes() }),
  'sectors-ack': record({ generation: uint, copy: uint, sector: uint }),
  /**
   * The end of a copy: the rest of the machine's state (`delta`), taken at log entry `entry`, after `history` entries
   * had come through its doors, `frames` of them from the network; its share of a processor (`speed`), the guest's
   * clock (`ticks`), its undelivered outputs and open disk operations (`outputs`), and its hash.
   */
  state: record({
    generation: uint,
    copy: uint,
    entry: uint,
    history: uint,
    frames: uint,
    speed: uint,
    ticks: uint,
    delta: bytes(),
    outputs: list(outputCodec),
    starts: generationStarts,
    hash: u64,
  }),
};
/** A message without its frame. */
export const message = union(messages);
const kinds = Object.keys(messages) as (keyof typeof messages)[];
/** A message between hosts. */
export type Message = ValueOf<typeof message>;
/** A message of one kind. */
export type MessageOf<K extends Message['kind']> = Extract<Message, { kind: K }>;

const MAGIC = 0x4654;
const VERSION = 8;
const HEAD_BYTES = 3;
const MAX_BODY_BYTES = 1 << 28;
const body: Codec<Uint8Array> = bytes(MAX_BODY_BYTES);

/** A message in its frame: magic, version, the message with its length, and its checksum. */
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

/** A message's bytes, framed. */
export const encodeMessage = (value: Message): Uint8Array => encode(framed, value);

/** @throws {FormatError} for anything that {@link encodeMessage} did not make. */
export const decodeMessage = (source: Uint8Array): Message => decode(framed, source);

/** The kind of an encoded message, without decoding the rest; undefined if there is none. */
export function kindOfMessage(source: Uint8Array): Message['kind'] | undefined {
  let at = HEAD_BYTES;
  while (source[at]! >= 128) at++;
  return kinds[source[at + 1] ?? kinds.length];
}
