import type { Random } from '../../base/random.ts';
import type { Scheduler } from '../scheduler.ts';

interface InFlight {
  lost: boolean;
  stream: boolean;
}

/**
 * One direction of a network link: a delay, a bandwidth, and two kinds of service. A stream delivers in order, and what is sent
 * during a partition arrives after it, as TCP's retransmissions would; a datagram sent during a partition is lost.
 */
export class Link {
  /** Added by the delay fault. */
  extraDelayNs = 0;
  /** Chances that a datagram is lost, or comes twice. */
  loss = 0;
  duplication = 0;
  /** The stream is broken, until the sender has learnt of it. */
  private broken = false;
  /** Partitions may overlap: the link carries again when the last of them has healed. */
  private partitions = 0;
  private lastArrivalNs = 0;
  private waiting: (() => void)[] = [];
  private readonly inFlight = new Set<InFlight>();
  /** Bytes carried since the beginning. */
  carriedBytes = 0;
  private freeNs = 0;

  constructor(
    private readonly scheduler: Scheduler,
    private readonly delayNs: number,
    private readonly bitsPerSecond: number,
    private readonly random: Random,
  ) {}

  stream(sizeBytes: number, deliver: () => void): void {
    if (this.broken) return;
    if (this.partitions > 0) {
      this.waiting.push(() => this.stream(sizeBytes, deliver));
      return;
    }
    const arrivalNs = Math.max(this.lastArrivalNs, this.arrival(sizeBytes));
    this.lastArrivalNs = arrivalNs;
    this.carry(arrivalNs, true, deliver);
  }

  datagram(sizeBytes: number, deliver: () => void): void {
    if (this.partitions > 0 || (this.loss > 0 && this.random.chance(this.loss))) return;
    const arrivalNs = this.scheduler.nowNs + this.delayNs + this.extraDelayNs;
    this.carriedBytes += sizeBytes;
    this.carry(arrivalNs, false, deliver);
    if (this.duplication > 0 && this.random.chance(this.duplication))
      this.carry(arrivalNs + this.delayNs, false, deliver);
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
    this.waiting = [];
    this.broken = false;
    const messages = [...this.inFlight];
    for (const message of messages.slice(random.below(messages.length + 1))) message.lost = true;
  }

  /** The stream breaks: what is on its way is lost, and so is what is sent until {@link restore}. */
  break(): void {
    this.broken = true;
    this.waiting = [];
    for (const message of this.inFlight) if (message.stream) message.lost = true;
  }

  restore(): void {
    this.broken = false;
  }

  /** When something that is sent now arrives: messages go out one after the other. */
  private arrival(sizeBytes: number): number {
    const { nowNs } = this.scheduler;
    this.carriedBytes += sizeBytes;
    this.freeNs = Math.max(this.freeNs, nowNs) + Math.ceil((sizeBytes * 8 * 1e9) / this.bitsPerSecond);
    return this.freeNs + this.delayNs + this.extraDelayNs;
  }

  private carry(arrivalNs: number, stream: boolean, deliver: () => void): void {
    const message: InFlight = { lost: false, stream };
    this.inFlight.add(message);
    this.scheduler.at(arrivalNs, () => {
      this.inFlight.delete(message);
      if (!message.lost) deliver();
    });
  }
}
