/** Which counters of a sender have been seen, so that each datagram is accepted once. */

/** How far behind the newest a datagram may be: networks reorder datagrams a little. */
export const REPLAY_WINDOW = 64;

const MASK = (1n << BigInt(REPLAY_WINDOW)) - 1n;

/** As the anti-replay window of IPsec (RFC 4303, section 3.4.3). */
export class ReplayWindow {
  private newest = -1;
  /** Bit n: `newest - n` has been seen. */
  private seen = 0n;

  /** Whether this counter is new, and not too far behind; remembers it. */
  accepts(counter: number): boolean {
    if (counter > this.newest) {
      const ahead = Math.min(counter - this.newest, REPLAY_WINDOW);
      this.seen = ((this.seen << BigInt(ahead)) | 1n) & MASK;
      this.newest = counter;
      return true;
    }
    const behind = this.newest - counter;
    if (behind >= REPLAY_WINDOW) return false;
    const bit = 1n << BigInt(behind);
    if ((this.seen & bit) !== 0n) return false;
    this.seen |= bit;
    return true;
  }
}
