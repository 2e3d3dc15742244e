/** Frames that the switch keeps, see {@link KeptFrames}. */

/** A frame for the guest, and its number since boot, from 1. */
export interface NumberedFrame {
  number: number;
  frame: Uint8Array;
}

/** The limits of what is kept: about what a switch's port buffers. */
const MAX_FRAMES = 1024;
const MAX_BYTES = 1 << 20;

/**
 * Frames from outside on their way to a VM. The switch numbers them and keeps each until the primary says that every
 * backup holds its log entry, so that a replica that goes live gets the frames that only the failed primary had. When
 * too many are kept, the next frame is lost, as in any switch, and gets no number.
 */
export class KeptFrames {
  /** The number of the last frame that was accepted; 0 before the first. */
  last = 0;
  /** The number of frames that were lost because too many were kept. */
  dropped = 0;
  private kept: NumberedFrame[] = [];
  private keptBytes = 0;

  /** `enforced`: false for study: nothing is kept. */
  constructor(private readonly enforced: boolean) {}

  /** A frame has arrived: its number; undefined if it is lost. */
  accept(frame: Uint8Array): number | undefined {
    if (this.kept.length >= MAX_FRAMES || this.keptBytes + frame.length > MAX_BYTES) {
      this.dropped++;
      return undefined;
    }
    const number = ++this.last;
    if (!this.enforced) return number;
    this.kept.push({ number, frame });
    this.keptBytes += frame.length;
    return number;
  }

  /** Every backup holds the log entries of the frames up to this number: they need not be kept. */
  held(upTo: number): void {
    const count = this.kept.findIndex(({ number }) => number > upTo);
    for (const { frame } of this.kept.splice(0, count < 0 ? this.kept.length : count))
      this.keptBytes -= frame.length;
  }

  /**
   * The kept frames from a number on, in order: what the VM has not taken. After a restart of the switch there may be
   * no frame of that number; then the frames are renumbered, so that they continue the VM's count.
   */
  from(next: number): NumberedFrame[] {
    const again = this.kept.filter(({ number }) => number >= next);
    const gap = (again[0]?.number ?? this.last + 1) - next;
    for (const frame of again) frame.number -= gap;
    this.last -= gap;
    return again;
  }
}
