/**
 * A learning switch (IEEE 802.1D, without spanning trees: its ports must not be connected to each other elsewhere). It
 * does no I/O and gets time from outside.
 */
import { isFrameSize, type NetworkPort } from './network-port.ts';

/** Addresses that are remembered; beyond, the one unheard of for longest is forgotten. */
export const MAX_ADDRESSES = 1024;
/** An address unheard of for this long is forgotten (802.1D, table 7-5). */
export const AGE_MS = 300_000;
/** Ports of a switch. */
export const MAX_PORTS = 64;

interface Place {
  port: NetworkPort;
  heardMs: number;
}

/** Forwards frames between the ports of one group. */
export class LearningSwitch {
  /** Frames that were dropped: for an address at the port they came from, or with an impossible size. */
  dropped = 0;
  private readonly connected = new Set<NetworkPort>();
  /** By address, the one heard of last at the end. */
  private readonly places = new Map<number, Place>();

  /** `nowMs`: a monotonic clock, in ms. */
  constructor(private readonly nowMs: () => number) {}

  /** The connected ports. */
  get ports(): readonly NetworkPort[] {
    return [...this.connected];
  }

  /** The number of remembered addresses. */
  get addresses(): number {
    return this.places.size;
  }

  /** Connects a port until it closes. Returns false when {@link MAX_PORTS} are connected. */
  connect(port: NetworkPort): boolean {
    if (this.connected.size >= MAX_PORTS) return false;
    this.connected.add(port);
    port.onFrame = (frame) => this.forward(frame, port);
    port.onClose = () => this.disconnect(port);
    return true;
  }

  /** Disconnects a port and forgets what was behind it. */
  disconnect(port: NetworkPort): void {
    if (!this.connected.delete(port)) return;
    port.onFrame = () => {};
    for (const [address, place] of this.places) if (place.port === port) this.places.delete(address);
  }

  /** Learns from a frame that its sender is at this port. */
  learn(frame: Uint8Array, port: NetworkPort): void {
    // Nobody sends from a group address.
    if (!isFrameSize(frame.length) || isGroup(frame, SOURCE)) return;
    const address = addressAt(frame, SOURCE);
    this.places.delete(address);
    this.places.set(address, { port, heardMs: this.nowMs() });
    if (this.places.size <= MAX_ADDRESSES) return;
    for (const oldest of this.places.keys()) {
      this.places.delete(oldest);
      return;
    }
  }

  /** Forwards a frame that came in at a port: to its receiver's port, or to all others; never back. */
  forward(frame: Uint8Array, from: NetworkPort): void {
    if (!this.connected.has(from)) return;
    if (!isFrameSize(frame.length)) {
      this.dropped++;
      return;
    }
    this.learn(frame, from);
    const to = isGroup(frame, DESTINATION) ? undefined : this.portOf(addressAt(frame, DESTINATION));
    if (to === from) this.dropped++;
    else if (to) to.send(frame);
    // A port may close, and so leave the set, while it sends.
    else for (const port of this.ports) if (port !== from) port.send(frame);
  }

  private portOf(address: number): NetworkPort | undefined {
    const place = this.places.get(address);
    if (!place) return undefined;
    if (this.nowMs() - place.heardMs < AGE_MS) return place.port;
    this.places.delete(address);
    return undefined;
  }
}

const DESTINATION = 0;
const SOURCE = 6;

/** Broadcast or multicast. */
const isGroup = (frame: Uint8Array, at: number): boolean => (frame[at]! & 1) === 1;

/** A MAC address as a number of 48 bits. */
function addressAt(frame: Uint8Array, at: number): number {
  let address = 0;
  for (let index = at; index < at + 6; index++) address = address * 256 + frame[index]!;
  return address;
}
