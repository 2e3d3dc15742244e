import { assert } from '../../base/assert.ts';
import type { GenerationRecord } from '../../ft/effects.ts';

/** The records of shared storage, one for each generation, each created once by test-and-set. Generations are counted from 1. */
export class Generations {
  private readonly records: GenerationRecord[];

  /** `fencing`: false for study. */
  constructor(
    first: GenerationRecord,
    private readonly fencing: boolean,
  ) {
    this.records = [first];
  }

  get newest(): number {
    return this.records.length;
  }

  get latest(): GenerationRecord {
    return this.records.at(-1)!;
  }

  /** Creates the record of a generation unless it exists; gives back the one that stands. */
  testAndSet(generation: number, record: GenerationRecord): GenerationRecord {
    const standing = this.read(generation);
    if (standing) return standing;
    assert(
      generation === this.records.length + 1,
      'nobody claims a generation without having seen the one before',
    );
    this.records.push(record);
    return record;
  }

  read(generation: number): GenerationRecord | undefined {
    return this.records[generation - 1];
  }

  /** Whether the disk takes something of this generation. */
  admits(generation: number): boolean {
    return !this.fencing || generation >= this.newest;
  }
}
