import type { Random } from '../base/random.ts';
import type { Scheduler } from './scheduler.ts';

interface InFlight {
  lost: boolean;
}

/**
 * One direction of a network link: a delay, a bandwidth, and two kinds of service. A stream delivers in order, and what is sent
 * during a partition arrives after it, as TCP's retransmissions would; a datagram sent during a partition is lost.
 */
export class Link {
  /** Added by the delay fault. */
  extraDelayNs = 0;
  /** Partitions may overlap: the link carries again when the last of them has healed. */
  private partitions = 0;
  private lastArrivalNs = 0;
  private readonly waiting: (() => void)[] = [];
  private readonly inFlight = new Set<InFlight>();

  constructor(
    private readonly scheduler: Scheduler,
    private readonly delayNs: number,
    private readonly bitsPerSecond: number,
  ) {}

  stream(sizeBytes: number, deliver: () => void): void {
    if (this.partitions > 0) {
      this.waiting.push(() => this.stream(sizeBytes, deliver));
      return;
    }
    const arrivalNs = Math.max(this.lastArrivalNs, this.scheduler.nowNs + this.latencyNs(sizeBytes));
    this.lastArrivalNs = arrivalNs;
    this.carry(arrivalNs, deliver);
  }

  datagram(sizeBytes: number, deliver: () => void): void {
    if (this.partitions > 0) return;
    this.carry(this.scheduler.nowNs + this.latencyNs(sizeBytes), deliver);
  }

  partition(): void {
    this.partitions++;
  }

  heal(): void {
    this.partitions--;
    if (this.partitions > 0) return;
    for (const send of this.waiting.splice(0)) send();
  }

  /** The sender lost its power: of what is on its way, only a part that chance decides still arrives. */
  cut(random: Random): void {
    this.waiting.length = 0;
    const messages = [...this.inFlight];
    for (const message of messages.slice(random.below(messages.length + 1))) message.lost = true;
  }

  private latencyNs(sizeBytes: number): number {
    return this.delayNs + this.extraDelayNs + Math.ceil((sizeBytes * 8 * 1e9) / this.bitsPerSecond);
  }

  private carry(arrivalNs: number, deliver: () => void): void {
    const message: InFlight = { lost: false };
    this.inFlight.add(message);
    this.scheduler.at(arrivalNs, () => {
      this.inFlight.delete(message);
      if (!message.lost) deliver();
    });
  }
}
