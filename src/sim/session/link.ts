/** A run and a place in it as one short text, for the part of a URL after `#`. */
import { deflateSync, Inflate } from 'fflate';
import { joined } from '../../base/bytes.ts';
import { decode, encode, optional, record, text, u32 } from '../../base/codec.ts';
import { crc32 } from '../../base/crc32.ts';
import { FormatError, OperatingError } from '../../base/errors.ts';
import { asText } from '../spec/text-codec.ts';
import { refuse } from '../values/values.ts';

/** A place in a run. */
export interface Focus {
  /** Virtual time, in ns. */
  atNs: number;
  host: string;
  /** A position of that host's machine, in steps since boot. */
  icount: number;
}

/** What a link holds. */
export interface Link {
  /** The text of the story that describes the run. */
  story: string;
  /** The source of the guest, if it is not the bundled one. */
  source?: string | undefined;
  focus: Focus;
}

/** The first letter says the format. */
const FORMAT = 'a';
/** The size of the checksum in front of the rest. */
const CHECKSUM_BYTES = 4;
/** The most that a link unpacks to. */
const MAX_BYTES = 4 << 20;

/** Times can have fractions of a nanosecond. */
const count = asText<number>(String, (source) => {
  const value = Number(source);
  return value >= 0 && value < Number.POSITIVE_INFINITY ? value : refuse(`${source} is no number from 0 on`);
});
const linkCodec = record({
  story: text,
  source: optional(text),
  focus: record({ atNs: count, host: text, icount: count }),
});

/** The text of a link: letters, digits, `-` and `_`. */
export function linkText(link: Link): string {
  const packed = deflateSync(encode(linkCodec, { ...link, source: link.source }), { level: 9 });
  return FORMAT + base64url(joined([encode(u32, crc32(packed)), packed]));
}

/**
 * Reads what {@link linkText} writes.
 * @throws {OperatingError} if it is damaged, or of another version
 */
export function readLink(source: string): Link {
  if (!source.startsWith(FORMAT))
    throw new OperatingError(
      source === '' ? 'the link is empty' : 'the link is damaged, or was made by another version of vmft',
    );
  const bytes = fromBase64url(source.slice(FORMAT.length)) ?? damaged();
  if (bytes.length < CHECKSUM_BYTES) damaged();
  const packed = bytes.subarray(CHECKSUM_BYTES);
  if (decode(u32, bytes.subarray(0, CHECKSUM_BYTES)) !== crc32(packed)) damaged();
  try {
    const { story, source: guest, focus } = decode(linkCodec, unpacked(packed));
    return { story, ...(guest !== undefined && { source: guest }), focus };
  } catch (error) {
    if (error instanceof FormatError) damaged();
    throw error;
  }
}

function damaged(): never {
  throw new OperatingError('the link is damaged: copy the whole of it again, from # to its end');
}

function unpacked(packed: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    new Inflate((part) => {
      parts.push(part);
      sizeBytes += part.length;
      if (sizeBytes > MAX_BYTES) damaged();
    }).push(packed, true);
  } catch {
    // Of fflate, for what is not deflated data.
    damaged();
  }
  return joined(parts);
}

function base64url(bytes: Uint8Array): string {
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** undefined for what is not the one form of some bytes. */
function fromBase64url(source: string): Uint8Array | undefined {
  if (!/^[\w-]*$/.test(source) || source.length % 4 === 1) return undefined;
  const binary = atob(source.replaceAll('-', '+').replaceAll('_', '/'));
  const bytes = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  return base64url(bytes) === source ? bytes : undefined;
}
