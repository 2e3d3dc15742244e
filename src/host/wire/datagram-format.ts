/** The bytes of a datagram: what {@link datagramHead} describes, the payload, and a code that only members can make. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { joined } from '../../base/bytes.ts';
import { decode, encode, Reader, record, u16, u32, uint } from '../../base/codec.ts';
import { FormatError } from '../../base/errors.ts';
import { identity, processName, WIRE_VERSION } from './identity.ts';
import type { Identity, ProcessName } from './link.ts';

/** The largest payload: datagrams are not to be fragmented. */
export const MAX_PAYLOAD_BYTES = 1 << 10;

/** HMAC-SHA256, truncated (RFC 2104, section 5). */
const CODE_BYTES = 16;
/** `vmfd` in ASCII, as little-endian integers are stored. */
const MAGIC = 0x6466_6d76;
const MAX_HEAD_BYTES = 192;
const MAX_DATAGRAM_BYTES = MAX_HEAD_BYTES + MAX_PAYLOAD_BYTES + CODE_BYTES;

/** The first fields of all versions. */
const start = record({ magic: u32, version: u16 });
const START_BYTES = 6;

/** What stands before the payload. */
export interface DatagramHead {
  from: Identity;
  /** A datagram that is redirected to another process is refused there. */
  to: ProcessName;
  /** Grows with each datagram of a sender, to whomever it goes. */
  counter: number;
}

const datagramHead = record<DatagramHead>({ from: identity, to: processName, counter: uint });

/** A datagram whose code is right. */
export interface Datagram extends DatagramHead {
  payload: Uint8Array;
}

const codeOf = (bytes: Uint8Array, key: Uint8Array): Uint8Array =>
  createHmac('sha256', key).update(bytes).digest().subarray(0, CODE_BYTES);

/** The bytes of a datagram. `key`: the one for datagrams, see `derivedKey`. */
export function encodeDatagram(datagram: Datagram, key: Uint8Array, version = WIRE_VERSION): Uint8Array {
  const content = joined([
    encode(start, { magic: MAGIC, version }),
    encode(datagramHead, datagram),
    datagram.payload,
  ]);
  return joined([content, codeOf(content, key)]);
}

/** The datagram of these bytes. @throws {FormatError} if they are none, or not made with this key */
export function decodeDatagram(bytes: Uint8Array, key: Uint8Array): Datagram {
  const length = bytes.length - CODE_BYTES;
  if (length < START_BYTES || bytes.length > MAX_DATAGRAM_BYTES) {
    throw new FormatError('not a datagram of vmft', 0);
  }
  const { magic, version } = decode(start, bytes.subarray(0, START_BYTES));
  if (magic !== MAGIC) throw new FormatError('not a datagram of vmft', 0);
  const content = bytes.subarray(0, length);
  if (!timingSafeEqual(bytes.subarray(length), codeOf(content, key))) {
    throw new FormatError('a datagram that is damaged, or made with another cluster key', length);
  }
  if (version !== WIRE_VERSION) {
    throw new FormatError(
      `a datagram of version ${version}, and this process speaks version ${WIRE_VERSION}: ` +
        'run the same release of vmft on all machines',
      4,
    );
  }
  const reader = new Reader(content.subarray(START_BYTES));
  const head = datagramHead.read(reader);
  if (reader.remaining > MAX_PAYLOAD_BYTES) reader.fail('a payload that is too large');
  return { ...head, payload: new Uint8Array(content.subarray(START_BYTES + reader.offset)) };
}
