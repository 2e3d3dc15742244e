/** Writes a file of evidence beside the work of a process, which never waits for the disk. */
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { Writer } from '../../base/codec.ts';
import { writeFrame } from '../../replay/chained-frames.ts';
import type { Entry } from '../../vmm/entries.ts';
import type { Log } from '../limited-log.ts';
import {
  EVIDENCE_MAGIC,
  EVIDENCE_VERSION,
  type EvidenceOf,
  type EvidenceRecord,
  timedRecord,
} from './format.ts';

/** What may wait for the disk; beyond it the evidence is incomplete. */
const MAX_WAITING_BYTES = 32 << 20;
/** Entries of a machine's history in one record. */
const MAX_BATCH = 512;
const MAX_BATCH_BYTES = 1 << 20;

/** A wall clock that differs more from that of the process was set since the process began. */
const SET_MS = 2;

/**
 * A clock in µs since 1970: the wall clock now, and from here on without the steps of one that is set. That of the process
 * is finer than milliseconds.
 */
function clockFromNow(): () => number {
  const behindMs = Date.now() - (performance.timeOrigin + performance.now());
  const startMs = performance.timeOrigin + (Math.abs(behindMs) > SET_MS ? behindMs : 0);
  return () => Math.round((startMs + performance.now()) * 1000);
}

/** What a writer may be made with for tests. */
export interface WriterLimits {
  waitingBytes?: number;
}

/** A file of evidence. What was appended is in the file, for every reader but a crash of the machine, within moments. */
export class EvidenceWriter {
  private readonly out = new Writer();
  private checksum = 0;
  private batch: Entry[] = [];
  private batchBytes = 0;
  private batchBeginUs = 0;
  private readonly nowUs = clockFromNow();
  /** The time of the last record. */
  private timeUs = 0;
  /** Bytes that are being written. */
  private underWay = 0;
  private waiters: (() => void)[] = [];
  private draining: Promise<void> | undefined;
  private isOver = false;
  private isIdle = false;

  /** Creates the file, which does not exist. `log` receives a line if the evidence is incomplete. */
  constructor(
    readonly path: string,
    head: Omit<EvidenceOf<'head'>, 'kind'>,
    private readonly log: Log,
    private readonly limits: WriterLimits = {},
  ) {
    this.out.raw(EVIDENCE_MAGIC);
    this.out.u16(EVIDENCE_VERSION);
    this.append({ kind: 'head', ...head });
  }

  /** Appends a record. */
  append(record: EvidenceRecord): void {
    if (this.isOver) return;
    this.endBatch();
    this.frame(record);
  }

  /** Appends an entry of the machine's history. */
  entry(entry: Entry): void {
    if (this.isOver) return;
    if (this.batch.length === 0) this.batchBeginUs = this.nowUs();
    this.batch.push(entry);
    this.batchBytes += sizeOf(entry);
    if (this.batch.length >= MAX_BATCH || this.batchBytes >= MAX_BATCH_BYTES) this.endBatch();
    else this.begin();
  }

  /** Appends that the process is there, unless something was appended since the last call. */
  alive(): void {
    if (this.isIdle) this.append({ kind: 'alive' });
    this.isIdle = true;
  }

  private endBatch(): void {
    if (this.batch.length === 0) return;
    const entries = this.batch;
    this.batch = [];
    this.batchBytes = 0;
    this.frame({ kind: 'entries', tookUs: Math.max(0, this.nowUs() - this.batchBeginUs), entries });
  }

  private frame(record: EvidenceRecord): void {
    this.isIdle = false;
    const nowUs = Math.max(this.timeUs, this.nowUs());
    const frame = { afterUs: nowUs - this.timeUs, record };
    this.timeUs = nowUs;
    this.checksum = writeFrame(this.out, this.checksum, (out) => timedRecord.write(out, frame));
    const waiting = this.out.length + this.underWay;
    if (waiting > (this.limits.waitingBytes ?? MAX_WAITING_BYTES) && !this.isOver) {
      this.isOver = true;
      const why = `the disk is too slow: ${waiting} bytes wait for it`;
      this.frame({ kind: 'incomplete', why });
      this.log(`the evidence in ${this.path} is incomplete from now on: ${why}`);
    }
    this.begin();
  }

  /** Resolves when everything appended so far is in the file, or nothing more will be; in the order of the calls. */
  flushed(): Promise<void> {
    if (!this.draining) return Promise.resolve();
    return new Promise((resolve) => {
      this.waiters.push(resolve);
    });
  }

  /** Ends the file in order. */
  async close(): Promise<void> {
    this.append({ kind: 'closed' });
    this.isOver = true;
    await this.draining;
    await this.file?.close().catch(() => {});
    this.file = undefined;
  }

  // ── The file ──────────────────────────────────────────────────────────────────────────────────────────────────────

  private file: FileHandle | undefined;
  private failed = false;

  private begin(): void {
    this.draining ??= this.drain();
  }

  private async drain(): Promise<void> {
    // Appended in one turn, written at once.
    await setImmediate();
    for (;;) {
      this.endBatch();
      const bytes = this.out.take();
      const waiters = this.waiters.splice(0);
      if (bytes.length === 0 && waiters.length === 0) {
        this.draining = undefined;
        return;
      }
      this.underWay = bytes.length;
      if (!this.failed) await this.write(bytes);
      this.underWay = 0;
      for (const resolve of waiters) resolve();
    }
  }

  private async write(bytes: Uint8Array): Promise<void> {
    try {
      this.file ??= await open(this.path, 'wx', 0o600);
      for (let done = 0; done < bytes.length; )
        done += (await this.file.write(bytes, done, bytes.length - done)).bytesWritten;
    } catch (error) {
      this.failed = true;
      this.isOver = true;
      this.log(`the evidence in ${this.path} is incomplete from now on: ${(error as Error).message}`);
    }
  }
}

function sizeOf(entry: Entry): number {
  if (entry.kind === 'net') return entry.frame.length;
  return 'data' in entry ? (entry.data?.length ?? 0) : 0;
}
