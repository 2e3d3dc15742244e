/** Fencing by the newest generation seen: anything older is refused (the paper, section 2.3). */
export class Fence {
  private newest = 1;

  /** `enforced`: false for study, to see what a fence is for. */
  constructor(private readonly enforced: boolean) {}

  /** Whether a request of this generation is admitted; remembers the generation. */
  admits(generation: number): boolean {
    if (generation < this.newest) return !this.enforced;
    this.newest = generation;
    return true;
  }
}
