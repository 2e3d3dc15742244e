import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { OperatingError } from '../base/errors.ts';

/** The bytes of a file. @throws {OperatingError} with the file's name and what to do. */
export function readBytes(path: string): Uint8Array {
  try {
    if (statSync(path).isDirectory()) throw new OperatingError(`${path}: a directory; name a file in it`);
    return new Uint8Array(readFileSync(path));
  } catch (error) {
    throw explained(path, error, 'check the path');
  }
}

/** Writes a file whole or not at all: what stood there before stays until the new content is complete. */
export function writeBytes(path: string, content: Uint8Array | string | Iterable<Uint8Array>): void {
  const temporary = `${path}.${process.pid}.tmp`;
  try {
    writePieces(temporary, content);
    renameSync(temporary, path);
  } catch (error) {
    throw explained(path, error, 'choose a place that can be written');
  }
}

function writePieces(path: string, content: Uint8Array | string | Iterable<Uint8Array>): void {
  const file = openSync(path, 'w');
  try {
    const pieces = typeof content === 'string' || content instanceof Uint8Array ? [content] : content;
    for (const piece of pieces) writeFileSync(file, piece);
  } finally {
    closeSync(file);
  }
}

export function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw explained(path, error, 'choose a place that can be written');
  }
}

/** Fails early when a file can't be written later. */
export function mustBeWritable(path: string): void {
  if (!existsSync(dirname(path)))
    throw new OperatingError(`${path}: no directory ${dirname(path)}; create it first`);
  if (existsSync(path) && statSync(path).isDirectory())
    throw new OperatingError(`${path}: a directory; name a file`);
}

/** An error of the system in words. */
export function explained(path: string, error: unknown, advice: string): Error {
  if (!(error instanceof Error) || !('code' in error)) return error as Error;
  const reasons: Record<string, string> = {
    ENOENT: 'no such file or directory',
    EACCES: 'permission denied',
    EISDIR: 'a directory',
    ENOTDIR: 'a part of the path is not a directory',
    ENOSPC: 'no space left',
    EEXIST: 'a file of that name is in the way',
  };
  return new OperatingError(`${path}: ${reasons[String(error.code)] ?? error.message}; ${advice}`);
}

/** Standard input to its end, unless it is a terminal. Says what it waits for when nothing comes. */
export async function readPipedInput(): Promise<Uint8Array> {
  if (process.stdin.isTTY) return new Uint8Array(0);
  const hint = setTimeout(() => {
    process.stderr.write(
      'reading console input from stdin to its end; `--input FILE` or `< /dev/null` avoids the wait\n',
    );
  }, 1000);
  const parts: Buffer[] = [];
  try {
    for await (const part of process.stdin) parts.push(part as Buffer);
  } catch {
    // A stdin that can't be read (closed, a directory) is no input.
  } finally {
    clearTimeout(hint);
  }
  return new Uint8Array(Buffer.concat(parts));
}
