/** Clients of the key-value server on real time: the simulator's clients, behind passt or on the switch's stream socket. */
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import type { Random } from '../../src/base/random.ts';
import { type Call, checkLinearizable, describeHistory } from '../../src/check/linearizability.ts';
import { FrameSocket } from '../../src/host/switch/frame-socket.ts';
import { Client, isAddressedTo } from '../../src/sim/world/client.ts';
import { type Packet, parse } from '../../src/sim/world/packets.ts';
import type { Load } from './load.ts';
import { longestWait, type Wait } from './waits.ts';

const CLIENTS = 3;
/** The longest pause between an answer and the next request, beside the client's own. */
const THINK_MS = 20;
const RECONNECT_MS = 50;

/** How frames of a client get to the guest. */
interface Way {
  readonly description: string;
  /** Frames for the client of this number; `receive` gets what comes for it. */
  join(number: number, receive: (packet: Packet) => void): (frame: Uint8Array) => void;
  close(): void;
}

/** UDP through a forwarded port: passt makes and answers the frames, so ARP ends here. */
export class ForwardedPort implements Way {
  readonly description: string;
  private readonly closing: (() => void)[] = [];

  constructor(private readonly port: number) {
    this.description = `UDP through passt, port ${port}`;
  }

  join(_number: number, receive: (packet: Packet) => void): (frame: Uint8Array) => void {
    const socket = createSocket('udp4');
    let last: (Packet & { kind: 'udp' }) | undefined;
    socket.on('error', () => {});
    socket.on('message', (payload) => {
      if (last)
        receive({ kind: 'udp', source: last.target, target: last.source, payload: new Uint8Array(payload) });
    });
    this.closing.push(() => socket.close());
    return (frame) => {
      const packet = parse(frame);
      if (packet.kind === 'arp-request')
        setImmediate(() =>
          receive({
            ...{ kind: 'arp-reply', senderMac: [2, 0, 0, 0, 0, 1] },
            ...{ senderIp: packet.targetIp, targetIp: packet.senderIp },
          }),
        );
      if (packet.kind !== 'udp') return;
      last = packet;
      socket.send(packet.payload, this.port, '127.0.0.1', () => {});
    };
  }

  close(): void {
    for (const close of this.closing) close();
  }
}

/** Frames over the socket at which the switch accepts QEMU's `-netdev stream`; connected again when it breaks. */
export class StreamSocket implements Way {
  readonly description: string;
  private readonly receivers = new Map<number, (frame: Uint8Array) => void>();
  private frames: FrameSocket | undefined;
  private timer: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(private readonly path: string) {
    this.description = 'frames over a QEMU stream socket of the switch';
    this.connect();
  }

  join(number: number, receive: (packet: Packet) => void): (frame: Uint8Array) => void {
    const mac = [0x52, 0x54, 0, 0, 1, number];
    this.receivers.set(number, (frame) => {
      if (isAddressedTo(frame, mac)) receive(parse(frame));
    });
    return (frame) => this.frames?.send(frame);
  }

  close(): void {
    this.isClosed = true;
    clearTimeout(this.timer);
    this.frames?.close('the soak ends');
  }

  private connect(): void {
    const socket = connect(this.path);
    const frames = new FrameSocket(socket, 'the switch');
    this.frames = frames;
    frames.onFrame = (frame) => {
      for (const receive of this.receivers.values()) receive(frame);
    };
    frames.onClose = () => {
      if (!this.isClosed) this.timer = setTimeout(() => this.connect(), RECONNECT_MS);
    };
  }
}

/** The times of a client's calls. They are encoded as {@link Wait} only when asked for. */
const waitsOf = (calls: readonly Call[]): Wait[] =>
  calls.map(({ calledNs, returnedNs }) => ({
    fromMs: calledNs / 1e6,
    toMs: returnedNs === undefined ? undefined : returnedNs / 1e6,
  }));

/** See the head of this file. */
export class KeyValue implements Load {
  readonly description: string;
  private clients: Client[] = [];
  private readonly found: string[] = [];
  private readonly timers = new Set<NodeJS.Timeout>();
  private idle = 0;
  private concluding: (() => void) | undefined;
  private hasStopped = false;

  constructor(
    private readonly way: Way,
    private readonly random: Random,
  ) {
    this.description = `${CLIENTS} clients, ${way.description}`;
  }

  get problems(): string[] {
    return [...this.clients.flatMap(({ errors }) => errors), ...this.found];
  }

  get answered(): number {
    return this.clients.reduce((sum, { answered }) => sum + answered, 0);
  }

  start(): void {
    const { random } = this;
    this.clients = Array.from({ length: CLIENTS }, (_, index) => {
      const number = index + 1;
      const send = this.way.join(number, (packet) => client.receive(packet));
      const network = {
        ...{ send, random, nowNs: () => Math.floor(performance.now() * 1e6) },
        in: (delayNs: number, action: () => void) => this.later(delayNs / 1e6, action),
      };
      const client: Client = new Client(number, network, (one) => this.finished(one));
      return client;
    });
  }

  longestWait(fromMs: number, toMs: number): number {
    return Math.max(...this.clients.map(({ calls }) => longestWait(waitsOf(calls), fromMs, toMs)));
  }

  conclude(): Promise<void> {
    return new Promise((resolve) => {
      this.concluding = resolve;
    });
  }

  check(): string[] {
    const verdict = checkLinearizable(this.clients.flatMap(({ calls }) => calls));
    if (verdict === 'undecided') return ['whether the calls are linearizable is undecided'];
    if (verdict)
      this.found.push(
        [`the calls of key ${verdict.key} are not linearizable:`, ...describeHistory(verdict)].join('\n'),
      );
    return [];
  }

  close(): void {
    for (const timer of this.timers) clearTimeout(timer);
    this.way.close();
  }

  private later(ms: number, action: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      action();
    }, ms);
    this.timers.add(timer);
  }

  /** A client has all its answers: it goes on after a while, unless it is the end. */
  private finished(client: Client): void {
    if (this.hasStopped) this.concluding?.();
    else if (!this.concluding) this.later(this.random.below(THINK_MS), () => this.goOn(client));
    else this.rest(client);
  }

  private goOn(client: Client): void {
    if (this.concluding) this.rest(client);
    else client.ask(1);
  }

  /** When all clients are idle, one of them stops the server. */
  private rest(client: Client): void {
    if (++this.idle < this.clients.length) return;
    this.hasStopped = true;
    client.conclude(this.clients.reduce((sum, { added }) => sum + added, 0));
  }
}
