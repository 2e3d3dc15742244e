/**
 * The passt of a group and what it leaves behind: its directory with socket, output and a note of how it was started. A
 * passt survives a kill of the switch, with the outside connections that it holds; the next switch takes it over.
 */
import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { decode, encode, list, record, text, uint } from '../../base/codec.ts';
import { OperatingError } from '../../base/errors.ts';

const note = record({ pid: uint, arguments: list(text, 1000) });

/** passt drops to this user when root starts it, and creates its socket as that. */
const NOBODY = 65_534;
/** The longest path of a Unix socket on Linux. */
const MAX_PATH_BYTES = 107;

/** The directory of one group's passt. */
export class PasstDirectory {
  /** @throws {OperatingError} when the directory can't be used */
  constructor(readonly path: string) {
    if (Buffer.byteLength(this.socket) > MAX_PATH_BYTES)
      throw new OperatingError(
        `${this.socket}: a socket's path has at most ${MAX_PATH_BYTES} bytes; use a shorter --dir`,
      );
    mkdirSync(path, { recursive: true, mode: 0o700 });
    // Others must not be able to put a socket of theirs here.
    const { uid } = lstatSync(path);
    const own = process.getuid?.() ?? 0;
    if (!lstatSync(path).isDirectory() || (uid !== own && !(own === 0 && uid === NOBODY)))
      throw new OperatingError(`${path} belongs to another user; remove it, or use another --dir`);
    chmodSync(path, 0o700);
    if (own !== 0) return;
    checkParents(path);
    chownSync(path, NOBODY, NOBODY);
  }

  get socket(): string {
    return join(this.path, 'socket');
  }

  /** What passt has printed. */
  get output(): string {
    return join(this.path, 'output');
  }

  private get note(): string {
    return join(this.path, 'process');
  }

  /** Notes a passt that was started. */
  started(pid: number, args: readonly string[]): void {
    writeFileSync(this.note, encode(note, { pid, arguments: [...args] }));
  }

  /** Prepares for a new passt: one that was killed leaves a socket, and another would not start. */
  clear(): void {
    for (const path of [this.socket, this.output, this.note]) rmSync(path, { force: true });
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }

  /** The passt that runs here, and whether it was started with these arguments. */
  running(args: readonly string[]): { pid: number; same: boolean } | undefined {
    try {
      const { pid, arguments: started } = decode(note, readFileSync(this.note));
      if (!isOurs(pid, this.socket)) return undefined;
      return { pid, same: started.join('\0') === args.join('\0') };
    } catch {
      return undefined;
    }
  }
}

/** passt as nobody must be able to reach its directory. */
function checkParents(path: string): void {
  for (let parent = dirname(path); ; parent = dirname(parent)) {
    if ((statSync(parent).mode & 0o001) === 0)
      throw new OperatingError(
        `${path}: passt, which root starts as nobody, can't enter ${parent}; ` +
          `use a directory under /run or /tmp for it, or 'chmod o+x ${parent}'`,
      );
    if (parent === dirname(parent)) return;
  }
}

/** Whether a process has this socket among its arguments: the pid may have gone to another process. */
export function isOurs(pid: number, socket: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(socket);
  } catch {
    return false;
  }
}
