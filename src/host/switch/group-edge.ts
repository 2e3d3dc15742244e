/** The edge of one group: console and network behind one fence. */
import { Fence } from '../../cluster/edge/fence.ts';
import { lastOf } from '../../vmm/outputs.ts';
import type { EvidenceWriter } from '../evidence/writer.ts';
import type { EdgeRequest } from './edge-messages.ts';
import { type EdgeRecord, FRAMES_PER_NOTE } from './edge-records.ts';
import { GroupConsole, type GroupNote, type Listener } from './group-console.ts';
import { type GuestHost, GuestNetwork } from './guest-network.ts';
import { LearningSwitch } from './learning.ts';
import type { NetworkPort } from './network-port.ts';

/** One host as a group sees it. */
export interface EdgeHost extends Listener, GuestHost {
  /** Frames of the guest up to this number are forwarded. */
  forwarded(number: number): void;
}

/** Figures for people. */
export interface EdgeStatus {
  group: string;
  generation: number;
  outputBytes: number;
  typedBytes: number;
  /** Typed bytes that the guest's log does not hold yet. */
  typedWaitingBytes: number;
  attachers: number;
  /** The ports of the network, the guest's included. */
  ports: string[];
  /** Frames for the guest that were dropped. */
  framesDropped: number;
  /** Output numbers that came again. */
  duplicatesDropped: number;
}

/** Console and network of one group. */
export class GroupEdge {
  readonly console: GroupConsole;
  readonly network: LearningSwitch;
  readonly guest: GuestNetwork;
  private readonly fence = new Fence(true);
  private generation = 1;
  /** The frame with which the guest's address was announced last. */
  private announcement: Uint8Array | undefined;
  private framesNoted = 0;

  /**
   * `write` writes a record; the promise says when it is durable, and never rejects. `evidence`: where it goes, opened
   * with the first call.
   */
  constructor(
    readonly group: string,
    private readonly write: (record: GroupNote) => Promise<void>,
    nowMs: () => number,
    private readonly evidence?: () => EvidenceWriter,
  ) {
    this.console = new GroupConsole((record) => this.note(record));
    this.guest = new GuestNetwork(evidence);
    this.network = new LearningSwitch(nowMs);
    this.network.connect(this.guest);
  }

  /**
   * What the console took is in the evidence before it is in the journal: after a crash it may be there twice, with its
   * number, and never be missing.
   */
  private note(record: GroupNote): Promise<void> {
    if (!this.evidence) return this.write(record);
    const file = this.evidence();
    if (record.kind === 'output') file.append({ kind: 'console', first: record.first, data: record.data });
    if (record.kind === 'typed')
      file.append({ kind: 'typed', offset: this.console.input.end - record.data.length, data: record.data });
    return file.flushed().then(() => this.write(record));
  }

  /** Connects a port to the network, and tells it the guest's address. Returns false when the network has no room. */
  connect(port: NetworkPort): boolean {
    port.onUp = () => this.announcement && port.send(this.announcement);
    if (!this.network.connect(port)) return false;
    port.onUp();
    return true;
  }

  /** Performs a host's request, unless a newer generation is known. @throws {OperatingError} on an impossible one */
  perform(request: EdgeRequest, host: EdgeHost): void {
    if (!this.admits(request.generation)) return;
    switch (request.kind) {
      case 'release':
        return this.release(request, host);
      case 'listen':
        return this.console.listen(request.offset, host);
      case 'announce':
        this.announcement = request.frame;
        // Everybody learns where the guest is: bridges behind a TAP device, and passt, which sends to all (and a guest
        // takes no TCP that is sent to all) until it knows the guest's address.
        this.network.forward(request.frame, this.guest);
        return this.guest.announce(host, request.nextFrame);
      case 'inputs-held':
        this.guest.held(request.frames);
        return this.console.typedHeld(request.typed);
    }
  }

  private admits(generation: number): boolean {
    if (!this.fence.admits(generation)) return false;
    if (generation > this.generation) {
      this.generation = generation;
      // Not waited for: whatever depends on it is written after it.
      void this.note({ kind: 'generation', generation });
    }
    return true;
  }

  private release({ outputs }: EdgeRequest & { kind: 'release' }, host: EdgeHost): void {
    let forwarded = 0;
    for (const output of outputs) {
      if (output.kind === 'console') this.console.release(output, host);
      else {
        this.guest.release(output, host);
        forwarded = Math.max(forwarded, lastOf(output));
      }
    }
    if (forwarded === 0) return;
    host.forwarded(forwarded);
    const { number } = this.guest;
    if (number < this.framesNoted + FRAMES_PER_NOTE) return;
    this.framesNoted = number;
    void this.note({ kind: 'frames', number });
  }

  /** The link to a host has broken. */
  forget(host: EdgeHost): void {
    this.console.forget(host);
    this.guest.forget(host);
  }

  /** Closes the network's ports, and detaches the terminals. */
  close(why: string): void {
    for (const attacher of this.console.attachers) attacher.close(why);
    for (const port of this.network.ports) port.close(why);
  }

  get status(): EdgeStatus {
    const { console, guest, network } = this;
    return {
      group: this.group,
      generation: this.generation,
      outputBytes: console.outputEnd,
      typedBytes: console.input.end,
      typedWaitingBytes: console.input.end - console.input.start,
      attachers: console.attachers.size,
      ports: network.ports.map(({ description }) => description),
      framesDropped: guest.dropped,
      duplicatesDropped: console.duplicatesDropped + guest.duplicatesDropped,
    };
  }

  /** The record from which {@link replay} makes this state. */
  save(): EdgeRecord {
    const { group, generation, console, guest } = this;
    return { kind: 'state', group, generation, frameNumber: guest.number, ...console.save() };
  }

  /** Takes a record of the journal. */
  replay(record: GroupNote): void {
    if (record.kind === 'generation' || record.kind === 'state') {
      this.generation = Math.max(this.generation, record.generation);
      this.fence.admits(this.generation);
    }
    if (record.kind === 'frames') this.guest.number = record.number;
    if (record.kind === 'state') this.guest.number = record.frameNumber;
    this.framesNoted = this.guest.number;
    this.console.replay(record);
  }
}
