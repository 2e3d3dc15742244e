/**
 * An append-only file of records that survives `kill -9` and power loss.
 *
 *     header   magic, version, marker, checksum
 *     frame    marker, checksum, length, number, {size, record} ...
 *
 * A frame holds the records of one group commit: those that arrived while the frame before was being written. It is
 * written after the frame before is durable. So what a crash can leave behind is the beginning of a file, whole, and at
 * most one frame that is damaged in any way: the last, of which nothing was acknowledged. Hence on opening:
 *
 * - A damaged frame with no whole frame after it is the torn one, and is cut off. (Damage by the medium to the last
 *   frame looks the same: that loss is not seen here.)
 * - A damaged frame with a whole one after it was durable once and was damaged later: an {@link OperatingError}.
 *   Wherever it begins, the later frame is found by its marker, which is random for each file, so that no record can
 *   contain it on purpose.
 * - A damaged header is an error as well: a file gets its name only once its header is durable.
 *
 * Opening writes the records that it read to a new file. What a killed process has written may be in the page cache
 * alone, and after a failed `fsync` it may stay there, marked as clean: reading it back proves nothing.
 */
import { randomBytes } from 'node:crypto';
import { dirname } from 'node:path';
import { assert } from '../../base/assert.ts';
import { OperatingError } from '../../base/errors.ts';
import { type Files, isMissing, nodeFiles, type StoredFile } from './files.ts';
import {
  FRAME_BYTES,
  frameOf,
  headerOf,
  inFrames,
  MAX_RECORD_BYTES,
  readFrames,
  sizeInFrame,
} from './journal-format.ts';

/** The most that may wait to be written. */
const MAX_QUEUED_BYTES = 64 << 20;
/** A smaller file is not compacted. */
const MIN_COMPACTED_BYTES = 1 << 20;

/** Who writes to a journal: the state that its records describe. */
export interface JournalOwner {
  /** Takes a record that was read on opening. @throws {FormatError} when it is none of the owner's */
  replay(record: Uint8Array): void;
  /** Records that describe the present state, from which a new file is made. */
  snapshot(): Iterable<Uint8Array>;
  /** The size of the records of a snapshot, in bytes. */
  readonly liveBytes: number;
}

interface Waiting {
  /** A record to append, or records that replace all those before. */
  what: { record: Uint8Array } | { replacement: readonly Uint8Array[] };
  durable: () => void;
  resolve: () => void;
  reject: (error: Error) => void;
}

/** An open journal. */
export class Journal {
  /** Why nothing can be appended any more. */
  failure: Error | undefined;
  /** The size of the file, in bytes. */
  sizeBytes = 0;
  private file: StoredFile | undefined;
  private marker = 0;
  private frames = 0;
  private queue: Waiting[] = [];
  private queuedBytes = 0;
  private writing: Promise<void> | undefined;
  private renewing: Promise<void> | undefined;
  private closed = false;
  /** Compaction is tried at this size: it grows when one fails, for instance on a full disk. */
  private compactBytes = MIN_COMPACTED_BYTES;

  private constructor(
    readonly path: string,
    private readonly owner: JournalOwner,
    private readonly files: Files,
  ) {}

  /**
   * Opens a journal and replays its records; creates it if there is none.
   * @throws {OperatingError} when the file is no journal, of another version, or damaged before its last frame
   */
  static async open(path: string, owner: JournalOwner, files: Files = nodeFiles): Promise<Journal> {
    const journal = new Journal(path, owner, files);
    await journal.recover();
    await journal.rewrite();
    return journal;
  }

  private async recover(): Promise<void> {
    let file: StoredFile;
    try {
      file = await this.files.open(this.path, 'existing');
    } catch (error) {
      if (isMissing(error)) return;
      throw error;
    }
    try {
      await readFrames(this.path, file, (record) => this.owner.replay(record));
    } finally {
      await file.close();
    }
  }

  /**
   * Appends a record. Resolves when it is durable; `durable` is called just before, synchronously: what it changes is
   * in every later snapshot. Rejects, as every later append does, when the file can't be written; whether the record
   * will be found on opening is then unknown.
   */
  append(record: Uint8Array, durable: () => void): Promise<void> {
    assert(record.length <= MAX_RECORD_BYTES, () => `a record of ${record.length} bytes is too large`);
    if (this.failure) return Promise.reject(this.failure);
    if (this.queuedBytes + record.length > MAX_QUEUED_BYTES)
      return Promise.reject(
        new OperatingError(`${this.path}: more is appended than this disk writes; use a faster one`),
      );
    this.queuedBytes += record.length;
    return this.enqueue({ record }, durable);
  }

  /**
   * Replaces all records before this call by others, at once. For an owner that compacts by itself: its `liveBytes` are
   * infinite. Resolves when that is durable; rejects as {@link append}.
   */
  replace(records: readonly Uint8Array[]): Promise<void> {
    if (this.failure) return Promise.reject(this.failure);
    return this.enqueue({ replacement: records }, () => {});
  }

  private enqueue(what: Waiting['what'], durable: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      this.queue.push({ what, durable, resolve, reject });
      this.writing ??= this.writeQueue();
    });
  }

  /**
   * After a failure: writes the owner's state to a new file and takes records again. What was on the old descriptor is
   * not relied on. @throws when this fails too; then the journal stays closed
   */
  async renew(): Promise<void> {
    if (!this.failure || this.closed) return;
    this.renewing ??= this.rewrite().finally(() => {
      this.renewing = undefined;
    });
    await this.renewing;
    this.failure = undefined;
  }

  /** Waits for what is queued, and closes the file. */
  async close(): Promise<void> {
    this.closed = true;
    await this.writing;
    await this.renewing?.catch(() => {});
    this.failure ??= new OperatingError(`${this.path}: closed`);
    await this.file?.close();
    this.file = undefined;
  }

  private async writeQueue(): Promise<void> {
    while (this.queue.length > 0) {
      const batch = this.takeBatch();
      try {
        await this.write(batch);
      } catch (error) {
        await this.fail(error as Error, batch);
        break;
      }
      for (const { durable, resolve } of batch) {
        durable();
        resolve();
      }
      await this.compactIfLarge();
      if (this.failure) break;
    }
    this.writing = undefined;
  }

  /** The next records of a frame, or one replacement. */
  private takeBatch(): Waiting[] {
    let sizeBytes = 0;
    const end = this.queue.findIndex(({ what }, index) => {
      if ('replacement' in what) return true;
      sizeBytes += sizeInFrame(what.record);
      return index > 0 && sizeBytes > FRAME_BYTES;
    });
    const batch = this.queue.splice(0, end < 0 ? this.queue.length : Math.max(end, 1));
    for (const { what } of batch) if ('record' in what) this.queuedBytes -= what.record.length;
    return batch;
  }

  private async write(batch: readonly Waiting[]): Promise<void> {
    const { what } = batch[0]!;
    if ('replacement' in what) await this.rewrite(what.replacement);
    else await this.writeFrame(batch.flatMap(({ what }) => ('record' in what ? [what.record] : [])));
  }

  private async writeFrame(records: Uint8Array[]): Promise<void> {
    const frame = frameOf(this.marker, this.frames + 1, records);
    await this.file!.write(frame, this.sizeBytes);
    await this.file!.sync();
    this.frames++;
    this.sizeBytes += frame.length;
  }

  /** The descriptor is given up at once: a second `sync` could succeed for data that was dropped. */
  private async fail(cause: Error, batch: Waiting[]): Promise<void> {
    const failure = new OperatingError(`${this.path}: cannot write: ${cause.message}`, { cause });
    this.failure = failure;
    const waiting = [...batch, ...this.queue.splice(0)];
    this.queuedBytes = 0;
    const { file } = this;
    this.file = undefined;
    await file?.close().catch(() => {});
    for (const { reject } of waiting) reject(failure);
  }

  private async compactIfLarge(): Promise<void> {
    const { sizeBytes, owner } = this;
    if (sizeBytes <= this.compactBytes || sizeBytes <= 2 * owner.liveBytes) return;
    try {
      await this.rewrite();
    } catch (error) {
      // The file is as good as before, unless it is not known which of the two has the name.
      if (this.file) this.compactBytes = 2 * sizeBytes;
      else await this.fail(error as Error, []);
    }
  }

  /** Replaces the file by a new one with these records, at first the owner's state, which does not change meanwhile. */
  private async rewrite(records = this.owner.snapshot()): Promise<void> {
    const temporary = `${this.path}.new`;
    const marker = randomBytes(4).readUInt32LE();
    const file = await this.files.open(temporary, 'new');
    let sizeBytes = 0;
    let frames = 0;
    try {
      const put = async (data: Uint8Array) => {
        await file.write(data, sizeBytes);
        sizeBytes += data.length;
      };
      await put(headerOf(marker));
      for (const frame of inFrames(records)) await put(frameOf(marker, ++frames, frame));
      await file.sync();
    } catch (error) {
      await file.close().catch(() => {});
      await this.files.remove(temporary).catch(() => {});
      throw error;
    }
    const old = this.file;
    this.file = undefined;
    await old?.close().catch(() => {});
    try {
      await this.files.rename(temporary, this.path);
      await this.files.syncDirectory(dirname(this.path));
    } catch (error) {
      await file.close().catch(() => {});
      throw error;
    }
    Object.assign(this, { file, marker, frames, sizeBytes, compactBytes: MIN_COMPACTED_BYTES });
  }
}
