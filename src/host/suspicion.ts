/** After how long a silence a host is suspected: longer, for a while, where hosts were suspected that lived. */
import { FormatError } from '../base/errors.ts';
import type { HostName } from '../ft/effects.ts';
import { decodeMessage, kindOfMessage } from '../ft/messages.ts';

/** The silence may grow to so many times the configured one. */
const MOST = 8;
/** After so long without a false suspicion it is halved. */
const DECAY_NS = 60e9;

/**
 * The silence after which one replica suspects others. A false suspicion is safe, but it costs a failover or a copy of the
 * machine, and on a busy machine one follows the other. So each doubles the silence, up to a limit. How soon a killed
 * process is suspected does not depend on it: that is told by its closed connections.
 */
export class Suspicion {
  private factor = 1;
  private changedNs = 0;
  /** The hosts that are suspected for their silence, and have not been heard since. */
  private readonly suspects = new Set<HostName>();

  /** `leastNs`: the configured silence. `nowNs`: the host's monotonic clock. */
  constructor(
    private readonly leastNs: number,
    private readonly nowNs: () => number,
  ) {}

  /** The silence after which a host is suspected now. */
  get silenceNs(): number {
    const halvings = Math.floor((this.nowNs() - this.changedNs) / DECAY_NS);
    return this.leastNs * Math.max(1, this.factor / 2 ** halvings);
  }

  /** A host is suspected for its silence. */
  suspected(host: HostName): void {
    this.suspects.add(host);
  }

  /** A message of a host has arrived; returns whether it shows that the host was suspected though it lived. */
  heard(host: HostName, message: Uint8Array): boolean {
    if (!this.suspects.delete(host) || isOfRestarted(message)) return false;
    this.factor = Math.min(MOST, (2 * this.silenceNs) / this.leastNs);
    this.changedNs = this.nowNs();
    return true;
  }
}

/** Whether it offers a spare that knows no generation: its process has ended, and was started again. */
function isOfRestarted(message: Uint8Array): boolean {
  if (kindOfMessage(message) !== 'available') return false;
  try {
    return decodeMessage(message).generation === 0;
  } catch (error) {
    if (!(error instanceof FormatError)) throw error;
    return false;
  }
}
