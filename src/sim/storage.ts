import type { GenerationRecord } from '../ft/effects.ts';

/** Shared storage as far as arbitration needs it: a record for each generation, created once by test-and-set. */
export class Storage {
  private readonly records = new Map<number, GenerationRecord>();

  constructor(first: GenerationRecord) {
    this.records.set(1, first);
  }

  /** Creates the record of a generation unless it exists; gives back the one that stands. */
  testAndSet(generation: number, record: GenerationRecord): GenerationRecord {
    const standing = this.records.get(generation);
    if (standing) return standing;
    this.records.set(generation, record);
    return record;
  }

  read(generation: number): GenerationRecord | undefined {
    return this.records.get(generation);
  }
}
