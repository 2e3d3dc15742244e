/**
 * Storage for a run's evidence, which grows with the run: memory up to a limit, or a file, as the caller chooses.
 * Several tapes share one spool.
 */
export interface Spool {
  /** Appends a copy of the bytes; returns their offset, or undefined, with nothing kept, if there is no room. */
  append(bytes: Uint8Array): number | undefined;
  /** Reads bytes that were appended together, from their offset on. */
  read(offset: number, sizeBytes: number): Uint8Array;
}

/** Keeps evidence in memory, at most `limitBytes`. */
export class MemorySpool implements Spool {
  private readonly blocks = new Map<number, Uint8Array>();
  private sizeBytes = 0;

  constructor(private readonly limitBytes: number) {}

  append(bytes: Uint8Array): number | undefined {
    if (this.sizeBytes + bytes.length > this.limitBytes) return undefined;
    const offset = this.sizeBytes;
    this.blocks.set(offset, bytes.slice());
    this.sizeBytes += bytes.length;
    return offset;
  }

  read(offset: number, sizeBytes: number): Uint8Array {
    return this.blocks.get(offset)!.subarray(0, sizeBytes);
  }
}

/** The default limit of evidence in memory: campaigns, stories and comparisons are short. */
const LIMIT_BYTES = 1 << 28;

/** Where each kind of a run's evidence is kept. Without a place it is not kept, nor checked, compared or recorded. */
export interface EvidencePlaces {
  /** What came through the doors of each machine. */
  histories?: Spool | undefined;
  /** The console's output. */
  console?: Spool | undefined;
  /** The frames that left the switch, and the writes that reached the disks. */
  world?: Spool | undefined;
}

/** Keeps everything in memory. */
export function inMemory(limitBytes = LIMIT_BYTES): EvidencePlaces {
  const spool = new MemorySpool(limitBytes);
  return { histories: spool, console: spool, world: spool };
}
