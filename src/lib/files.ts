/** Reading and writing files: limits, and system errors as operating errors. */
import { closeSync, fstatSync, ftruncateSync, openSync, readSync, type Stats, writeSync } from 'node:fs';
import { OperatingError } from '../base/errors.ts';

const MIB = 2 ** 20;

/** Maximum size of a file of each kind, in bytes; larger ones are refused. */
export const LIMIT_BYTES = {
  /** A source file, or one that it includes. */
  source: 16 * MIB,
  /** Console input. */
  typed: 64 * MIB,
  /** A story, the `guest.json` of a folder, or the report of a campaign. */
  text: MIB,
  /** A program, a kernel, a disk, a recording, a saved machine. */
  image: 2048 * MIB - 1,
} as const;
/** Maximum for a pipe or a device, in bytes: its content may be endless. */
const STREAM_LIMIT_BYTES = 256 * MIB;
/** The size from which on a file's content is in memory that threads can share. */
const MIN_SHARED_BYTES = 8 * MIB;
/** The unit in which files are read and written, in bytes. */
export const CHUNK_BYTES = MIB;

/** Reads a file. @throws {OperatingError} with the file's name and what to do, also when the file exceeds the limit */
export type ReadFile = (path: string, limitBytes: number) => Uint8Array;

/**
 * The bytes of a file, a pipe or a device. Those of a large file are in a `SharedArrayBuffer`: a copy for a thread
 * would take longer than reading them did.
 * @param opened is called with the file's status before it is read
 * @throws {OperatingError} with the file's name and what to do, also when the file exceeds the limit
 */
export function readFile(
  path: string,
  limitBytes: number = LIMIT_BYTES.image,
  opened: (stats: Stats) => void = () => {},
): Uint8Array {
  if (path === '') throw new OperatingError('an empty text is no file name; name a file');
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const stats = fstatSync(file);
    if (stats.isDirectory()) throw new OperatingError(`${path}: a directory; name a file in it`);
    opened(stats);
    if (stats.isFile() && stats.size > limitBytes) throw tooLarge(path, limitBytes);
    return readAll(file, path, stats.isFile() ? limitBytes : Math.min(limitBytes, STREAM_LIMIT_BYTES));
  } catch (error) {
    throw asOperatingError(path, error, 'check the path');
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** Reads to the end, whatever the size in its status: that of files in `/proc` is 0, and others grow. */
function readAll(file: number, path: string, limitBytes: number): Uint8Array {
  const sizeBytes = Math.min(limitBytes, fstatSync(file).size) + 1;
  const isShared = sizeBytes >= MIN_SHARED_BYTES;
  let bytes = isShared ? new Uint8Array(new SharedArrayBuffer(sizeBytes)) : new Uint8Array(sizeBytes);
  let length = 0;
  for (;;) {
    const read = readSync(file, bytes, length, Math.min(bytes.length - length, 64 * CHUNK_BYTES), null);
    if (read === 0) return bytes.subarray(0, length);
    length += read;
    if (length > limitBytes) throw tooLarge(path, limitBytes);
    if (length === bytes.length) {
      const larger = new Uint8Array(Math.min(limitBytes + 1, Math.max(CHUNK_BYTES, 2 * length)));
      larger.set(bytes);
      bytes = larger;
    }
  }
}

/** The error for a file above its limit. */
export const tooLarge = (path: string, limitBytes: number): OperatingError =>
  new OperatingError(
    `${path}: larger than ${Math.ceil(limitBytes / MIB)} MiB, the limit for this kind of file; give a smaller file`,
  );

/** A file that is appended to, read and truncated. @throws {OperatingError} from each method when the system refuses */
export class GrowingFile {
  private readonly file: number;

  constructor(
    private readonly path: string,
    private size: number,
  ) {
    this.file = openSync(path, 'r+');
  }

  append(bytes: Uint8Array): void {
    attempt(this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        const written = writeSync(this.file, bytes, done, bytes.length - done, this.size);
        done += written;
        this.size += written;
      }
    });
  }

  truncate(sizeBytes: number): void {
    attempt(this.path, () => ftruncateSync(this.file, sizeBytes));
    this.size = sizeBytes;
  }

  /** Its size. */
  get sizeBytes(): number {
    return this.size;
  }

  close(): void {
    closeSync(this.file);
  }

  /** Reads up to `sizeBytes` bytes at an offset; none at the end. */
  read(offset: number, sizeBytes: number): Uint8Array {
    const bytes = new Uint8Array(sizeBytes);
    return bytes.subarray(
      0,
      attempt(this.path, () => readSync(this.file, bytes, 0, sizeBytes, offset)),
    );
  }
}

/** Performs an action on a file. @throws {OperatingError} for a system error, with the file's path */
export function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw asOperatingError(path, error, UNWRITABLE);
  }
}

/** Advice for a file that cannot be written. */
export const UNWRITABLE = 'choose a place that can be written';

/** A system error as an {@link OperatingError}; other errors unchanged. */
export function asOperatingError(path: string, error: unknown, advice: string): Error {
  if (error instanceof RangeError)
    return new OperatingError(`${path}: does not fit into memory; give a smaller file`);
  if (!(error instanceof Error) || !('code' in error)) return error as Error;
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EPERM: 'permission denied',
    EROFS: 'on a file system that is read-only',
    EISDIR: 'a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left',
    EDQUOT: 'no space left',
    EEXIST: 'a file of that name exists',
    ENAMETOOLONG: 'the name is too long',
    ELOOP: 'a cycle of symbolic links',
    ENXIO: 'it has no reader',
    EPIPE: 'its reader has closed it',
    EMFILE: 'too many files are open',
    EIO: 'the device cannot be read or written',
  };
  return new OperatingError(`${path}: ${reasons[String(error.code)] ?? error.message}; ${advice}`);
}
