/** A disk that belongs to one host is copied to another along with the machine (the paper, sections 3.1 and 4.1). */
import { type DiskRequest, SECTOR_BYTES } from '../devices/device.ts';

/** What is read and sent at once. */
const BLOCK_SECTORS = 64;

/** The replica that is copied: blocks are read from its disk and sent; those that are written meanwhile, again. */
export class DiskCopySender {
  private readonly left: Set<number>;
  private readonly reading = new Map<number, number>();
  /** Blocks on their way. One that is written meanwhile is sent again only afterwards: the other disk might do both in any order. */
  private readonly busy = new Set<number>();
  private reads = 0;

  constructor(
    private readonly sectors: number,
    private readonly window: number,
  ) {
    const blocks = Math.ceil(sectors / BLOCK_SECTORS);
    this.left = new Set(Array.from({ length: blocks }, (_, block) => block));
  }

  /** Everything that the guest knows to be on this disk is on the other one. */
  get isDone(): boolean {
    return this.left.size === 0 && this.busy.size === 0;
  }

  /** The guest has been told that a write is done: the other disk needs it, too. */
  written(request: DiskRequest): void {
    if (request.operation !== 'write' || request.data.length === 0) return;
    const last = request.sector + request.data.length / SECTOR_BYTES - 1;
    for (let block = blockOf(request.sector); block <= blockOf(last); block++) this.left.add(block);
  }

  /** The next read of this disk. Its number is below zero: it is none of the guest's. */
  next(): { id: number; request: DiskRequest } | undefined {
    if (this.busy.size >= this.window) return undefined;
    const block = [...this.left].find((one) => !this.busy.has(one));
    if (block === undefined) return undefined;
    this.left.delete(block);
    this.busy.add(block);
    const id = -++this.reads;
    this.reading.set(id, block);
    const sector = block * BLOCK_SECTORS;
    const sizeBytes = Math.min(BLOCK_SECTORS, this.sectors - sector) * SECTOR_BYTES;
    return { id, request: { operation: 'read', sector, sizeBytes } };
  }

  /** A read has ended: where its data belongs. One that failed is done again. */
  read(id: number, ok: boolean): number | undefined {
    const block = this.reading.get(id);
    this.reading.delete(id);
    if (block === undefined) return undefined;
    if (!ok) {
      this.busy.delete(block);
      this.left.add(block);
      return undefined;
    }
    return block * BLOCK_SECTORS;
  }

  /** The other disk has the block that begins at a sector. */
  acknowledged(sector: number): void {
    this.busy.delete(blockOf(sector));
  }
}

const blockOf = (sector: number): number => Math.floor(sector / BLOCK_SECTORS);
