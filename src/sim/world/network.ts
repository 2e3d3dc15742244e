import { bytes } from '../../base/codec.ts';
import type { Random } from '../../base/random.ts';
import { type SeenFrame, seenFrame } from '../../check/evidence.ts';
import { KeptFrames } from '../../cluster/edge/kept-frames.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import type { FrameReceiver } from '../../cluster/ports.ts';
import type { Spool } from '../../replay/spool.ts';
import { Tape } from '../../replay/tape.ts';
import type { Output } from '../../vmm/outputs.ts';
import { Client, isAddressedTo } from './client.ts';
import { parse } from './packets.ts';
import type { Scheduler } from './scheduler.ts';

const frames = bytes();

/** The one-way delay through the switch and its wires. */
const TRANSIT_NS = 100_000;

/**
 * The network at the edge: a switch that outlives the hosts, and the clients behind it. The switch learns the guest's
 * port from its frames, drops output numbers that it has seen, and keeps frames for the guest until they are held.
 */
export class ClientNetwork {
  readonly clients: readonly Client[];
  private port: FrameReceiver | undefined;
  private readonly seen: SeenNumbers;
  private unfinished: number;
  /** Frames for the guest. */
  readonly kept: KeptFrames;
  readonly framesIn: Tape<Uint8Array>;
  /** The frames that the switch forwarded to the clients. */
  readonly framesOut: Tape<SeenFrame>;

  constructor(
    private readonly scheduler: Scheduler,
    random: Random,
    count: number,
    dedup: boolean,
    keepFrames: boolean,
    spool?: Spool,
  ) {
    this.seen = new SeenNumbers(dedup);
    this.kept = new KeptFrames(keepFrames);
    this.framesIn = new Tape(() => frames, spool);
    this.framesOut = new Tape(() => seenFrame, spool);
    const network = {
      send: (frame: Uint8Array) => this.toGuest(frame),
      in: (delayNs: number, action: () => void) => scheduler.in(delayNs, action),
      nowNs: () => scheduler.nowNs,
      random,
    };
    this.unfinished = count;
    this.clients = Array.from(
      { length: count },
      (_, index) => new Client(index + 1, network, () => this.finished()),
    );
  }

  /** The number of repeated frames. */
  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  get errors(): string[] {
    return this.clients.flatMap(({ errors }) => errors);
  }

  /** Whether every client has its answers, and the server has acknowledged the stop. */
  get done(): boolean {
    return this.unfinished < 0 || this.clients.length === 0;
  }

  /** Learns the guest's port. */
  learn(port: FrameReceiver): void {
    this.port = port;
  }

  /** A host announces the guest's address: learns the port, and sends it the kept frames from `nextFrame` on. */
  announced(port: FrameReceiver, nextFrame: number): void {
    this.learn(port);
    for (const { number, frame } of this.kept.from(nextFrame)) port(number, frame);
  }

  /** A frame of the guest came in at a port; whether its number is new. */
  release(output: Output & { kind: 'frame' }, port: FrameReceiver): boolean {
    // A switch learns from every frame, dropped or not.
    this.learn(port);
    if (!this.seen.fresh(output)) return false;
    this.framesOut.append({ number: output.first, frame: output.frame });
    for (const client of this.clients)
      if (isAddressedTo(output.frame, client.mac))
        this.scheduler.in(TRANSIT_NS, () => client.receive(parse(output.frame)));
    return true;
  }

  private toGuest(frame: Uint8Array): void {
    this.scheduler.in(TRANSIT_NS, () => {
      if (!this.port) return;
      const number = this.kept.accept(frame);
      if (number === undefined) return;
      this.framesIn.append(frame);
      this.port(number, frame);
    });
  }

  /** When all clients are finished, the first one checks the total and stops the server. */
  private finished(): void {
    this.unfinished--;
    if (this.unfinished === 0)
      this.clients[0]?.conclude(this.clients.reduce((sum, { added }) => sum + added, 0));
  }
}
