/**
 * The file operations that the storage service uses, as an interface: a test replaces them by a disk that is full, fails
 * or loses power.
 */
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** An open file. Errors are Node's own, with a `code` such as `ENOSPC`. */
export interface StoredFile {
  /** The size, in bytes. */
  size(): Promise<number>;
  /** Reads into `buffer` from `position` on; returns how many bytes: fewer than asked only at the end of the file. */
  read(buffer: Uint8Array, position: number): Promise<number>;
  /** Writes all of `data` at `position`. It is durable after the next {@link sync}. */
  write(data: Uint8Array, position: number): Promise<void>;
  /** Sets the size; a file that grows is sparse there. Durable after the next {@link sync}. */
  truncate(sizeBytes: number): Promise<void>;
  /**
   * Makes what was written before durable. After an error nobody knows what is on the medium, and a second call on this
   * descriptor may succeed without having written anything: the kernel reports an error once, and may drop the pages.
   */
  sync(): Promise<void>;
  /** Closes the file, after the operations under way. */
  close(): Promise<void>;
}

/** A file system. */
export interface Files {
  /** Opens a file; `new` creates it, or empties the one that exists. */
  open(path: string, what: 'existing' | 'new'): Promise<StoredFile>;
  /** Replaces `to` by `from`, atomically. Durable after {@link syncDirectory}. */
  rename(from: string, to: string): Promise<void>;
  /** Makes the names in a directory durable: new files, renames and removals. */
  syncDirectory(path: string): Promise<void>;
  /** Removes a file; without effect if there is none. */
  remove(path: string): Promise<void>;
  /** Creates a directory, durably, unless it exists. */
  makeDirectory(path: string): Promise<void>;
}

/** Only the user who runs the service may read guests' data. */
const FILE_MODE = 0o600;
const DIRECTORY_MODE = 0o700;

class NodeFile implements StoredFile {
  constructor(private readonly handle: FileHandle) {}

  async size(): Promise<number> {
    return (await this.handle.stat()).size;
  }

  async read(buffer: Uint8Array, position: number): Promise<number> {
    let done = 0;
    while (done < buffer.length) {
      const { bytesRead } = await this.handle.read(buffer, done, buffer.length - done, position + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return done;
  }

  async write(data: Uint8Array, position: number): Promise<void> {
    // A short write is legal: on a full disk it comes before the one that fails with ENOSPC.
    for (let done = 0; done < data.length; )
      done += (await this.handle.write(data, done, data.length - done, position + done)).bytesWritten;
  }

  truncate(sizeBytes: number): Promise<void> {
    return this.handle.truncate(sizeBytes);
  }

  sync(): Promise<void> {
    return this.handle.datasync();
  }

  close(): Promise<void> {
    return this.handle.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The file system of the operating system. */
export const nodeFiles: Files = {
  open: async (path, what) => new NodeFile(await open(path, what === 'new' ? 'w+' : 'r+', FILE_MODE)),
  rename,
  syncDirectory,
  remove: (path) => rm(path, { force: true }),
  makeDirectory: async (path) => {
    const first = await mkdir(path, { recursive: true, mode: DIRECTORY_MODE });
    if (first === undefined) return;
    for (let made = path; ; made = dirname(made)) {
      await syncDirectory(dirname(made));
      if (made === first) return;
    }
  },
};

/** Whether a file system's error says that there is no such file. */
export const isMissing = (error: unknown): boolean => (error as { code?: unknown }).code === 'ENOENT';
