/** One port of a group's learning switch: where Ethernet frames enter and leave. */

/** The smallest Ethernet frame: its addresses and type, in bytes. */
export const MIN_FRAME_BYTES = 14;
/** The largest frame that a port carries: a jumbo frame, in bytes. The guest's own card takes less. */
export const MAX_FRAME_BYTES = 9216;

/** A network may lose frames: a port that can't send one drops it as a whole. */
export interface NetworkPort {
  /** What the port leads to, for people. */
  readonly description: string;
  /** Sends a frame, or drops it. Without effect on a closed port. */
  send(frame: Uint8Array): void;
  /** Receives frames. */
  onFrame: (frame: Uint8Array) => void;
  /** Called when frames can pass, if they can't from the beginning on, or could not for a while. */
  onUp?: () => void;
  /** Called once, when the port has closed for good. */
  onClose: (why: string) => void;
  /** Closes the port and what it has started. */
  close(why: string): void;
}

/** Whether a frame has a size that ports carry. */
export const isFrameSize = (sizeBytes: number): boolean =>
  sizeBytes >= MIN_FRAME_BYTES && sizeBytes <= MAX_FRAME_BYTES;
