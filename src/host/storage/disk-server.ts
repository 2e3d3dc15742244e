/**
 * The shared disks of groups: a sparse file for each. A write is answered once it is durable.
 *
 * What has to survive a crash of this service is the data of each write that was answered, and the generations: not the
 * numbers of the writes. Within one life of the service, {@link DiskLedger} does each number once. After a restart it
 * is empty, and a write that had reached the file may be asked for again, and is done again. That is safe, since what
 * would be overwritten is the same write:
 *
 * 1. A request reaches the new process only over a link that was made after the restart: links break with the process.
 *    So it was sent after the restart, by a replica that had no answer to it at that time.
 * 2. Only the primary of the newest generation is admitted; generations are durable, so the fence is where it was. Its
 *    log covers every write that has left any primary (docs/protocol.md, "Why it is safe"), and the write is open in
 *    it: no completion of it was consumed, or it would not be sent.
 * 3. A later operation on the same sectors is issued by no primary until every member holds the completion of the
 *    earlier one (docs/protocol.md, "The disk"). This member does not. So no later write to these sectors has been done,
 *    and nobody has read what a repeated one could change: a read of these sectors waits as well.
 * 4. Later on the same link the numbers are remembered again. A repetition (a retry that crossed the answer) comes on
 *    this link before any later write, or on an older one to the same process: the ledger drops both.
 *
 * A crash may leave a write torn in the file. It was not answered, so by 3 it is asked for again before anyone reads it.
 * A service that also lost generations, for instance restored from an old copy of its directory, keeps none of this.
 */
import { join } from 'node:path';
import { DiskLedger } from '../../cluster/edge/disk-ledger.ts';
import {
  DISK_IOERR,
  DISK_OK,
  type DiskRequest,
  MAX_OPERATION_BYTES,
  SECTOR_BYTES,
} from '../../devices/device.ts';
import { DurableFile } from './durable-file.ts';
import { type Files, isMissing, nodeFiles } from './files.ts';
import { Refusal, Violation } from './refusal.ts';

/** The largest disk. */
export const MAX_DISK_BYTES = 2 ** 44;
/** Numbers of writes that a disk remembers: the low-water mark passes most of them within milliseconds. */
const MAX_REMEMBERED = 1 << 18;

const NOTHING = new Uint8Array(0);

/** The end of an operation: `DISK_OK` or `DISK_IOERR`, and the data of a read. */
export interface DiskAnswer {
  status: number;
  data: Uint8Array;
}
const OK: DiskAnswer = { status: DISK_OK, data: NOTHING };
const FAILED: DiskAnswer = { status: DISK_IOERR, data: NOTHING };

/** Is told of a write that has reached the medium. */
export type WriteListener = (id: number, sector: number, data: Uint8Array) => Promise<void>;

/** One group's disk. */
export class ServedDisk {
  readonly ledger = new DiskLedger();
  /** The last error of the medium. */
  lastError: Error | undefined;
  private readonly underWay = new Map<number, Promise<DiskAnswer>>();

  /** `reached` is told of each write that is durable, and delays its answer. */
  constructor(
    private readonly file: DurableFile,
    readonly sizeBytes: number,
    private readonly reached?: WriteListener,
  ) {}

  /**
   * Performs an operation that the fence has admitted. The numbers of writes are taken in the order of the calls.
   * @param lowWater numbers of writes below it will not come again
   * @throws {Violation} synchronously, when no correct replica sends this
   */
  perform(number: number, request: DiskRequest, lowWater: number): Promise<DiskAnswer> {
    if (request.operation === 'flush') return this.answered(() => this.file.sync());
    if (!this.contains(request)) return Promise.resolve(FAILED);
    if (request.operation === 'read') return this.read(request.sector, request.sizeBytes);
    if (lowWater > number) throw new Violation(`write ${number} is below its low-water mark ${lowWater}`);
    this.ledger.forget(lowWater);
    if (this.ledger.size >= MAX_REMEMBERED) throw new Violation(`${MAX_REMEMBERED} writes since ${lowWater}`);
    const state = this.ledger.begin(number);
    if (state === 'done') return Promise.resolve(OK);
    if (state === 'under-way') return this.underWay.get(number)!;
    const done = this.write(number, request.sector, request.data);
    this.underWay.set(number, done);
    return done;
  }

  /** Closes the file. */
  close(): Promise<void> {
    return this.file.close();
  }

  private contains(request: Exclude<DiskRequest, { operation: 'flush' }>): boolean {
    const sizeBytes = request.operation === 'read' ? request.sizeBytes : request.data.length;
    return (
      sizeBytes <= MAX_OPERATION_BYTES &&
      sizeBytes % SECTOR_BYTES === 0 &&
      request.sector * SECTOR_BYTES + sizeBytes <= this.sizeBytes
    );
  }

  private async write(number: number, sector: number, data: Uint8Array): Promise<DiskAnswer> {
    const answer = await this.answered(() => this.file.write(data, sector * SECTOR_BYTES));
    if (answer.status === DISK_OK) await this.reached?.(number, sector, data);
    if (answer.status === DISK_OK) this.ledger.reached(number);
    else this.ledger.failed(number);
    this.underWay.delete(number);
    return answer;
  }

  private async read(sector: number, sizeBytes: number): Promise<DiskAnswer> {
    const data = new Uint8Array(sizeBytes);
    const answer = await this.answered(async () => {
      const read = await this.file.read(data, sector * SECTOR_BYTES);
      if (read < sizeBytes) throw new Error(`the file ends ${sizeBytes - read} bytes before the disk`);
    });
    return answer.status === DISK_OK ? { status: DISK_OK, data } : answer;
  }

  /** The guest learns of any error of the medium as an I/O error: the disk goes on, and has all that it confirmed. */
  private async answered(operation: () => Promise<void>): Promise<DiskAnswer> {
    try {
      await operation();
      return OK;
    } catch (error) {
      this.lastError = error as Error;
      return FAILED;
    }
  }
}

/** A disk that is being filled. Its calls are made one after the other. */
export interface DiskUpload {
  write(position: number, data: Uint8Array): Promise<void>;
  /** Makes the disk durable, and serves it. */
  finish(): Promise<void>;
  /** Discards the disk, if it is not finished. */
  abort(): Promise<void>;
}

/** The disks of all groups, in one directory. */
export class DiskServer {
  private readonly disks = new Map<string, ServedDisk>();
  private readonly uploading = new Set<string>();

  constructor(
    private readonly directory: string,
    private readonly files: Files = nodeFiles,
    private readonly reached?: (group: string) => WriteListener,
  ) {}

  /** Opens the disk of a group, if it has one, and discards one that was not uploaded to its end. */
  async open(group: string): Promise<void> {
    await this.files.remove(this.unfinished(group));
    const path = this.path(group);
    try {
      const file = await this.files.open(path, 'existing');
      // What an earlier process wrote may be in the page cache only, and will be read from there.
      await file.sync();
      const sizeBytes = await file.size();
      const served = new DurableFile(file, () => this.files.open(path, 'existing'));
      this.disks.set(
        group,
        new ServedDisk(served, sizeBytes - (sizeBytes % SECTOR_BYTES), this.reached?.(group)),
      );
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }

  /** The disk of a group, if it has one. */
  disk(group: string): ServedDisk | undefined {
    return this.disks.get(group);
  }

  /**
   * Begins to create a disk, all zeros at first.
   * @throws {Refusal} when the group has a disk, another upload is under way, or the size is not a disk's
   */
  async create(group: string, sizeBytes: number): Promise<DiskUpload> {
    if (this.disks.has(group)) throw new Refusal(`group ${group} has a disk`);
    if (this.uploading.has(group)) throw new Refusal(`the disk of group ${group} is being uploaded already`);
    if (sizeBytes % SECTOR_BYTES !== 0 || sizeBytes === 0 || sizeBytes > MAX_DISK_BYTES)
      throw new Refusal(
        `a disk has whole sectors of ${SECTOR_BYTES} bytes, and up to ${MAX_DISK_BYTES} bytes`,
      );
    this.uploading.add(group);
    try {
      return await this.upload(group, sizeBytes);
    } catch (error) {
      this.uploading.delete(group);
      throw error;
    }
  }

  private async upload(group: string, sizeBytes: number): Promise<DiskUpload> {
    const path = this.unfinished(group);
    const file = await this.files.open(path, 'new');
    let isOver = false;
    const end = async () => {
      isOver = true;
      await file.close().catch(() => {});
    };
    const abort = async () => {
      if (isOver) return;
      await end();
      await this.files.remove(path).catch(() => {});
      this.uploading.delete(group);
    };
    try {
      await file.truncate(sizeBytes);
    } catch (error) {
      await abort();
      throw error;
    }
    return {
      abort,
      write: async (position, data) => {
        if (position + data.length > sizeBytes) throw new Refusal('the content is larger than the disk');
        await file.write(data, position);
      },
      finish: async () => {
        await file.sync();
        await end();
        try {
          await this.files.rename(path, this.path(group));
          await this.files.syncDirectory(this.directory);
          await this.open(group);
        } finally {
          this.uploading.delete(group);
        }
      },
    };
  }

  /** Deletes the disk of a group, if it has one. */
  async remove(group: string): Promise<void> {
    await this.disks.get(group)?.close();
    this.disks.delete(group);
    await this.files.remove(this.path(group));
    await this.files.syncDirectory(this.directory);
  }

  /** Closes all files. */
  async close(): Promise<void> {
    await Promise.all([...this.disks.values()].map((disk) => disk.close()));
  }

  private path(group: string): string {
    return join(this.directory, `${group}.disk`);
  }

  private unfinished(group: string): string {
    return `${this.path(group)}.part`;
  }
}
