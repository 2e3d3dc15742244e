/** The guest's port of its group's learning switch: it leads to whichever host announced the guest last. */
import { KeptFrames } from '../../cluster/edge/kept-frames.ts';
import { SeenNumbers } from '../../cluster/edge/seen-numbers.ts';
import { MAX_FRAME_BYTES, MIN_FRAME_BYTES } from '../../devices/virtio/net.ts';
import type { EdgeOutput } from '../../vmm/outputs.ts';
import type { EvidenceWriter } from '../evidence/writer.ts';
import type { NetworkPort } from './network-port.ts';

/** Receives frames for the guest. */
export interface GuestHost {
  frame(number: number, frame: Uint8Array): void;
}

/** Numbers and keeps frames for the guest, and drops repeated ones from it. */
export class GuestNetwork implements NetworkPort {
  readonly description = 'the guest';
  onFrame: (frame: Uint8Array) => void = () => {};
  onClose: (why: string) => void = () => {};
  /** Frames for the guest that were dropped: no host had announced it, too many were kept, or its card refuses them. */
  dropped = 0;
  private readonly seen = new SeenNumbers(true);
  private readonly kept = new KeptFrames(true);
  private host: GuestHost | undefined;
  /** No frame is numbered before the first announcement: until then nobody knows the guest's next number. */
  private announced = false;

  /** `evidence`: where what was accepted from and for the guest is recorded. */
  constructor(private readonly evidence?: () => EvidenceWriter) {}

  get duplicatesDropped(): number {
    return this.seen.duplicatesDropped;
  }

  /** The last output number that has passed. */
  get number(): number {
    return this.seen.last;
  }

  set number(number: number) {
    this.seen.last = number;
  }

  /** A frame from the group's network. */
  send(frame: Uint8Array): void {
    const fits = frame.length >= MIN_FRAME_BYTES && frame.length <= MAX_FRAME_BYTES;
    const number = this.announced && fits ? this.kept.accept(frame) : undefined;
    if (number === undefined) {
      this.dropped++;
      return;
    }
    this.evidence?.().append({ kind: 'inbound', number, frame });
    this.host?.frame(number, frame);
  }

  close(why: string): void {
    this.announced = false;
    this.host = undefined;
    this.onClose(why);
  }

  /** Directs frames to a host, beginning with those kept from `nextFrame` on. */
  announce(host: GuestHost, nextFrame: number): void {
    this.host = host;
    this.announced = true;
    for (const { number, frame } of this.kept.from(nextFrame)) host.frame(number, frame);
  }

  /** The link to a host has broken: frames are kept until the guest is announced again. */
  forget(host: GuestHost): void {
    if (this.host === host) this.host = undefined;
  }

  /** A frame of the guest; whether its number is new. A host that was never announced gets the replies all the same. */
  release(output: EdgeOutput & { kind: 'frame' }, from: GuestHost): boolean {
    if (!this.announced) this.announce(from, this.kept.last + 1);
    const fresh = this.seen.fresh(output);
    if (fresh) {
      this.evidence?.().append({ kind: 'frame', number: fresh.first, frame: fresh.frame });
      this.onFrame(fresh.frame);
    }
    return fresh !== undefined;
  }

  /** Every member's log has the frames up to this number. */
  held(upTo: number): void {
    this.kept.held(upTo);
  }
}
