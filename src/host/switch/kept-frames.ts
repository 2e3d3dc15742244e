import { assert } from '../../base/assert.ts';

/** A frame for the guest, under the number that the switch gave it. */
export interface NumberedFrame {
  /** From 1, in order of arrival. */
  number: number;
  frame: Uint8Array;
}

/** What a frame takes beside its bytes. */
const ENVELOPE_BYTES = 64;

/**
 * Frames for the guest, from their arrival until the primary says that the log entry is held: after a failover the new
 * primary gets those that reached only the old one again. Bounded: what does not fit gets no number.
 */
export class KeptFrames {
  private kept: NumberedFrame[] = [];
  private keptBytes = 0;
  private last = 0;

  /** `limitBytes`: the bound of all kept frames. */
  constructor(private readonly limitBytes: number) {
    assert(limitBytes > 0, 'a bound is positive');
  }

  /** Numbers a frame and keeps it; undefined when there is no room, and the frame is dropped. */
  accept(frame: Uint8Array): number | undefined {
    const sizeBytes = frame.length + ENVELOPE_BYTES;
    if (this.keptBytes + sizeBytes > this.limitBytes) return undefined;
    this.last++;
    this.kept.push({ number: this.last, frame });
    this.keptBytes += sizeBytes;
    return this.last;
  }

  /** Frames up to this number won't be asked for again. */
  held(upTo: number): void {
    let count = 0;
    for (const { number, frame } of this.kept) {
      if (number > upTo) break;
      this.keptBytes -= frame.length + ENVELOPE_BYTES;
      count++;
    }
    this.kept.splice(0, count);
  }

  /**
   * The kept frames from a number on. One that was not given yet comes from an earlier life of the switch: numbering
   * continues there, since the guest's log has the numbers before.
   */
  from(next: number): Iterable<NumberedFrame> {
    this.last = Math.max(this.last, next - 1);
    return this.kept.filter(({ number }) => number >= next);
  }
}
