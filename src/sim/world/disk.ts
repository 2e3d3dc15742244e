import type { Random } from '../../base/random.ts';
import { type AppliedWrite, appliedWrite } from '../../check/evidence.ts';
import { DiskLedger } from '../../cluster/edge/disk-ledger.ts';
import { DISK_IOERR, DISK_OK, type DiskRequest, SECTOR_BYTES } from '../../devices/device.ts';
import type { Spool } from '../../replay/spool.ts';
import { Tape } from '../../replay/tape.ts';
import type { Scheduler } from './scheduler.ts';

/** An operation's time is random between these, so that concurrent operations complete out of order. */
const MIN_OPERATION_NS = 40_000;
const MAX_OPERATION_NS = 400_000;

/** Receives the status (`DISK_OK`, `DISK_IOERR`), and the data of a read. */
export type DiskAnswer = (status: number, data: Uint8Array) => void;

const NOTHING = new Uint8Array(0);

/** A disk that performs each write's number once, see {@link DiskLedger}. */
export class Disk {
  readonly content: Uint8Array;
  readonly writes: Tape<AppliedWrite>;
  /** The number of `full` faults under way (writes fail), and of `io-error` faults (every operation fails). */
  fullFaults = 0;
  errorFaults = 0;
  readonly ledger = new DiskLedger();
  /** The answers to repeated requests of a write that is under way. */
  private readonly waiting = new Map<number, DiskAnswer[]>();
  /** Operations under way. */
  private readonly underWay = new Set<{ id: number; request: DiskRequest }>();

  constructor(
    sectors: number,
    private readonly scheduler: Scheduler,
    private readonly random: Random,
    /** False for study: repeated numbers are done again. */
    private readonly dedup: boolean,
    /** The initial content, followed by zeros. */
    initial: Uint8Array,
    spool?: Spool,
  ) {
    this.writes = new Tape(() => appliedWrite, spool);
    this.content = new Uint8Array(sectors * SECTOR_BYTES);
    this.content.set(initial);
  }

  perform(id: number, request: DiskRequest, lowWater: number, answer: DiskAnswer): void {
    this.ledger.forget(lowWater);
    if (this.dedup && request.operation === 'write') {
      const state = this.ledger.begin(id);
      if (state === 'done') return this.scheduler.in(MIN_OPERATION_NS, () => answer(DISK_OK, NOTHING));
      const others = this.waiting.get(id) ?? [];
      this.waiting.set(id, others);
      if (state === 'under-way') {
        others.push(answer);
        return;
      }
    }
    const operation = { id, request };
    this.underWay.add(operation);
    this.scheduler.in(MIN_OPERATION_NS + this.random.below(MAX_OPERATION_NS - MIN_OPERATION_NS), () => {
      if (this.underWay.delete(operation)) this.finish(id, request, answer);
    });
  }

  /** Power failure: operations under way are not answered; `random` decides which writes have reached the medium. */
  cutPower(random: Random): void {
    for (const { id, request } of this.underWay)
      if (request.operation === 'write' && random.chance(0.5)) this.execute(id, request);
    this.underWay.clear();
    this.waiting.clear();
    this.ledger.powerLost();
  }

  private finish(id: number, request: DiskRequest, answer: DiskAnswer): void {
    const waiting = this.waiting.get(id) ?? [];
    this.waiting.delete(id);
    const { status, data } = this.execute(id, request);
    for (const reply of [answer, ...waiting]) reply(status, data);
  }

  private execute(id: number, request: DiskRequest): { status: number; data: Uint8Array } {
    if (this.errorFaults > 0 || (this.fullFaults > 0 && request.operation === 'write')) {
      this.ledger.failed(id);
      return { status: DISK_IOERR, data: NOTHING };
    }
    if (request.operation === 'flush') return { status: DISK_OK, data: NOTHING };
    const at = request.sector * SECTOR_BYTES;
    if (request.operation === 'read')
      return { status: DISK_OK, data: this.content.slice(at, at + request.sizeBytes) };
    this.content.set(request.data, at);
    this.writes.append({ id, sector: request.sector, data: request.data });
    if (this.dedup) this.ledger.reached(id);
    return { status: DISK_OK, data: NOTHING };
  }
}
