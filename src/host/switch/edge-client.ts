/** A host's side of the switch: the edge ports of its groups over one link at a time. */
import { decode, encode } from '../../base/codec.ts';
import type { EdgePort, FrameReceiver } from '../../cluster/ports.ts';
import type { Edge, Effect } from '../../ft/effects.ts';
import type { EdgeOutput } from '../../vmm/outputs.ts';
import type { Link } from '../wire/link.ts';
import { type EdgePush, type EdgeRequest, edgePush, edgeRequest } from './edge-messages.ts';
import { reason } from './edge-server.ts';

type Unaddressed = EdgeRequest extends infer R ? (R extends EdgeRequest ? Omit<R, 'group'> : never) : never;

/** The pause between two messages about inputs that are held. */
const HELD_MS = 10;

/**
 * The edge port of one group. After its link broke, or a request found none, nothing is sent until {@link restored}:
 * outputs must reach the switch in order, and those that are lost are sent again first.
 */
export class EdgeClientPort implements EdgePort {
  private inOrder = true;
  /** An `inputs-held` that waits for the end of the pause. */
  private held: Unaddressed | undefined;
  private pause: NodeJS.Timeout | undefined;
  private delivered: (output: EdgeOutput) => void = () => {};
  private typed: (offset: number, data: Uint8Array) => void = () => {};
  private received: FrameReceiver = () => {};

  /** `send` sends a request, if there is a link. */
  constructor(private readonly send: (request: Unaddressed) => boolean) {}

  release(
    { outputs, generation }: Extract<Effect, { do: 'release' }>,
    delivered: (output: EdgeOutput) => void,
    received: FrameReceiver,
  ): void {
    this.delivered = delivered;
    this.received = received;
    this.request({ kind: 'release', generation, outputs });
  }

  listen(offset: number, generation: number, typed: (offset: number, data: Uint8Array) => void): void {
    this.typed = typed;
    this.request({ kind: 'listen', generation, offset });
  }

  announce(frame: Uint8Array, nextFrame: number, generation: number, received: FrameReceiver): void {
    this.received = received;
    this.request({ kind: 'announce', generation, frame, nextFrame });
  }

  /** At most one message in {@link HELD_MS}: until the next one the edge only keeps more than it must. */
  inputsHeld(frames: number, typed: number, generation: number): void {
    const held: Unaddressed = { kind: 'inputs-held', generation, frames, typed };
    if (this.pause) this.held = held;
    else this.sayHeld(held);
  }

  private sayHeld(held: Unaddressed): void {
    this.held = undefined;
    this.request(held);
    this.pause = setTimeout(() => {
      this.pause = undefined;
      if (this.held) this.sayHeld(this.held);
    }, HELD_MS).unref();
  }

  /** The replica has received the `reset` of the switch: what it sends from now on is in order. */
  restored(): void {
    this.inOrder = true;
  }

  /** The link broke. */
  broke(): void {
    this.inOrder = false;
    this.held = undefined;
  }

  /** Takes what the switch says. */
  pushed(push: EdgePush): void {
    if (push.kind === 'typed') this.typed(push.offset, push.data);
    else if (push.kind === 'frame') this.received(push.number, push.frame);
    else this.delivered(lastOutput(push.edge, push.number));
  }

  private request(request: Unaddressed): void {
    if (this.inOrder && !this.send(request)) this.inOrder = false;
  }
}

/** An output whose last number is this one: only that, and its edge, count. */
const lastOutput = (edge: Edge, first: number): EdgeOutput =>
  edge === 'console'
    ? { kind: 'console', first, data: new Uint8Array(1) }
    : { kind: 'frame', first, frame: new Uint8Array(0) };

/** The groups of a host, as clients of the switch. */
export class EdgeClient {
  private link: Link | undefined;
  private readonly ports = new Map<string, EdgeClientPort>();

  /** `broken`: the link has broken; a new one is to be attached. */
  constructor(private readonly broken: (why: string) => void) {}

  /** A group's edge port, which lasts until {@link forget}. */
  port(group: string): EdgeClientPort {
    const known = this.ports.get(group);
    if (known) return known;
    const port = new EdgeClientPort((request) => {
      this.link?.send(encode(edgeRequest, { group, ...request } as EdgeRequest));
      return this.link !== undefined;
    });
    this.ports.set(group, port);
    return port;
  }

  /** The VM of this group is not here any more. */
  forget(group: string): void {
    this.ports.get(group)?.broke();
    this.ports.delete(group);
  }

  /**
   * Uses a link, in place of the one before. Then deliver a `reset` of the switch to every group's replica, which sends
   * again what may be lost.
   */
  attach(link: Link): void {
    const { link: old } = this;
    this.link = undefined;
    if (old) {
      for (const port of this.ports.values()) port.broke();
      old.onMessage = () => {};
      old.onClose = () => {};
      old.close('another link is used');
    }
    this.link = link;
    link.onMessage = (message) => {
      try {
        const push = decode(edgePush, message);
        // What was sent for a group that has left this host is late.
        this.ports.get(push.group)?.pushed(push);
      } catch (error) {
        link.close(reason(error));
      }
    };
    link.onClose = (why) => {
      this.link = undefined;
      for (const port of this.ports.values()) port.broke();
      this.broken(why);
    };
  }
}
