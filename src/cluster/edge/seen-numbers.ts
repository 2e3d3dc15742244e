import { after, countOf, type EdgeOutput, lastOf } from '../../vmm/outputs.ts';

/** Deduplication of outputs: a replica that goes live sends undelivered outputs again, and each number passes once. */
export class SeenNumbers {
  /** The last number that has passed; 0 before the first. */
  last = 0;
  /** The number of repeated output numbers that were dropped. */
  duplicatesDropped = 0;

  /** `enforced`: false for study, to see what numbers are for. */
  constructor(private readonly enforced: boolean) {}

  /** The part of this output that has not passed before; undefined when all of it has. */
  fresh<O extends EdgeOutput>(output: O): O | undefined {
    const fresh = this.enforced ? (after(this.last, output) as O | undefined) : output;
    this.duplicatesDropped += countOf(output) - (fresh ? countOf(fresh) : 0);
    if (fresh) this.last = lastOf(fresh);
    return fresh;
  }
}
