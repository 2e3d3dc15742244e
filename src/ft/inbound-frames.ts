/**
 * Frames from outside that the primary has logged and that not every backup is known to hold. The switch keeps a frame
 * until then, so that one which only a failed primary had is not lost. On a real network its sender would send it again,
 * but only after seconds.
 */
export class InboundFrames {
  /** The entries of frames that are not held yet, with the number of the frame. */
  private readonly waiting: { number: number; entry: number }[] = [];


  /** `taken`: the number of frames that the guest has taken when this replica goes live. */
  constructor(private taken: number) {}

  /** The guest has taken the next frame; `entry` covers that. */
  logged(entry: number): void {
    this.waiting.push({ number: ++this.taken, entry });
  }

  /** Every backup holds the entries up to `entry`: the last frame among those that were not held before. */
  held(entry: number): number | undefined {
    let last: number | undefined;
    while (this.waiting[0] && this.waiting[0].entry <= entry) last = this.waiting.shift()!.number;
    return last;
  }
}
