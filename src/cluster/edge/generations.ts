import { assert } from '../../base/assert.ts';
import type { GenerationRecord } from '../../ft/effects.ts';

/** The records of shared storage, one for each generation from 1 on, each created once by test-and-set. */
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

  /** Creates the record of a generation unless one exists; returns the one that exists afterwards. */
  testAndSet(generation: number, record: GenerationRecord): GenerationRecord {
    const standing = this.read(generation);
    if (standing) return standing;
    assert(
      generation === this.records.length + 1,
      'a generation is claimed only after the one before was recorded',
    );
    this.records.push(record);
    return record;
  }

  /** The record of a generation; undefined if it is not claimed yet. */
  read(generation: number): GenerationRecord | undefined {
    return this.records[generation - 1];
  }

  /** Whether the disk accepts requests of this generation. */
  admits(generation: number): boolean {
    return !this.fencing || generation >= this.newest;
  }
}
