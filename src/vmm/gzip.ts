import { Gunzip } from 'fflate';
import { crc32 } from '../base/crc32.ts';
import { OperatingError } from '../base/errors.ts';

/** CRC32 and ISIZE, the last two words of the file (RFC 1952, section 2.3 "Member format"). */
const TRAILER_BYTES = 8;

/** Whether a file begins with the magic number of gzip. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Unpacks a gzip file. ISIZE is not trusted: in a truncated file those bytes are arbitrary.
 * @param name of the file, for messages
 * @throws {OperatingError} when the file is truncated or damaged, or unpacks to more than `limitBytes`
 */
export function gunzip(bytes: Uint8Array, name: string, limitBytes: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let sizeBytes = 0;
  const take = (part: Uint8Array) => {
    parts.push(part);
    sizeBytes += part.length;
    if (sizeBytes > limitBytes)
      throw new OperatingError(
        `'${name}' unpacks to more than the ${limitBytes} bytes of RAM that the machine has; give it more with --memory.`,
      );
  };
  try {
    new Gunzip(take).push(bytes, true);
  } catch (error) {
    if (error instanceof OperatingError) throw error;
    throw damaged(name);
  }
  const unpacked = new Uint8Array(sizeBytes);
  let at = 0;
  for (const part of parts) {
    unpacked.set(part, at);
    at += part.length;
  }
  if (bytes.length < TRAILER_BYTES) throw damaged(name);
  const trailer = new DataView(bytes.buffer, bytes.byteOffset + bytes.length - TRAILER_BYTES, TRAILER_BYTES);
  if (trailer.getUint32(4, true) !== sizeBytes || trailer.getUint32(0, true) !== crc32(unpacked))
    throw damaged(name);
  return unpacked;
}

const damaged = (name: string) =>
  new OperatingError(`'${name}' is a gzip file that is truncated or damaged; make it again.`);
