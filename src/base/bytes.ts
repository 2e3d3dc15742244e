/** The whole 32-bit words of the bytes; undefined when the bytes are not aligned. */
const wordsOf = ({ buffer, byteOffset, length }: Uint8Array): Uint32Array | undefined =>
  byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >> 2) : undefined;

/** Whether two byte arrays are equal. Compares words where it can: disks and pages are large. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  const [left, right] = [wordsOf(a), wordsOf(b)];
  let at = 0;
  if (left && right) {
    for (let i = 0; i < left.length; i++) if (left[i] !== right[i]) return false;
    at = 4 * left.length;
  }
  for (; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** The parts, concatenated. */
export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

/** The largest size that V8 keeps in its own heap: making such an array takes far less time than `slice`. */
const MAX_SMALL_BYTES = 64;

/** A copy of a part. */
export function copied(bytes: Uint8Array, offset: number, sizeBytes: number): Uint8Array {
  if (sizeBytes > MAX_SMALL_BYTES) return bytes.slice(offset, offset + sizeBytes);
  const small = new Uint8Array(sizeBytes);
  for (let index = 0; index < sizeBytes; index++) small[index] = bytes[offset + index]!;
  return small;
}
