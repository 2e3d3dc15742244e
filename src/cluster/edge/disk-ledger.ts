/**
 * Which writes a disk has done, and which it is doing: each number is done once. It remembers a number until it is told that this will
 * not come again.
 */
export class DiskLedger {
  /** Writes that were asked for a second time and not done again. */
  duplicatesDropped = 0;
  private readonly done = new Set<number>();
  private readonly underWay = new Set<number>();
  /** Numbers below will not come again. */
  private lowWater = 0;

  /** Asked for a write: only a `new` one is to be done. One that is `under-way` is answered when that has ended. */
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

  /** A write has failed: whoever asks again gets it done. */
  failed(id: number): void {
    this.underWay.delete(id);
  }

  /** The power is gone, and with it whatever was under way. */
  powerLost(): void {
    this.underWay.clear();
  }

  forget(lowWater: number): void {
    if (lowWater <= this.lowWater) return;
    this.lowWater = lowWater;
    for (const id of this.done) if (id < lowWater) this.done.delete(id);
  }

  /** How many numbers it remembers. */
  get size(): number {
    return this.done.size + this.underWay.size;
  }
}
