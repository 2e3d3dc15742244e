/** Accepts links on an address. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { LimitedLog } from '../limited-log.ts';
import { Handshake } from './handshake.ts';
import type { ClusterKey } from './key.ts';
import type { Identity, Link } from './link.ts';
import { DEFAULT_LIMITS, type LinkLimits, type TcpLink } from './tcp-link.ts';
import { secureAccepted } from './tls.ts';

/** What a listener may use. */
export interface ListenerLimits extends LinkLimits {
  /** Connections at once, links included. */
  maxConnections: number;
  /** Connections at once that have not completed their hello. */
  maxUnfinished: number;
}

/** What {@link listen} is called with. */
export interface ListenOptions {
  /** The address to listen on, such as `127.0.0.1`. */
  address: string;
  /** 0: any free port. */
  port: number;
  key: ClusterKey;
  self: Identity;
  /** Receives each link. Set its callbacks before this turn of the event loop ends. */
  accept(link: Link): void;
  /** Receives a line for each connection that is refused, at a bounded rate. */
  log(line: string): void;
  limits?: Partial<ListenerLimits>;
  /** The largest message that this peer may send; {@link MAX_MESSAGE_BYTES} where nothing is said. */
  maxMessageBytes?(peer: Identity): number;
}

/** Accepts links until it is closed. */
export interface Listener {
  readonly port: number;
  /** Stops listening and breaks all accepted links; the port is free afterwards. */
  close(): Promise<void>;
}

/** Listens on an address. @throws {OperatingError} if that is not possible, such as when the port is in use */
export async function listen(options: ListenOptions): Promise<Listener> {
  const acceptor = new Acceptor(options);
  const server = createServer((socket) => acceptor.admit(socket));
  await listening(server, options);
  server.on('error', (error) => options.log(`accepting failed: ${error.message}`));
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      acceptor.close();
      return closed;
    },
  };
}

function listening(server: Server, { address, port }: ListenOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (error: NodeJS.ErrnoException) => {
      const why = error.code === 'EADDRINUSE' ? 'the port is in use' : (error.code ?? error.message);
      reject(new OperatingError(`can't listen on ${address}:${port}: ${why}`));
    };
    server.once('error', failed);
    server.listen({ host: address, port }, () => {
      server.off('error', failed);
      resolve();
    });
  });
}

/**
 * The connections of a listener. Who has not shown the key can take only the few places of those without a hello, and
 * loses them to newcomers: a hello takes some ms, so that a flood of strangers does not keep members out.
 */
class Acceptor {
  private readonly limits: ListenerLimits;
  private readonly log: LimitedLog;
  /** In the order of their arrival. */
  private readonly unfinished = new Set<Handshake>();
  private readonly links = new Set<TcpLink>();
  private closed = false;

  constructor(private readonly options: ListenOptions) {
    this.limits = { ...DEFAULT_LIMITS, maxConnections: 256, maxUnfinished: 32, ...options.limits };
    this.log = new LimitedLog(options.log);
  }

  admit(socket: Socket): void {
    // TLS reports its errors on the socket above.
    socket.on('error', () => {});
    const from = `${socket.remoteAddress}:${socket.remotePort}`;
    if (!this.makeRoom()) {
      socket.destroy();
      this.log.line(`refused ${from}: ${this.links.size} links stand, which is the limit`);
      return;
    }
    const { key, self } = this.options;
    const handshake: Handshake = new Handshake(secureAccepted(socket, key), {
      side: 'server',
      self,
      limits: this.limits,
      onLink: (link) => {
        this.unfinished.delete(handshake);
        this.keep(link);
      },
      onFailure: (why) => {
        this.unfinished.delete(handshake);
        if (!this.closed) this.log.line(`refused ${from}: ${why}`);
      },
    });
    this.unfinished.add(handshake);
  }

  close(): void {
    this.closed = true;
    this.log.close();
    for (const handshake of [...this.unfinished]) handshake.fail('the listener closes');
    for (const link of this.links) link.close('the listener closes');
  }

  /** Whether there is room for one more connection; the oldest without a hello yields. */
  private makeRoom(): boolean {
    const { maxConnections, maxUnfinished } = this.limits;
    const full = this.unfinished.size + this.links.size >= maxConnections;
    if (!full && this.unfinished.size < maxUnfinished) return !this.closed;
    const [oldest] = this.unfinished;
    oldest?.fail('too many connections without a hello, and this was the oldest');
    return oldest !== undefined && !this.closed;
  }

  private keep(link: TcpLink): void {
    const { maxMessageBytes } = this.options;
    if (maxMessageBytes) link.limitMessages(maxMessageBytes(link.peer));
    this.links.add(link);
    link.onBroken = () => this.links.delete(link);
    this.options.accept(link);
  }
}
