/** One boot image as a file whose name is the SHA-256 of its content. */
import { createHash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { threadId } from 'node:worker_threads';
import { attempt, CHUNK_BYTES } from './files.ts';

export const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Whether a file has this content; it is read in chunks, since an image is large. */
const isContent = (path: string, content: Uint8Array): boolean =>
  attempt(path, () => {
    const file = openSync(path, 'r');
    try {
      const chunk = Buffer.alloc(CHUNK_BYTES);
      for (let at = 0; ; ) {
        const read = readSync(file, chunk);
        if (read === 0) return at === content.length;
        if (!chunk.subarray(0, read).equals(content.subarray(at, at + read))) return false;
        at += read;
      }
    } finally {
      closeSync(file);
    }
  });

/** The names of temporary files, see {@link writeImage}. */
const TEMPORARY = /^\.\d+-\d+-\d+\.tmp$/;
/** No process writes an image for so long: it was killed. */
const STALE_MS = 3_600_000;

/** Removes what killed processes have left in the directory, as far as that is permitted. */
function removeStale(directory: string): void {
  try {
    for (const name of readdirSync(directory).filter((one) => TEMPORARY.test(one))) {
      const path = join(directory, name);
      const status = statSync(path, { throwIfNoEntry: false });
      if (status && Date.now() - status.mtimeMs > STALE_MS) rmSync(path, { force: true });
    }
  } catch {
    // It harms nobody.
  }
}

/** Tells the temporary files of a thread apart. */
let written = 0;

/**
 * Writes an image unless it is there, undamaged; makes the directory. Returns its name. Several threads and processes
 * may write at once: the file is whole whenever it is there.
 * @throws {OperatingError} when it can't be written
 */
export function writeImage(directory: string, image: Uint8Array): string {
  const name = sha256(image);
  const path = join(directory, name);
  if (existsSync(directory)) removeStale(directory);
  if (existsSync(path) && isContent(path, image)) return name;
  const temporary = join(directory, `.${process.pid}-${threadId}-${written++}.tmp`);
  attempt(path, () => {
    if (!existsSync(directory)) mkdirSync(directory, { recursive: true });
    try {
      writeFileSync(temporary, image, { flag: 'wx' });
      renameSync(temporary, path);
    } finally {
      rmSync(temporary, { force: true });
    }
  });
  return name;
}
