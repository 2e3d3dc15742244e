/**
 * Where a run's evidence is kept. Evidence grows with the run; so it goes to a place that the caller chooses: memory, up to a limit,
 * or a file. Several tapes share one spool.
 */
export interface Spool {
  /** Appends bytes, which stay the caller's, and says where they stand; undefined, and nothing kept, when there is no room. */
  append(bytes: Uint8Array): number | undefined;
  /** Bytes that were appended. */
  read(offset: number, sizeBytes: number): Uint8Array;
}

/** Evidence in memory, and no more of it than `limitBytes`. */
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

/** The most that a run keeps in memory where nothing else is said: campaigns, stories and comparisons are short. */
const LIMIT_BYTES = 1 << 28;

/** What is kept of a run, and where; what has no place is not kept, and cannot be checked, compared or recorded. */
export interface EvidencePlaces {
  /** What came through the doors of each machine. */
  histories?: Spool | undefined;
  /** What the console has printed. */
  console?: Spool | undefined;
  /** The frames that left the switch, and the writes that reached the disks. */
  world?: Spool | undefined;
}

/** Everything is kept in memory. */
export function inMemory(limitBytes = LIMIT_BYTES): EvidencePlaces {
  const spool = new MemorySpool(limitBytes);
  return { histories: spool, console: spool, world: spool };
}
