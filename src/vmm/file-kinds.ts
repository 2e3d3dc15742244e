/** Recognizes files that are not machine code, so that they are not run as such. */

interface Kind {
  /** The offset of the magic number. */
  at: number;
  magic: string;
  /** What the file is, and what to do instead; part of an error message. */
  is: string;
}

const packed = (how: string, tool: string): string => `packed with ${how}; unpack it first, with ${tool}`;

/** Checked in this order: a kernel that unpacks itself under EFI is also an EFI program. Magic numbers as in `file`. */
const kinds: readonly Kind[] = [
  { at: 56, magic: 'ARMd', is: 'a kernel for AArch64; this machine is RISC-V' },
  { at: 0x202, magic: 'HdrS', is: 'a kernel for x86; this machine is RISC-V' },
  {
    at: 0,
    magic: 'MZ',
    is: 'a program for EFI; it needs firmware that offers EFI, such as U-Boot, and goes on a disk',
  },
  { at: 0, magic: '\x1f\x8b', is: packed('gzip', 'gunzip') },
  { at: 0, magic: '\xfd7zXZ\0', is: packed('xz', 'unxz') },
  { at: 0, magic: '\x28\xb5\x2f\xfd', is: packed('zstd', 'unzstd') },
  { at: 0, magic: '\x04\x22\x4d\x18', is: packed('lz4', 'unlz4') },
  { at: 0, magic: '\x02\x21\x4c\x18', is: packed('lz4', 'unlz4') },
  { at: 0, magic: '\x5d\0\0', is: packed('lzma', 'unlzma') },
  { at: 0, magic: '\x89LZO\0', is: packed('lzop', 'lzop -d') },
  { at: 0, magic: 'BZh', is: packed('bzip2', 'bunzip2') },
  { at: 0, magic: 'PK\x03\x04', is: packed('zip', 'unzip') },
  {
    at: 0,
    magic: '!<arch>\n',
    is: 'an archive, such as a library or a Debian package; give the file inside',
  },
  {
    at: 0,
    magic: 'QFI\xfb',
    is: 'a disk in the format qcow2; convert it with qemu-img convert -O raw, and give it with --drive',
  },
  {
    at: 0,
    magic: '\xd0\x0d\xfe\xed',
    is: 'a device tree, or a U-Boot image in the format FIT; give the kernel inside',
  },
  { at: 0, magic: '07070', is: 'an initial RAM disk; give it with --initrd, and the kernel with --kernel' },
];

/** How much of a file is checked for text. */
const LOOK_BYTES = 4096;
const ESCAPE = 0x1b;

/** What a file is, and what to do with it, for an error message; undefined when it may be machine code. */
export function describeNonCode(bytes: Uint8Array): string | undefined {
  const known = kinds.find(({ at, magic }) => textAt(bytes, at, magic.length) === magic);
  return known?.is ?? (isText(bytes) ? 'text; this machine runs RISC-V machine code' : undefined);
}

/** Bytes decoded as Latin-1. */
export const textAt = (bytes: Uint8Array, at: number, length: number): string =>
  String.fromCharCode(...bytes.subarray(at, at + length));

/**
 * Whether the bytes are UTF-8 without control characters except white space. Machine code soon has a byte that is not.
 */
export function isText(bytes: Uint8Array): boolean {
  const start = bytes.subarray(0, LOOK_BYTES);
  if (start.length === 0 || start.some((byte) => byte < 9 || (byte > 13 && byte < 0x20 && byte !== ESCAPE)))
    return false;
  try {
    // A character may be cut off at the end.
    new TextDecoder('utf-8', { fatal: true }).decode(start, { stream: true });
    return true;
  } catch {
    return false;
  }
}
