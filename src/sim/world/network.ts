import type { Random } from '../../base/random.ts';
import { type SeenFrame, seenFrame } from '../../check/evidence.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import type { Spool } from '../../replay/spool.ts';
import { Tape } from '../../replay/tape.ts';
import type { Output } from '../../vmm/outputs.ts';
import type { Scheduler } from '../scheduler.ts';
import { Client, isFor } from './client.ts';
import { parse } from './packets.ts';

/** One way through the switch and the wires on both sides. */
const TRANSIT_NS = 100_000;

/**
 * The network outside: a switch that outlives the VMs, and the clients behind it. It learns where the guest's address is from
 * the frames that come from there, and drops the output numbers that it has seen.
 */
export class ClientNetwork {
  readonly clients: readonly Client[];
  private port: ((frame: Uint8Array) => void) | undefined;
  private readonly seen: SeenNumbers;
  private unfinished: number;
  framesIn = 0;
  /** The frames that went on to the clients. */
  readonly framesOut: Tape<SeenFrame>;

  constructor(
    private readonly scheduler: Scheduler,
    random: Random,
    count: number,
    dedup: boolean,
    spool?: Spool,
  ) {
    this.seen = new SeenNumbers(dedup);
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

  /** Frames that came a second time. */
  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  get complaints(): string[] {
    return this.clients.flatMap(({ complaints }) => complaints);
  }

  /** Whether every client has had its answers and the server has been told to stop. */
  get done(): boolean {
    return this.unfinished < 0 || this.clients.length === 0;
  }

  /** The guest's address is now at this port. */
  learn(port: (frame: Uint8Array) => void): void {
    this.port = port;
  }

  /** A frame of the guest came in at a port; says whether it is new. */
  release(output: Output & { kind: 'frame' }, port: (frame: Uint8Array) => void): boolean {
    // A switch learns from every frame, before it looks at anything else.
    this.learn(port);
    if (!this.seen.fresh(output)) return false;
    this.framesOut.append({ number: output.first, frame: output.frame });
    for (const client of this.clients)
      if (isFor(output.frame, client.mac))
        this.scheduler.in(TRANSIT_NS, () => client.receive(parse(output.frame)));
    return true;
  }

  private toGuest(frame: Uint8Array): void {
    this.scheduler.in(TRANSIT_NS, () => {
      this.framesIn++;
      this.port?.(frame);
    });
  }

  /** When the last client is through, the first one asks for the total and stops the server. */
  private finished(): void {
    this.unfinished--;
    if (this.unfinished === 0)
      this.clients[0]?.conclude(this.clients.reduce((sum, { added }) => sum + added, 0));
  }
}
