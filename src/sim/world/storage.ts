import type { DiskRequest } from '../../devices/device.ts';
import type { GenerationRecord } from '../../ft/effects.ts';
import type { Disk } from './disk.ts';

/**
 * Shared storage: a record for each generation, created once by test-and-set, and the disk of the VM. It outlives the hosts. What
 * comes from a generation that is not the newest is refused (fencing).
 */
export class Storage {
  /** Nothing that arrives is answered. */
  outage = false;
  private readonly records: GenerationRecord[];

  constructor(
    first: GenerationRecord,
    readonly disk: Disk,
    private readonly fencing: boolean,
  ) {
    this.records = [first];
  }

  /** Generations are counted from 1. */
  get generation(): number {
    return this.records.length;
  }

  get latest(): GenerationRecord {
    return this.records.at(-1)!;
  }

  /** Creates the record of a generation unless it exists; gives back the one that stands. */
  testAndSet(generation: number, record: GenerationRecord): GenerationRecord {
    const standing = this.read(generation);
    if (standing) return standing;
    // Nobody claims a generation without having seen the one before.
    if (generation === this.records.length + 1) this.records.push(record);
    return record;
  }

  read(generation: number): GenerationRecord | undefined {
    return this.records[generation - 1];
  }

  perform(
    operation: { id: number; request: DiskRequest; generation: number; floor: number },
    answer: (status: number | 'refused', data: Uint8Array) => void,
  ): void {
    const { id, request, generation, floor } = operation;
    if (this.fencing && generation < this.generation) return answer('refused', new Uint8Array(0));
    this.disk.perform(id, request, floor, answer);
  }
}
