/**
 * The writes that a disk has done and those under way, so that each number is done once. A number is remembered until
 * the low-water mark passes it.
 */
export class DiskLedger {
  /** The number of repeated writes that were not done again. */
  duplicatesDropped = 0;
  private readonly done = new Set<number>();
  private readonly underWay = new Set<number>();
  /** Numbers below this one will not come again. */
  private lowWater = 0;

  /** A write is requested: only a `new` one is to be done. One that is `under-way` is answered at its end. */
  begin(id: number): 'new' | 'under-way' | 'done' {
    const state =
      this.done.has(id) || id < this.lowWater ? 'done' : this.underWay.has(id) ? 'under-way' : 'new';
    if (state === 'new') this.underWay.add(id);
    else this.duplicatesDropped++;
    return state;
  }

  /** A write has reached the medium. */
  reached(id: number): void {
    this.underWay.delete(id);
    this.done.add(id);
  }

  /** A write has failed: a repeated request is `new`. */
  failed(id: number): void {
    this.underWay.delete(id);
  }

  /** The disk lost its power, and the writes under way with it. */
  powerLost(): void {
    this.underWay.clear();
  }

  /** Forgets numbers below the low-water mark. */
  forget(lowWater: number): void {
    if (lowWater <= this.lowWater) return;
    this.lowWater = lowWater;
    for (const id of this.done) if (id < lowWater) this.done.delete(id);
  }

  /** The number of remembered numbers. */
  get size(): number {
    return this.done.size + this.underWay.size;
  }
}
