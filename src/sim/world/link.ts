import type { Random } from '../../base/random.ts';
import type { Scheduler } from './scheduler.ts';

/** Why a message is lost: its sender has lost its power, or the connection broke. */
export type LossReason = 'partition' | 'loss' | 'power' | 'reset';
type OnLoss = (why: LossReason) => void;
const ignore: OnLoss = () => {};

interface InFlight {
  lost: boolean;
  stream: boolean;
  onLoss: OnLoss;
}

/**
 * One direction of a network link, with a delay, a bandwidth, and two kinds of service. A stream delivers in order, and
 * messages sent during a partition arrive after it, as by TCP's retransmission; datagrams sent during a partition are
 * lost. `onLoss` is told when a message is lost.
 */
export class Link {
  /** Added by `delay` faults. */
  extraDelayNs = 0;
  /** The probabilities that a datagram is lost, or duplicated. */
  loss = 0;
  duplication = 0;
  /** The stream is broken, until the sender has received its `reset`. */
  private broken = false;
  /** The number of partitions, which may overlap: the link works again when all have healed. */
  private partitions = 0;
  private lastArrivalNs = 0;
  private waiting: { send: () => void; onLoss: OnLoss }[] = [];
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

  /** Whether messages do not arrive at present. */
  get isPartitioned(): boolean {
    return this.partitions > 0;
  }

  /** Whether the stream is broken at present. */
  get isBroken(): boolean {
    return this.broken;
  }

  /** The number of messages on their way. */
  get inFlightCount(): number {
    return this.inFlight.size;
  }

  /** The number of messages that wait for the end of a partition. */
  get waitingCount(): number {
    return this.waiting.length;
  }

  stream(sizeBytes: number, deliver: () => void, onLoss: OnLoss = ignore): void {
    if (this.broken) return onLoss('reset');
    if (this.partitions > 0) {
      this.waiting.push({ send: () => this.stream(sizeBytes, deliver, onLoss), onLoss });
      return;
    }
    const arrivalNs = Math.max(this.lastArrivalNs, this.arrival(sizeBytes));
    this.lastArrivalNs = arrivalNs;
    this.carry(arrivalNs, true, deliver, onLoss);
  }

  datagram(sizeBytes: number, deliver: () => void, onLoss: OnLoss = ignore): void {
    if (this.partitions > 0) return onLoss('partition');
    if (this.loss > 0 && this.random.chance(this.loss)) return onLoss('loss');
    const arrivalNs = this.scheduler.nowNs + this.delayNs + this.extraDelayNs;
    this.carriedBytes += sizeBytes;
    this.carry(arrivalNs, false, deliver, onLoss);
    if (this.duplication > 0 && this.random.chance(this.duplication))
      this.carry(arrivalNs + this.delayNs, false, deliver, onLoss);
  }

  partition(): void {
    this.partitions++;
  }

  heal(): void {
    this.partitions--;
    if (this.partitions > 0) return;
    for (const { send } of this.waiting.splice(0)) send();
  }

  /** The sender has lost its power: a random prefix of the messages in flight still arrives. */
  cut(random: Random): void {
    this.dropWaiting('power');
    this.broken = false;
    const messages = [...this.inFlight];
    for (const message of messages.slice(random.below(messages.length + 1))) lose(message, 'power');
  }

  /** The stream breaks: messages in flight, and those sent until {@link restore}, are lost. */
  break(): void {
    this.broken = true;
    this.dropWaiting('reset');
    for (const message of this.inFlight) if (message.stream) lose(message, 'reset');
  }

  private dropWaiting(why: LossReason): void {
    for (const { onLoss } of this.waiting.splice(0)) onLoss(why);
  }

  /** The sender's process has ended: `deliver` comes after all that it has sent. */
  close(deliver: () => void): void {
    this.broken = false;
    this.stream(0, deliver);
  }

  restore(): void {
    this.broken = false;
  }

  /** The arrival time of a message that is sent now, after those before it. */
  private arrival(sizeBytes: number): number {
    const { nowNs } = this.scheduler;
    this.carriedBytes += sizeBytes;
    this.freeNs = Math.max(this.freeNs, nowNs) + Math.ceil((sizeBytes * 8 * 1e9) / this.bitsPerSecond);
    return this.freeNs + this.delayNs + this.extraDelayNs;
  }

  private carry(arrivalNs: number, stream: boolean, deliver: () => void, onLoss: OnLoss): void {
    const message: InFlight = { lost: false, stream, onLoss };
    this.inFlight.add(message);
    this.scheduler.at(arrivalNs, () => {
      this.inFlight.delete(message);
      if (!message.lost) deliver();
    });
  }
}

function lose(message: InFlight, why: LossReason): void {
  if (!message.lost) message.onLoss(why);
  message.lost = true;
}
