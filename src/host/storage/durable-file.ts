/**
 * A file in which each write is durable before it is confirmed. Writes that arrive while the file is being synced share
 * the next sync.
 *
 * When a sync fails, nobody knows which writes since the last one are on the medium, and the kernel may have dropped
 * them all. So all of these writes fail, also those that were handed to the kernel while that sync was under way, and
 * the descriptor is given up. Later writes use a new one: a sync on it says that *they* are durable, and what was
 * confirmed before was durable before.
 */
import type { StoredFile } from './files.ts';

interface Waiting {
  resolve: () => void;
  reject: (error: Error) => void;
}

/** A descriptor, from its opening until a sync on it fails. */
class Descriptor {
  failure: Error | undefined;
  private waiting: Waiting[] = [];
  private syncing = false;

  constructor(readonly file: StoredFile) {}

  /** Resolves when everything that was written before the call is durable. */
  sync(): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    return new Promise((resolve, reject) => {
      this.waiting.push({ resolve, reject });
      if (!this.syncing) void this.syncAll();
    });
  }

  private async syncAll(): Promise<void> {
    this.syncing = true;
    while (this.waiting.length > 0) {
      const batch = this.waiting.splice(0);
      try {
        await this.file.sync();
        for (const { resolve } of batch) resolve();
      } catch (error) {
        this.failure = error as Error;
        for (const { reject } of [...batch, ...this.waiting.splice(0)]) reject(this.failure);
        await this.file.close().catch(() => {});
      }
    }
    this.syncing = false;
  }
}

/** See the head of this file. */
export class DurableFile {
  private descriptor: Descriptor | undefined;
  private opening: Promise<Descriptor> | undefined;
  private closed = false;

  /** `file`: as it was opened; `reopen` opens it once more. */
  constructor(
    file: StoredFile,
    private readonly reopen: () => Promise<StoredFile>,
  ) {
    this.descriptor = new Descriptor(file);
  }

  /** Writes, and resolves when that is durable. After an error any part of it may have been written. */
  async write(data: Uint8Array, position: number): Promise<void> {
    const descriptor = await this.current();
    await descriptor.file.write(data, position);
    await this.syncOn(descriptor);
  }

  /** Resolves when everything that was written before the call is durable. */
  async sync(): Promise<void> {
    await this.syncOn(await this.current());
  }

  /** Reads; returns how many bytes: fewer than asked only at the end of the file. */
  async read(buffer: Uint8Array, position: number): Promise<number> {
    return (await this.current()).file.read(buffer, position);
  }

  /** Closes the file, after the operations under way. */
  async close(): Promise<void> {
    this.closed = true;
    await this.opening?.catch(() => {});
    const { descriptor } = this;
    this.descriptor = undefined;
    await descriptor?.file.close();
  }

  private async current(): Promise<Descriptor> {
    if (this.closed) throw new Error('the file is closed');
    if (this.descriptor) return this.descriptor;
    this.opening ??= this.open().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private async open(): Promise<Descriptor> {
    this.descriptor = new Descriptor(await this.reopen());
    return this.descriptor;
  }

  private async syncOn(descriptor: Descriptor): Promise<void> {
    try {
      await descriptor.sync();
    } catch (error) {
      if (this.descriptor === descriptor) this.descriptor = undefined;
      throw error;
    }
  }
}
