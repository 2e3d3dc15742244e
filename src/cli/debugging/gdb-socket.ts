/** The socket that gdb connects to. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { OperatingError } from '../../base/errors.ts';
import { packetOf } from '../../debug/gdb/packets.ts';
import { GdbServer } from '../../debug/gdb/server.ts';
import type { DebugSession } from '../../debug/session.ts';
import { addressText, type ServiceAddress } from '../../host/address.ts';

/** What is told about connections. */
export interface GdbSocketOptions {
  session: DebugSession;
  listen: ServiceAddress;
  /** What to do instead of a change at this position. */
  insteadOfChange(icount: number): string;
  /** Receives lines for the user. */
  say(line: string): void;
}

/** The interval at which a guest that waits is looked at. */
const POLL_MS = 10;

/** Listens for gdb, one at a time. */
export class GdbSocket {
  /** Resolves when gdb has ended the session: `kill`, or `quit` while the guest is not detached. */
  readonly killed: Promise<void>;
  private kill!: () => void;
  private readonly server = createServer((socket) => this.connected(socket));
  private client: Socket | undefined;

  constructor(private readonly options: GdbSocketOptions) {
    this.killed = new Promise((resolve) => {
      this.kill = resolve;
    });
  }

  /** Listens; returns the address. @throws {OperatingError} when that is not possible */
  async listen(): Promise<ServiceAddress> {
    const { address, port } = this.options.listen;
    this.server.listen(port, address);
    try {
      await once(this.server, 'listening');
    } catch (error) {
      const where = addressText(this.options.listen);
      throw new OperatingError(
        `cannot listen on ${where}: ${(error as Error).message}; give another with --listen`,
      );
    }
    const bound = this.server.address() as { address: string; port: number };
    return { address: bound.address, port: bound.port };
  }

  close(): void {
    this.server.close();
    this.client?.destroy();
  }

  private connected(socket: Socket): void {
    socket.setNoDelay();
    socket.on('error', () => socket.destroy());
    if (this.client) return refuse(socket);
    this.client = socket;
    const { session, say } = this.options;
    say('gdb has connected');
    const server = new GdbServer({
      session,
      send: (bytes) => socket.write(bytes),
      refused: (icount) => {
        // gdb does not show why memory can't be written.
        const instead = this.options.insteadOfChange(icount);
        say(`gdb can't change registers or memory: the run follows its log; ${instead}`);
        return instead;
      },
      ended: (how) => {
        socket.end();
        if (how === 'killed') this.kill();
      },
    });
    let working = false;
    const work = () => {
      const next = this.client === socket ? server.work() : 'idle';
      working = next !== 'idle';
      // Other sockets, and what this one has received, between two parts.
      if (next === 'busy') setImmediate(work);
      else if (next === 'waiting') setTimeout(work, POLL_MS);
    };
    socket.on('data', (bytes) => {
      server.receive(bytes);
      if (!working) work();
    });
    socket.on('close', () => {
      this.client = undefined;
      session.points.clear();
      say('gdb has disconnected');
    });
  }
}

/** Another gdb is connected: the first packet is answered by an error, in words that gdb shows. */
function refuse(socket: Socket): void {
  socket.once('data', () => {
    socket.write('+');
    socket.end(packetOf('E.another debugger is connected to this guest; disconnect it first'));
  });
}
