/** How much input from the edge a guest has taken since boot. */
export interface InputCounts {
  /** Frames, as the switch numbers them. */
  frames: number;
  /** Bytes typed at the console. */
  typed: number;
}

/**
 * Inputs from the edge that the primary has logged and that not every backup is known to hold. Console and switch keep
 * an input until every backup holds it, so that an input that only a failed primary had is not lost. The sender of a
 * frame would send it again, but with TCP only after a second or more.
 */
export class HeldInputs {
  /** Entries that are not held yet, and what the guest has taken up to each. */
  private readonly waiting: (InputCounts & { entry: number })[] = [];
  private taken: InputCounts;

  /** `taken`: what the guest has taken when this replica goes live. */
  constructor(taken: InputCounts) {
    this.taken = taken;
  }

  /** The guest takes these frames or bytes; `entry` covers them. */
  logged({ frames, typed }: InputCounts, entry: number): void {
    this.taken = { frames: this.taken.frames + frames, typed: this.taken.typed + typed };
    this.waiting.push({ ...this.taken, entry });
  }

  /**
   * Every backup holds the entries up to `entry`. Returns the counts of inputs that the edge need not keep any more,
   * and the last entry that covers one of them; undefined if the counts are those of the previous call.
   */
  held(entry: number): (InputCounts & { entry: number }) | undefined {
    let last: (InputCounts & { entry: number }) | undefined;
    while (this.waiting[0] && this.waiting[0].entry <= entry) last = this.waiting.shift();
    return last;
  }
}
