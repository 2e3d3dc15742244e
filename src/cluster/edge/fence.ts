/** Knows the newest generation by what comes to it, and lets nothing older pass (the paper, section 2.3). */
export class Fence {
  private newest = 1;

  /** `enforced`: false for study, to see what a fence is for. */
  constructor(private readonly enforced: boolean) {}

  /** Whether something of this generation may pass. */
  admits(generation: number): boolean {
    if (generation < this.newest) return !this.enforced;
    this.newest = generation;
    return true;
  }
}
