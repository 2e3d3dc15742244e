/** Copies a host's private disk to another host, along with the machine (the paper, sections 3.1 and 4.1). */
import { type DiskRequest, SECTOR_BYTES } from '../devices/device.ts';

/** The size of one read and one message. */
const BLOCK_SECTORS = 64;

/** The sender: blocks are read from its disk and sent; those written meanwhile are sent again. */
export class DiskCopySender {
  private readonly left: Set<number>;
  private readonly reading = new Map<number, number>();
  /**
   * Blocks that are being read or are unacknowledged. One that is written meanwhile is sent again only afterwards: the
   * other disk may reorder two writes.
   */
  private readonly busy = new Set<number>();

  /**
   * @param sectors the size of the disk.
   * @param window the maximum number of blocks that are being read or are unacknowledged.
   * @param nextId gives each read a number that no other operation on this disk has.
   */
  constructor(
    private readonly sectors: number,
    private readonly window: number,
    private readonly nextId: () => number,
  ) {
    const blocks = Math.ceil(sectors / BLOCK_SECTORS);
    this.left = new Set(Array.from({ length: blocks }, (_, block) => block));
  }

  /** The other disk has every write that the guest has seen completed. */
  get isDone(): boolean {
    return this.left.size === 0 && this.busy.size === 0;
  }

  /** The guest has seen a request completed: blocks that it wrote are sent again. */
  written(request: DiskRequest): void {
    if (request.operation !== 'write' || request.data.length === 0) return;
    const last = request.sector + request.data.length / SECTOR_BYTES - 1;
    for (let block = blockOf(request.sector); block <= blockOf(last); block++) this.left.add(block);
  }

  /** The next read of this disk, if the window has room. */
  next(): { id: number; request: DiskRequest } | undefined {
    if (this.busy.size >= this.window) return undefined;
    const block = [...this.left].find((one) => !this.busy.has(one));
    if (block === undefined) return undefined;
    this.left.delete(block);
    this.busy.add(block);
    const id = this.nextId();
    this.reading.set(id, block);
    const sector = block * BLOCK_SECTORS;
    const sizeBytes = Math.min(BLOCK_SECTORS, this.sectors - sector) * SECTOR_BYTES;
    return { id, request: { operation: 'read', sector, sizeBytes } };
  }

  /** A read has ended: the sector that its data begins at; undefined if it failed, and is to be repeated. */
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

  /** The other disk has the block that begins at `sector`. */
  acknowledged(sector: number): void {
    this.busy.delete(blockOf(sector));
  }
}

const blockOf = (sector: number): number => Math.floor(sector / BLOCK_SECTORS);
