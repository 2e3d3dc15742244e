/** The user's files: inputs and outputs of a command. */
import {
  accessSync,
  chmodSync,
  closeSync,
  constants,
  existsSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { OperatingError } from '../base/errors.ts';
import {
  asOperatingError,
  attempt,
  CHUNK_BYTES,
  GrowingFile,
  LIMIT_BYTES,
  readFile,
  tooLarge,
  UNWRITABLE,
} from '../lib/files.ts';
import type { ReadableFile } from '../replay/log-file.ts';

export { asOperatingError, LIMIT_BYTES } from '../lib/files.ts';

const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`;

/** The files that this command has read: no output may overwrite them. */
const inputs = new Set<string>();

/** The outputs of this command, by place. */
const outputs = new Set<string>();

// ── Reading ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** As {@link readFile}; no output of this command may take the place of what was read. */
export const readBytes = (path: string, limitBytes?: number): Uint8Array =>
  readFile(path, limitBytes, (stats) => inputs.add(identityOf(stats)));

/**
 * A file to read in any order, which may grow meanwhile; of a pipe or a device all is read now.
 * @throws {OperatingError} with the file's name and what to do
 */
export function openInput(path: string): ReadableFile {
  if (!statSync(path, { throwIfNoEntry: false })?.isFile()) {
    const content = readBytes(path);
    return { read: (offset, sizeBytes) => content.subarray(offset, offset + sizeBytes) };
  }
  const reading = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw asOperatingError(path, error, 'check the path');
    }
  };
  const file = reading(() => openSync(path, 'r'));
  inputs.add(identityOf(fstatSync(file)));
  return {
    read: (offset, sizeBytes) => {
      const bytes = new Uint8Array(sizeBytes);
      return bytes.subarray(
        0,
        reading(() => readSync(file, bytes, 0, sizeBytes, offset)),
      );
    },
  };
}

/**
 * Reads a file, a pipe or a device piece by piece: each call returns the next, undefined at the end. Only one piece is
 * in memory at a time.
 * @throws {OperatingError} with the file's name and what to do
 */
export function pieces(path: string): () => Uint8Array | undefined {
  const reading = <T>(action: () => T): T => {
    try {
      return action();
    } catch (error) {
      throw asOperatingError(path, error, 'check the path');
    }
  };
  if (path === '') throw new OperatingError('an empty text is no file name; name a file');
  const file = reading(() => openSync(path, 'r'));
  if (fstatSync(file).isDirectory()) throw new OperatingError(`${path}: a directory; name a file in it`);
  return () => {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const read = reading(() => readSync(file, bytes));
    return read > 0 ? bytes.subarray(0, read) : undefined;
  };
}

/** Standard input to its end; empty for a terminal. Prints a hint when nothing arrives. */
export async function readPipedInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) return new Uint8Array(0);
  const hint = setTimeout(() => {
    process.stderr.write(
      'reading console input from stdin to its end; `--input FILE` or `< /dev/null` avoids the wait\n',
    );
  }, 1000);
  const parts: Buffer[] = [];
  let length = 0;
  try {
    noteStandardInput();
    for await (const part of process.stdin) {
      parts.push(part as Buffer);
      length += (part as Buffer).length;
      if (length > LIMIT_BYTES.typed) throw tooLarge('standard input', LIMIT_BYTES.typed);
    }
  } catch (error) {
    // A stdin that can't be read (closed, a directory) is no input.
    if (error instanceof OperatingError) throw error;
  } finally {
    clearTimeout(hint);
  }
  return new Uint8Array(Buffer.concat(parts));
}

function noteStandardInput(): void {
  const stats = fstatSync(0);
  if (stats.isFile()) inputs.add(identityOf(stats));
}

// ── Writing ─────────────────────────────────────────────────────────────────────────────────────────────────────────

/** The name of standard output. */
const STDOUT = '-';

/**
 * A file that a command writes at its end. It is checked before the work, after the inputs have been read.
 *
 * A regular file is created or replaced atomically, and keeps its mode. A device, a pipe, or the target of a symbolic
 * link is written in place, as a shell does.
 */
export class OutputFile {
  private constructor(
    readonly path: string,
    private readonly place: string,
    private readonly way: 'stdout' | 'through' | 'replace',
  ) {}

  /** @throws {OperatingError} when it can't be written, or is an input or another output of the same command */
  static at(path: string): OutputFile {
    if (path === '') throw new OperatingError('an empty text is no file name; name a file, or - for stdout');
    const stats = path === STDOUT ? undefined : statusOf(path);
    const refuse = (why: string): never => {
      throw new OperatingError(`${path}: ${why}`);
    };
    if (stats?.isDirectory() || path.endsWith('/')) refuse('a directory; name a file');
    const way = path === STDOUT || (stats && isStandardOutput(stats)) ? 'stdout' : wayTo(path, stats);
    if (stats && isStored(stats) && inputs.has(identityOf(stats)))
      refuse('this command reads it, and would overwrite it; name another file for the output');
    const place = way === 'stdout' ? STDOUT : placeOf(path, stats);
    if (outputs.has(place)) refuse('two outputs of this command would go there; name another file for one');
    if (!stats || isStored(stats) || way === 'stdout') outputs.add(place);
    return new OutputFile(path, place, way);
  }

  get isStandardOutput(): boolean {
    return this.way === 'stdout';
  }

  /** Whether it is a regular file of its own in this place: no link, nor one that can't be replaced. */
  get isReplaced(): boolean {
    return this.way === 'replace';
  }

  /** Whether it is or will be a regular file; others can only be written sequentially. */
  get isFile(): boolean {
    return this.way !== 'stdout' && (statusOf(this.path)?.isFile() ?? true);
  }

  /**
   * Creates the file with its first bytes, to append to: what was appended remains if the program ends early.
   * @throws {OperatingError} as {@link write}
   */
  begin(first: Uint8Array): GrowingFile {
    return attempt(this.path, () => {
      if (this.way === 'replace') replace(this.path, first);
      else writePieces(this.path, first);
      return new GrowingFile(this.path, first.length);
    });
  }

  /** @throws {OperatingError} when it can't be written, for example without room */
  write(content: Content): void {
    try {
      attempt(this.path, () => {
        if (this.way === 'stdout') for (const piece of piecesOf(content)) process.stdout.write(piece);
        else if (this.way === 'through') writePieces(this.path, content);
        else replace(this.path, content);
      });
    } finally {
      // The old file is removed, and its inode number may be reused.
      outputs.delete(this.place);
    }
  }
}

const statusOf = (path: string): Stats | undefined =>
  attempt(path, () => statSync(path, { throwIfNoEntry: false }));

const isStored = (stats: Stats): boolean => stats.isFile() || stats.isBlockDevice();

/** `/dev/stdout`, or the file that it is redirected to: opened twice, each would overwrite the other. */
function isStandardOutput(stats: Stats): boolean {
  try {
    return !stats.isCharacterDevice() && identityOf(stats) === identityOf(fstatSync(1));
  } catch {
    return false;
  }
}

/** Identifies a file: equal for two names of one file. */
function placeOf(path: string, stats: Stats | undefined): string {
  if (stats) return identityOf(stats);
  const directory = dirname(resolve(path));
  return join(existsSync(directory) ? realpathSync(directory) : directory, basename(path));
}

/** How a file is written. Tries to create one beside it: permissions alone do not show whether that works. */
function wayTo(path: string, stats: Stats | undefined): 'through' | 'replace' {
  try {
    if (stats) accessSync(path, constants.W_OK);
    const target = linkTarget(path);
    if (stats ? !stats.isFile() || target !== undefined : target !== undefined) {
      mustHaveDirectory(path, target ?? path);
      return 'through';
    }
    mustHaveDirectory(path, path);
    closeSync(openSync(temporaryFor(path), 'wx'));
    unlinkSync(temporaryFor(path));
    return 'replace';
  } catch (error) {
    // A file may be writable in a directory that is not.
    if (stats && isWritable(path)) return 'through';
    throw asOperatingError(path, error, UNWRITABLE);
  }
}

/** The target of a symbolic link; undefined for other paths. */
const linkTarget = (path: string): string | undefined =>
  lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()
    ? resolve(dirname(path), readlinkSync(path))
    : undefined;

function mustHaveDirectory(path: string, target: string): void {
  if (existsSync(target) || existsSync(dirname(target))) return;
  throw new OperatingError(`${path}: no directory ${dirname(target)}; create it first`);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** In the same directory, so that it can be renamed; short, since the file's name may have the maximum length. */
const temporaryFor = (path: string): string => join(dirname(path), `.vmft-${process.pid}.tmp`);

/** Content to write, whole or in pieces. */
type Content = Uint8Array | string | Iterable<Uint8Array>;

const piecesOf = (content: Content): Iterable<Uint8Array | string> =>
  typeof content === 'string' || content instanceof Uint8Array ? [content] : content;

function writePieces(path: string, content: Content, flags: 'w' | 'wx' = 'w'): void {
  const file = openSync(path, flags);
  try {
    for (const piece of piecesOf(content)) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

function replace(path: string, content: Content): void {
  const temporary = temporaryFor(path);
  const stats = statSync(path, { throwIfNoEntry: false });
  try {
    writePieces(temporary, content, 'wx');
    if (stats) chmodSync(temporary, stats.mode & 0o7777);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/**
 * Creates a directory and its parents unless it exists. Not with `recursive`: `mkdir` of Node.js 20 never returns then
 * from a place like /proc, where nothing can be created.
 * @throws {OperatingError} when it can't be created
 */
export function makeDirectory(path: string): void {
  if (path === '') throw new OperatingError('an empty text is no name of a directory; name one');
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
    if (dirname(path) !== path) makeDirectory(dirname(path));
    mkdirSync(path);
  } catch (error) {
    throw asOperatingError(path, error, UNWRITABLE);
  }
}
