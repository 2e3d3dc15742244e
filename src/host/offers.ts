/** Which offers of a spare are sent: each wakes all the other hosts, and it is the same for hours. */
import { sameBytes } from '../base/bytes.ts';

/** The same offer is sent again after so long: after four times this, and more, a primary takes the spare for gone. */
export const OFFER_MS = 70;

/** The offers of the replicas of a host, by series: a group and another host. */
export class Offers {
  private readonly last = new Map<string, { message: Uint8Array; ms: number }>();

  /** `nowMs`: a monotonic clock. */
  constructor(private readonly nowMs: () => number) {}

  /** Whether an offer is to be sent: it differs from the last one, or that was long ago. */
  isDue(series: string, message: Uint8Array): boolean {
    const last = this.last.get(series);
    const ms = this.nowMs();
    if (last && ms - last.ms < OFFER_MS && sameBytes(last.message, message)) return false;
    this.last.set(series, { message, ms });
    return true;
  }

  /** The replica is no spare any more. */
  end(series: string): void {
    this.last.delete(series);
  }
}
