/** What both ends of a link say first: the client its hello, then the server its own, or why it refuses. */
import { joined } from '../../base/bytes.ts';
import { decode, encode, record, text, u16, u32, union } from '../../base/codec.ts';
import { FormatError } from '../../base/errors.ts';
import { identity, WIRE_VERSION } from './identity.ts';
import type { Identity } from './link.ts';

/** The largest message before a link stands. */
export const MAX_HELLO_BYTES = 1 << 10;

/** `vmft` in ASCII, as little-endian integers are stored. */
const MAGIC = 0x7466_6d76;
const HEAD_BYTES = 6;
const MAX_REASON_CHARACTERS = 200;

/** The head is the same in all versions. */
const head = record({ magic: u32, version: u16 });

const body = union({ hello: record({ identity }), refused: record({ why: text }) });

/** What an end of a link says first. */
export type Hello = { kind: 'hello'; identity: Identity } | { kind: 'refused'; why: string };

/** The bytes of a hello; a long reason is cut. */
export function encodeHello(hello: Hello, version = WIRE_VERSION): Uint8Array {
  const bounded =
    hello.kind === 'hello' ? hello : { kind: hello.kind, why: hello.why.slice(0, MAX_REASON_CHARACTERS) };
  return joined([encode(head, { magic: MAGIC, version }), encode(body, bounded)]);
}

/** The hello of these bytes. @throws {FormatError} if they are none, or of another version; the message says which */
export function decodeHello(bytes: Uint8Array): Hello {
  if (bytes.length < HEAD_BYTES) throw new FormatError('the peer does not speak the protocol of vmft', 0);
  const { magic, version } = decode(head, bytes.subarray(0, HEAD_BYTES));
  if (magic !== MAGIC) throw new FormatError('the peer does not speak the protocol of vmft', 0);
  if (version !== WIRE_VERSION) {
    throw new FormatError(
      `the peer speaks version ${version} of the protocol, and this process version ${WIRE_VERSION}: ` +
        'run the same release of vmft on all machines',
      4,
    );
  }
  return decode(body, bytes.subarray(HEAD_BYTES));
}
