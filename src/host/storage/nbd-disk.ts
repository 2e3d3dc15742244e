/**
 * A shared disk behind NBD, served by qemu-storage-daemon.
 *
 * Plain NBD knows no operation numbers, so a write may take effect more than once; and no generations, so an old primary
 * has to be shut out. Both are answered by a fence. The disk is exported under a name with the generation in it, such as
 * `vm-g7-5f0c9a12`. Whoever has won a generation, before its first operation on the disk,
 *
 * 1. removes the exports of older generations over QMP, with mode `hard`, and waits until they are gone;
 * 2. adds its own;
 * 3. looks again: it removes older exports that have come meanwhile, and gives way to a newer one.
 *
 * The monitor has no test-and-set, and an old primary may be late with its own fence. Of two that fence at the same
 * time, the one that adds its export second sees the other in step 3: if it is the newer one, it removes the other's
 * export; if it is the older one, it withdraws without having issued an operation.
 *
 * So a new primary's operations begin when no request of an older one is under way or can come. Each of those has taken
 * effect or not, and is done with: to issue a write again is safe, since the old writer is dead by then. Within a
 * generation a write goes out again only after its connection has ended, after the same fence. Later operations on the
 * same sectors wait in the replica until every member holds the completion (docs/protocol.md, "The disk").
 *
 * Only the primary may use the disk: backups that read for themselves would fence each other.
 */

import type { DiskPort } from '../../cluster/ports.ts';
import {
  DISK_IOERR,
  DISK_OK,
  type DiskRequest,
  MAX_OPERATION_BYTES,
  SECTOR_BYTES,
} from '../../devices/device.ts';
import type { Effect } from '../../ft/effects.ts';
import { type Log, limitedLog } from '../limited-log.ts';
import { type Nbd, NbdError } from './nbd.ts';
import { Fenced, type NbdFence } from './nbd-fence.ts';

/** The most operations under way; beyond it they get no answer, and the replica repeats them. */
const MAX_UNDER_WAY = 256;
/** The shortest time between two attempts to connect. */
const RETRY_MS = 50;

type Answer = (status: number | 'refused', data: Uint8Array) => void;
const NOTHING = new Uint8Array(0);

/** See the head of this file. */
export class NbdDisk implements DiskPort {
  private connection: Promise<Nbd> | undefined;
  private generation = 0;
  /** This generation is over. */
  private isFenced = false;
  private retryAtMs = Number.NEGATIVE_INFINITY;
  /** Operations under way, and who waits for them: a repetition is not sent again. */
  private readonly underWay = new Map<string, Answer>();
  private readonly log: Log;

  /** `log` receives a line when the disk can't be reached or answers with an error; rate-limited. */
  constructor(
    private readonly fence: NbdFence,
    log: Log = () => {},
  ) {
    this.log = limitedLog(log);
  }

  perform({ id, request, generation }: Extract<Effect, { do: 'disk' }>, answer: Answer): void {
    if (generation > this.generation) this.enter(generation);
    if (generation < this.generation || this.isFenced) {
      setImmediate(() => answer('refused', NOTHING));
      return;
    }
    const key = `${generation} ${id}`;
    if (!this.underWay.has(key) && this.underWay.size >= MAX_UNDER_WAY) return;
    const isNew = !this.underWay.has(key);
    this.underWay.set(key, answer);
    if (isNew) void this.run(key, request, generation);
  }

  /** Ends the connection; nothing is answered any more. */
  close(): void {
    this.underWay.clear();
    this.isFenced = true;
    this.disconnect();
  }

  private enter(generation: number): void {
    this.generation = generation;
    this.isFenced = false;
    this.disconnect();
  }

  private disconnect(): void {
    this.connection?.then((nbd) => nbd.close()).catch(() => {});
    this.connection = undefined;
  }

  private async run(key: string, request: DiskRequest, generation: number): Promise<void> {
    let status: number | 'refused' | undefined;
    let data: Uint8Array = NOTHING;
    try {
      data = await operate(await this.connect(generation), request);
      status = DISK_OK;
    } catch (error) {
      if (error instanceof Fenced) status = 'refused';
      else if (error instanceof NbdError && !(await this.wasShutOut(generation))) status = DISK_IOERR;
      this.log(`disk: ${(error as Error).message}`);
    }
    const answer = this.underWay.get(key);
    this.underWay.delete(key);
    // Without a connection nothing is known: the replica repeats the operation.
    if (status !== undefined) answer?.(status, data);
  }

  /** A hard end of the export fails what is under way: that is not an error of the medium. */
  private async wasShutOut(generation: number): Promise<boolean> {
    if (generation !== this.generation) return true;
    try {
      return !(await this.fence.isOurs());
    } catch {
      return true;
    }
  }

  private connect(generation: number): Promise<Nbd> {
    if (generation !== this.generation) return Promise.reject(new Fenced(`generation ${generation} is over`));
    if (this.connection) return this.connection;
    const connection = this.open(generation);
    this.connection = connection;
    const ended = () => {
      if (this.connection === connection) this.connection = undefined;
    };
    connection.then(
      (nbd) => {
        if (nbd.isClosed) ended();
        else nbd.onClose = ended;
      },
      (error) => {
        if (error instanceof Fenced && generation === this.generation) this.isFenced = true;
        ended();
      },
    );
    return connection;
  }

  private async open(generation: number): Promise<Nbd> {
    const waitMs = this.retryAtMs - performance.now();
    this.retryAtMs = performance.now() + Math.max(0, waitMs) + RETRY_MS;
    if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs));
    const name = await this.fence.enter(generation);
    return this.fence.connect(name);
  }
}

async function operate(nbd: Nbd, request: DiskRequest): Promise<Uint8Array> {
  if (request.operation === 'flush') {
    await nbd.flush();
    return NOTHING;
  }
  const position = request.sector * SECTOR_BYTES;
  const sizeBytes = request.operation === 'read' ? request.sizeBytes : request.data.length;
  if (sizeBytes > MAX_OPERATION_BYTES || sizeBytes % SECTOR_BYTES !== 0)
    throw new NbdError('not whole sectors');
  if (request.operation === 'read') return nbd.read(position, sizeBytes);
  await nbd.write(position, request.data, true);
  return NOTHING;
}
