/**
 * The cluster key: the secret that all processes of a cluster share. Whoever has it may speak to all of them; without
 * it nobody may. It is a file of one line, 64 hexadecimal digits, which only its owner may read.
 */
import { hkdfSync, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, fsyncSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { OperatingError } from '../../base/errors.ts';
import { hexOf } from '../../base/text.ts';

/** The size of a cluster key. */
export const KEY_BYTES = 32;

/** A cluster key: {@link KEY_BYTES} random bytes. */
export type ClusterKey = Uint8Array;

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? String(error);

/**
 * Makes a random key and writes it to a new file of mode 600.
 * @throws {OperatingError} if the file exists, or can't be written
 */
export function createKey(path: string): ClusterKey {
  const key = new Uint8Array(randomBytes(KEY_BYTES));
  try {
    const file = openSync(path, 'wx', 0o600);
    try {
      writeFileSync(file, `${hexOf(key)}\n`);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (codeOf(error) === 'EEXIST') {
      throw new OperatingError(
        `${path} exists: a cluster key is never overwritten. Use it, or remove it first`,
      );
    }
    throw new OperatingError(`the cluster key ${path} can't be written: ${codeOf(error)}`);
  }
  return key;
}

/**
 * Reads a key.
 * @throws {OperatingError} if the file is missing, is no key, or may be read by others than its owner
 */
export function readKey(path: string): ClusterKey {
  const digits = readPrivate(path).trimEnd();
  if (!/^[0-9a-f]{64}$/.test(digits)) {
    throw new OperatingError(
      `${path} is not a cluster key: one line of ${2 * KEY_BYTES} hexadecimal digits is expected. ` +
        'Copy the file of another machine of the cluster',
    );
  }
  return new Uint8Array(Buffer.from(digits, 'hex'));
}

/** The beginning of a file that only its owner may read. */
function readPrivate(path: string): string {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    const missing = codeOf(error) === 'ENOENT';
    throw new OperatingError(
      missing
        ? `there is no cluster key ${path}. Copy the file of another machine of the cluster`
        : `the cluster key ${path} can't be read: ${codeOf(error)}`,
    );
  }
  try {
    // The file that is open is the file that is checked: another one may stand at the path by now.
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new OperatingError(`the cluster key ${path} is not a file`);
    if ((stat.mode & 0o077) !== 0) {
      throw new OperatingError(`others may read the cluster key ${path}. Run: chmod 600 ${path}`);
    }
    return stat.size > 4 * KEY_BYTES ? '' : readFileSync(file, 'latin1');
  } finally {
    closeSync(file);
  }
}

/** A key for one purpose only, so that nothing learnt of one use helps with the other. */
export const derivedKey = (key: ClusterKey, purpose: 'links' | 'datagrams'): Uint8Array =>
  new Uint8Array(hkdfSync('sha256', key, '', `vmft ${purpose}`, KEY_BYTES));
